//! The documents by which clients find everything.

use serde_json::{Value, json};
use tidegate_oauth_types::Resource;

use crate::bench::{Bench, ISSUER, scopes};

fn assert_no_null(value: &Value) {
    match value {
        Value::Object(members) => members.values().for_each(assert_no_null),
        Value::Array(items) => items.iter().for_each(assert_no_null),
        other => assert!(!other.is_null()),
    }
}

#[tokio::test]
async fn the_server_says_what_clients_need() {
    let bench = Bench::start().await;
    bench.server.watch_documents(None).await;
    let metadata = serde_json::to_value(bench.server.metadata()).unwrap();
    assert_no_null(&metadata);
    assert_eq!(ISSUER, metadata["issuer"]);
    assert_eq!(json!(["code"]), metadata["response_types_supported"]);
    assert_eq!(
        json!(["S256"]),
        metadata["code_challenge_methods_supported"]
    );
    assert_eq!(
        json!(true),
        metadata["client_id_metadata_document_supported"]
    );
    assert_eq!(
        json!(true),
        metadata["authorization_response_iss_parameter_supported"]
    );
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("registration_endpoint", "/oauth/register"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("introspection_endpoint", "/oauth/introspect"),
        (
            "device_authorization_endpoint",
            "/oauth/device_authorization",
        ),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(
            format!("{ISSUER}{path}"),
            metadata[name].as_str().unwrap(),
            "{name}"
        );
    }
    let methods = metadata["token_endpoint_auth_methods_supported"]
        .as_array()
        .unwrap();
    for method in [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ] {
        assert!(methods.contains(&json!(method)), "{method}");
    }
    assert!(
        metadata["scopes_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("offline_access"))
    );
}

#[tokio::test]
async fn each_resource_of_ours_names_itself_and_the_one_issuer() {
    let bench = Bench::start().await;
    for (asked, named) in [
        (
            "https://tidegate.example/mcp",
            "https://tidegate.example/mcp",
        ),
        (
            "https://tidegate.example/mcp/",
            "https://tidegate.example/mcp",
        ),
        ("https://tidegate.example", "https://tidegate.example/mcp"),
        (
            "https://tidegate.example/w/acme/mcp",
            "https://tidegate.example/w/acme/mcp",
        ),
        ("https://rival.example/mcp", "https://rival.example/mcp"),
    ] {
        let resource = Resource::parse(asked).unwrap();
        let document = bench.server.protected_resource(&resource).unwrap();
        let document = serde_json::to_value(document).unwrap();
        assert_eq!(named, document["resource"], "{asked}");
        assert_eq!(json!([ISSUER]), document["authorization_servers"]);
        assert!(
            !document["scopes_supported"]
                .as_array()
                .unwrap()
                .contains(&json!("offline_access"))
        );
        assert_no_null(&document);
    }
}

#[tokio::test]
async fn another_host_changes_nothing_and_is_no_resource() {
    let bench = Bench::start().await;
    for foreign in [
        "https://evil.example/mcp",
        "http://tidegate.example/mcp",
        "https://tidegate.example:8443/mcp",
        "https://tidegate.example.evil.example/mcp",
        "https://tidegate.example/other",
    ] {
        let resource = Resource::parse(foreign).unwrap();
        assert_eq!(
            None,
            bench.server.protected_resource(&resource),
            "{foreign}"
        );
    }
}

#[tokio::test]
async fn new_hosts_are_known_once_they_are_told() {
    let bench = Bench::start().await;
    let resource = Resource::parse("https://acme.example/mcp").unwrap();
    assert_eq!(None, bench.server.protected_resource(&resource));
    let hosts = [("acme.example".to_owned(), crate::bench::slug("acme"))];
    let url = url::Url::parse(ISSUER).unwrap();
    bench
        .server
        .set_resources(tidegate_oauth_types::ResourceMap::new(&url, hosts, None));
    assert!(bench.server.protected_resource(&resource).is_some());
    assert_eq!(ISSUER, bench.server.metadata().issuer);
}

/// Clients ask for all that is named, so that nothing is named that serves nobody but a thief.
#[tokio::test]
async fn scopes_that_no_tool_needs_are_not_named() {
    let bench = Bench::with(|rules| rules.offered_scopes = scopes("mcp:read mcp:query")).await;
    let server = serde_json::to_value(bench.server.metadata()).unwrap();
    let resource = Resource::parse("https://tidegate.example/mcp").unwrap();
    let resource = bench.server.protected_resource(&resource).unwrap();
    let resource = serde_json::to_value(resource).unwrap();
    assert_eq!(
        json!(["mcp:read", "mcp:query", "offline_access"]),
        server["scopes_supported"]
    );
    assert_eq!(
        json!(["mcp:read", "mcp:query"]),
        resource["scopes_supported"]
    );
}
