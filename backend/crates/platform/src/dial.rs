//! Connections for protocols other than HTTP: TCP, and TLS on top of it.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http_client::{HttpError, TlsOptions, tls_client_config};

/// Something that is read and written.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of whatever kind.
pub type Stream = Box<dyn Duplex>;

/// Connects to a server. There is no timeout: drop the future when the time is over.
///
/// # Errors
/// As the operating system says: there is no such host, nobody listens …
pub async fn connect(host: &str, port: u16) -> io::Result<Stream> {
    Ok(Box::new(TcpStream::connect((host, port)).await?))
}

/// Speaks TLS on a connection from now on. `host` is asked for and looked for in the server's certificate, unless
/// the options say another name.
///
/// # Errors
/// [`HttpError::Options`] when the options cannot be used, [`HttpError::Transport`] when the server and we do not
/// come to terms.
pub async fn secure(stream: Stream, host: &str, options: &TlsOptions) -> Result<Stream, HttpError> {
    let config = tls_client_config(options, false)?;
    let name = options.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| HttpError::Options(format!("{name:?} is no name of a server")))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| HttpError::Transport(format!("TLS: {error}")))?;
    Ok(Box::new(stream))
}
