use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};

use super::principal::{PRINCIPALS, Place, marks, settle};
use crate::harness::{OneNode, result_text};

/// One thing that a principal does.
#[derive(Debug, Clone)]
enum Deed {
    Look(Look),
    Open(Thing, u8),
    /// Uses a session, perhaps one's own.
    Enter(usize),
    /// Resumes a stream of one session through another.
    Resume {
        through: usize,
        stream_of: usize,
    },
    /// Ends a session; one's own is left alone.
    End(usize),
}

#[derive(Debug, Clone, Copy)]
enum Look {
    Charts { page_size: u8 },
    ChartsByName,
    Dashboards,
    Instance,
    Metadata,
    Tools,
    ToolSearch,
    Mistakes,
}

#[derive(Debug, Clone, Copy)]
enum Thing {
    Chart,
    Dataset,
    Dashboard,
}

#[derive(Debug, Clone)]
struct Step {
    principal: usize,
    deed: Deed,
}

fn deed() -> impl Strategy<Value = Deed> {
    let places = PRINCIPALS.len();
    let looks = prop_oneof![
        2 => Just(Look::Charts { page_size: 100 }),
        1 => Just(Look::Charts { page_size: 3 }),
        1 => Just(Look::ChartsByName),
        2 => Just(Look::Dashboards),
        1 => Just(Look::Instance),
        2 => Just(Look::Metadata),
        1 => Just(Look::Tools),
        1 => Just(Look::ToolSearch),
        1 => Just(Look::Mistakes),
    ];
    prop_oneof![
        8 => looks.prop_map(Deed::Look),
        2 => (1..13_u8).prop_map(|id| Deed::Open(Thing::Chart, id)),
        2 => (1..5_u8).prop_map(|id| Deed::Open(Thing::Dataset, id)),
        2 => (1..4_u8).prop_map(|id| Deed::Open(Thing::Dashboard, id)),
        2 => (0..places).prop_map(Deed::Enter),
        2 => (0..places, 0..places).prop_map(|(through, stream_of)| Deed::Resume { through, stream_of }),
        1 => (0..places).prop_map(Deed::End),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..PRINCIPALS.len(), deed()).prop_map(|(principal, deed)| Step { principal, deed });
    prop::collection::vec(step, 24..48)
}

async fn take(places: &[Place], step: &Step) {
    let who = &places[step.principal];
    match step.deed {
        Deed::Look(look) => take_look(who, look).await,
        Deed::Open(thing, id) => open(who, thing, id).await,
        Deed::Enter(place) => enter(who, &places[place]).await,
        Deed::Resume { through, stream_of } => {
            resume(who, &places[through], &places[stream_of]).await;
        }
        Deed::End(place) => end(who, &places[place]).await,
    }
}

/// The JSON that a tool answers.
async fn told(who: &Place, tool: &str, arguments: Value) -> Value {
    let answer = who.caller().call(tool, arguments).await;
    who.owner.check(&tool, &answer.to_string());
    serde_json::from_str(result_text(&answer)).unwrap_or_else(|err| panic!("{err}: {answer}"))
}

