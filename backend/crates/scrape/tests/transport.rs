//! Ways to the target: TLS, credentials, redirects, proxies.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{World, job};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use testkit::http::{Answer, Script, Server};
use tokio_rustls::TlsAcceptor;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Certificate and key for a name, as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap()).unwrap();
        roots
    }
}

/// A TLS server for `name`; asks for a client certificate if `clients` is given. Returns its port.
async fn tls_server(
    script: &Arc<Script>,
    authority: &Authority,
    name: &str,
    clients: Option<&Authority>,
) -> u16 {
    let (certificate, key) = authority.issue(name);
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(clients.roots()), provider).build().unwrap(),
        ),
    };
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Arc::clone(script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, script) = (acceptor.clone(), Arc::clone(&script));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    script.serve(stream).await;
                }
            });
        }
    });
    port
}

async fn scraped(address: &str, more: &str) -> World {
    let world = World::with_jobs(&job(address, more));
    world.wait_targets(1).await;
    world.next_scrape().await;
    world
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn tls_trusts_whom_it_is_told_to_trust() {
    let authority = Authority::new();
    let script = Arc::new(Script::default());
    script.set("/metrics", Answer::text("a 1\n"));
    let port = tls_server(&script, &authority, "metrics.test", None).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = write(dir.path(), "ca.pem", &authority.pem());
    let address = format!("127.0.0.1:{port}");

    let named = format!("    scheme: https\n    tls_config: {{ca_file: {ca}, server_name: metrics.test}}");
    let world = scraped(&address, &named).await;
    assert_eq!(world.target().last_error, None);
    assert_eq!(world.values("a"), ["1"]);
    assert_eq!(script.requests()[0].header("host"), address, "the host stays the target's");

    let unnamed = scraped(&address, &format!("    scheme: https\n    tls_config: {{ca_file: {ca}}}")).await;
    assert!(unnamed.error().contains("certificate"), "{}", unnamed.error());
    let other = write(dir.path(), "other.pem", &Authority::new().pem());
    let wrong = format!("    scheme: https\n    tls_config: {{ca_file: {other}, server_name: metrics.test}}");
    let wrong = scraped(&address, &wrong).await;
    assert!(wrong.error().contains("certificate"), "{}", wrong.error());
    let blind = scraped(&address, "    scheme: https\n    tls_config: {insecure_skip_verify: true}").await;
    assert_eq!(blind.target().last_error, None);
    let plain = scraped(&address, "").await;
    assert_eq!(plain.values("up"), ["0"]);
}

#[tokio::test]
async fn tls_shows_its_certificate_and_reads_it_again() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let script = Arc::new(Script::default());
    script.set("/metrics", Answer::text("a 1\n").header("Connection", "close"));
    let port = tls_server(&script, &servers, "localhost", Some(&clients)).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = write(dir.path(), "ca.pem", &servers.pem());
    let (certificate, key) = Authority::new().issue("stranger");
    let cert = write(dir.path(), "cert.pem", &certificate);
    let key = write(dir.path(), "key.pem", &key);
    let more =
        format!("    scheme: https\n    tls_config: {{ca_file: {ca}, cert_file: {cert}, key_file: {key}}}");
    let world = scraped(&format!("localhost:{port}"), &more).await;
    assert_eq!(world.values("up"), ["0"], "a stranger is refused");
    let (certificate, secret) = clients.issue("friend");
    std::fs::write(&cert, certificate).unwrap();
    std::fs::write(&key, secret).unwrap();
    world.next_scrape().await;
    assert_eq!(world.target().last_error, None);
    assert_eq!(world.values("up"), ["0", "1"]);
}

#[tokio::test]
async fn credentials_are_sent_and_read_anew() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text("a 1\n"));
    let dir = tempfile::tempdir().unwrap();
    let token = write(dir.path(), "token", "one\n");
    let seen = || server.requests().last().unwrap().header("authorization").to_owned();
    let address = server.address();
    scraped(&address, "    basic_auth: {username: Aladdin, password: open sesame}").await;
    assert_eq!(seen(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    scraped(&address, "    authorization: {type: Token, credentials: abc}").await;
    assert_eq!(seen(), "Token abc");
    scraped(&address, "    bearer_token: xyz").await;
    assert_eq!(seen(), "Bearer xyz");
    let world = scraped(&address, &format!("    authorization: {{credentials_file: {token}}}")).await;
    assert_eq!(seen(), "Bearer one");
    std::fs::write(&token, "two").unwrap();
    world.next_scrape().await;
    assert_eq!(seen(), "Bearer two");
    std::fs::remove_file(&token).unwrap();
    world.next_scrape().await;
    assert!(world.error().starts_with("cannot read "), "{}", world.error());
}

#[tokio::test]
async fn redirects_are_followed_unless_refused() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::status(302).header("Location", "/real"));
    server.set("/real", Answer::text("a 1\n"));
    server.set("/loop", Answer::status(302).header("Location", "/loop"));
    let followed = scraped(&server.address(), "").await;
    assert_eq!(followed.values("a"), ["1"]);
    let refused = scraped(&server.address(), "    follow_redirects: false").await;
    assert_eq!(refused.error(), "server returned HTTP status 302 Found");
    let round = scraped(&server.address(), "    metrics_path: /loop").await;
    assert!(round.error().contains("redirect"), "{}", round.error());
}

#[tokio::test]
async fn a_proxy_is_asked_in_place_of_the_target() {
    let proxy = Server::start().await.unwrap();
    proxy.set("http://unknown.test:9/metrics", Answer::text("a 1\n"));
    let world = scraped("unknown.test:9", &format!("    proxy_url: http://u:p@{}", proxy.address())).await;
    assert_eq!(world.target().last_error, None);
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), "Basic dTpw");
    let direct = format!("    proxy_url: http://{}\n    no_proxy: '127.0.0.0/8'", proxy.address());
    let direct = scraped("127.0.0.1:1", &direct).await;
    assert!(direct.error().contains("refused"), "{}", direct.error());
}

#[tokio::test]
async fn nobody_listens() {
    let world = scraped("127.0.0.1:1", "").await;
    assert!(world.error().to_lowercase().contains("connection refused"), "{}", world.error());
    assert_eq!(world.values("up"), ["0"]);
}
