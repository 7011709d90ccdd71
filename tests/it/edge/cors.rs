//! Pages of allowed origins may send what clients send and read what they must.

use crate::edge::wire::{ping, send};
use crate::harness::OneNode;

#[tokio::test]
async fn a_preflight_allows_the_methods_and_headers_of_both_eras() {
    let node = OneNode::start().await;
    let headers = "Host: localhost\r\nOrigin: http://localhost:6274\r\nAccess-Control-Request-Method: POST\r\n\
                   Access-Control-Request-Headers: authorization,mcp-protocol-version\r\n";
    let answer = send(&node, "OPTIONS /mcp", headers, "").await;
    assert_eq!(204, answer.status);
    let head = &answer.head;
    assert!(
        head.contains("access-control-allow-origin: http://localhost:6274"),
        "{head}"
    );
    assert!(head.contains("vary: origin"), "{head}");
    let line = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
            .unwrap_or_else(|| panic!("no {name} in {head}"))
            .split(',')
            .map(|part| part.trim().to_owned())
            .collect::<Vec<_>>()
    };
    for method in ["get", "post", "delete"] {
        assert!(line("access-control-allow-methods").contains(&method.to_owned()));
    }
    for header in [
        "authorization",
        "content-type",
        "accept",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-session-id",
        "last-event-id",
    ] {
        assert!(
            line("access-control-allow-headers").contains(&header.to_owned()),
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_page_can_read_the_session_and_the_challenge_of_answers_and_refusals() {
    let node = OneNode::start().await;
    let origin = "Origin: http://localhost:6274\r\n";
    let refused = ping(&node, origin).await;
    assert_eq!(401, refused.status);
    assert!(
        refused
            .head
            .contains("access-control-allow-origin: http://localhost:6274")
    );
    let exposed = refused
        .head
        .lines()
        .find(|line| line.starts_with("access-control-expose-headers"))
        .unwrap();
    assert!(exposed.contains("mcp-session-id") && exposed.contains("www-authenticate"));
    // Nobody's cookies or credentials are asked for.
    assert!(!refused.head.contains("allow-credentials"));
    assert!(!ping(&node, "").await.head.contains("access-control"));
}
