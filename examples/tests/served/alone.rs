use serde_json::{Value, json};

use crate::harness::{Afterwards, Served};

#[actix_rt::test]
async fn a_tool_of_ones_own_counts_what_its_caller_can_see_and_is_recorded() {
    let served = Served::start("admin").await;
    let all: Value =
        serde_json::from_str(&served.call("count_charts", json!({ "request": {} })).await).unwrap();
    let listed = served
        .call("list_charts", json!({ "request": { "page_size": 1 } }))
        .await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["total_count"], all["count"]);
    let wrong = served
        .call("count_charts", json!({ "request": { "serach": "sales" } }))
        .await;
    assert!(wrong.contains("search"), "{wrong}");
    assert_eq!(2, served.stop("count_charts").await.len());
}

#[actix_rt::test]
async fn a_layer_refuses_what_changes_something_and_lets_reading_go_on() {
    let served = Served::start("admin").await;
    let sql = json!({ "request": { "database_id": 1, "sql": "select 1 as one" } });
    let before = served.call("execute_sql", sql.clone()).await;
    assert!(before.contains("one"), "{before}");
    served.maintenance.set(true);
    let refused = served.call("execute_sql", sql).await;
    assert!(refused.contains("maintenance"), "{refused}");
    let listed = served.call("list_charts", json!({})).await;
    assert!(listed.contains("total_count"), "{listed}");
    assert_eq!(2, served.stop("execute_sql").await.len());
}

#[actix_rt::test]
async fn a_tool_that_a_layer_refuses_is_refused_as_a_resource_too() {
    let served = Served::start_with("admin", &[], Afterwards::Refuses("get_instance_info")).await;
    let refused = served.call("get_instance_info", json!({})).await;
    assert!(refused.contains("closed for today"), "{refused}");
    let read = json!({ "uri": "instance://metadata" });
    let refused = served.ask("resources/read", read).await.to_string();
    assert!(refused.contains("closed for today"), "{refused}");
    served.stop("get_instance_info").await;
}

#[actix_rt::test]
async fn a_change_is_seen_by_the_next_call_though_answers_are_kept() {
    let served = Served::start("admin").await;
    let (id, before) = served.first_chart().await;
    assert_eq!(before, served.first_chart().await.1);
    let renamed = served.rename(id, "Renamed here").await;
    assert!(renamed.contains(&before), "{renamed}");
    assert_eq!((id, "Renamed here".to_owned()), served.first_chart().await);
    let records = served.stop("rename_chart").await;
    assert_eq!(1, records.len());
    assert_eq!("success", records[0]["outcome"], "{}", records[0]);
}

#[actix_rt::test]
async fn when_a_layer_fails_after_the_tool_nothing_was_changed() {
    let served = Served::start_with("admin", &[], Afterwards::Fails).await;
    let (id, before) = served.first_chart().await;
    let failed = served.rename(id, "Renamed here").await;
    assert!(failed.contains("too late"), "{failed}");
    assert_eq!((id, before), served.first_chart().await);
    // The writer is free: the next change gets as far.
    let failed = served.rename(id, "Renamed again").await;
    assert!(failed.contains("too late"), "{failed}");
    served.stop("rename_chart").await;
}

#[actix_rt::test]
async fn what_a_failed_tool_changed_is_undone_whatever_a_layer_makes_of_it() {
    let served = Served::start_with("admin", &[], Afterwards::Forgives).await;
    let before = served.first_chart().await;
    assert_eq!(1, before.0, "the chart that the tool changes");
    let forgiven = served.call("rename_and_fail", json!({})).await;
    assert!(!forgiven.contains("after the change"), "{forgiven}");
    assert_eq!(before, served.first_chart().await);
    served.stop("rename_and_fail").await;
}

#[actix_rt::test]
async fn a_client_that_gives_up_before_the_commit_has_changed_nothing() {
    let served = Served::start_with("admin", &[], Afterwards::Cancels).await;
    let (id, before) = served.first_chart().await;
    let cancelled = served.rename(id, "Renamed here").await;
    assert!(cancelled.contains("cancelled"), "{cancelled}");
    assert_eq!((id, before), served.first_chart().await);
    served.stop("rename_chart").await;
}

#[actix_rt::test]
async fn who_does_not_own_a_chart_cannot_change_it() {
    let served = Served::start("analyst").await;
    let (id, before) = served.first_chart().await;
    let refused = served.rename(id, "Renamed here").await;
    assert!(refused.contains("only the owners"), "{refused}");
    let hidden = served.rename(4711, "Renamed here").await;
    assert!(hidden.contains("not found"), "{hidden}");
    assert_eq!((id, before), served.first_chart().await);
    served.stop("rename_chart").await;
}

#[actix_rt::test]
async fn through_call_tool_a_change_is_made_the_same_way() {
    let served = Served::start("admin").await;
    let (id, _) = served.first_chart().await;
    let arguments = json!({ "request": { "chart_id": id, "name": "By call_tool" } });
    let call = json!({ "name": "rename_chart", "arguments": arguments });
    let renamed = served.call("call_tool", call).await;
    assert!(renamed.contains("previous_name"), "{renamed}");
    assert_eq!("By call_tool", served.first_chart().await.1);
    served.stop("rename_chart").await;
}
