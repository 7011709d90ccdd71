//! Progress and log messages: only for those who asked, and only on the stream of their request.

use serde_json::{Value, json};

use crate::harness::{OneNode, Reply};

async fn messages(reply: Reply) -> Vec<Value> {
    if !reply.is_stream() {
        return vec![reply.json().await];
    }
    let events = reply.events().rest().await;
    events
        .iter()
        .filter(|event| !event.data.is_empty())
        .map(crate::harness::Event::message)
        .collect()
}

fn of<'m>(messages: &'m [Value], method: &str) -> Vec<&'m Value> {
    messages
        .iter()
        .filter(|message| message["method"] == method)
        .map(|message| &message["params"])
        .collect()
}

#[tokio::test]
async fn progress_comes_with_the_token_that_was_sent_and_grows() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let session = caller.open_session().await;
    for token in [json!("my token"), json!(7)] {
        let params =
            json!({ "name": "test_tool_with_progress", "_meta": { "progressToken": token } });
        for reply in [
            caller.send("tools/call", params.clone()).await,
            session.send("tools/call", params).await,
        ] {
            let messages = messages(reply).await;
            let progress = of(&messages, "notifications/progress");
            let steps: Vec<f64> = progress
                .iter()
                .map(|params| params["progress"].as_f64().unwrap())
                .collect();
            assert_eq!(vec![0.0, 50.0, 100.0], steps, "{messages:?}");
            assert!(
                progress
                    .iter()
                    .all(|params| params["progressToken"] == token)
            );
            // The answer is the last message.
            assert!(messages.last().unwrap()["result"].is_object());
        }
    }
}

#[tokio::test]
async fn nobody_who_did_not_ask_gets_progress() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let session = caller.open_session().await;
    for meta in [
        json!({}),
        json!({ "progressToken": {} }),
        json!({ "progressToken": null }),
    ] {
        let params = json!({ "name": "test_tool_with_progress", "_meta": meta });
        for reply in [
            caller.send("tools/call", params.clone()).await,
            session.send("tools/call", params).await,
        ] {
            let messages = messages(reply).await;
            assert_eq!(1, messages.len(), "{meta}: {messages:?}");
        }
    }
}

#[tokio::test]
async fn a_modern_request_gets_log_messages_of_the_level_that_it_names_and_none_without() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for (level, expected) in [
        (None, 0),
        (Some("debug"), 3),
        (Some("info"), 3),
        (Some("notice"), 0),
        (Some("emergency"), 0),
    ] {
        let meta = level.map_or(
            json!({}),
            |level| json!({ "io.modelcontextprotocol/logLevel": level }),
        );
        let params = json!({ "name": "test_tool_with_logging", "_meta": meta });
        let messages = messages(caller.send("tools/call", params).await).await;
        let logged = of(&messages, "notifications/message");
        assert_eq!(expected, logged.len(), "{level:?}: {messages:?}");
        assert!(logged.iter().all(|params| params["level"] == "info"));
    }
}

#[tokio::test]
async fn a_session_sets_its_own_log_level() {
    let node = OneNode::start().await;
    let (loud, quiet) = (
        node.as_user("admin").open_session().await,
        node.as_user("admin").open_session().await,
    );
    for (session, level) in [(&loud, "debug"), (&quiet, "error")] {
        let answer = session
            .ask("logging/setLevel", json!({ "level": level }))
            .await;
        assert_eq!(json!({}), answer["result"]);
    }
    for (session, expected) in [(&loud, 3), (&quiet, 0)] {
        let reply = session
            .send("tools/call", json!({ "name": "test_tool_with_logging" }))
            .await;
        let messages = messages(reply).await;
        assert_eq!(expected, of(&messages, "notifications/message").len());
    }
    for level in [json!("loud"), json!(3), Value::Null] {
        let answer = loud
            .ask("logging/setLevel", json!({ "level": level }))
            .await;
        assert_eq!(-32602, answer["error"]["code"], "{answer}");
    }
}
