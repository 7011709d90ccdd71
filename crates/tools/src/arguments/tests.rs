use std::sync::LazyLock;

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::ArgumentProblem;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operator {
    /// Equal.
    Eq,
    /// Starts with.
    Sw,
    In,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Number(i64),
    Many(Vec<String>),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Filter {
    col: String,
    opr: Operator,
    value: OneOrMany,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Identifier {
    Id(i64),
    Name(String),
}

/// What a list takes.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct ListArguments {
    /// Page, from 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    page: u32,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    page_size: u32,
    #[serde(default)]
    select_columns: Vec<String>,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    search: Option<String>,
    #[serde(default = "yes")]
    use_cache: bool,
}

const fn one() -> u32 {
    1
}
const fn ten() -> u32 {
    10
}
const fn yes() -> bool {
    true
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct InfoArguments {
    identifier: Identifier,
    #[serde(default)]
    ratio: Option<f64>,
    #[serde(default)]
    #[schemars(length(min = 2, max = 5))]
    label: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Chart {
    Pie { dimension: String },
    Table { columns: Vec<String> },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChartArguments {
    config: Chart,
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// Arguments as a tool gets them, and what came with them.
fn came(text: &str) -> CallArguments {
    CallArguments::read(Some(&raw(text)))
}

#[derive(Debug)]
struct Parsed<T> {
    arguments: T,
    ignored: Vec<ArgumentProblem>,
}

fn parsed<T: DeserializeOwned>(
    schema: &ArgumentSchema,
    raw: Option<&RawValue>,
) -> Result<Parsed<T>, Vec<ArgumentProblem>> {
    let accepted = schema.accept(CallArguments::read(raw))?;
    Ok(Parsed {
        ignored: accepted.ignored().to_vec(),
        arguments: accepted.read()?,
    })
}

fn parse<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<Parsed<T>, Vec<ArgumentProblem>> {
    let schema = ArgumentSchema::of::<T>(ArgumentLayout::Request).unwrap();
    parsed(&schema, Some(&raw(text)))
}

fn problems<T: DeserializeOwned + JsonSchema + std::fmt::Debug>(text: &str) -> String {
    let problems = parse::<T>(text).expect_err(text);
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect();
    lines.join("\n")
}

fn assert_told<T: DeserializeOwned + JsonSchema + std::fmt::Debug>(cases: &[(&str, &str)]) {
    for (came, told) in cases {
        assert_eq!(*told, problems::<T>(came), "{came}");
    }
}

#[test]
fn a_wrong_value_is_told_with_its_field_what_came_and_what_would_be_right() {
    assert_told::<ListArguments>(&[
        (
            r#"{"request":{"page":"two"}}"#,
            "request.page: expected an integer of at least 1, got \"two\"",
        ),
        (
            r#"{"request":{"page":0}}"#,
            "request.page: expected an integer of at least 1, got 0",
        ),
        (
            r#"{"request":{"page":-3}}"#,
            "request.page: expected an integer of at least 1, got -3",
        ),
        (
            r#"{"request":{"page":1.5}}"#,
            "request.page: expected an integer of at least 1, got 1.5",
        ),
        (
            r#"{"request":{"page":[1]}}"#,
            "request.page: expected an integer of at least 1, got a list of 1",
        ),
        (
            r#"{"request":{"page":{}}}"#,
            "request.page: expected an integer of at least 1, got an object",
        ),
        (
            r#"{"request":{"page":5000000000}}"#,
            "request.page: expected an integer from 1 to 4294967295, got 5000000000",
        ),
        (
            r#"{"request":{"page":1e12}}"#,
            "request.page: expected an integer from 1 to 4294967295, got 1000000000000.0",
        ),
        (
            r#"{"request":{"page":18446744073709551615}}"#,
            "request.page: expected an integer from 1 to 4294967295, got 18446744073709551615",
        ),
        (
            r#"{"request":{"page_size":101}}"#,
            "request.page_size: expected an integer from 1 to 100, got 101",
        ),
        (
            r#"{"request":{"use_cache":"maybe"}}"#,
            "request.use_cache: expected true or false, got \"maybe\"",
        ),
        (
            r#"{"request":{"use_cache":2}}"#,
            "request.use_cache: expected true or false, got 2",
        ),
        (
            r#"{"request":{"search":5}}"#,
            "request.search: expected a string, got 5",
        ),
        (
            r#"{"request":{"select_columns":{"a":1}}}"#,
            "request.select_columns: expected a list of strings, got an object",
        ),
        (
            r#"{"request":{"select_columns":["id",7]}}"#,
            "request.select_columns[1]: expected a string, got 7",
        ),
        (
            r#"{"request":{"filters":{"col":"x"}}}"#,
            "request.filters: expected a list of objects with col, opr and value, got an object",
        ),
        (
            r#"{"request":{"filters":["x"]}}"#,
            "request.filters[0]: expected an object with col, opr and value, got \"x\"",
        ),
        (
            r#"{"request":{"filters":[{"col":"a","opr":"eqq","value":"x"}]}}"#,
            "request.filters[0].opr: expected one of \"in\", \"eq\", \"sw\", got \"eqq\"; did you mean \"eq\"?",
        ),
        (
            r#"{"request":{"filters":[{"col":"a","opr":"between","value":"x"}]}}"#,
            "request.filters[0].opr: expected one of \"in\", \"eq\", \"sw\", got \"between\"",
        ),
        (
            r#"{"request":{"filters":[{"col":"a","opr":"eq","value":{}}]}}"#,
            "request.filters[0].value: expected a string or an integer or a list of strings, got an object",
        ),
        (
            r#"{"request":{"filters":[{"col":"a","opr":"in","value":["x",1]}]}}"#,
            "request.filters[0].value[1]: expected a string, got 1",
        ),
        (
            r#"{"request":{"filters":[{"opr":"eq","value":"x"}]}}"#,
            "request.filters[0].col: is missing; expected a string",
        ),
        (
            r#"{"request":{"page":"two","page_size":0,"use_cache":"x"}}"#,
            "request.page: expected an integer of at least 1, got \"two\"\n\
          request.page_size: expected an integer from 1 to 100, got 0\n\
          request.use_cache: expected true or false, got \"x\"",
        ),
    ]);
}

#[test]
fn what_came_is_shortened() {
    let long = format!(r#"{{"request":{{"page":"{}"}}}}"#, "9".repeat(5000));
    assert_told::<ListArguments>(&[(
        &long,
        "request.page: expected an integer of at least 1, got \"999999999999999999999999999999999999999999999999999999999999\"… (5000 characters)",
    )]);
}

#[test]
fn a_misspelt_name_is_told_with_the_nearest_one() {
    assert_told::<ListArguments>(&[
        (
            r#"{"request":{"pagesize":5}}"#,
            "request.pagesize: is not known; did you mean page_size?",
        ),
        (
            r#"{"request":{"serach":"x"}}"#,
            "request.serach: is not known; did you mean search?",
        ),
        (
            r#"{"request":{"columns":["id"]}}"#,
            "request.columns: is not known; did you mean select_columns?",
        ),
        (
            r#"{"request":{"filter":[]}}"#,
            "request.filter: is not known; did you mean filters?",
        ),
        (
            r#"{"request":{"filters":[{"column":"a","opr":"eq","value":"x"}]}}"#,
            "request.filters[0].col: is missing; expected a string\nrequest.filters[0].column: is not known; did you mean col?",
        ),
    ]);
}

#[test]
fn a_wrong_shape_is_told() {
    assert_told::<ListArguments>(&[
        (
            r#"{"pagesize":5}"#,
            "pagesize: is not known; did you mean page_size?",
        ),
        (
            r#"{"colour":"red"}"#,
            "colour: is not known; known are filters, page, page_size, search, select_columns and use_cache",
        ),
        (
            r#"{"request":{},"page":2}"#,
            "page: does not belong beside request; put page inside request",
        ),
        (
            r"[1]",
            ": expected an object, or its JSON in a string, got a list of 1",
        ),
        (r"7", ": expected an object, or its JSON in a string, got 7"),
        (
            r#"{"request":"page 2"}"#,
            "request: expected an object, or its JSON in a string, got \"page 2\"",
        ),
        (
            r#"{"request":[]}"#,
            "request: expected an object, or its JSON in a string, got an empty list",
        ),
    ]);
}

#[test]
fn mistakes_in_required_and_tagged_arguments_are_told_too() {
    for (came, told) in [
        (
            "{}",
            "request.identifier: is missing; expected an integer or a string",
        ),
        (
            r#"{"request":{}}"#,
            "request.identifier: is missing; expected an integer or a string",
        ),
        (
            r#"{"request":{"identifier":null}}"#,
            "request.identifier: is missing; expected an integer or a string",
        ),
        (
            r#"{"request":{"identifier":true}}"#,
            "request.identifier: expected an integer or a string, got true",
        ),
        (
            r#"{"request":{"identifier":1.5}}"#,
            "request.identifier: expected an integer or a string, got 1.5",
        ),
        (
            r#"{"request":{"identifier":[1]}}"#,
            "request.identifier: expected an integer or a string, got a list of 1",
        ),
        (
            r#"{"request":{"identifier":1,"label":"x"}}"#,
            "request.label: expected a string of 2 to 5 characters, got \"x\"",
        ),
        (
            r#"{"request":{"identifier":1,"ratio":"much"}}"#,
            "request.ratio: expected a number, got \"much\"",
        ),
    ] {
        assert_eq!(told, problems::<InfoArguments>(came), "{came}");
    }
    for (came, told) in [
        (
            r#"{"request":{"config":{"kind":"pie"}}}"#,
            "request.config.dimension: is missing; expected a string",
        ),
        (
            r#"{"request":{"config":{"kind":"table","columns":[1]}}}"#,
            "request.config.columns[0]: expected a string, got 1",
        ),
        (
            r#"{"request":{"confg":{}}}"#,
            "request.config: is missing; expected an object with dimension and kind or an object with columns and kind\n\
          request.confg: is not known; did you mean config?",
        ),
        (
            r#"{"request":{"config":{"kind":"pie","dimension":"a"},"zzz":1}}"#,
            "request.zzz: is not known; known are config",
        ),
    ] {
        assert_eq!(told, problems::<ChartArguments>(came), "{came}");
    }
}

#[test]
fn the_arguments_are_found_in_every_shape_that_clients_send() {
    let expected = parse::<ListArguments>(r#"{"request":{"page":2}}"#)
        .unwrap()
        .arguments;
    for came in [
        r#"{"page":2}"#,
        r#"{"request":"{\"page\":2}"}"#,
        r#""{\"page\":2}""#,
        r#""{\"request\":{\"page\":2}}""#,
        r#"{"request":{"page":"2"}}"#,
        r#"{"request":{"page":2.0}}"#,
        r#"{"request":{"page":" 2 ","use_cache":"true"}}"#,
    ] {
        assert_eq!(
            expected,
            parse::<ListArguments>(came).unwrap().arguments,
            "{came}"
        );
    }
    let defaults = parse::<ListArguments>(r#"{"request":{}}"#)
        .unwrap()
        .arguments;
    for came in [
        "{}",
        "null",
        r#""""#,
        r#"{"request":null}"#,
        r#"{"request":""}"#,
    ] {
        assert_eq!(
            defaults,
            parse::<ListArguments>(came).unwrap().arguments,
            "{came}"
        );
    }
    let schema = ArgumentSchema::of::<ListArguments>(ArgumentLayout::Request).unwrap();
    assert_eq!(
        defaults,
        parsed::<ListArguments>(&schema, None).unwrap().arguments
    );
}

#[test]
fn what_pydantic_coerces_is_coerced_and_nothing_else() {
    let arguments = parse::<ListArguments>(
        r#"{"request":{"select_columns":"id, uuid","filters":"[{\"col\":\"a\",\"opr\":\"sw\",\"value\":7}]","use_cache":0}}"#,
    )
    .unwrap()
    .arguments;
    assert_eq!(["id", "uuid"], *arguments.select_columns);
    assert_eq!(OneOrMany::Number(7), arguments.filters[0].value);
    assert!(!arguments.use_cache);
    let columns = parse::<ListArguments>(r#"{"select_columns":"[\"id\",\"uuid\"]"}"#)
        .unwrap()
        .arguments
        .select_columns;
    assert_eq!(["id", "uuid"], *columns);

    let identifier = |text: &str| parse::<InfoArguments>(text).unwrap().arguments.identifier;
    // An exact match goes before any coercion.
    assert_eq!(
        Identifier::Name("5".to_owned()),
        identifier(r#"{"identifier":"5"}"#)
    );
}

#[test]
fn null_is_the_same_as_left_out_at_any_depth() {
    for (with, without) in [
        (r#"{"request":{"page":null}}"#, r#"{"request":{}}"#),
        (
            r#"{"request":{"page":null,"page_size":7,"filters":null,"select_columns":null,"search":null,"use_cache":null}}"#,
            r#"{"request":{"page_size":7}}"#,
        ),
        (r#"{"request":null,"page":2}"#, r#"{"page":2}"#),
        (
            r#"{"request":{"page":2},"page":null}"#,
            r#"{"request":{"page":2}}"#,
        ),
        (r#"{"request":"{\"page\":null}"}"#, r#"{"request":{}}"#),
    ] {
        let arguments = |text| parse::<ListArguments>(text).unwrap().arguments;
        assert_eq!(arguments(without), arguments(with), "{with}");
    }
    assert_told::<ListArguments>(&[(
        r#"{"request":{"filters":[{"col":null,"opr":"eq","value":null}]}}"#,
        "request.filters[0].col: is missing; expected a string\n\
         request.filters[0].value: is missing; expected a string or an integer or a list of strings",
    )]);
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Texts {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    #[schemars(extend("x-has-lines" = true))]
    sql: Option<String>,
    #[serde(default)]
    either: Option<OneOrMany>,
    #[serde(default)]
    identifier: Option<Identifier>,
    #[serde(default)]
    parameters: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    nested: Option<Box<InfoArguments>>,
    #[serde(default)]
    count: Option<u32>,
    #[serde(default)]
    flag: bool,
}

#[test]
fn control_characters_are_refused_wherever_a_text_may_stand() {
    let characters = [
        "\u{0}", "\u{1}", "\u{8}", "\u{b}", "\u{1b}", "\u{7f}", "\u{80}", "\u{85}", "\u{9f}",
    ];
    for character in characters {
        let point = u32::from(character.chars().next().unwrap());
        let told = format!("must not contain the control character U+{point:04X}");
        let member = format!("the name of a member {told}");
        let with = format!("a{character}b");
        let shown = format!("{with:?}");
        for (path, message, request) in [
            ("name", &told, json!({ "name": with })),
            ("names[1]", &told, json!({ "names": ["x", with] })),
            ("names", &told, json!({ "names": format!("x,{with}") })),
            (
                "names[0]",
                &told,
                json!({ "names": json!([with]).to_string() }),
            ),
            ("sql", &told, json!({ "sql": with })),
            ("either", &told, json!({ "either": with })),
            ("either[0]", &told, json!({ "either": [with] })),
            ("identifier", &told, json!({ "identifier": with })),
            (
                "parameters.x",
                &told,
                json!({ "parameters": { "x": with } }),
            ),
            (
                "parameters.x[0].y",
                &told,
                json!({ "parameters": { "x": [{ "y": with }] } }),
            ),
            (
                &format!("parameters.{shown}"),
                &member,
                json!({ "parameters": { &with: 1 } }),
            ),
            (
                &format!("parameters.x.{shown}"),
                &member,
                json!({ "parameters": { "x": { &with: 1 } } }),
            ),
            (
                "parameters.x",
                &told,
                json!({ "parameters": json!({ "x": with }).to_string() }),
            ),
            ("labels.x", &told, json!({ "labels": { "x": with } })),
            (
                &format!("labels.{shown}"),
                &member,
                json!({ "labels": { &with: "x" } }),
            ),
            (
                "nested.identifier",
                &told,
                json!({ "nested": { "identifier": with } }),
            ),
            (
                "nested.label",
                &told,
                json!({ "nested": { "identifier": 1, "label": with } }),
            ),
            ("count", &told, json!({ "count": format!("5{character}") })),
            ("flag", &told, json!({ "flag": format!("{character}true") })),
        ] {
            for came in [
                json!({ "request": request }),
                json!({ "request": request.to_string() }),
                request.clone(),
                json!(json!({ "request": request }).to_string()),
            ] {
                let problems = parse::<Texts>(&came.to_string()).expect_err(&came.to_string());
                let [
                    ArgumentProblem {
                        path: at,
                        message: what,
                    },
                ] = problems.as_slice()
                else {
                    panic!("{came}: {problems:?}");
                };
                assert_eq!(path, at.trim_start_matches("request."), "{came}");
                assert_eq!(*message, *what, "{came}");
            }
        }
    }
}

#[test]
fn lines_are_for_texts_and_not_for_names() {
    let lines = "a\tb\r\nc";
    for request in [
        json!({ "sql": lines }),
        json!({ "parameters": { "x": { "y": [lines] } } }),
    ] {
        let came = json!({ "request": request }).to_string();
        assert!(parse::<Texts>(&came).is_ok(), "{came}");
    }
    for request in [
        json!({ "name": lines }),
        json!({ "names": [lines] }),
        json!({ "identifier": lines }),
        json!({ "either": lines }),
        json!({ "parameters": { "a\nb": 1 } }),
        json!({ "labels": { "a\tb": "x" } }),
        json!({ "labels": { "x": lines } }),
    ] {
        let came = json!({ "request": request }).to_string();
        assert!(parse::<Texts>(&came).is_err(), "{came}");
    }
}

#[test]
fn whether_a_text_has_lines_is_not_published() {
    let schema = ArgumentSchema::of::<Texts>(ArgumentLayout::Request).unwrap();
    assert!(!schema.published().to_string().contains("x-has-lines"));
}

#[test]
fn a_member_that_stands_twice_is_refused_in_every_form() {
    for (path, came) in [
        ("request", r#"{"request":{},"request":{}}"#),
        ("page", r#"{"page":1,"page":1}"#),
        ("request.page", r#"{"request":{"page":1,"page":2}}"#),
        ("request.page", r#"{"request":"{\"page\":1,\"page\":2}"}"#),
        ("request.page", r#""{\"request\":{\"page\":1,\"page\":2}}""#),
        (
            "request.filters[0].col",
            r#"{"request":{"filters":[{"col":"a","col":"b","opr":"eq","value":1}]}}"#,
        ),
        (
            "request.filters[0].col",
            r#"{"request":{"filters":"[{\"col\":1,\"col\":2}]"}}"#,
        ),
        (
            "request.filters[0].col",
            r#"{"request":{"filters":["{\"col\":1,\"col\":2}"]}}"#,
        ),
        ("request.extra.x", r#"{"request":{"extra":{"x":1,"x":2}}}"#),
    ] {
        let told = format!("{path}: stands more than once");
        assert_eq!(told, problems::<ListArguments>(came), "{came}");
    }
}

#[test]
fn members_that_resemble_nothing_are_ignored_and_named_as_superset_ignores_them() {
    let accepted = parse::<InfoArguments>(r#"{"request":{"identifier":1,"extra":2}}"#).unwrap();
    assert_eq!(Identifier::Id(1), accepted.arguments.identifier);
    assert_eq!("request.extra", accepted.ignored[0].path);
    assert_eq!(
        "is not known; known are identifier, label and ratio",
        accepted.ignored[0].message
    );
}

#[test]
fn a_tool_without_arguments_takes_nothing_in_any_shape() {
    let schema = ArgumentSchema::of::<NoArguments>(ArgumentLayout::Flat).unwrap();
    assert_eq!(
        json!({ "type": "object", "properties": {}, "additionalProperties": false }),
        *schema.published()
    );
    for came in ["{}", "null", r#"{"request":{}}"#, r#"{"request":"{}"}"#] {
        assert!(
            parsed::<NoArguments>(&schema, Some(&raw(came))).is_ok(),
            "{came}"
        );
    }
    let told = schema.accept(came(r#"{"verbose":true}"#)).unwrap_err();
    assert_eq!(
        "- verbose: is not known; nothing is taken here",
        told[0].to_string()
    );
}

#[test]
fn the_published_schema_has_superset_s_shape() {
    let schema = ArgumentSchema::of::<InfoArguments>(ArgumentLayout::Request).unwrap();
    assert_eq!(
        json!({
            "type": "object",
            "properties": { "request": {
                "type": "object",
                "properties": {
                    "identifier": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                    "ratio": { "anyOf": [{ "type": "number" }, { "type": "null" }], "default": null },
                    "label": {
                        "anyOf": [{ "type": "string", "minLength": 2, "maxLength": 5 }, { "type": "null" }],
                        "default": null,
                    },
                },
                "required": ["identifier"],
            } },
            "required": ["request"],
            "additionalProperties": false,
        }),
        *schema.published()
    );
    let schema = ArgumentSchema::of::<NoArguments>(ArgumentLayout::OptionalRequest).unwrap();
    assert_eq!(
        json!({}),
        schema.published()["properties"]["request"]["default"]
    );
    assert!(schema.published().get("required").is_none());
}

#[test]
fn at_most_twenty_problems_are_told() {
    let many: serde_json::Map<_, _> = (0..500)
        .map(|index| (format!("unknown_{index}"), json!(1)))
        .collect();
    let told = parse::<ListArguments>(&Value::Object(many).to_string()).unwrap_err();
    assert_eq!(20, told.len());
    let columns: Vec<_> = (0..500).collect();
    let told =
        parse::<ListArguments>(&json!({ "select_columns": columns }).to_string()).unwrap_err();
    assert_eq!(20, told.len());
}

#[test]
fn names_from_outside_are_quoted_and_shortened() {
    let came = json!({ format!("page\n{}", "x".repeat(9000)): 1 }).to_string();
    let told = parse::<ListArguments>(&came).unwrap_err()[0].to_string();
    assert!(told.len() < 300 && !told.contains('\n'), "{told}");
}

#[test]
fn a_schema_that_could_not_be_held_is_refused() {
    let schema =
        json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "^x" } } });
    let error = ArgumentSchema::from_published(schema).unwrap_err();
    assert_eq!(
        r#"the input schema uses "pattern" at "/a", which the argument checker does not know"#,
        error.to_string()
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..200_i64).prop_map(Value::from),
        Just(json!(1.5)),
        "[a-z]{0,6}".prop_map(Value::from),
        prop::sample::select(vec!["eq", "sw", "in", "5", "true", "[1]", "{}"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(
                prop::sample::select(vec![
                    "page",
                    "page_size",
                    "select_columns",
                    "filters",
                    "search",
                    "use_cache",
                    "col",
                    "opr",
                    "value",
                    "extra"
                ]),
                inner,
                0..6,
            )
            .prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

static LIST: LazyLock<ArgumentSchema> =
    LazyLock::new(|| ArgumentSchema::of::<ListArguments>(ArgumentLayout::Request).unwrap());
static ORACLE: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(LIST.published()).unwrap());

proptest! {
    /// Whatever a general JSON Schema validator accepts under the published schema is accepted here, except
    /// misspelt names; and whatever is accepted becomes the type.
    #[test]
    fn valid_by_the_published_schema_is_valid_here(request in any_json()) {
        let call = json!({ "request": request });
        let is_valid = ORACLE.is_valid(&call);
        let checked = LIST.accept(came(&call.to_string()));
        if is_valid && let Err(problems) = &checked {
            prop_assert!(problems.iter().all(|problem| problem.message.contains("did you mean")), "{call} {problems:?}");
        }
        if let Ok(accepted) = checked {
            // What was coerced is valid by the published schema.
            let coerced = json!({ "request": accepted.value() });
            prop_assert!(accepted.clone().read::<ListArguments>().is_ok(), "{accepted:?}");
            prop_assert!(ORACLE.is_valid(&coerced), "{coerced}");
        }
    }

    #[test]
    fn no_text_makes_the_checker_panic(text in "\\PC{0,60}") {
        let _ = LIST.accept(came(&json!({ "request": text }).to_string()));
        let _ = LIST.accept(came(&json!(text).to_string()));
    }
}
