//! Paths and methods that there are, and clean answers for those that there are not.

use crate::edge::wire::{PING, send};
use crate::harness::OneNode;

const HOST: &str = "Host: localhost\r\n";

#[tokio::test]
async fn unknown_paths_and_well_knowns_are_404_without_a_token() {
    let node = OneNode::start().await;
    for path in [
        "/mcp/x",
        "/mcpx",
        "/sse",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource/w/demo/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/register",
        "/w/demo",
        "/w/demo/mcp/x",
        "/w//mcp",
    ] {
        // Documents are there to be read, even where there is none.
        let posted = if path.contains("/.well-known/") {
            405
        } else {
            404
        };
        for (method, status) in [("GET", 404), ("POST", posted)] {
            let answer = send(&node, &format!("{method} {path}"), HOST, "").await;
            assert_eq!(status, answer.status, "{method} {path}");
            assert!(!answer.head.contains("\r\nwww-authenticate:"), "{path}");
            assert!(
                answer.body.contains("\"error\":"),
                "{path}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn a_browser_at_the_endpoint_reads_what_it_is_for_and_clients_get_what_they_got() {
    const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let open = OneNode::builder().development_user("admin").start().await;
    let closed = OneNode::start().await;
    for (node, status) in [(&open, 405), (&closed, 401)] {
        for path in ["/mcp", "/w/demo/mcp", "/mcp/"] {
            let asked = format!("GET {path}");
            let page = send(node, &asked, &format!("{HOST}{BROWSER}"), "").await;
            assert_eq!(status, page.status, "{path}");
            assert!(page.head.contains("text/html"), "{}", page.head);
            assert!(page.body.contains("This address is for apps"), "{path}");
            assert!(page.body.contains("href=\"/\""), "{path}");
            let header = if status == 405 {
                "allow: post"
            } else {
                "www-authenticate: bearer"
            };
            assert!(
                page.head.to_ascii_lowercase().contains(header),
                "{}",
                page.head
            );
            for others in [
                "",
                "Accept: */*\r\n",
                "Accept: text/event-stream\r\n",
                "Accept: text/html, text/event-stream\r\n",
                "Accept: text/html\r\nMcp-Session-Id: 1\r\n",
            ] {
                let answer = send(node, &asked, &format!("{HOST}{others}"), "").await;
                assert_eq!(status, answer.status, "{path} {others}");
                assert!(!answer.body.contains("<html"), "{path} {others}");
                assert_eq!(status == 405, answer.body.is_empty(), "{path} {others}");
            }
        }
    }
}

#[tokio::test]
async fn slashes_that_are_one_too_many_lead_to_the_endpoint_and_never_away_from_it() {
    let node = OneNode::builder().development_user("admin").start().await;
    let json = format!("{HOST}Content-Type: application/json\r\n");
    for path in [
        "/mcp",
        "/mcp/",
        "//mcp",
        "//mcp//",
        "/w/demo/mcp",
        "/w/demo/mcp/",
        "//w//demo//mcp/",
    ] {
        for (method, headers, body, status) in [
            ("POST", json.as_str(), PING, 200),
            ("GET", HOST, "", 405),
            ("DELETE", HOST, "", 400),
            ("OPTIONS", HOST, "", 204),
            ("PUT", HOST, "", 405),
        ] {
            let answer = send(&node, &format!("{method} {path}"), headers, body).await;
            assert_eq!(status, answer.status, "{method} {path}");
            assert!(!answer.head.contains("location:"), "{}", answer.head);
        }
    }
    let refused = send(&node, "POST //w//rival//mcp/", &json, PING).await;
    assert_eq!(403, refused.status, "another workspace");
}

#[tokio::test]
async fn browsers_get_a_page_where_there_is_nothing() {
    let node = OneNode::start().await;
    let accept = format!("{HOST}Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n");
    for (line, title) in [
        ("GET /nowhere", "Not found"),
        ("POST /nowhere", "Not found"),
        ("DELETE /", "Not found"),
        // Pages of people are nowhere where there are no accounts.
        ("GET /settings/apps", "Nobody signs in here"),
        ("GET /sign-in", "Nobody signs in here"),
        ("GET /settings/apps/not-an-id/disconnect", "Not found"),
        ("GET /assets/nothing.css", "Not found"),
        ("GET /explore/?slice_id=1", "Not found"),
    ] {
        let answer = send(&node, line, &accept, "").await;
        assert_eq!(404, answer.status, "{line}");
        assert!(
            answer.body.contains(&format!("<h1>{title}</h1>")),
            "{line}: {}",
            answer.body
        );
        assert!(answer.head.contains("content-security-policy"), "{line}");
    }
}

#[tokio::test]
async fn the_first_page_opens_in_every_mode_and_only_for_hosts_of_ours() {
    let tokens = OneNode::start().await;
    let open = OneNode::builder().development_user("admin").start().await;
    for (node, told) in [(&tokens, "need an access token"), (&open, "Workspace demo")] {
        let page = send(node, "GET /", HOST, "").await;
        assert_eq!(200, page.status);
        assert!(page.body.contains(told), "{}", page.body);
        assert!(page.body.contains("claude mcp add"), "{}", page.body);
        let foreign = send(node, "GET /", "Host: evil.example\r\n", "").await;
        assert_eq!(403, foreign.status);
    }
    let page = send(&tokens, "GET /", HOST, "").await;
    assert!(!page.body.contains("demo"), "workspaces are not told");
}

#[tokio::test]
async fn other_methods_are_405_and_say_which_there_are() {
    let node = OneNode::start().await;
    for method in ["PUT", "PATCH", "HEAD", "TRACE", "BREW"] {
        let answer = send(&node, &format!("{method} /mcp"), HOST, "").await;
        assert_eq!(405, answer.status, "{method}");
        assert!(
            answer.head.contains("allow: post, get, delete, options"),
            "{}",
            answer.head
        );
    }
}

#[tokio::test]
async fn a_get_that_can_have_no_stream_is_405() {
    let node = OneNode::builder().development_user("admin").start().await;
    for headers in [
        // A browser.
        "Accept: text/html\r\n",
        // mcp-remote, before it initializes.
        "Accept: text/event-stream\r\n",
        "Accept: text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n",
    ] {
        let answer = send(&node, "GET /mcp", &format!("{HOST}{headers}"), "").await;
        assert_eq!(405, answer.status, "{headers}");
        assert!(answer.head.contains("allow: post"), "{}", answer.head);
    }
}

#[tokio::test]
async fn health_readiness_and_metrics_tell_nobody_apart() {
    let node = OneNode::start().await;
    let alive = send(&node, "GET /healthz", HOST, "").await;
    assert_eq!((200, r#"{"status":"ok"}"#), (alive.status, &*alive.body));
    let ready = send(&node, "GET /readyz", HOST, "").await;
    assert_eq!((200, r#"{"status":"ready"}"#), (ready.status, &*ready.body));
    let metrics = reqwest::get(format!("{}/metrics", node.url()))
        .await
        .unwrap();
    assert_eq!(200, metrics.status());
    let text = metrics.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("tidegate") || text.contains("mcp_"), "{text}");

    let silent = OneNode::builder()
        .set("TELEMETRY__PROMETHEUS", "false")
        .start()
        .await;
    assert_eq!(404, send(&silent, "GET /metrics", HOST, "").await.status);
}
