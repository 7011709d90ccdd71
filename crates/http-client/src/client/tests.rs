mod proxy;
mod tls;
mod urls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tidegate_testkit::http_answers::{self, answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What came of a fetch.
#[derive(Debug, PartialEq, Eq)]
struct Fetched {
    status: u16,
    content_type: Option<String>,
    fresh_for: Option<Duration>,
    body: String,
}

/// Why nothing came, without the driver's cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    UrlNotAllowed,
    AddressNotAllowed,
    Failed,
    Timeout,
    TooLarge,
    Busy,
    UnsendableAuthorization,
}

impl From<HttpError> for Refusal {
    fn from(err: HttpError) -> Self {
        match err {
            HttpError::UrlNotAllowed => Self::UrlNotAllowed,
            HttpError::AddressNotAllowed => Self::AddressNotAllowed,
            HttpError::Failed(_) => Self::Failed,
            HttpError::Timeout => Self::Timeout,
            HttpError::TooLarge { .. } => Self::TooLarge,
            HttpError::Busy => Self::Busy,
            HttpError::UnsendableAuthorization => Self::UnsendableAuthorization,
        }
    }
}

impl GuardedClient {
    async fn fetch(&self, url: &Url, most_bytes: usize) -> Result<Fetched, Refusal> {
        let answer = self.send(get(url, most_bytes)).await?;
        Ok(Fetched {
            status: answer.status(),
            content_type: answer.content_type(),
            fresh_for: answer.fresh_for(),
            body: String::from_utf8(answer.read().await?.to_vec()).unwrap(),
        })
    }
}

fn get(url: &Url, most_bytes: usize) -> Request<'_> {
    Request {
        method: Method::Get,
        url,
        accept: "application/json",
        authorization: None,
        most_bytes,
    }
}

fn rules(hosts: &[&str]) -> ClientRules {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    ClientRules {
        timeout: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(2),
        destinations: Destinations::Public {
            private_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        },
        proxy: Proxy::None,
        root_certificates: Vec::new(),
        max_concurrent: 32,
    }
}

/// Answers every connection with the same bytes, and counts them.
async fn serve(answer: impl Into<String>) -> (Url, Arc<AtomicUsize>) {
    let (port, count) = http_answers::serve(answer).await.unwrap();
    let url = Url::parse(&format!("http://localhost:{port}/client.json")).unwrap();
    (url, count)
}

const JSON: &str = "content-type: application/json\r\n";

fn fetcher(hosts: &[&str]) -> GuardedClient {
    GuardedClient::new(rules(hosts)).unwrap()
}

async fn fetch_local(answer: impl Into<String>) -> Result<Fetched, Refusal> {
    let (url, _) = serve(answer).await;
    fetcher(&["localhost"]).fetch(&url, 5 * 1024).await
}

async fn refused(url: &str) -> Refusal {
    let url = Url::parse(url).unwrap();
    fetcher(&[]).fetch(&url, 5 * 1024).await.unwrap_err()
}

#[tokio::test]
async fn a_document_is_fetched_with_its_life() {
    let fetched = fetch_local(answer(
        "content-type: application/json; charset=utf-8\r\ncache-control: public, max-age=600\r\nage: 100\r\n",
        "{}",
    ))
    .await
    .unwrap();
    assert_eq!("{}", fetched.body);
    assert_eq!(Some(Duration::from_secs(500)), fetched.fresh_for);
}

