use proptest::prelude::*;
use serde_json::json;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::*;
use crate::{CacheRule, Redaction, Touches};

const READS: ToolSpec = ToolSpec {
    name: "list_charts",
    title: "",
    description: "",
    scope: Scope::Read,
    permission: None,
    annotations: ToolAnnotations::READS,
    tags: &["core"],
    touches: Touches::Databases,
    cache: CacheRule::Never,
    size: SizeRule::Shorten(&["charts", "detail.rows"]),
    redaction: Redaction::Entities,
};
const CHANGES: ToolSpec = ToolSpec {
    name: "generate_chart",
    annotations: ToolAnnotations::CHANGES,
    ..READS
};
const ADVICE: &str = "ask again with a smaller page_size and the next page";

fn budget(token_limit: usize) -> SizeBudget {
    SizeBudget {
        token_limit,
        max_bytes: 1 << 20,
        excluded_tools: vec!["health_check".to_owned()],
        ..SizeBudget::default()
    }
}

fn text_of(fitted: &Fitted) -> &str {
    match &fitted.output.result.content[0] {
        ContentBlock::Text { text } => text,
        other => panic!("{other:?}"),
    }
}

fn charts(count: usize) -> Value {
    (0..count)
        .map(|id| json!({ "id": id, "slice_name": format!("Chart number {id}") }))
        .collect()
}

fn fit(answer: &Value, spec: &ToolSpec, tokens: usize) -> Fitted {
    budget(tokens).fit(ToolResult::text(answer.to_string()).into(), spec, ADVICE)
}

#[test]
fn an_answer_within_the_budget_is_untouched() {
    let answer = json!({ "charts": charts(3) });
    let fitted = fit(&answer, &READS, 1000);
    assert_eq!(answer.to_string(), text_of(&fitted));
    assert_eq!(None, fitted.warning);
}

#[test]
fn an_answer_near_the_budget_is_untouched_and_warned_about() {
    let answer = json!({ "charts": charts(20) });
    let tokens = estimate_tokens(answer.to_string().len());
    let fitted = fit(&answer, &READS, tokens);
    assert_eq!(answer.to_string(), text_of(&fitted));
    assert!(
        fitted
            .warning
            .is_some_and(|warning| !warning.is_shortened && warning.tokens == tokens)
    );
}

#[test]
fn a_list_loses_its_tail_and_says_what_is_missing_and_how_to_get_it() {
    let fitted = fit(
        &json!({ "charts": charts(1000), "count": 1000 }),
        &READS,
        300,
    );
    let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
    let shown = answer["charts"].as_array().unwrap().len();
    assert_eq!(
        json!(shown),
        answer["_truncated"]["left_out"]["charts"]["shown"]
    );
    assert_eq!(
        json!(1000),
        answer["_truncated"]["left_out"]["charts"]["of"]
    );
    assert_eq!(json!(ADVICE), answer["_truncated"]["to_get_the_rest"]);
    assert_eq!(
        json!({ "id": shown - 1, "slice_name": format!("Chart number {}", shown - 1) }),
        answer["charts"][shown - 1]
    );
    // One more item would not have fitted, give or take the digits of the note.
    let length = text_of(&fitted).len();
    assert!(
        (300 * 7 / 2 - 50..=300 * 7 / 2).contains(&length),
        "{length}"
    );
    assert!(fitted.warning.unwrap().is_shortened);
    assert!(!fitted.output.result.is_error);
}

#[test]
fn the_next_list_goes_when_the_first_is_not_enough() {
    let answer = json!({ "charts": charts(5), "detail": { "rows": charts(500) } });
    let fitted = fit(&answer, &READS, 300);
    let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
    assert_eq!(
        json!(charts(1)),
        answer["charts"],
        "one item tells what the others are like"
    );
    assert!(
        answer["_truncated"]["left_out"]["detail.rows"]["shown"]
            .as_u64()
            .unwrap()
            > 5
    );
}

#[test]
fn long_strings_are_cut_as_a_last_resort() {
    let fitted = fit(&json!({ "css": "é".repeat(50_000), "id": 7 }), &READS, 1000);
    let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
    assert_eq!(json!(7), answer["id"]);
    assert!(answer["css"].as_str().unwrap().ends_with("…[cut]"));
    assert_eq!(
        json!(["css"]),
        answer["_truncated"]["left_out"]["ends_of_texts"]
    );
    assert!(text_of(&fitted).len() > 3000, "most of the room is used");
}

/// What `execute_sql` says of one row.
fn sql_answer(row: &str, columns: usize) -> String {
    let columns: Vec<_> = (0..columns)
        .map(|at| json!({ "name": format!("c{at:04}"), "type": "text", "is_nullable": null }))
        .collect();
    let columns = json!(columns);
    format!(
        r#"{{"success":true,"rows":[{row}],"columns":{columns},"row_count":1,"execution_time":0.10,"statements":[{{"original_sql":"select","row_count":1}}]}}"#
    )
}

