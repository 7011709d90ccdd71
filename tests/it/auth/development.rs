//! The development user: convenient on one's own machine, and nowhere else.

use std::process::{Command, Output};

use serde_json::json;

use crate::harness::OneNode;

/// Starts a server that has to refuse its settings.
fn start(environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate-with-fixtures"))
        .env_clear()
        .env("TIDEGATE_SERVER__PORT", "0")
        .env("TIDEGATE_DATA_DIR", "/nonexistent/tidegate")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn the_development_user_is_refused_on_an_address_that_others_reach() {
    for (environment, key) in [
        (
            vec![
                ("MCP_DEV_USERNAME", "admin"),
                ("MCP_SERVICE_HOST", "0.0.0.0"),
            ],
            "auth.allow_on_public_address",
        ),
        (
            vec![("MCP_DEV_USERNAME", "admin"), ("MCP_SERVICE_HOST", "::")],
            "auth.allow_on_public_address",
        ),
        (
            vec![
                ("MCP_DEV_USERNAME", "admin"),
                ("TIDEGATE_SERVER__ALLOWED_HOSTS", "*"),
            ],
            "server.allowed_hosts",
        ),
        (
            vec![
                ("MCP_DEV_USERNAME", "admin"),
                ("TIDEGATE_SERVER__ALLOWED_ORIGINS", "*"),
            ],
            "server.allowed_origins",
        ),
        (
            vec![
                ("MCP_AUTH_ENABLED", "True"),
                ("MCP_JWT_ISSUER", "https://id.test/"),
            ],
            "auth.jwt",
        ),
        (
            vec![
                ("MCP_AUTH_ENABLED", "True"),
                ("MCP_JWT_ALGORITHM", "HS256"),
                ("MCP_JWT_SECRET", "short"),
            ],
            "auth.jwt.secret",
        ),
    ] {
        let output = start(&environment);
        assert!(!output.status.success(), "{environment:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(key), "{environment:?}: {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

#[tokio::test]
async fn everyone_is_the_development_user_whatever_token_they_send() {
    let node = OneNode::builder().development_user("viewer").start().await;
    for caller in [
        node.anyone(),
        node.anyone().bearer("nonsense"),
        node.as_user("admin"),
    ] {
        let answer = caller.call("list_dashboards", json!({})).await;
        assert!(
            answer.to_string().contains(r#"\"total_count\":2"#),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_development_user_that_does_not_exist_lets_nobody_in() {
    let node = OneNode::builder().development_user("nobody").start().await;
    let reply = node.anyone().send("tools/list", json!({})).await;
    assert_eq!(403, reply.status().as_u16());
}
