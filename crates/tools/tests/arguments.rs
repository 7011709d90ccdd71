//! Rules that hold for every argument of every tool, by the schemas that the tools publish.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it goes wrong, in the functions that it calls too"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tidegate_tools::{Accepted, AnyTool, ArgumentProblem, CallArguments, Catalogue, builtin};
use tidegate_types::{Clock, SystemClock};

fn catalogue() -> Catalogue {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    builtin(&clock).build().unwrap()
}

fn accept(tool: &dyn AnyTool, arguments: &Value) -> Result<Accepted, Vec<ArgumentProblem>> {
    let raw = serde_json::value::to_raw_value(arguments).unwrap();
    tool.accept(CallArguments::read(Some(&raw)))
}

/// A value that the schema takes, of required members alone.
fn sample(schema: &Value) -> Value {
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        let branch = branches.iter().find(|branch| branch["type"] != "null");
        return sample(branch.unwrap());
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values[0].clone();
    }
    match schema["type"].as_str().unwrap_or_default() {
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "string" => json!("x"),
        "array" => json!([]),
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members = required.iter().map(|name| {
                let name = name.as_str().unwrap();
                (name.to_owned(), sample(&schema["properties"][name]))
            });
            Value::Object(members.collect())
        }
        other => panic!("{other:?} in {schema}"),
    }
}

/// One place of a tool's arguments.
struct Place<'a> {
    /// `list_charts request.filters[].col`.
    name: String,
    /// As problems have it: `request.filters[0].col`.
    path: String,
    schema: &'a Value,
    /// Whether the member may be left out; `None` for what is no member of an object.
    is_optional: Option<bool>,
    /// Whole arguments that have this value here, or have not got the place at all.
    build: &'a dyn Fn(Option<Value>) -> Value,
}

/// Visits every member, item and alternative of a schema.
fn each_place(place: &Place<'_>, visit: &mut dyn FnMut(&Place<'_>)) {
    visit(place);
    let schema = place.schema;
    for branch in schema["anyOf"].as_array().into_iter().flatten() {
        let inner = Place {
            name: place.name.clone(),
            path: place.path.clone(),
            schema: branch,
            is_optional: None,
            build: place.build,
        };
        each_place(&inner, visit);
    }
    if let Some(items) = schema.get("items") {
        let build = |item: Option<Value>| (place.build)(Some(item.into_iter().collect()));
        let inner = Place {
            name: format!("{}[]", place.name),
            path: format!("{}[0]", place.path),
            schema: items,
            is_optional: None,
            build: &build,
        };
        each_place(&inner, visit);
    }
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    for (name, property) in properties {
        let required = schema["required"].as_array();
        let is_required = required.is_some_and(|names| names.contains(&json!(name)));
        let build = |member: Option<Value>| {
            let mut object = sample(schema);
            let members = object.as_object_mut().unwrap();
            match member {
                Some(member) => members.insert(name.clone(), member),
                None => members.remove(name),
            };
            (place.build)(Some(object))
        };
        let join = |outer: &str, mark: &str| format!("{outer}{mark}{name}");
        let inner = Place {
            name: join(&place.name, if place.path.is_empty() { " " } else { "." }),
            path: join(&place.path, if place.path.is_empty() { "" } else { "." }),
            schema: property,
            is_optional: Some(!is_required),
            build: &build,
        };
        each_place(&inner, visit);
    }
}

fn each_argument(catalogue: &Catalogue, mut visit: impl FnMut(&dyn AnyTool, &Place<'_>)) {
    for entry in catalogue.tools() {
        let tool = entry.tool().as_ref();
        let schema = &entry.definition().input_schema;
        let root = Place {
            name: entry.spec().name.to_owned(),
            path: String::new(),
            schema,
            is_optional: None,
            build: &|value| value.unwrap_or_else(|| json!({})),
        };
        each_place(&root, &mut |place| visit(tool, place));
    }
}

#[test]
fn null_for_an_optional_argument_is_the_same_as_left_out() {
    let catalogue = catalogue();
    let mut count = 0;
    each_argument(&catalogue, |tool, place| {
        if place.is_optional != Some(true) {
            return;
        }
        let [with, without] = [Some(Value::Null), None].map(place.build);
        let accepted = |arguments: &Value| {
            let accepted = accept(tool, arguments).map(|accepted| accepted.value().clone());
            // A member that may be null is null by default.
            accepted.map(without_null)
        };
        assert_eq!(accepted(&without), accepted(&with), "{}", place.name);
        assert!(accepted(&with).is_ok(), "{}: {with}", place.name);
        count += 1;
    });
    assert!(count > 60, "{count}");
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_null(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        other => other,
    }
}

#[test]
fn null_for_a_required_argument_says_that_it_is_missing() {
    let catalogue = catalogue();
    let mut count = 0;
    each_argument(&catalogue, |tool, place| {
        if place.is_optional != Some(false) || place.path == "request" {
            return;
        }
        let arguments = (place.build)(Some(Value::Null));
        let problems = accept(tool, &arguments).expect_err(&place.name);
        let told = problems.iter().find(|problem| problem.path == place.path);
        let told = &told
            .unwrap_or_else(|| panic!("{}: {problems:?}", place.name))
            .message;
        assert!(told.starts_with("is missing; expected "), "{told}");
        count += 1;
    });
    assert!(count > 10, "{count}");
}

#[test]
fn no_text_of_any_tool_takes_a_control_character() {
    let catalogue = catalogue();
    let mut with_lines = BTreeSet::new();
    each_argument(&catalogue, |tool, place| {
        let is_map = place.schema["type"] == "object" && place.schema.get("properties").is_none();
        if is_map {
            for value in [
                json!({ "x": "a\0b" }),
                json!({ "a\0b": 1 }),
                json!({ "x": [{ "y": "\u{9f}" }] }),
            ] {
                let problems = accept(tool, &(place.build)(Some(value))).expect_err(&place.name);
                assert!(problems[0].path.starts_with(&place.path), "{problems:?}");
                assert!(problems[0].message.contains("U+00"), "{problems:?}");
            }
        }
        if place.schema["type"] != "string" || place.schema.get("enum").is_some() {
            return;
        }
        for character in ['\0', '\u{8}', '\u{1b}', '\u{7f}', '\u{85}'] {
            let arguments = (place.build)(Some(json!(format!("a{character}b"))));
            let problems = accept(tool, &arguments).expect_err(&place.name);
            assert_eq!(place.path, problems[0].path, "{problems:?}");
            let point = format!("U+{:04X}", u32::from(character));
            assert!(problems[0].message.contains(&point), "{problems:?}");
        }
        let lines = (place.build)(Some(json!("a\tb\r\nc")));
        if accept(tool, &lines).is_ok() {
            with_lines.insert(place.name.clone());
        }
    });
    // Everything else is a name. A text that is to have lines says so in its schema, and stands here.
    let lists = ["charts", "dashboards", "databases", "datasets"];
    let expected: BTreeSet<String> = lists
        .iter()
        .flat_map(|list| {
            ["search", "filters[].value", "filters[].value[]"]
                .map(|argument| format!("list_{list} request.{argument}"))
        })
        .chain(["execute_sql request.sql", "search_tools query"].map(str::to_owned))
        .collect();
    assert_eq!(expected, with_lines);
}