const SQL: ToolSpec = ToolSpec {
    name: "execute_sql",
    size: SizeRule::Shorten(&["rows", "statements"]),
    redaction: Redaction::Data,
    ..READS
};

#[test]
fn a_single_row_that_is_too_large_loses_the_ends_of_its_texts_and_nothing_else() {
    let long = "x".repeat(160_000);
    let row = format!(
        r#"{{"z_id":9007199254740993.10,"a_text":"{long}","m":1e400,"short":"kept","big":12345678901234567890123}}"#
    );
    let text = sql_answer(&row, 5);
    let fitted = budget(2000).fit(ToolResult::text(text).into(), &SQL, ADVICE);
    let text = text_of(&fitted);
    assert!(!fitted.output.result.is_error);
    assert!(
        estimate_tokens(text.len()) <= 2000 && text.len() > 5000,
        "{}",
        text.len()
    );
    assert!(
        text.starts_with(r#"{"success":true,"rows":[{"z_id":9007199254740993.10,"a_text":"xxxx"#),
        "{text}"
    );
    assert!(
        text.contains(
            r#"…[cut]","m":1e400,"short":"kept","big":12345678901234567890123}],"columns":"#
        ),
        "{text}"
    );
    assert!(text.ends_with(&format!(
        r#""row_count":1}}],"_truncated":{{"left_out":{{"ends_of_texts":["rows[0].a_text"]}},"to_get_the_rest":"{ADVICE}"}}}}"#
    )), "{text}");
}

#[test]
fn a_row_of_very_many_columns_shows_the_first_ones_of_it() {
    for value in [
        "1",
        r#""text""#,
        r#""a longer text, which is cut where that helps to show more""#,
    ] {
        let row: Vec<_> = (0..1600)
            .map(|at| format!(r#""c{at:04}":{value}"#))
            .collect();
        let text = sql_answer(&format!("{{{}}}", row.join(",")), 1600);
        let fitted = budget(5000).fit(ToolResult::text(text).into(), &SQL, ADVICE);
        assert!(!fitted.output.result.is_error);
        assert!(estimate_tokens(text_of(&fitted).len()) <= 5000);
        let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
        let row = answer["rows"][0].as_object().unwrap();
        let columns = answer["columns"].as_array().unwrap();
        assert_eq!(row.len(), columns.len(), "the same columns are shown");
        assert!(row.len() > 100, "{}", row.len());
        assert!(
            columns
                .iter()
                .all(|column| row.contains_key(column["name"].as_str().unwrap()))
        );
        let left_out = &answer["_truncated"]["left_out"];
        assert_eq!(
            json!({ "shown": row.len(), "of": 1600 }),
            left_out["columns"]
        );
        assert_eq!(
            json!({ "shown": row.len(), "of": 1600 }),
            left_out["rows[0]"]
        );
    }
}

#[test]
fn rows_are_never_all_left_out() {
    for bytes in [10, 1_000, 100_000, 3_000_000] {
        let row = json!({ "a": "é".repeat(bytes / 2), "b": 1 }).to_string();
        let text = sql_answer(&vec![row; 3].join(","), 2);
        let fitted = budget(1000).fit(ToolResult::text(text).into(), &SQL, ADVICE);
        let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
        assert!(!answer["rows"].as_array().unwrap().is_empty(), "{bytes}");
        assert_eq!(json!(1), answer["rows"][0]["b"], "{bytes}");
    }
}

#[test]
fn members_keep_their_order_and_numbers_their_digits_when_rows_are_left_out() {
    let row = r#"{"z_id":1.50,"a_text":"x","m":100000000000000000000000001,"n":-0.0,"e":1E5}"#;
    let rows = vec![row; 500].join(",");
    let fitted = budget(300).fit(ToolResult::text(sql_answer(&rows, 3)).into(), &SQL, ADVICE);
    let text = text_of(&fitted);
    assert!(
        text.starts_with(&format!(r#"{{"success":true,"rows":[{row},{row},"#)),
        "{text}"
    );
    let columns = text.find(r#""columns":"#).unwrap();
    let count = text.find(r#""row_count":"#).unwrap();
    assert!(
        columns < count && text.contains(r#""execution_time":0.10"#),
        "{text}"
    );
}

#[test]
fn room_that_a_later_list_leaves_is_given_back_to_an_earlier_one() {
    let answer = json!({ "charts": charts(20), "detail": { "rows": [{ "x": "y".repeat(1600) }, { "x": "y".repeat(1600) }] } });
    let fitted = fit(&answer, &READS, 800);
    let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
    assert_eq!(1, answer["detail"]["rows"].as_array().unwrap().len());
    assert!(answer["charts"].as_array().unwrap().len() > 10, "{answer}");
}

#[test]
fn an_answer_that_nothing_shortens_becomes_advice() {
    let members: serde_json::Map<_, _> = (0..5000)
        .map(|id| (format!("member_{id}"), json!(id)))
        .collect();
    let fitted = fit(&Value::Object(members), &READS, 300);
    assert!(fitted.output.result.is_error);
    insta::assert_snapshot!(text_of(&fitted), @"The answer has about 26509 tokens and at most 300 can be sent. Nothing was changed. To get what you need, ask again with a smaller page_size and the next page.");
}

#[test]
fn a_change_that_happened_is_never_reported_as_failed() {
    let members: serde_json::Map<_, _> = (0..5000)
        .map(|id| (format!("member_{id}"), json!(id)))
        .collect();
    for tokens in [300, 30, 3] {
        let fitted = fit(&Value::Object(members.clone()), &CHANGES, tokens);
        assert!(!fitted.output.result.is_error);
        assert!(
            serde_json::from_str::<Value>(text_of(&fitted)).is_ok(),
            "{tokens}"
        );
        assert!(estimate_tokens(text_of(&fitted).len()) <= tokens);
    }
}

#[test]
fn text_that_is_no_json_keeps_its_start() {
    let text = "line of text\n".repeat(2000);
    let fitted = budget(300).fit(ToolResult::text(text).into(), &READS, ADVICE);
    assert!(text_of(&fitted).starts_with("line of text"));
    assert!(text_of(&fitted).ends_with(
        "of 26000 bytes are left out; ask again with a smaller page_size and the next page]"
    ));
}

#[test]
fn excluded_and_exempt_tools_are_not_looked_at() {
    let large = json!({ "charts": charts(1000) }).to_string();
    let excluded = ToolSpec {
        name: "health_check",
        ..READS
    };
    let exempt = ToolSpec {
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
        ..READS
    };
    for spec in [excluded, exempt] {
        let fitted = budget(300).fit(ToolResult::text(large.clone()).into(), &spec, ADVICE);
        assert_eq!(large, text_of(&fitted));
    }
}

#[test]
fn a_picture_beyond_the_bytes_is_not_sent() {
    let picture = ContentBlock::Image {
        data: "A".repeat(2 << 20),
        mime_type: "image/png".to_owned(),
    };
    let result = ToolResult {
        content: vec![ContentBlock::text("{}"), picture],
        ..ToolResult::default()
    };
    let fitted = budget(300).fit(result.into(), &READS, ADVICE);
    assert!(fitted.output.result.is_error);
    assert!(Sizes::of(&fitted.output.result).total() < 1 << 20);
}

#[test]
fn the_advice_names_arguments_that_the_tool_takes() {
    let schema = json!({ "properties": { "request": { "properties": { "page": {}, "page_size": {}, "select_columns": {} } } } });
    assert_eq!(
        "ask again with a smaller page_size and the next page; only the select_columns that you need",
        advice_for(&schema)
    );
    assert_eq!(
        "ask for something narrower",
        advice_for(&json!({ "properties": {} }))
    );
}

fn any_answer() -> impl Strategy<Value = Value> {
    let item = prop_oneof![
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[a-z\"\\\\\u{0}é💡]{0,300}".prop_map(Value::from),
        prop::collection::btree_map("[a-z]{1,8}", any::<bool>(), 0..6)
            .prop_map(|members| json!(members)),
    ];
    let list = prop::collection::vec(item.clone(), 0..60);
    (list.clone(), list.clone(), list, item).prop_map(|(charts, rows, other, extra)| {
        json!({ "charts": charts, "detail": { "rows": rows, "note": "x" }, "other": other, "extra": extra })
    })
}

proptest! {
    #[test]
    fn what_leaves_is_never_above_the_budget_and_always_json(
        answer in any_answer(), tokens in 60..2000_usize, changes in any::<bool>(), is_structured in any::<bool>(),
    ) {
        let text = answer.to_string();
        let structured = is_structured.then(|| RawValue::from_string(text.clone()).unwrap());
        let result = ToolResult { structured, ..ToolResult::text(text) };
        let spec = if changes { CHANGES } else { READS };
        let fitted = budget(tokens).fit(result.into(), &spec, ADVICE);
        let result = &fitted.output.result;
        prop_assert!(estimate_tokens(Sizes::of(result).text) <= tokens);
        prop_assert!(!(changes && result.is_error));
        if !result.is_error {
            let answer: Value = serde_json::from_str(text_of(&fitted)).unwrap();
            prop_assert!(answer.is_object());
            if let Some(structured) = &result.structured {
                prop_assert_eq!(structured.get(), text_of(&fitted));
            }
        }
    }
}
