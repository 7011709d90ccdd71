//! Where strangers cannot lead.

use super::*;

#[tokio::test]
async fn a_port_of_this_machine_is_not_connected_to() {
    let (url, visits) = serve(answer(JSON, "{}")).await;
    let https = url.as_str().replace("http://", "https://");
    assert_eq!(Refusal::UrlNotAllowed, refused(&https).await);
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
            Refusal::AddressNotAllowed,
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
            Refusal::AddressNotAllowed,
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
        assert_eq!(Refusal::UrlNotAllowed, refused(url).await, "{url}");
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
