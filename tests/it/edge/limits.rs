//! Sizes, depths and kinds of what comes in.

use crate::edge::wire::{PING, Wire, ping, send};
use crate::harness::OneNode;

async fn node() -> OneNode {
    OneNode::builder()
        .development_user("admin")
        .set("SERVER__BODY_LIMIT_BYTES", "65536")
        .start()
        .await
}

const HEADERS: &str = "Host: localhost\r\nContent-Type: application/json\r\n";

#[tokio::test]
async fn a_body_above_the_limit_is_413_whether_or_not_it_says_its_length() {
    let node = node().await;
    // As many bytes as allowed: white space is JSON.
    let whole = format!("{PING}{}", " ".repeat(65_536 - PING.len()));
    assert_eq!(200, send(&node, "POST /mcp", HEADERS, &whole).await.status);
    let more = format!("{whole} ");
    assert_eq!(413, send(&node, "POST /mcp", HEADERS, &more).await.status);

    let mut announced = Wire::open(&node).await;
    announced
        .send(format!(
            "POST /mcp HTTP/1.1\r\n{HEADERS}Content-Length: 99999999999\r\n\r\n"
        ))
        .await;
    assert_eq!(413, announced.answer().await.status);

    let mut chunked = Wire::open(&node).await;
    chunked
        .send(format!(
            "POST /mcp HTTP/1.1\r\n{HEADERS}Transfer-Encoding: chunked\r\n\r\n"
        ))
        .await;
    for _ in 0..5 {
        chunked
            .send(format!("4000\r\n{}\r\n", " ".repeat(0x4000)))
            .await;
    }
    chunked.send("0\r\n\r\n").await;
    assert_eq!(413, chunked.answer().await.status);
}

#[tokio::test]
async fn only_json_is_taken() {
    let node = node().await;
    for (kind, expected) in [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
        ("application/json-rpc", 415),
        ("", 415),
    ] {
        let headers = format!("Host: localhost\r\nContent-Type: {kind}\r\n");
        let answer = send(&node, "POST /mcp", &headers, PING).await;
        assert_eq!(expected, answer.status, "{kind}");
    }
    let answer = send(&node, "POST /mcp", "Host: localhost\r\n", PING).await;
    assert_eq!(415, answer.status);
}

#[tokio::test]
async fn a_body_that_is_encoded_is_415_and_says_so() {
    let node = node().await;
    for (encoding, expected) in [
        ("gzip", 415),
        ("br", 415),
        ("identity, deflate", 415),
        ("x\u{e4}", 415),
        ("identity", 200),
        ("Identity", 200),
        ("", 200),
    ] {
        let headers = format!("{HEADERS}Content-Encoding: {encoding}\r\n");
        let answer = send(&node, "POST /mcp", &headers, PING).await;
        assert_eq!(expected, answer.status, "{encoding}");
        if expected == 415 {
            assert!(answer.body.contains("Content-Encoding"), "{}", answer.body);
            assert!(
                answer.head.contains("accept-encoding: identity"),
                "{}",
                answer.head
            );
        }
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_an_empty_session_id_are_passed_over() {
    let node = node().await;
    let body = format!("\u{feff}{PING}");
    assert_eq!(200, send(&node, "POST /mcp", HEADERS, &body).await.status);
    assert_eq!(200, ping(&node, "Mcp-Session-Id:\r\n").await.status);
    assert_eq!(200, ping(&node, "Mcp-Session-Id: \r\n").await.status);
    assert_eq!(404, ping(&node, "Mcp-Session-Id: x\r\n").await.status);
}

#[tokio::test]
async fn a_body_whose_chunks_are_wrong_is_answered_with_400() {
    let node = node().await;
    for chunks in [
        format!("{:x}\r\n{PING}XX0\r\n\r\n", PING.len()),
        format!("zz\r\n{PING}\r\n0\r\n\r\n"),
        format!("{:x}\n{PING}\r\n0\r\n\r\n", PING.len()),
        format!("-1\r\n{PING}\r\n0\r\n\r\n"),
    ] {
        let mut wire = Wire::open(&node).await;
        let head = format!("POST /mcp HTTP/1.1\r\n{HEADERS}Transfer-Encoding: chunked\r\n\r\n");
        wire.send(format!("{head}{chunks}")).await;
        assert_eq!(400, wire.answer().await.status, "{chunks:?}");
        wire.closed().await;
    }
}

#[tokio::test]
async fn json_that_nests_too_deep_is_a_parse_error() {
    let node = node().await;
    // `depth` levels with the message's own; brackets inside a text are none.
    let nested = |depth: usize| {
        let inner = depth - 2;
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"text":"[[[[","deep":{}{}}}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    assert_eq!(
        200,
        send(&node, "POST /mcp", HEADERS, &nested(64)).await.status
    );
    for depth in [65, 30_000] {
        let answer = send(&node, "POST /mcp", HEADERS, &nested(depth)).await;
        assert_eq!(400, answer.status);
        assert!(answer.body.contains("-32700"), "{}", answer.body);
    }
}

#[tokio::test]
async fn headers_are_limited_in_number_and_size() {
    let node = node().await;
    let many = "X-Many: a\r\n".repeat(200);
    assert_eq!(431, ping(&node, &many).await.status);
    let large = format!("X-Large: {}\r\n", "a".repeat(200_000));
    assert_eq!(431, ping(&node, &large).await.status);
}

#[tokio::test]
async fn what_is_not_http_or_could_be_read_in_two_ways_is_refused() {
    let node = node().await;
    for request in [
        "\x16\x03\x01\x02\x00\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!(
            "POST /mcp HTTP/1.1\r\n{HEADERS}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        format!("POST /mcp HTTP/1.1\r\n{HEADERS}Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
        format!("POST /mcp HTTP/1.1\r\n{HEADERS}Content-Length: -1\r\n\r\n"),
    ] {
        let mut wire = Wire::open(&node).await;
        wire.send(&request).await;
        assert_eq!(400, wire.answer().await.status, "{request:?}");
        wire.closed().await;
    }
}

#[tokio::test]
async fn an_mcp_header_that_stands_twice_is_refused() {
    let node = node().await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let good = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n";
    let headers = format!("{HEADERS}{good}");
    assert_eq!(200, send(&node, "POST /mcp", &headers, body).await.status);
    for twice in [
        "MCP-Protocol-Version: 2026-07-28\r\n",
        "mcp-protocol-version: 2025-11-25\r\n",
        "Mcp-Method: tools/list\r\n",
        "Mcp-Name: a\r\nMcp-Name: a\r\n",
    ] {
        let answer = send(&node, "POST /mcp", &format!("{headers}{twice}"), body).await;
        assert_eq!(400, answer.status, "{twice}");
        assert!(answer.body.contains("-32020"), "{}", answer.body);
        assert!(answer.body.contains(r#""id":1"#), "{}", answer.body);
    }
    // Optional white space around a value is none of it (RFC 9110 §5.5).
    let spaced =
        format!("{HEADERS}MCP-Protocol-Version: \t2026-07-28 \t\r\nMcp-Method:tools/list  \r\n");
    assert_eq!(200, send(&node, "POST /mcp", &spaced, body).await.status);
}
