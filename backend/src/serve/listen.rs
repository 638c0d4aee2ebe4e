//! Addresses to listen on: read, checked for who could reach them, bound.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, Result, bail};
use platform::Listener;

use crate::cli::ServerFlags;

/// Binds all addresses; answers with where that really is (port 0 lets the system choose).
pub(super) async fn all(flags: &ServerFlags) -> Result<(Vec<Listener>, Vec<SocketAddr>)> {
    let (mut listeners, mut bound) = (Vec::new(), Vec::new());
    for text in &flags.listen_addresses {
        let address = parse(text).with_context(|| format!("--web.listen-address={text}"))?;
        if !address.ip().is_loopback() && !flags.allow_anonymous {
            bail!(
                "--web.listen-address={text} can be reached from other machines, and nobody has to log in: \
                 anyone there could read everything and change dashboards. Listen on 127.0.0.1, put a proxy \
                 that asks for a password in front, or say --web.allow-anonymous if the network is trusted"
            );
        }
        let listener = platform::listen(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {} of {} is in use: another Watchfire or Prometheus may be running; stop it, or choose \
                 another port with --web.listen-address={}:PORT",
                address.port(),
                address.ip(),
                address.ip()
            ),
            _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
        })?;
        bound.push(listener.local_addr().with_context(|| format!("cannot tell the address of {text}"))?);
        listeners.push(listener);
    }
    Ok((listeners, bound))
}

/// Reads `host:port`; no host means all of this machine's addresses, as in Prometheus.
fn parse(text: &str) -> Result<SocketAddr> {
    let Some((host, port)) = text.rsplit_once(':') else { bail!("must be HOST:PORT") };
    let port: u16 = port.parse().ok().with_context(|| format!("{port:?} is not a port number"))?;
    if host.is_empty() {
        return Ok(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, port));
    }
    let mut found =
        (bare, port).to_socket_addrs().with_context(|| format!("no address is known for {host:?}"))?;
    found.next().with_context(|| format!("no address is known for {host:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_prometheus_has_them() {
        assert_eq!(parse("127.0.0.1:9090").unwrap().to_string(), "127.0.0.1:9090");
        assert_eq!(parse("[::1]:0").unwrap().to_string(), "[::1]:0");
        assert_eq!(parse(":80").unwrap().to_string(), "[::]:80");
        assert!(parse("localhost:1").unwrap().ip().is_loopback());
        for bad in ["", "9090", "a:b", "1.2.3.4:70000"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
