//! Telemetry as the server sets it up, with a collector over real HTTP. One test, since it takes the
//! process's log.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tidegate_config::{Environment, Settings};
use tidegate_telemetry::{CallInfo, CallTrace, Count, TraceContext, init};
use tidegate_types::NodeId;

/// One request: its head, and its body.
type Request = (String, Vec<u8>);

fn collector() -> (String, mpsc::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = Vec::new();
            let mut buffer = [0; 8192];
            let request = loop {
                let length = stream.read(&mut buffer).unwrap_or(0);
                bytes.extend_from_slice(&buffer[..length]);
                let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                    if length == 0 {
                        break None;
                    }
                    continue;
                };
                let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                let wanted: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                    .unwrap_or(0);
                if bytes.len() >= end + 4 + wanted || length == 0 {
                    break Some((head, bytes[end + 4..].to_vec()));
                }
            };
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // The client may be gone at the end of the test.
            let _ = stream.write_all(answer.as_bytes());
            if let Some(request) = request
                && sender.send(request).is_err()
            {
                return;
            }
        }
    });
    (address, requests)
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn traces_and_metrics_reach_the_collector_before_the_end() {
    let (endpoint, requests) = collector();
    let env: Environment = [
        ("TIDEGATE_TELEMETRY__OTLP__ENDPOINT", endpoint.as_str()),
        (
            "TIDEGATE_TELEMETRY__OTLP__HEADERS",
            "api-key=a key, other=b",
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let settings = Settings::load(None, &env).unwrap().telemetry;
    let node = NodeId::random();
    let telemetry = init(&settings, &node).unwrap();
    let parent = TraceContext::parse(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        None,
    )
    .unwrap();
    let info = CallInfo {
        method: "tools/call",
        target: Some("list_charts"),
        session: None,
        protocol_version: "2026-07-28",
        request_id: Some("1"),
    };
    let trace = CallTrace::start(&info, Some(&parent));
    assert_eq!(parent.trace_id(), trace.trace_id());
    drop(trace);
    telemetry
        .metrics
        .tool("list_charts")
        .failed(Duration::from_millis(3));
    telemetry.metrics.count(Count::CacheHit);
    assert!(init(&settings, &node).is_err(), "the log is taken");

    let guard = telemetry.guard;
    tokio::task::spawn_blocking(move || guard.shut_down(Duration::from_secs(20)))
        .await
        .unwrap();
    let mut seen = Vec::new();
    while let Ok(request) = requests.recv_timeout(Duration::from_secs(1)) {
        seen.push(request);
    }
    let bodies_of = |path: &str| -> Vec<u8> {
        let of_path = seen
            .iter()
            .filter(|(head, _)| head.starts_with(&format!("post {path} ")));
        of_path.flat_map(|(_, body)| body.clone()).collect()
    };
    let traces = bodies_of("/v1/traces");
    for text in [
        "tools/call list_charts",
        "mcp.protocol.version",
        "2026-07-28",
        "service.instance.id",
        node.as_str(),
    ] {
        assert!(contains(&traces, text), "no {text} in the traces");
    }
    let trace_id = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
    assert!(
        traces.windows(16).any(|window| window == trace_id),
        "the caller's trace goes on"
    );
    let metrics = bodies_of("/v1/metrics");
    for text in [
        "mcp.server.operation.duration",
        "gen_ai.tool.name",
        "list_charts",
        "tool_error",
        "mcp.cache.hit",
    ] {
        assert!(contains(&metrics, text), "no {text} in the metrics");
    }
    assert!(seen.iter().all(|(head, _)| head.contains("api-key: a key")));
}
