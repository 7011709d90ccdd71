use tidegate_testkit::http_answers::{self, answer};

use super::*;

/// Answers every connection with the same bytes.
async fn serve(answer: impl Into<String>) -> Url {
    let (port, _) = http_answers::serve(answer).await.unwrap();
    Url::parse(&format!("http://localhost:{port}/client.json")).unwrap()
}

fn fetcher(hosts: &[&str]) -> GuardedFetcher {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    GuardedFetcher::new(FetchSettings {
        allowed_private_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        timeout: Duration::from_secs(2),
        ..FetchSettings::default()
    })
    .unwrap()
}

async fn fetch_local(answer: impl Into<String>) -> Result<Fetched, FetchError> {
    let url = serve(answer).await;
    fetcher(&["localhost"]).fetch(&url, 5 * 1024).await
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
async fn another_status_or_type_is_refused() {
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(Err(FetchError::Status(404)), fetch_local(missing).await);
    for content_type in [
        "text/html",
        "text/json",
        "application/jsonp",
        "image/svg+json",
    ] {
        let headers = format!("content-type: {content_type}\r\n");
        assert_eq!(
            Err(FetchError::NotJson),
            fetch_local(answer(&headers, "{}")).await,
            "{content_type}"
        );
    }
    assert_eq!(
        Err(FetchError::NotJson),
        fetch_local(answer("", "{}")).await
    );
    let key_set = "content-type: application/jwk-set+json\r\n";
    assert!(fetch_local(answer(key_set, "{}")).await.is_ok());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://localhost/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(Err(FetchError::Status(302)), fetch_local(redirect).await);
}

#[tokio::test]
async fn a_stranger_leads_to_no_host_that_the_operator_did_not_except() {
    let url = serve(answer("content-type: application/json\r\n", "{}")).await;
    let refused = fetcher(&[]).fetch(&url, 100).await;
    assert_eq!(Err(FetchError::UrlNotAllowed), refused);
    for (url, expected) in [
        (
            "https://127.0.0.1/client.json",
            FetchError::AddressNotAllowed,
        ),
        (
            "https://metadata.google.internal/",
            FetchError::AddressNotAllowed,
        ),
        (
            "https://example.com:22/client.json",
            FetchError::UrlNotAllowed,
        ),
    ] {
        let refused = fetcher(&[]).fetch(&Url::parse(url).unwrap(), 100).await;
        assert_eq!(Err(expected), refused, "{url}");
    }
}

#[test]
fn what_is_no_proxy_is_found_at_the_start() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = GuardedFetcher::new(FetchSettings {
        proxy: Some("not a proxy".to_owned().into()),
        ..FetchSettings::default()
    });
    assert!(made.is_err());
}