#[tokio::test]
async fn what_must_not_be_kept_is_not() {
    for directive in ["no-store", "max-age=600, no-cache", "NO-STORE"] {
        let headers = format!("{JSON}cache-control: {directive}\r\n");
        let fetched = fetch_local(answer(&headers, "{}")).await.unwrap();
        assert_eq!(Some(Duration::ZERO), fetched.fresh_for, "{directive}");
    }
    assert_eq!(
        None,
        fetch_local(answer(JSON, "{}")).await.unwrap().fresh_for
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (target, visits) = serve(answer(JSON, "{}")).await;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(302, fetch_local(redirect).await.unwrap().status);
    assert_eq!(0, visits.load(Ordering::SeqCst));
}

#[tokio::test]
async fn status_and_type_are_told() {
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let missing = fetch_local(missing).await.unwrap();
    assert_eq!((404, None), (missing.status, missing.content_type));
    let key_set = "content-type: Application/JWK-Set+json; charset=utf-8\r\n";
    let key_set = fetch_local(answer(key_set, "{}")).await.unwrap();
    assert_eq!(
        Some("application/jwk-set+json"),
        key_set.content_type.as_deref()
    );
}

#[tokio::test]
async fn a_large_answer_is_cut_off_whatever_its_length_says() {
    let large = " ".repeat(5 * 1024 + 1);
    assert_eq!(
        Err(Refusal::TooLarge),
        fetch_local(answer(JSON, &large)).await
    );
    let unannounced = format!("HTTP/1.1 200 OK\r\n{JSON}connection: close\r\n\r\n{large}");
    assert_eq!(Err(Refusal::TooLarge), fetch_local(unannounced).await);
    assert!(fetch_local(answer(JSON, &large[1..])).await.is_ok());
}

#[tokio::test]
async fn a_host_that_is_silent_or_slow_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    let fetcher = GuardedClient::new(ClientRules {
        timeout: Duration::from_millis(200),
        ..rules(&["localhost"])
    })
    .unwrap();
    let silent = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    assert_eq!(Err(Refusal::Timeout), fetcher.fetch(&silent, 100).await);
}

fn trusted(plain_http: PlainHttp) -> GuardedClient {
    GuardedClient::new(ClientRules {
        destinations: Destinations::Trusted {
            plain_http,
            max_idle_connections: 1,
        },
        ..rules(&[])
    })
    .unwrap()
}

#[tokio::test]
async fn a_trusted_host_may_be_private_and_is_bounded_as_well() {
    let (url, _) = serve(answer(JSON, "{}")).await;
    let client = trusted(PlainHttp::Loopback);
    assert_eq!("{}", client.fetch(&url, 2).await.unwrap().body);
    assert_eq!(Err(Refusal::TooLarge), client.fetch(&url, 1).await);
    let (target, visits) = serve(answer(JSON, "{}")).await;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let (url, _) = serve(redirect).await;
    assert_eq!(302, client.fetch(&url, 100).await.unwrap().status);
    assert_eq!(0, visits.load(Ordering::SeqCst));
    let refusing = trusted(PlainHttp::Refused);
    assert_eq!(Err(Refusal::UrlNotAllowed), refusing.fetch(&url, 100).await);
}

#[tokio::test]
async fn a_slot_is_held_until_the_answer_is_read() {
    let (url, visits) = serve(answer(JSON, "{}")).await;
    let client = GuardedClient::new(ClientRules {
        max_concurrent: 1,
        ..rules(&["localhost"])
    })
    .unwrap();
    let first = client.send(get(&url, 100)).await.unwrap();
    assert_eq!(Err(Refusal::Busy), client.fetch(&url, 100).await);
    assert_eq!("{}", first.read().await.unwrap());
    assert!(client.fetch(&url, 100).await.is_ok());
    assert_eq!(2, visits.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_authorization_that_no_header_holds_is_not_sent() {
    let (url, visits) = serve(answer(JSON, "{}")).await;
    let request = Request {
        authorization: Some("Bearer a\r\nhost: evil"),
        ..get(&url, 100)
    };
    let client = fetcher(&["localhost"]);
    let sent = client.send(request).await.map(drop);
    assert_eq!(
        Err(Refusal::UnsendableAuthorization),
        sent.map_err(Refusal::from)
    );
    assert_eq!(0, visits.load(Ordering::SeqCst));
}
