use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers every connection with the same bytes, and counts them.
async fn serve(answer: impl Into<String>) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let (answer, counted) = (answer.into(), Arc::clone(&count));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let url = Url::parse(&format!("http://localhost:{port}/client.json")).unwrap();
    (url, count)
}

fn answer(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

const JSON: &str = "content-type: application/json\r\n";

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
    let (url, _) = serve(answer).await;
    fetcher(&["localhost"]).fetch(&url, 5 * 1024).await
}

async fn refused(url: &str) -> FetchError {
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
    assert_eq!(Err(FetchError::Status(302)), fetch_local(redirect).await);
    assert_eq!(0, visits.load(Ordering::SeqCst));
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
async fn a_large_answer_is_cut_off_whatever_its_length_says() {
    let large = " ".repeat(5 * 1024 + 1);
    assert_eq!(
        Err(FetchError::TooLarge),
        fetch_local(answer(JSON, &large)).await
    );
    let unannounced = format!("HTTP/1.1 200 OK\r\n{JSON}connection: close\r\n\r\n{large}");
    assert_eq!(Err(FetchError::TooLarge), fetch_local(unannounced).await);
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
    let fetcher = GuardedFetcher::new(FetchSettings {
        allowed_private_hosts: vec!["localhost".to_owned()],
        timeout: Duration::from_millis(200),
        ..FetchSettings::default()
    })
    .unwrap();
    let silent = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    assert_eq!(Err(FetchError::Timeout), fetcher.fetch(&silent, 100).await);
}

#[tokio::test]
async fn a_name_of_a_private_address_is_not_connected_to() {
    let (url, visits) = serve(answer(JSON, "{}")).await;
    // As a stranger's host name that resolves to 127.0.0.1 would: past the check of the URL, up to the resolver.
    let resolver = CheckedResolver {
        allowed: AllowedHosts(Arc::new([])),
        proxy: None,
    };
    let resolved = resolver.resolve("localhost".parse().unwrap()).await;
    assert!(resolved.is_err_and(|err| err.is::<NotPublic>()));
    let https = url.as_str().replace("http://", "https://");
    assert_eq!(FetchError::UrlNotAllowed, refused(&https).await);
    assert_eq!(0, visits.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_address_in_the_place_of_a_name_is_checked_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2606:4700::5efe:a00:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        // Full-width digits and dots, which host parsing maps to ASCII.
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        assert_eq!(
            FetchError::AddressNotAllowed,
            refused(&format!("https://{host}/client.json")).await,
            "{host}"
        );
    }
}

#[tokio::test]
async fn names_that_never_leave_a_network_are_not_looked_up() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "redis",
        "a.localhost",
        "metadata.google.internal",
        "nas.local",
        "router.home.arpa",
    ] {
        assert_eq!(
            FetchError::AddressNotAllowed,
            refused(&format!("https://{host}/client.json")).await,
            "{host}"
        );
    }
}

#[tokio::test]
async fn only_https_on_its_own_port_without_user_is_fetched() {
    for url in [
        "http://example.com/client.json",
        "https://example.com:8443/client.json",
        "https://example.com:22/client.json",
        "https://user@example.com/client.json",
        "https://user:secret@example.com/client.json",
        "ftp://example.com/client.json",
        "file:///etc/passwd",
        "data:application/json,{}",
    ] {
        assert_eq!(FetchError::UrlNotAllowed, refused(url).await, "{url}");
    }
}

#[tokio::test]
async fn an_operators_exception_is_for_that_host_and_port_alone() {
    let (url, _) = serve(answer(JSON, "{}")).await;
    let with_port = format!("localhost:{}", url.port().unwrap());
    assert!(fetcher(&[&with_port]).fetch(&url, 100).await.is_ok());
    for other in ["localhost:1", "ocalhost", "localhos", "example.com"] {
        assert!(fetcher(&[other]).fetch(&url, 100).await.is_err(), "{other}");
    }
}

/// A server with a certificate for `localhost` that only who holds it trusts.
async fn serve_tls(answer: String) -> (Url, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (
        folder.path().join("key.pem"),
        folder.path().join("cert.pem"),
    );
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{made:?}");
    let pem = std::fs::read(&certificate).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&pem).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&key).unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    let url = Url::parse(&format!("https://localhost:{port}/client.json")).unwrap();
    (url, pem)
}

#[tokio::test]
async fn a_certificate_counts_only_when_somebody_vouches_for_it() {
    let (url, certificate) = serve_tls(answer(JSON, "{}")).await;
    let stranger = fetcher(&["localhost"]);
    assert_eq!(
        Err(FetchError::Unreachable),
        stranger.fetch(&url, 100).await
    );
    let trusting = GuardedFetcher::new(FetchSettings {
        allowed_private_hosts: vec!["localhost".to_owned()],
        root_certificates: certificate,
        ..FetchSettings::default()
    })
    .unwrap();
    assert_eq!("{}", trusting.fetch(&url, 100).await.unwrap().body);
    // And not for another name.
    let by_address = Url::parse(&url.as_str().replace("localhost", "127.0.0.1")).unwrap();
    assert_eq!(
        Err(FetchError::UrlNotAllowed),
        trusting.fetch(&by_address, 100).await
    );
}

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

fn through(proxy: &str, hosts: &[&str]) -> GuardedFetcher {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    GuardedFetcher::new(FetchSettings {
        allowed_private_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        timeout: Duration::from_secs(2),
        proxy: Some(proxy.to_owned().into()),
        ..FetchSettings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn a_proxy_is_asked_for_names_that_only_it_may_know() {
    let (proxy, asked) = proxy().await;
    let url = Url::parse("https://client.invalid/client.json").unwrap();
    let failed = through(&proxy, &[]).fetch(&url, 100).await;
    assert_eq!(Err(FetchError::Unreachable), failed, "it refuses");
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
        ("http://client.example/c", FetchError::UrlNotAllowed),
        ("https://client.example:8443/c", FetchError::UrlNotAllowed),
        ("https://user@client.example/c", FetchError::UrlNotAllowed),
        ("https://127.0.0.1/c", FetchError::AddressNotAllowed),
        ("https://169.254.169.254/c", FetchError::AddressNotAllowed),
        ("https://[::1]/c", FetchError::AddressNotAllowed),
        ("https://localhost/c", FetchError::AddressNotAllowed),
        (
            "https://metadata.google.internal/c",
            FetchError::AddressNotAllowed,
        ),
    ] {
        let refused = fetcher.fetch(&Url::parse(url).unwrap(), 100).await;
        assert_eq!(Err(expected), refused, "{url}");
    }
    let known_here = Url::parse("https://localhost/c").unwrap();
    assert_eq!(
        Err(FetchError::AddressNotAllowed),
        fetcher.check_known_addresses(&known_here).await
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
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = GuardedFetcher::new(FetchSettings {
        proxy: Some("not a proxy".to_owned().into()),
        ..FetchSettings::default()
    });
    assert!(made.is_err());
}
