//! HMAC (RFC 2104) over MD5 and SHA-256, whose blocks have 64 bytes.

use sha2::Digest;

const BLOCK: usize = 64;

/// The code of `text` under `key`.
pub(super) fn hmac<D: Digest>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; BLOCK];
    let hashed;
    let key = if key.len() > BLOCK {
        hashed = D::digest(key);
        &hashed[..]
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = D::new().chain_update(pad(0x36)).chain_update(text).finalize();
    D::new().chain_update(pad(0x5c)).chain_update(&inner[..]).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use md5::Md5;
    use sha2::Sha256;

    use super::super::text::hex;
    use super::*;

    #[test]
    fn codes_of_the_rfcs() {
        // RFC 2195, RFC 2202 and RFC 4231.
        let code = hmac::<Md5>(b"tanstaaftanstaaf", b"<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(hex(&code), "b913a602c7eda7a495b4e6e7334d3890");
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(hex(&hmac::<Md5>(&[0xaa; 80], text)), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
        let code = hmac::<Sha256>(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
