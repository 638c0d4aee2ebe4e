//! Listening sockets of the server.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A listening socket.
pub type Listener = TcpListener;
/// An accepted connection.
pub type Connection = tokio::net::TcpStream;

/// Listens on `address`; port 0 lets the operating system choose one.
///
/// # Errors
/// As the operating system says: the port is taken, the address is not this machine's …
pub async fn listen(address: SocketAddr) -> io::Result<Listener> {
    TcpListener::bind(address).await
}
