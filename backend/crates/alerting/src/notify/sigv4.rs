//! Signatures of version 4, by which AWS knows who asks.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::hmac::hmac;
use super::text::hex;

/// Whose key is used, and for what.
pub(super) struct Signer<'s> {
    pub(super) access_key: &'s str,
    pub(super) secret_key: &'s str,
    pub(super) region: &'s str,
    pub(super) service: &'s str,
}

/// The parts of a request that are signed.
pub(super) struct Parts<'p> {
    pub(super) method: &'p str,
    pub(super) path: &'p str,
    pub(super) query: &'p str,
    pub(super) host: &'p str,
    pub(super) content_type: &'p str,
    pub(super) body: &'p [u8],
}

/// The moment as the header `X-Amz-Date` names it.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

impl Signer<'_> {
    /// The `Authorization` of a request made at the moment `date`.
    pub(super) fn authorization(&self, parts: &Parts<'_>, date: &str) -> String {
        let day = date.get(..8).unwrap_or(date);
        let headers =
            format!("content-type:{}\nhost:{}\nx-amz-date:{date}\n", parts.content_type, parts.host);
        let names = "content-type;host;x-amz-date";
        let Parts { method, path, query, .. } = parts;
        let body = hex(&Sha256::digest(parts.body));
        let request = format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{body}");
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let request = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{request}");
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for part in [day, self.region, self.service, "aws4_request"] {
            key = hmac::<Sha256>(&key, part.as_bytes());
        }
        let signature = hex(&hmac::<Sha256>(&key, text.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation() {
        let signer = Signer {
            access_key: "AKIDEXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "iam",
        };
        let parts = Parts {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            host: "iam.amazonaws.com",
            content_type: "application/x-www-form-urlencoded; charset=utf-8",
            body: b"",
        };
        let at: Timestamp = "2015-08-30T12:36:00Z".parse().unwrap();
        assert_eq!(
            signer.authorization(&parts, &date(at)),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
