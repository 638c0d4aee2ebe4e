//! TLS for the client: trust, own certificate, and the name to verify.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion, version,
};

use super::HttpError;
use super::options::{TextSource, TlsOptions, TlsVersion};
use crate::files;

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// What the TLS files looked like when they were read: modification time and length of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FilesSeen(Vec<files::Stamp>);

impl FilesSeen {
    pub(super) fn of(options: &TlsOptions) -> Self {
        let sources = [&options.ca, &options.cert, &options.key];
        let stamp = |source: &Option<TextSource>| match source {
            Some(TextSource::File(path)) => Some(files::stamp(path)),
            _ => None,
        };
        Self(sources.into_iter().filter_map(stamp).collect())
    }
}

/// The certificates of a PEM source; at least one.
pub(super) fn certificates(source: &TextSource) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let pem = source.read()?;
    let bad = |reason: String| match source {
        TextSource::Inline(_) => HttpError::Options(format!("certificate: {reason}")),
        TextSource::File(path) => HttpError::Options(format!("{}: {reason}", path.display())),
    };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| bad(error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad("no certificate in PEM format found".to_owned()));
    }
    Ok(certificates)
}

pub(crate) fn client_config(options: &TlsOptions, http2: bool) -> Result<ClientConfig, HttpError> {
    let bad = |what: &str, error: &dyn fmt::Display| HttpError::Options(format!("{what}: {error}"));
    let wanted = |v: TlsVersion| {
        options.min_version.is_none_or(|min| v >= min) && options.max_version.is_none_or(|max| v <= max)
    };
    let mut versions: Vec<&'static SupportedProtocolVersion> = Vec::new();
    if wanted(TlsVersion::V1_3) {
        versions.push(&version::TLS13);
    }
    if wanted(TlsVersion::V1_2) {
        versions.push(&version::TLS12);
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&versions)
        .map_err(|error| bad("tls_config: min_version and max_version", &error))?
        .dangerous();
    let builder = if options.insecure_skip_verify {
        builder.with_custom_certificate_verifier(Arc::new(TrustAll(
            provider().signature_verification_algorithms,
        )))
    } else if let Some(ca) = &options.ca {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca)? {
            roots.add(certificate).map_err(|error| bad("tls_config: ca", &error))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| bad("tls_config: ca", &error))?;
        builder.with_custom_certificate_verifier(verifier)
    } else {
        builder.with_custom_certificate_verifier(Arc::new(TrustMachine))
    };
    let mut config = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let pem = key.read()?;
            let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
                .map_err(|error| bad("tls_config: the private key cannot be read", &error))?;
            builder
                .with_client_auth_cert(certificates(cert)?, key)
                .map_err(|error| bad("tls_config: certificate and key", &error))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => {
            return Err(HttpError::Options(
                "tls_config: a certificate needs a key and a key a certificate".into(),
            ));
        }
    };
    if http2 && options.server_name.is_none() {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(config)
}

/// Trusts whom the machine trusts. Its certificates are read when the first server shows one, once for all
/// clients: most clients never meet TLS, and a machine without certificates can still fetch over HTTP.
#[derive(Debug)]
struct TrustMachine;

impl TrustMachine {
    fn verifier() -> Result<&'static rustls_platform_verifier::Verifier, rustls::Error> {
        static VERIFIER: OnceLock<Result<rustls_platform_verifier::Verifier, rustls::Error>> =
            OnceLock::new();
        let verifier = VERIFIER.get_or_init(|| rustls_platform_verifier::Verifier::new(provider()));
        verifier.as_ref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for TrustMachine {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Self::verifier()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// `insecure_skip_verify`: any certificate will do, but the server must hold its key.
#[derive(Debug)]
struct TrustAll(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Resolves the name that stands in the place of a host to the addresses of that host.
pub(super) struct StandIn {
    name: String,
    host: String,
}

impl StandIn {
    pub(super) fn new(name: &str, host: &str) -> Self {
        // An IPv6 address has brackets in a URL and none elsewhere.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self { name: name.to_owned(), host: host.to_owned() }
    }
}

impl Resolve for StandIn {
    fn resolve(&self, name: Name) -> Resolving {
        let host = if name.as_str() == self.name { self.host.clone() } else { name.as_str().to_owned() };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
