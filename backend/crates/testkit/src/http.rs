//! A web server for tests: answers what it was told, well or badly, and remembers what it was asked.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What to answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers besides `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How it goes wrong.
    pub fault: Fault,
}

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// The connection closes before the whole body is sent.
    Truncated,
    /// The body is sent again and again, for ever.
    Endless,
    /// No answer, until [`Server::let_go`] is called.
    Held,
}

impl Answer {
    /// A body of text format 0.0.4.
    #[must_use]
    pub fn text(body: &str) -> Self {
        Self::typed("text/plain; version=0.0.4", body.as_bytes())
    }

    /// A body with a content type; no header if it is empty.
    #[must_use]
    pub fn typed(content_type: &str, body: &[u8]) -> Self {
        let mut headers = Vec::new();
        if !content_type.is_empty() {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        Self { status: 200, headers, body: body.to_vec(), fault: Fault::None }
    }

    /// An empty body with a status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), fault: Fault::None }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Going wrong.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }
}

/// A request that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Path with query.
    pub target: String,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header, or "".
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

/// Answers by path (without query), and the requests so far.
#[derive(Debug)]
pub struct Script {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
    released: watch::Sender<u64>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            answers: Mutex::default(),
            requests: Mutex::default(),
            connections: Mutex::default(),
            released: watch::Sender::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running server; ends when dropped.
#[derive(Debug)]
pub struct Server {
    script: Arc<Script>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let script = Arc::new(Script::default());
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = Arc::clone(&shared);
                tokio::spawn(async move { script.serve(stream).await });
            }
        });
        Ok(Self { script, address, task })
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What to answer under `path` from now on.
    pub fn set(&self, path: &str, answer: Answer) {
        self.script.set(path, answer);
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.script.requests()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        *lock(&self.script.connections)
    }

    /// Answers all held requests.
    pub fn let_go(&self) {
        self.script.released.send_modify(|n| *n += 1);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Script {
    /// What to answer under `path` from now on; unknown paths get 404.
    pub fn set(&self, path: &str, answer: Answer) {
        lock(&self.answers).insert(path.to_owned(), answer);
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    /// Serves one connection of whatever kind until it ends.
    pub async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        *lock(&self.connections) += 1;
        let mut stream = BufReader::new(stream);
        while let Ok(Some(request)) = read_request(&mut stream).await {
            let path = request.target.split('?').next().unwrap_or("").to_owned();
            lock(&self.requests).push(request);
            let answer = lock(&self.answers).get(&path).cloned().unwrap_or_else(|| Answer::status(404));
            if answer.fault == Fault::Held {
                let mut released = self.released.subscribe();
                if released.changed().await.is_err() {
                    return;
                }
            }
            if !matches!(write_answer(&mut stream, &answer).await, Ok(true)) {
                return;
            }
        }
    }
}

async fn read_request(
    stream: &mut (impl AsyncBufReadExt + AsyncReadExt + Unpin),
) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or("").to_owned();
    let mut headers = Vec::new();
    let mut length = 0_usize;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().unwrap_or(0);
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request { target, headers }))
}

/// Whether the connection goes on.
async fn write_answer(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match answer.fault {
        Fault::Endless => {
            head.push_str("Connection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(&answer.body).await?;
            }
        }
        Fault::Truncated => {
            head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len() + 100));
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&answer.body).await?;
            stream.shutdown().await?;
            Ok(false)
        }
        Fault::None | Fault::Held => {
            head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&answer.body).await?;
            stream.flush().await?;
            Ok(true)
        }
    }
}
