//! Sending over HTTP: what arrives, and what is made of the answer.
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use platform::http_client::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use platform::http_client::{
    Authorization, HttpClient, HttpClientOptions, HttpError, HttpFetch, HttpMessage, HttpMethod, HttpReply,
    TextSource,
};
use testkit::http::{Answer, Fault, Server};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use url::Url;

async fn send(
    options: HttpClientOptions,
    method: HttpMethod,
    url: &str,
    headers: &[(HeaderName, HeaderValue)],
    limit: usize,
) -> (Result<HttpReply, HttpError>, Vec<u8>) {
    let client = HttpClient::new(options).unwrap();
    let url = Url::parse(url).unwrap();
    let mut answer = b"old".to_vec();
    let message =
        HttpMessage { method, url: &url, headers, body: b"{\"a\":1}\n".to_vec(), answer_limit: limit };
    let reply = client.send(message, &mut answer).await;
    (reply, answer)
}

#[tokio::test]
async fn method_headers_and_body_arrive() {
    for (method, word) in [(HttpMethod::Post, "POST"), (HttpMethod::Put, "PUT"), (HttpMethod::Patch, "PATCH")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                stream.read_line(&mut head).await.unwrap();
            }
            let mut body = [0; 8];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(b"HTTP/1.1 202 Fine\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            (head.to_ascii_lowercase(), body)
        });
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let (reply, answer) = send(HttpClientOptions::default(), method, &url, &headers, 100).await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.complete, answer.as_slice()), (202, true, b"ok".as_slice()));
        let (head, body) = server.await.unwrap();
        assert!(head.starts_with(&format!("{} /hook?x=1 http/1.1\r\n", word.to_ascii_lowercase())), "{head}");
        assert!(head.contains("content-type: application/json\r\n"), "{head}");
        assert!(head.contains("content-length: 8\r\n"), "{head}");
        assert_eq!(&body, b"{\"a\":1}\n");
    }
}

#[tokio::test]
async fn the_head_says_when_to_try_again() {
    let server = Server::start().await.unwrap();
    server.set("/busy", Answer { status: 429, ..Answer::text("later") }.header("Retry-After", "7"));
    let url = format!("http://{}/busy", server.address());
    let (reply, answer) = send(HttpClientOptions::default(), HttpMethod::Post, &url, &[], 100).await;
    let reply = reply.unwrap();
    assert_eq!((reply.status, reply.retry_after.as_deref()), (429, Some("7")));
    assert_eq!(reply.content_type, "text/plain; version=0.0.4");
    assert_eq!(answer, b"later");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_and_a_broken_one_still_counts() {
    let server = Server::start().await.unwrap();
    server.set("/endless", Answer::text("0123456789").fault(Fault::Endless));
    server.set("/cut", Answer::text("0123456789").fault(Fault::Truncated));
    for path in ["endless", "cut"] {
        let url = format!("http://{}/{path}", server.address());
        let (reply, answer) = send(HttpClientOptions::default(), HttpMethod::Post, &url, &[], 9).await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.complete, answer.len()), (200, false, 9), "{path}");
    }
}

#[tokio::test]
async fn redirects_are_followed_if_wanted() {
    let server = Server::start().await.unwrap();
    server.set("/old", Answer::status(307).header("Location", "/new"));
    server.set("/new", Answer::text("here"));
    let url = format!("http://{}/old", server.address());
    let (reply, _) = send(HttpClientOptions::default(), HttpMethod::Post, &url, &[], 9).await;
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(server.requests().last().unwrap().header("content-length"), "8", "with the body");
    let stays = HttpClientOptions { follow_redirects: false, ..HttpClientOptions::default() };
    let (reply, _) = send(stays, HttpMethod::Post, &url, &[], 9).await;
    assert_eq!(reply.unwrap().status, 307);
}

#[tokio::test]
async fn an_authorization_of_the_message_wins() {
    let server = Server::start().await.unwrap();
    server.set("/", Answer::text("ok"));
    let url = format!("http://{}/", server.address());
    let options = HttpClientOptions {
        authorization: Some(Authorization {
            scheme: "Bearer".to_owned(),
            credentials: Some(TextSource::Inline("token".to_owned())),
        }),
        ..HttpClientOptions::default()
    };
    let own = [(AUTHORIZATION, HeaderValue::from_static("GenieKey k"))];
    for (headers, expected) in [(&own[..], "GenieKey k"), (&[], "Bearer token")] {
        send(options.clone(), HttpMethod::Post, &url, headers, 9).await.0.unwrap();
        assert_eq!(server.requests().last().unwrap().header("authorization"), expected);
    }
}

#[tokio::test]
async fn no_connection_is_an_error_without_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    drop(listener);
    let (reply, _) = send(HttpClientOptions::default(), HttpMethod::Post, &url, &[], 9).await;
    let error = reply.unwrap_err();
    assert!(matches!(error, HttpError::Transport(_)), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
}
