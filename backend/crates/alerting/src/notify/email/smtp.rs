//! The client's side of SMTP, as far as sending one message needs it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use platform::dial::{self, Stream};
use platform::http_client::TextSource;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::config::receivers::EmailConfig;
use crate::notify::hmac::hmac;
use crate::notify::text::hex;
use crate::notify::{Answer, NotifyError, Task};

/// Most bytes of a line and most lines of an answer.
const MOST_LINE: usize = 4096;
const MOST_LINES: usize = 200;
/// Ports that go by a name.
const PORTS: [(&str, u16); 4] = [("smtp", 25), ("submission", 587), ("smtps", 465), ("submissions", 465)];

/// A conversation with a mail server.
pub(super) struct Smtp {
    stream: BufReader<Stream>,
    secure: bool,
    host: String,
    /// What the server can do, a word and its parameters each.
    extensions: Vec<String>,
}

/// A server's answer.
struct Said {
    code: u16,
    lines: Vec<String>,
}

impl Said {
    fn text(&self) -> String {
        self.lines.join(" ")
    }
}

impl Smtp {
    /// Connects and waits for the server's greeting.
    pub(super) async fn connect(config: &EmailConfig, implicit_tls: bool) -> Result<Self, NotifyError> {
        let (host, port) = (config.smarthost.host.clone(), &config.smarthost.port);
        let port = PORTS.iter().find(|(name, _)| name == port).map(|(_, port)| *port);
        let port = port.or_else(|| config.smarthost.port.parse().ok()).ok_or_else(|| {
            NotifyError::lasting(format!("{:?} is no port of a mail server", config.smarthost.port))
        })?;
        let mut stream = dial::connect(&host, port)
            .await
            .map_err(|error| NotifyError::passing(format!("cannot connect to the mail server: {error}")))?;
        if implicit_tls {
            stream = secure(stream, config).await?;
        }
        let mut smtp =
            Self { stream: BufReader::new(stream), secure: implicit_tls, host, extensions: Vec::new() };
        smtp.expect("greeting", 220).await?;
        Ok(smtp)
    }

    /// Says who we are and hears what the server can do.
    pub(super) async fn hello(&mut self, name: &str) -> Result<(), NotifyError> {
        let name = if name.is_empty() { "localhost" } else { name };
        let said = self.command(&format!("EHLO {name}")).await?;
        self.extensions.clear();
        if said.code == 250 {
            self.extensions.extend(said.lines.into_iter().skip(1));
            return Ok(());
        }
        self.ask("HELO", &format!("HELO {name}"), 250).await.map(|_| ())
    }

    /// Goes on under TLS.
    pub(super) async fn start_tls(&mut self, config: &EmailConfig) -> Result<(), NotifyError> {
        if self.extension("STARTTLS").is_none() {
            let why = "require_tls is set (it is by default), but the mail server does not offer STARTTLS";
            return Err(NotifyError::passing(why));
        }
        self.ask("STARTTLS", "STARTTLS", 220).await?;
        // What came in plain after the answer must not count as said under TLS.
        if !self.stream.buffer().is_empty() {
            return Err(NotifyError::passing("the mail server goes on in plain text after STARTTLS"));
        }
        let (idle, _) = tokio::io::duplex(1);
        let plain = std::mem::replace(&mut self.stream, BufReader::new(Box::new(idle)));
        self.stream = BufReader::new(secure(plain.into_inner(), config).await?);
        self.secure = true;
        Ok(())
    }

    /// Authenticates in the first way that the server offers and that we have a secret for, if there is a user.
    pub(super) async fn authenticate(&mut self, config: &EmailConfig) -> Result<(), NotifyError> {
        let Some(offered) = self.extension("AUTH") else { return Ok(()) };
        let user = &config.auth_username;
        if user.is_empty() {
            return Ok(());
        }
        let mut missing = Vec::new();
        for way in offered.split_whitespace() {
            let secret = match way {
                "CRAM-MD5" => secret_of(config.auth_secret.as_ref())?,
                "PLAIN" | "LOGIN" => secret_of(config.auth_password.as_ref())?,
                _ => {
                    missing.push(format!("{way} is not known"));
                    continue;
                }
            };
            let Some(secret) = secret else {
                missing.push(format!("there is no secret for {way}"));
                continue;
            };
            return match way {
                "CRAM-MD5" => self.cram_md5(user, &secret).await,
                "LOGIN" => self.login(user, &secret).await,
                _ => self.plain(&config.auth_identity, user, &secret).await,
            };
        }
        Err(NotifyError::passing(format!("no way to authenticate: {}", missing.join(", "))))
    }

