//! Static tokens of an older set-up: they work, and say that they should go.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{OneNode, OneNodeBuilder};

const TOKEN: &str = "a static token of the older set-up";

fn with_static_token() -> OneNodeBuilder {
    OneNode::builder()
        .set("AUTH__STATIC_TOKENS__OLD__TOKEN", TOKEN)
        .set("AUTH__STATIC_TOKENS__OLD__USER", "analyst")
}

#[tokio::test]
async fn a_static_token_acts_as_its_user_and_every_answer_says_what_to_do_instead() {
    let node = with_static_token().start().await;
    let caller = node.anyone().bearer(TOKEN);
    let listed = caller.call("list_charts", json!({})).await;
    assert!(listed["result"]["isError"] != true, "{listed}");
    let notice = "dev.tidegate/notice";
    let told = listed["result"]["_meta"][notice].as_str().unwrap();
    assert!(told.contains("deprecated"), "{told}");
    let discovered = caller.ask("server/discover", json!({})).await;
    let instructions = discovered["result"]["instructions"].as_str().unwrap();
    assert!(instructions.contains("deprecated"), "{instructions}");
    let others = node.as_user("analyst").call("list_charts", json!({})).await;
    assert!(others["result"]["_meta"][notice].is_null(), "{others}");
}

#[tokio::test]
async fn what_only_looks_like_a_static_token_is_refused_and_none_stands_in_the_log() {
    let node = with_static_token().start().await;
    for wrong in [&TOKEN[1..], &TOKEN.to_uppercase(), "old"] {
        let caller = node.anyone().bearer(wrong);
        let params = json!({ "name": "health_check", "arguments": {} });
        let refused = caller.send("tools/call", params).await;
        assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
    }
    node.anyone()
        .bearer(TOKEN)
        .call("health_check", json!({}))
        .await;
    assert!(!node.log().contains(TOKEN));
}
