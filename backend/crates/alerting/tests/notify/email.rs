//! What a mail server gets to hear, and what is made of what it says.

use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::notifier;
use crate::support::{config, send, yaml};

/// How a mail server behaves.
#[derive(Clone, Default)]
pub struct Manner {
    pub extensions: &'static [&'static str],
    /// Commands that are refused, by their beginning.
    pub refuses: &'static str,
    /// TLS from the beginning.
    pub implicit_tls: bool,
}

/// A mail server on the loopback interface.
pub struct MailServer {
    pub port: u16,
    certificate: String,
    heard: watch::Receiver<Vec<String>>,
}

impl MailServer {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, heard) = watch::channel(Vec::new());
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, manner, acceptor) = (sender.clone(), manner.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if manner.implicit_tls {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        converse(stream, &sender, &manner, true).await;
                    } else if let Some(stream) = converse(stream, &sender, &manner, true).await {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        sender.send_modify(|heard| heard.push("-- TLS --".to_owned()));
                        converse(stream, &sender, &manner, false).await;
                    }
                });
            }
        });
        Self { port, certificate: made.cert.pem(), heard }
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.borrow().clone()
    }
}

/// Talks until the client leaves, or wants TLS, for which the connection is given back.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    heard: &watch::Sender<Vec<String>>,
    manner: &Manner,
    greets: bool,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greets {
        stream.get_mut().write_all(b"220 here\r\n").await.ok()?;
    }
    let mut data = false;
    let mut login = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end_matches("\r\n").to_owned();
        heard.send_modify(|all| all.push(line.clone()));
        if data && line != "." {
            continue;
        }
        let refused = !manner.refuses.is_empty() && line.starts_with(manner.refuses);
        let answer = match line.split([' ', ':']).next().unwrap_or("") {
            _ if refused => "550 no\r\n".to_owned(),
            "." => {
                data = false;
                "250 2.0.0 queued as 12\r\n".to_owned()
            }
            "EHLO" => {
                let mut lines = vec!["here".to_owned()];
                lines.extend(manner.extensions.iter().map(|word| (*word).to_owned()));
                let last = lines.len() - 1;
                let line = |(at, line): (usize, &String)| {
                    format!("250{}{line}\r\n", if at == last { " " } else { "-" })
                };
                lines.iter().enumerate().map(line).collect()
            }
            "STARTTLS" => {
                stream.get_mut().write_all(b"220 go on\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" if line == "AUTH LOGIN" => {
                login = 1;
                "334 VXNlcm5hbWU6\r\n".to_owned()
            }
            "AUTH" if line == "AUTH CRAM-MD5" => {
                login = 2;
                "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n".to_owned()
            }
            "AUTH" => "235 welcome\r\n".to_owned(),
            "DATA" => {
                data = true;
                "354 go on\r\n".to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ if login == 1 => {
                login = 2;
                "334 UGFzc3dvcmQ6\r\n".to_owned()
            }
            _ if login == 2 => {
                login = 0;
                "235 welcome\r\n".to_owned()
            }
            _ => "250 ok\r\n".to_owned(),
        };
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

fn settings(server: &MailServer, more: &str) -> String {
    format!(
        "email_configs:\n- to: 'Ops <ops@example.org>, b@example.org'\n  from: Watch <w@example.org>\n  \
         smarthost: 127.0.0.1:{}\n  send_resolved: true\n{more}",
        server.port
    )
}

/// What comes of a message to a server, and what it heard.
async fn sent(manner: Manner, more: &str) -> (Result<u16, (bool, String)>, Vec<String>) {
    let server = MailServer::start(manner).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &server.certificate).unwrap();
    let more = more.replace("$CA", &format!("tls_config: {{ca_file: {}}}", ca.display()));
    let config = config(&yaml(&[("mail", settings(&server, &more))]));
    let send = send(&config, "mail", false);
    let outcome = notifier(&config).notify(&send, send.at_ms).await;
    let outcome = outcome.map(|answer| answer.status).map_err(|error| (error.retriable, error.reason));
    (outcome, server.heard())
}

const PLAIN: &str = "  require_tls: false\n";

#[tokio::test]
async fn a_message_in_text_and_html() {
    let more = "  require_tls: false\n  hello: me.example.org\n  html: '<p>{{ .CommonLabels.alertname }}</p>'\n  \
                text: \"Hällo\\n.dot {{ .Status }}\\n\"\n  headers: {subject: '{{ .CommonLabels.alertname }} ü', X-Own: '1'}\n  \
                threading: {enabled: true, thread_by_date: daily}\n";
    let (outcome, heard) =
        sent(Manner { extensions: &["8BITMIME", "SIZE 100"], ..Manner::default() }, more).await;
    assert_eq!(outcome, Ok(250));
    let boundary =
        heard.iter().find_map(|line| line.strip_prefix("Content-Type: multipart/alternative;  boundary="));
    let boundary = boundary.unwrap().to_owned();
    let id = heard.iter().find(|line| line.starts_with("Message-Id: ")).unwrap().clone();
    assert!(id.starts_with("Message-Id: <1767323107789.") && id.ends_with("@example.org>"), "{id}");
    let root = heard.iter().find_map(|line| line.strip_prefix("References: ")).unwrap().to_owned();
    assert!(root.starts_with("<alert-") && root.ends_with("-2026-01-02@alertmanager>"), "{root}");
    let expected = format!(
        "EHLO me.example.org\nMAIL FROM:<w@example.org> BODY=8BITMIME\nRCPT TO:<ops@example.org>\n\
         RCPT TO:<b@example.org>\nDATA\nFrom: Watch <w@example.org>\n\
         Subject: =?utf-8?q?Disk_<full>_&_\"hot\"_=C3=BC?=\nTo: Ops <ops@example.org>, b@example.org\nX-Own: 1\n\
         {id}\nReferences: {root}\nIn-Reply-To: {root}\nDate: Fri, 02 Jan 2026 03:05:07 +0000\n\
         Content-Type: multipart/alternative;  boundary={boundary}\nMIME-Version: 1.0\n\n--{boundary}\n\
         Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=UTF-8\n\n\
         H=C3=A4llo\n..dot firing\n\n--{boundary}\nContent-Transfer-Encoding: quoted-printable\n\
         Content-Type: text/html; charset=UTF-8\n\n<p>Disk &lt;full&gt; &amp; &#34;hot&#34;</p>\n--{boundary}--\n.\nQUIT"
    );
    assert_eq!(heard.join("\n"), expected);
}

#[tokio::test]
async fn the_usual_message() {
    let (outcome, heard) = sent(Manner::default(), PLAIN).await;
    assert_eq!(outcome, Ok(250));
    let heard = heard.join("\n");
    assert!(heard.starts_with("EHLO localhost\nMAIL FROM:<w@example.org>\n"), "{heard}");
    assert!(heard.contains("\nSubject: [FIRING:2] Disk <full> & \"hot\" (node critical)\n"), "{heard}");
    assert!(heard.contains("text/html") && !heard.contains("text/plain"), "{heard}");
}

#[tokio::test]
async fn tls_is_started_or_there_from_the_beginning() {
    let (outcome, heard) = sent(Manner { extensions: &["STARTTLS"], ..Manner::default() }, "  $CA\n").await;
    assert_eq!(outcome, Ok(250));
    assert_eq!(
        heard[..5],
        ["EHLO localhost", "STARTTLS", "-- TLS --", "EHLO localhost", "MAIL FROM:<w@example.org>"]
    );
    let implicit = Manner { implicit_tls: true, ..Manner::default() };
    let (outcome, heard) = sent(implicit.clone(), "  force_implicit_tls: true\n  $CA\n").await;
    assert_eq!(outcome, Ok(250));
    assert_eq!(heard[..2], ["EHLO localhost", "MAIL FROM:<w@example.org>"]);

    let (outcome, heard) = sent(Manner::default(), "").await;
    let (retriable, reason) = outcome.unwrap_err();
    assert!(retriable && reason.contains("does not offer STARTTLS"), "{reason}");
    assert_eq!(heard, ["EHLO localhost"], "nothing is said in plain text");
    let (outcome, _) = sent(implicit, "  force_implicit_tls: true\n").await;
    let (retriable, reason) = outcome.unwrap_err();
    assert!(retriable && reason.starts_with("TLS: "), "nobody vouches for the certificate: {reason}");
}

#[tokio::test]
async fn ways_to_authenticate() {
    let auth = |extensions| Manner { extensions, ..Manner::default() };
    let with = |more: &str| format!("{PLAIN}  auth_username: tim\n{more}");
    let password = with("  auth_password: tanstaaftanstaaf\n  auth_identity: id\n");
    let (outcome, heard) = sent(auth(&["AUTH LOGIN PLAIN"]), &password).await;
    assert_eq!(outcome, Ok(250));
    assert_eq!(heard[1..4], ["AUTH LOGIN", "dGlt", "dGFuc3RhYWZ0YW5zdGFhZg=="], "the first that is offered");
    let (outcome, heard) = sent(auth(&["AUTH CRAM-MD5 PLAIN"]), &password).await;
    assert_eq!(outcome, Ok(250));
    assert_eq!(
        heard[1], "AUTH PLAIN aWQAdGltAHRhbnN0YWFmdGFuc3RhYWY=",
        "the first that we have a secret for"
    );
    let secret = with("  auth_secret: tanstaaftanstaaf\n");
    let (outcome, heard) = sent(auth(&["AUTH CRAM-MD5 PLAIN"]), &secret).await;
    assert_eq!(outcome, Ok(250));
    assert_eq!(heard[2], "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");

    let (outcome, _) = sent(auth(&["AUTH XOAUTH2 PLAIN"]), &secret).await;
    let expected = "no way to authenticate: XOAUTH2 is not known, there is no secret for PLAIN";
    assert_eq!(outcome, Err((true, expected.to_owned())));
    let (outcome, heard) = sent(auth(&[]), &password).await;
    assert_eq!(outcome, Ok(250), "a server that asks for nothing");
    assert_eq!(heard[1], "MAIL FROM:<w@example.org>");
}

#[tokio::test]
async fn what_goes_wrong() {
    for (refuses, reason) in [
        ("MAIL", "MAIL: the mail server answers 550 no"),
        ("RCPT TO:<b@", "RCPT: the mail server answers 550 no"),
        ("DATA", "DATA: the mail server answers 550 no"),
        (".", "message: the mail server answers 550 no"),
    ] {
        let (outcome, _) = sent(Manner { refuses, ..Manner::default() }, PLAIN).await;
        assert_eq!(outcome, Err((true, reason.to_owned())));
    }
    let (outcome, heard) = sent(Manner { refuses: "EHLO", ..Manner::default() }, PLAIN).await;
    assert_eq!(outcome, Ok(250), "an old server");
    assert_eq!(heard[..2], ["EHLO localhost", "HELO localhost"]);
    for (more, reason) in [
        ("  text: '{{ nope }}'\n", "function \"nope\" not defined"),
        ("  headers: {X: '{{ .Nope }}'}\n", "X: "),
    ] {
        let (outcome, heard) = sent(Manner::default(), &format!("{PLAIN}{more}")).await;
        let (retriable, found) = outcome.unwrap_err();
        assert!(!retriable && found.contains(reason), "{found}");
        assert!(heard.is_empty(), "{heard:?}");
    }
}

#[tokio::test]
async fn servers_that_speak_something_else() {
    for (says, for_ever, reason) in [
        ("", false, "the mail server ends the connection"),
        ("hello\r\n", false, "the mail server gives no answer of SMTP"),
        ("554 not you\r\n", false, "greeting: the mail server answers 554 not you"),
        ("2", true, "the mail server gives a line without end"),
        ("220-more\r\n", true, "the mail server gives no answer of SMTP"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            while stream.write_all(says.as_bytes()).await.is_ok() && for_ever {}
        });
        let settings = format!("email_configs:\n- {{to: a@b, from: c@d, smarthost: '127.0.0.1:{port}'}}\n");
        let config = config(&yaml(&[("mail", settings)]));
        let error = notifier(&config).notify(&send(&config, "mail", false), 0).await.unwrap_err();
        assert!(error.retriable, "{error}");
        assert_eq!(error.reason, reason);
        server.await.unwrap();
    }
}