    async fn plain(&mut self, identity: &str, user: &str, password: &str) -> Result<(), NotifyError> {
        if !self.secure && !matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Err(NotifyError::passing("the password is not sent over an unencrypted connection"));
        }
        let initial = BASE64.encode(format!("{identity}\0{user}\0{password}"));
        self.ask("AUTH PLAIN", &format!("AUTH PLAIN {initial}"), 235).await.map(|_| ())
    }

    async fn login(&mut self, user: &str, password: &str) -> Result<(), NotifyError> {
        let mut said = self.ask("AUTH LOGIN", "AUTH LOGIN", 334).await?;
        for last in [false, true] {
            let asked = challenge(&said)?;
            let answer = match String::from_utf8_lossy(&asked).to_lowercase().as_str() {
                "username:" => user,
                "password:" => password,
                _ => return Err(NotifyError::passing("AUTH LOGIN: the mail server asks something unknown")),
            };
            let expected = if last { 235 } else { 334 };
            said = self.ask("AUTH LOGIN", &BASE64.encode(answer), expected).await?;
        }
        Ok(())
    }

    async fn cram_md5(&mut self, user: &str, secret: &str) -> Result<(), NotifyError> {
        let said = self.ask("AUTH CRAM-MD5", "AUTH CRAM-MD5", 334).await?;
        let digest = hex(&hmac::<Md5>(secret.as_bytes(), &challenge(&said)?));
        let answer = BASE64.encode(format!("{user} {digest}"));
        self.ask("AUTH CRAM-MD5", &answer, 235).await.map(|_| ())
    }

    /// Says from whom and to whom.
    pub(super) async fn envelope(&mut self, from: &str, to: &[String]) -> Result<(), NotifyError> {
        let mut command = format!("MAIL FROM:<{from}>");
        for (extension, parameter) in [("8BITMIME", " BODY=8BITMIME"), ("SMTPUTF8", " SMTPUTF8")] {
            if self.extension(extension).is_some() {
                command.push_str(parameter);
            }
        }
        self.ask("MAIL", &command, 250).await?;
        for address in to {
            let said = self.command(&format!("RCPT TO:<{address}>")).await?;
            if !matches!(said.code, 250 | 251) {
                return Err(refused("RCPT", &said));
            }
        }
        Ok(())
    }

    /// Sends the message, whose lines end with CR LF.
    pub(super) async fn data(&mut self, message: &str) -> Result<Answer, NotifyError> {
        self.ask("DATA", "DATA", 354).await?;
        let mut out = String::with_capacity(message.len() + 16);
        for line in message.split_inclusive("\r\n") {
            if line.starts_with('.') {
                out.push('.');
            }
            out.push_str(line);
        }
        out.push_str(".\r\n");
        self.write(&out).await?;
        let said = self.expect("message", 250).await?;
        Ok(Answer { status: said.code, text: said.text().chars().take(200).collect() })
    }

    /// Takes leave. The message is delivered, so that nothing that goes wrong here counts.
    pub(super) async fn quit(mut self) {
        let _ = self.command("QUIT").await;
    }

    /// The parameters of something that the server can do.
    fn extension(&self, name: &str) -> Option<String> {
        self.extensions.iter().find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then(|| rest.to_owned())
        })
    }

    /// Gives a command that has to be answered with `code`.
    async fn ask(&mut self, what: &str, command: &str, code: u16) -> Result<Said, NotifyError> {
        self.write(&format!("{command}\r\n")).await?;
        self.expect(what, code).await
    }

    async fn command(&mut self, command: &str) -> Result<Said, NotifyError> {
        self.write(&format!("{command}\r\n")).await?;
        self.said().await
    }

    async fn expect(&mut self, what: &str, code: u16) -> Result<Said, NotifyError> {
        let said = self.said().await?;
        if said.code == code { Ok(said) } else { Err(refused(what, &said)) }
    }

    async fn write(&mut self, text: &str) -> Result<(), NotifyError> {
        let lost =
            |error| NotifyError::passing(format!("the connection to the mail server is lost: {error}"));
        self.stream.get_mut().write_all(text.as_bytes()).await.map_err(lost)?;
        self.stream.get_mut().flush().await.map_err(lost)
    }

    async fn said(&mut self) -> Result<Said, NotifyError> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let strange = || NotifyError::passing("the mail server gives no answer of SMTP");
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(strange)?;
            let goes_on = line.as_bytes().get(3) == Some(&b'-');
            lines.push(line.get(4..).unwrap_or("").to_owned());
            if !goes_on {
                return Ok(Said { code, lines });
            }
            if lines.len() == MOST_LINES {
                return Err(strange());
            }
        }
    }

    async fn line(&mut self) -> Result<String, NotifyError> {
        let mut line = Vec::new();
        loop {
            let part = self.stream.fill_buf().await.map_err(|error| {
                NotifyError::passing(format!("the connection to the mail server is lost: {error}"))
            })?;
            if part.is_empty() {
                return Err(NotifyError::passing("the mail server ends the connection"));
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&part[..end.unwrap_or(part.len())]);
            let used = end.map_or(part.len(), |end| end + 1);
            self.stream.consume(used);
            if line.len() > MOST_LINE {
                return Err(NotifyError::passing("the mail server gives a line without end"));
            }
            if end.is_some() {
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        }
    }
}

async fn secure(stream: Stream, config: &EmailConfig) -> Result<Stream, NotifyError> {
    dial::secure(stream, &config.smarthost.host, &config.tls).await.map_err(|error| match error {
        platform::http_client::HttpError::Options(_) => NotifyError::lasting(error.to_string()),
        _ => NotifyError::passing(error.to_string()),
    })
}

fn refused(what: &str, said: &Said) -> NotifyError {
    NotifyError::passing(format!("{what}: the mail server answers {} {}", said.code, said.text()))
}

fn secret_of(source: Option<&TextSource>) -> Result<Option<String>, NotifyError> {
    match source.map(Task::secret).transpose() {
        Ok(secret) => Ok(secret.filter(|secret| !secret.is_empty())),
        Err(error) => Err(NotifyError { retriable: true, ..error }),
    }
}

fn challenge(said: &Said) -> Result<Vec<u8>, NotifyError> {
    BASE64
        .decode(said.text().trim())
        .map_err(|_| NotifyError::passing("the mail server asks something that is not base64"))
}
