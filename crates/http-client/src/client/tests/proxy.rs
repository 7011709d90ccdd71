//! Through a forward proxy.

use super::*;

/// A forward proxy that answers every CONNECT itself, and keeps what it was asked for.
async fn proxy() -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&request[..read]).into_owned();
            kept.lock().unwrap().push(head);
            let _ = stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    });
    // By name: the proxy may be in a private network, which other hosts may not.
    (format!("http://user:secret@localhost:{port}"), asked)
}

fn through(proxy: &str, hosts: &[&str]) -> GuardedClient {
    GuardedClient::new(ClientRules {
        proxy: Proxy::Server(proxy.to_owned().into()),
        ..rules(hosts)
    })
    .unwrap()
}

#[tokio::test]
async fn a_proxy_is_asked_for_names_that_only_it_may_know() {
    let (proxy, asked) = proxy().await;
    let url = Url::parse("https://client.invalid/client.json").unwrap();
    let failed = through(&proxy, &[]).fetch(&url, 100).await;
    assert_eq!(Err(Refusal::Failed), failed, "it refuses");
    let asked = asked.lock().unwrap().join("\n");
    assert!(
        asked.starts_with("CONNECT client.invalid:443 HTTP/1.1"),
        "{asked}"
    );
    assert!(
        asked
            .to_lowercase()
            .contains("proxy-authorization: basic dxnlcjpzzwnyzxq="),
        "{asked}"
    );
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_what_is_refused_without_it() {
    let (proxy, asked) = proxy().await;
    let fetcher = through(&proxy, &[]);
    // `localhost` has a private address, as any name of this network would.
    for (url, expected) in [
        ("http://client.example/c", Refusal::UrlNotAllowed),
        ("https://client.example:8443/c", Refusal::UrlNotAllowed),
        ("https://user@client.example/c", Refusal::UrlNotAllowed),
        ("https://127.0.0.1/c", Refusal::AddressNotAllowed),
        ("https://169.254.169.254/c", Refusal::AddressNotAllowed),
        ("https://[::1]/c", Refusal::AddressNotAllowed),
        ("https://localhost/c", Refusal::AddressNotAllowed),
        (
            "https://metadata.google.internal/c",
            Refusal::AddressNotAllowed,
        ),
    ] {
        let refused = fetcher.fetch(&Url::parse(url).unwrap(), 100).await;
        assert_eq!(Err(expected), refused, "{url}");
    }
    let known_here = Url::parse("https://localhost/c").unwrap();
    let checked = fetcher.check_known_addresses(&known_here).await;
    assert_eq!(
        Err(Refusal::AddressNotAllowed),
        checked.map_err(Refusal::from)
    );
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_operator_s_exception_does_not_go_through_the_proxy() {
    let (proxy, asked) = proxy().await;
    let (url, _) = serve(answer(JSON, "{}")).await;
    let fetched = through(&proxy, &["localhost"]).fetch(&url, 100).await;
    assert_eq!("{}", fetched.unwrap().body);
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_proxy_is_found_at_the_start() {
    let made = GuardedClient::new(ClientRules {
        proxy: Proxy::Server("not a proxy".to_owned().into()),
        ..rules(&[])
    });
    assert!(made.is_err());
}
