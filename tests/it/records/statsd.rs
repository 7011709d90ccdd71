use std::collections::BTreeSet;

use serde_json::json;
use tokio::net::UdpSocket;

use crate::harness::{Caller, OneNode, OneNodeBuilder, PATIENCE};

async fn counted(builder: OneNodeBuilder) -> (OneNode, UdpSocket) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let node = builder
        .set("TELEMETRY__STATSD__ADDRESS", &address)
        .start()
        .await;
    (node, socket)
}

/// Reads datagrams until each of `wanted` began a line.
async fn receive(socket: &UdpSocket, wanted: &[&str]) -> Vec<String> {
    let mut missing: BTreeSet<&str> = wanted.iter().copied().collect();
    let mut seen = Vec::new();
    let mut datagram = vec![0; 65_536];
    let reading = async {
        while !missing.is_empty() {
            let read = socket.recv(&mut datagram).await.unwrap();
            assert!(
                read <= 1_432,
                "a datagram of {read} bytes would be cut into pieces"
            );
            for line in std::str::from_utf8(&datagram[..read]).unwrap().lines() {
                missing.retain(|start| !line.starts_with(start));
                seen.push(line.to_owned());
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, reading).await.is_ok();
    assert!(in_time, "{missing:?} did not come; these did: {seen:?}");
    seen
}

async fn one_success_and_one_failure(caller: &Caller) {
    let good = caller.call("list_charts", json!({})).await;
    assert_ne!(true, good["result"]["isError"], "{good}");
    caller
        .call("get_chart_info", json!({ "identifier": 987_654 }))
        .await;
}

#[tokio::test]
async fn each_call_sends_its_outcome_and_its_duration() {
    let (node, socket) = counted(OneNode::builder()).await;
    one_success_and_one_failure(&node.as_user("admin")).await;
    let lines = receive(
        &socket,
        &[
            "mcp.tool.list_charts.success:1|c",
            "mcp.tool.list_charts.duration:",
            "mcp.tool.get_chart_info.failure:1|c",
            "mcp.tool.get_chart_info.duration:",
        ],
    )
    .await;
    for line in lines.iter().filter(|line| line.contains(".duration:")) {
        let value = line.rsplit_once(':').unwrap().1;
        let (number, kind) = value.split_once('|').unwrap();
        assert!(number.parse::<f64>().unwrap() >= 0.0, "{line}");
        assert_eq!("ms", kind, "{line}");
    }
    assert!(
        !lines
            .iter()
            .any(|line| line.starts_with("mcp.tool.list_charts.failure"))
    );
}

#[tokio::test]
async fn prefix_and_tags_are_sent_as_datadog_reads_them() {
    let builder = OneNode::builder()
        .set("TELEMETRY__STATSD__PREFIX", "acme")
        .set("TELEMETRY__STATSD__TAGS", "dogstatsd")
        .set("TELEMETRY__STATSD__CONSTANT_TAGS", "env:test");
    let (node, socket) = counted(builder).await;
    one_success_and_one_failure(&node.as_user("admin")).await;
    let lines = receive(
        &socket,
        &[
            "acme.mcp.tool.list_charts.success:1|c",
            "acme.mcp.tool.get_chart_info.failure:1|c",
        ],
    )
    .await;
    let success = lines
        .iter()
        .find(|line| line.starts_with("acme.mcp.tool.list_charts.success"))
        .unwrap();
    let tags = success
        .split_once("|#")
        .unwrap_or_else(|| panic!("{success}"))
        .1;
    assert!(tags.split(',').any(|tag| tag == "env:test"), "{success}");
    // No user and no token is ever a tag.
    assert!(
        !lines.iter().any(|line| line.contains("admin")),
        "{lines:?}"
    );
}