async fn take_look(who: &Place, look: Look) {
    match look {
        Look::Charts { page_size } => {
            let list = told(who, "list_charts", json!({ "page_size": page_size })).await;
            assert_eq!(who.owner.charts(), list["total_count"], "{who:?}: {list}");
        }
        Look::ChartsByName => {
            told(who, "list_charts", json!({ "search": "mark" })).await;
        }
        Look::Dashboards => {
            let list = told(who, "list_dashboards", json!({})).await;
            assert_eq!(
                who.owner.dashboards(),
                list["total_count"],
                "{who:?}: {list}"
            );
        }
        Look::Instance => {
            let told = told(who, "get_instance_info", json!({})).await;
            let charts = &told["instance_summary"]["total_charts"];
            assert_eq!(who.owner.charts(), *charts, "{who:?}: {told}");
        }
        Look::Metadata => {
            let params = json!({ "uri": "instance://metadata" });
            let answer = who.caller().ask("resources/read", params).await;
            assert!(answer["result"]["contents"].is_array(), "{who:?}: {answer}");
            who.owner.check(&look, &answer.to_string());
        }
        Look::Tools => {
            let answer = who.caller().ask("tools/list", json!({})).await;
            let answer = answer.to_string();
            let may_query = answer.contains(r#""name":"execute_sql""#);
            assert_eq!(!who.owner.is_viewer(), may_query, "{who:?}");
            who.owner.check(&look, &answer);
        }
        Look::ToolSearch => {
            told(who, "search_tools", json!({ "query": "charts" })).await;
        }
        Look::Mistakes => {
            for (tool, arguments) in [
                (
                    "get_dashboard_info",
                    json!({ "identifier": "no-such-dashboard" }),
                ),
                ("list_charts", json!({ "page": 0 })),
            ] {
                let answer = who.caller().call(tool, arguments).await;
                assert_eq!(true, answer["result"]["isError"], "{who:?}: {answer}");
                who.owner.check(&look, &answer.to_string());
            }
        }
    }
}

async fn open(who: &Place, thing: Thing, id: u8) {
    let (tool, hidden): (&str, &[u8]) = match thing {
        Thing::Chart => ("get_chart_info", &[5, 6, 7, 9, 10]),
        Thing::Dataset => ("get_dataset_info", &[2, 3]),
        Thing::Dashboard => ("get_dashboard_info", &[2]),
    };
    let answer = who.caller().call(tool, json!({ "identifier": id })).await;
    let is_hidden = who.owner.is_viewer() && hidden.contains(&id);
    assert_eq!(
        is_hidden,
        answer["result"]["isError"] == true,
        "{who:?} {thing:?} {id}: {answer}"
    );
    match thing {
        Thing::Chart | Thing::Dataset => who.owner.check(&thing, &answer.to_string()),
        Thing::Dashboard => who.owner.check_workspace(&thing, &answer.to_string()),
    }
}

async fn enter(who: &Place, place: &Place) {
    let held = place.session.held_by(who.caller());
    let params = json!({ "name": "list_charts", "arguments": { "page_size": 100 } });
    let reply = held.send("tools/call", params).await;
    let expected = if place.owner == who.owner { 200 } else { 404 };
    assert_eq!(
        expected,
        reply.status().as_u16(),
        "{who:?} in the session of {:?}",
        place.owner
    );
    who.owner.check(&"enter", &reply.answer().await.to_string());
}

async fn resume(who: &Place, through: &Place, other: &Place) {
    let held = through.session.held_by(who.caller());
    let reply = held.get(other.event_ids.first().map(String::as_str)).await;
    if through.owner != who.owner {
        assert_eq!(
            404,
            reply.status().as_u16(),
            "{who:?} in the session of {:?}",
            through.owner
        );
        return;
    }
    let count = reply.events().rest().await.len();
    let is_own = through.owner == other.owner;
    assert_eq!(
        is_own,
        count > 0,
        "{who:?} got {count} events of {:?}",
        other.owner
    );
}

async fn end(who: &Place, place: &Place) {
    if place.owner != who.owner {
        let status = place.session.held_by(who.caller()).delete().await;
        assert_eq!(
            404,
            status.as_u16(),
            "{who:?} ended the session of {:?}",
            place.owner
        );
    }
}

/// Steps of all principals, eight at a time, on one node with its cache on: what one of them computes is there
/// when another one asks.
#[test]
fn nobody_sees_what_is_another_ones_in_any_order_of_doing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (node, places) = runtime.block_on(async {
        let node = OneNode::builder()
            .workspace("acme", &marks("acme"))
            .workspace("rival", &marks("rival"))
            .set("CACHE__ENABLED", "true")
            .start()
            .await;
        let mut places = Vec::new();
        for owner in PRINCIPALS {
            places.push(settle(&node, owner).await);
        }
        (node, places)
    });
    let config = Config {
        cases: 12,
        max_shrink_iters: 20,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            for together in steps.chunks(8) {
                join_all(together.iter().map(|step| take(&places, step))).await;
            }
        });
        Ok(())
    });
    result.unwrap();
    let hits = runtime.block_on(node.metric("mcp_cache_lookups_total", r#"result="hit""#));
    assert!(hits > 20, "the cache answered {hits} times");
}
