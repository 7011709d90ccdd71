//! `Host` and `Origin` (DNS rebinding), before anything else.

use crate::edge::wire::{PING, ping, send};
use crate::harness::{Node, OneNode};

async fn open_node() -> OneNode {
    OneNode::builder()
        .development_user("admin")
        .set(
            "SERVER__ALLOWED_HOSTS",
            "mcp.example.com,other.example.com:8443",
        )
        .set("SERVER__ALLOWED_ORIGINS", "https://app.example.com")
        .start()
        .await
}

async fn with_host(node: &Node, host: &str) -> u16 {
    let headers = format!("{host}Content-Type: application/json\r\n");
    send(node, "POST /mcp", &headers, PING).await.status
}

#[tokio::test]
async fn only_listed_hosts_are_served() {
    let node = open_node().await;
    for (host, expected) in [
        ("Host: localhost\r\n", 200),
        ("Host: LocalHost:5008\r\n", 200),
        ("Host: 127.0.0.1\r\n", 200),
        ("Host: [::1]:80\r\n", 200),
        ("Host: mcp.example.com\r\n", 200),
        ("Host: mcp.example.com:1234\r\n", 200),
        ("Host: other.example.com:8443\r\n", 200),
        ("Host: other.example.com\r\n", 403),
        ("Host: evil.example.com\r\n", 403),
        ("Host: localhost.evil.example.com\r\n", 403),
        ("Host: evil.example.com@localhost\r\n", 403),
        ("Host: localhost, evil.example.com\r\n", 403),
        ("Host:\r\n", 403),
        ("Host: 2130706433\r\n", 403),
        // Refused by the HTTP parser (RFC 9112 §3.2).
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
    ] {
        assert_eq!(expected, with_host(&node, host).await, "{host:?}");
    }
}

#[tokio::test]
async fn a_target_that_names_a_host_counts_and_the_host_header_does_not() {
    let node = open_node().await;
    for (target, host, expected) in [
        ("http://localhost/mcp", "localhost", 200),
        ("http://mcp.example.com/mcp", "localhost", 200),
        ("http://localhost:5008/mcp", "evil.example.com", 200),
        ("http://evil.example.com/mcp", "localhost", 403),
        ("http://evil.example.com/mcp", "evil.example.com", 403),
        ("http://x@localhost/mcp", "localhost", 403),
        ("http://localhost.evil.example.com/mcp", "localhost", 403),
    ] {
        let headers = format!("Host: {host}\r\nContent-Type: application/json\r\n");
        let answer = send(&node, &format!("POST {target}"), &headers, PING).await;
        assert_eq!(expected, answer.status, "{target} {host}");
    }
}

#[tokio::test]
async fn an_origin_is_refused_when_it_is_there_and_not_listed() {
    let node = open_node().await;
    for (origin, expected) in [
        ("", 200),
        ("Origin: https://app.example.com\r\n", 200),
        ("Origin: http://localhost:6274\r\n", 200),
        ("Origin: http://127.0.0.1\r\n", 200),
        ("Origin: http://app.example.com\r\n", 403),
        ("Origin: https://app.example.com:444\r\n", 403),
        ("Origin: https://app.example.com.evil.example\r\n", 403),
        ("Origin: http://evil.example.com\r\n", 403),
        ("Origin: http://localhost.evil.example.com\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: \r\n", 403),
        (
            "Origin: https://app.example.com\r\nOrigin: https://app.example.com\r\n",
            403,
        ),
    ] {
        let answer = ping(&node, origin).await;
        assert_eq!(expected, answer.status, "{origin:?}");
        if expected == 403 {
            assert!(!answer.head.contains("access-control"), "{origin:?}");
            assert!(answer.body.contains(r#""id":null"#), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn host_and_origin_are_checked_on_every_method_and_before_the_token() {
    let node = OneNode::start().await;
    for start in [
        "POST /mcp",
        "GET /mcp",
        "DELETE /mcp",
        "OPTIONS /mcp",
        "POST /w/demo/mcp",
    ] {
        for bad in [
            "Host: evil.example.com\r\n",
            "Host: localhost\r\nOrigin: http://evil.example.com\r\n",
        ] {
            let headers = format!("{bad}Content-Type: application/json\r\n");
            let answer = send(&node, start, &headers, "").await;
            assert_eq!(403, answer.status, "{start} {bad}");
        }
    }
}

#[tokio::test]
async fn probes_are_answered_whatever_the_host_is() {
    let node = OneNode::start().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        for headers in [
            "Host: 10.1.2.3:5008\r\n",
            "Host: pod-7.internal\r\nOrigin: http://evil.example.com\r\n",
        ] {
            let answer = send(&node, &format!("GET {path}"), headers, "").await;
            assert_eq!(200, answer.status, "{path} {headers}");
        }
    }
}
