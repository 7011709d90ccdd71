//! StatsD as a server gets it, over real UDP.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use tidegate_config::{Environment, Settings, StatsdSettings, StatsdTags, TelemetrySettings};
use tidegate_telemetry::{Count, Level, Metrics};

struct Server(UdpSocket);

impl Server {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("a time-out");
        Self(socket)
    }

    fn settings(&self, prefix: &str, tags: StatsdTags, queue_size: usize) -> TelemetrySettings {
        let mut settings = Settings::load(None, &Environment::new())
            .expect("the defaults are good")
            .telemetry;
        settings.statsd = Some(StatsdSettings {
            address: self.0.local_addr().expect("it is bound").to_string(),
            prefix: prefix.to_owned(),
            tags,
            queue_size: NonZeroUsize::new(queue_size).expect("tests use no zero"),
        });
        settings
    }

    /// Everything that came, until `is_enough` or ten seconds are over.
    fn lines_until(&self, is_enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(10);
        let mut lines = Vec::new();
        let mut packet = [0; 8192];
        while !is_enough(&lines) && Instant::now() < end {
            if let Ok(length) = self.0.recv(&mut packet) {
                let text = std::str::from_utf8(&packet[..length]).expect("StatsD is text");
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        lines
    }
}

/// The sum of each counter, by its name.
fn sums(lines: &[String]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        if let Some((name, rest)) = line.split_once(':')
            && let Some(count) = rest.split("|c").next().filter(|_| rest.contains("|c"))
        {
            *sums.entry(name.to_owned()).or_insert(0) += count.parse::<u64>().expect("a count");
        }
    }
    sums
}

fn has(lines: &[String], line: &str) -> bool {
    lines.iter().any(|found| found == line)
}

#[test]
fn a_call_is_told_under_the_names_of_superset() {
    let server = Server::start();
    let metrics = Metrics::new(&server.settings("", StatsdTags::None, 1000)).unwrap();
    metrics
        .tool("list_charts")
        .succeeded(Duration::from_micros(1_234));
    metrics
        .tool("generate_chart")
        .failed(Duration::from_millis(7));
    metrics.count(Count::CacheHit);
    metrics.set(Level::Sessions, 3);
    metrics.flush(Duration::from_secs(5));
    let expected = [
        "mcp.tool.list_charts.success:1|c",
        "mcp.tool.list_charts.duration:1.234|ms",
        "mcp.tool.generate_chart.failure:1|c",
        "mcp.tool.generate_chart.duration:7.000|ms",
        "mcp.cache.hit:1|c",
        "mcp.sessions:3|g",
    ];
    let lines = server.lines_until(|lines| expected.iter().all(|line| has(lines, line)));
    for line in expected {
        assert!(has(&lines, line), "{line} is missing in {lines:#?}");
    }
    assert!(
        !lines.iter().any(|line| line.contains('#')),
        "no tags were asked for"
    );
}

#[test]
fn tags_and_prefix_are_sent_as_asked_for() {
    let server = Server::start();
    let constant = vec![
        ("env".to_owned(), "test".to_owned()),
        ("team".to_owned(), "bi".to_owned()),
    ];
    let settings = server.settings("acme", StatsdTags::DogStatsd { constant }, 1000);
    let metrics = Metrics::new(&settings).unwrap();
    metrics
        .tool("list_charts")
        .succeeded(Duration::from_millis(2));
    metrics
        .method("tools/list")
        .succeeded(Duration::from_millis(1));
    metrics.count(Count::CacheMiss);
    metrics.flush(Duration::from_secs(5));
    let expected = [
        "acme.mcp.tool.list_charts.success:1|c|#env:test,team:bi,tool:list_charts",
        "acme.mcp.tool.list_charts.duration:2.000|ms|#env:test,team:bi,tool:list_charts",
        "acme.mcp.method.tools_list.duration:1.000|ms|#env:test,team:bi,method:tools/list",
        "acme.mcp.cache.miss:1|c|#env:test,team:bi",
    ];
    let lines = server.lines_until(|lines| expected.iter().all(|line| has(lines, line)));
    for line in expected {
        assert!(has(&lines, line), "{line} is missing in {lines:#?}");
    }
}

#[test]
fn sums_are_sent_each_second_without_being_asked_for() {
    let server = Server::start();
    let metrics = Metrics::new(&server.settings("", StatsdTags::None, 1000)).unwrap();
    metrics.count_by(Count::CacheHit, 5);
    let first = server.lines_until(|lines| has(lines, "mcp.cache.hit:5|c"));
    assert!(has(&first, "mcp.cache.hit:5|c"), "{first:#?}");
    metrics.count_by(Count::CacheHit, 2);
    let second = server.lines_until(|lines| has(lines, "mcp.cache.hit:2|c"));
    assert_eq!(
        Some(&2),
        sums(&second).get("mcp.cache.hit"),
        "only what is new: {second:#?}"
    );
}

#[test]
fn a_full_queue_drops_durations_and_counts_them_and_loses_no_call() {
    const CALLS: u64 = 50_000;
    let server = Server::start();
    let metrics = Metrics::new(&server.settings("", StatsdTags::None, 1)).unwrap();
    let tool = metrics.tool("health_check");
    for _ in 0..CALLS {
        tool.succeeded(Duration::ZERO);
    }
    let dropped = metrics.counted(Count::DroppedStatsd);
    assert!(dropped > 0 && dropped < CALLS, "{dropped} of {CALLS}");
    // The server's own buffer may have overflown with durations: drain it, then look at new sums.
    metrics.flush(Duration::from_secs(10));
    let text = metrics.prometheus_text();
    assert!(text.contains(&format!(
        r#"mcp_tool_calls_total{{tool="health_check",outcome="success"}} {CALLS}"#
    )));
    assert!(text.contains(&format!(r#"mcp_dropped_total{{what="statsd"}} {dropped}"#)));
}

#[test]
fn no_count_is_lost_however_many_threads_count() {
    let server = Server::start();
    let metrics = Metrics::new(&server.settings("", StatsdTags::None, 64)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25_000 {
                    metrics.count(Count::CacheMiss);
                }
            });
        }
    });
    metrics.flush(Duration::from_secs(5));
    let all = |lines: &[String]| sums(lines).get("mcp.cache.miss") == Some(&100_000);
    let lines = server.lines_until(all);
    assert!(all(&lines), "{:?}", sums(&lines));
}

#[test]
fn an_address_that_does_not_resolve_is_told() {
    let server = Server::start();
    let mut settings = server.settings("", StatsdTags::None, 1);
    if let Some(statsd) = &mut settings.statsd {
        "127.0.0.1:99999".clone_into(&mut statsd.address);
    }
    let err = Metrics::new(&settings).unwrap_err();
    assert!(err.to_string().contains("127.0.0.1:99999"));
}

#[test]
fn nobody_listening_hinders_nobody() {
    let server = Server::start();
    let settings = server.settings("", StatsdTags::None, 100);
    drop(server);
    let metrics = Metrics::new(&settings).unwrap();
    for _ in 0..1000 {
        metrics.tool("health_check").succeeded(Duration::ZERO);
    }
    metrics.flush(Duration::from_secs(1));
    assert!(
        metrics
            .prometheus_text()
            .contains(r#"outcome="success"} 1000"#)
    );
}
