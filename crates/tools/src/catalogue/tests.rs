use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_protocol::{ProtocolVersion, ToolDefinition};
use tidegate_types::{ClientName, Clock, Credential, Scope, SystemClock, UserId};

use super::*;
use crate::tool::ToolFuture;
use crate::{
    AnyTool, CacheRule, CallArguments, CallContext, NOT_HERE_YET, Permission, Redaction, SizeRule,
    ToolSpec, Touches, builtin,
};

/// A user by what their roles grant.
#[derive(Debug)]
struct Granted(BTreeSet<(&'static str, &'static str)>);

impl Grants for Granted {
    fn can(&self, permission: &str, view: &str) -> bool {
        self.0.contains(&(permission, view))
    }
}

const GRANTABLE: [(&str, &str); 5] = [
    ("can_read", "Chart"),
    ("can_read", "Dashboard"),
    ("can_read", "Dataset"),
    ("can_read", "Database"),
    ("can_execute_sql_query", "SQLLab"),
];

fn everything() -> Granted {
    Granted(GRANTABLE.into_iter().collect())
}

fn principal(scopes: ScopeSet) -> Principal {
    Principal {
        workspace: "demo".parse().unwrap(),
        user: UserId(1),
        username: "ada".into(),
        scopes,
        client: ClientName("test".into()),
        credential: Credential::Development,
    }
}

fn catalogue() -> Catalogue {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    builtin(&clock).build().unwrap()
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

/// A tool of any name and schema.
struct AnyNamed {
    spec: ToolSpec,
    schema: Value,
}

impl AnyTool for AnyNamed {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }
    fn definition(&self) -> Arc<ToolDefinition> {
        Arc::new(self.spec.definition(self.schema.clone()))
    }
    fn call<'a>(&'a self, _: &'a CallContext, _: crate::Accepted) -> ToolFuture<'a> {
        Box::pin(async { Ok(crate::ToolOutput::default()) })
    }
}

fn named(name: &'static str, schema: Value) -> AnyNamed {
    let spec = ToolSpec {
        name,
        title: "",
        description: "",
        scope: Scope::Write,
        permission: Some(Permission {
            permission: "can_write",
            view: "Chart",
        }),
        annotations: ToolAnnotations::CREATES,
        tags: &[],
        touches: Touches::Databases,
        cache: CacheRule::Never,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };
    AnyNamed { spec, schema }
}

fn build_error(tools: Vec<AnyNamed>) -> CatalogueError {
    let builder = tools
        .into_iter()
        .fold(Catalogue::builder(), CatalogueBuilder::raw_tool);
    builder.build().err().expect("must be refused")
}

#[test]
fn two_tools_of_one_name_are_refused() {
    let error = build_error(vec![named("a", json!({})), named("a", json!({}))]);
    assert_eq!(r#"tool "a" is there twice"#, error.to_string());
}

#[test]
fn names_outside_the_specification_are_refused() {
    for name in ["", "a b", "ä", "a/b"] {
        assert!(
            matches!(
                build_error(vec![named(name, json!({}))]),
                CatalogueError::InvalidName(_)
            ),
            "{name:?}"
        );
    }
}

#[test]
fn header_annotations_that_clients_would_drop_the_tool_for_are_refused() {
    let at = |property: Value| json!({ "properties": { "a": property } });
    for (schema, told) in [
        (
            at(json!({ "type": "string", "x-mcp-header": "" })),
            r#"x-mcp-header "" is not a header token"#,
        ),
        (
            at(json!({ "type": "string", "x-mcp-header": "A B" })),
            r#"x-mcp-header "A B" is not a header token"#,
        ),
        (
            at(json!({ "type": "string", "x-mcp-header": "A\r\nB" })),
            r#"x-mcp-header "A\r\nB" is not a header token"#,
        ),
        (
            at(json!({ "type": "string", "x-mcp-header": 7 })),
            r#"x-mcp-header "7" is not a header token"#,
        ),
        (
            at(json!({ "type": "number", "x-mcp-header": "A" })),
            r#"x-mcp-header "A" is on an argument that is no string, integer or boolean"#,
        ),
        (
            at(json!({ "type": "array", "items": { "type": "string", "x-mcp-header": "A" } })),
            "an x-mcp-header stands where no chain of properties leads",
        ),
        (
            json!({ "properties": {
                "a": { "type": "string", "x-mcp-header": "Region" },
                "b": { "type": "string", "x-mcp-header": "region" },
            } }),
            r#"x-mcp-header "region" stands twice"#,
        ),
    ] {
        let CatalogueError::Header { source, .. } = build_error(vec![named("a", schema)]) else {
            panic!("{told}")
        };
        assert_eq!(told, source.to_string());
    }
}

#[test]
fn valid_header_annotations_are_found_with_their_paths() {
    let schema = json!({ "properties": { "request": { "properties": {
        "region": { "type": "string", "x-mcp-header": "Region" },
        "count": { "type": "integer", "x-mcp-header": "Count" },
    } } } });
    let catalogue = Catalogue::builder()
        .raw_tool(named("a", schema))
        .build()
        .unwrap();
    let headers = catalogue.tool("a").unwrap().parameter_headers();
    let told: Vec<_> = headers
        .iter()
        .map(|header| (header.name.as_str(), header.path.join("."), header.kind))
        .collect();
    assert_eq!(
        [
            (
                "Count",
                "request.count".to_owned(),
                tidegate_protocol::parameter_header::ParameterKind::Integer
            ),
            (
                "Region",
                "request.region".to_owned(),
                tidegate_protocol::parameter_header::ParameterKind::Text
            )
        ],
        *told
    );
}

#[test]
fn a_tool_that_is_turned_off_is_gone_and_a_misspelt_one_is_told() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let catalogue = builtin(&clock).disable(&["call_tool"]).build().unwrap();
    assert!(catalogue.tool("call_tool").is_none());
    let error = builtin(&clock)
        .disable(&["call_tols"])
        .build()
        .err()
        .unwrap();
    assert_eq!(
        r#"tool "call_tols" cannot be turned off, since it does not exist; did you mean "call_tool"?"#,
        error.to_string()
    );
}

#[test]
fn no_definition_sends_a_model_to_a_tool_that_is_not_there() {
    const VERBS: [&str; 9] = [
        "add_",
        "create_",
        "execute_",
        "generate_",
        "get_",
        "list_",
        "open_",
        "save_",
        "update_",
    ];
    let catalogue = catalogue();
    let is_tool_like = |word: &&str| VERBS.iter().any(|verb| word.starts_with(verb));
    for entry in catalogue.tools() {
        let listed = entry.listed(ProtocolVersion::SERVED[0]).get();
        let words = listed.split(|char: char| !(char.is_alphanumeric() || char == '_'));
        for word in words.filter(is_tool_like) {
            assert!(
                catalogue.tool(word).is_some(),
                "{}: {word}",
                entry.spec().name
            );
        }
    }
}

#[test]
fn every_listed_definition_is_valid_json_of_its_revision() {
    let catalogue = catalogue();
    for entry in catalogue.tools() {
        for version in ProtocolVersion::SERVED {
            let listed: Value = serde_json::from_str(entry.listed(version).get()).unwrap();
            assert_eq!(entry.spec().name, listed["name"]);
            assert_eq!(
                version.has_structured_content(),
                listed.get("title").is_some(),
                "{version}"
            );
            assert!(
                jsonschema::meta::is_valid(&listed["inputSchema"]),
                "{}",
                entry.spec().name
            );
        }
        let length = entry.spec().description.len();
        assert!(
            (60..1000).contains(&length),
            "{} is described in {length} bytes",
            entry.spec().name
        );
    }
}

#[test]
fn an_unknown_tool_gets_the_nearest_name_that_is_visible() {
    let catalogue = catalogue();
    let refusal = |name: &str, grants: &Granted| {
        catalogue
            .resolve_call(
                name,
                CallArguments::default(),
                &principal(ScopeSet::all()),
                grants,
            )
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        r#"tool "list_chart" does not exist, or you may not use it; did you mean "list_charts"?"#,
        refusal("list_chart", &everything())
    );
    let nothing = Granted(BTreeSet::new());
    assert_eq!(
        r#"tool "list_chart" does not exist, or you may not use it"#,
        refusal("list_chart", &nothing)
    );
    assert_eq!(
        r#"tool "list_charts" does not exist, or you may not use it"#,
        refusal("list_charts", &nothing)
    );
}

#[test]
fn call_tool_becomes_the_call_that_it_stands_for() {
    let catalogue = catalogue();
    let resolve = |arguments: Value| {
        let arguments = raw(&arguments);
        let call = catalogue.resolve_call(
            "call_tool",
            CallArguments::read(Some(&arguments)),
            &principal(ScopeSet::all()),
            &everything(),
        );
        call.map(|call| {
            assert!(call.is_indirect);
            (call.entry.spec().name, call.arguments.value().clone())
        })
    };
    let page = json!({ "request": { "page": 2 } });
    for arguments in [
        json!({ "name": "list_charts", "arguments": { "request": { "page": 2 } } }),
        json!({ "name": "list_charts", "arguments": "{\"request\":{\"page\":2}}" }),
        json!({ "request": { "name": "list_charts", "arguments": { "request": { "page": 2 } } } }),
    ] {
        assert_eq!(("list_charts", page.clone()), resolve(arguments).unwrap());
    }
    assert_eq!(
        ("health_check", json!({})),
        resolve(json!({ "name": "health_check" })).unwrap()
    );

    let told = |arguments: Value| match resolve(arguments).unwrap_err() {
        CallRefusal::InvalidArguments(problems) => problems[0].to_string(),
        other => other.to_string(),
    };
    assert_eq!(
        "- name: call_tool cannot call itself; name the tool that you want",
        told(json!({ "name": "call_tool", "arguments": { "name": "health_check" } }))
    );
    assert_eq!(
        "- name: is missing; expected a string of 1 to 128 characters",
        told(json!({}))
    );
    assert_eq!(
        "- tool: is not known; known are arguments and name",
        told(json!({ "name": "health_check", "tool": 1 }))
    );
    assert_eq!(
        r#"tool "no_such" does not exist, or you may not use it"#,
        told(json!({ "name": "no_such", "arguments": {} }))
    );
}

#[test]
fn every_published_schema_has_the_structure_of_superset_s() {
    let recorded: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/data/superset-6.1-tools.json")).unwrap();
    let catalogue = catalogue();
    let mut compared = 0;
    for tool in &recorded {
        let name = tool["name"].as_str().unwrap();
        let Some(entry) = catalogue.tool(name) else {
            assert!(NOT_HERE_YET.contains(&name), "{name}");
            continue;
        };
        assert!(!NOT_HERE_YET.contains(&name), "{name}");
        let ours = structure(&entry.definition().input_schema);
        let theirs = structure(&with_intended_differences(tool["inputSchema"].clone()));
        assert_eq!(
            serde_json::to_string_pretty(&theirs).unwrap(),
            serde_json::to_string_pretty(&ours).unwrap(),
            "{}",
            tool["name"]
        );
        compared += 1;
    }
    assert!(compared >= 11, "{compared} tools were compared");
}

/// Where ours means to differ: a filter by `is_null` needs no value, which Superset's schema
/// demands; and SQL is bounded.
fn with_intended_differences(mut schema: Value) -> Value {
    if let Some(sql) = schema.pointer_mut("/properties/request/properties/sql") {
        sql["minLength"] = json!(1);
        sql["maxLength"] = json!(200_000);
    }
    let Some(filter) = schema.pointer_mut("/properties/request/properties/filters/items") else {
        return schema;
    };
    filter["required"] = json!(["col", "opr"]);
    let value = &mut filter["properties"]["value"];
    value["default"] = Value::Null;
    value["anyOf"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "type": "null" }));
    schema
}

/// A schema without words, with bounds of integers in one form, and without the order of alternatives.
fn structure(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members = members.clone();
            // A property may be called like a keyword; then its value is a schema, an object.
            members.retain(|keyword, member| {
                member.is_object()
                    || !["description", "title", "examples"].contains(&keyword.as_str())
            });
            if members.get("type").is_some_and(|kind| kind == "integer") {
                for (exclusive, inclusive, step) in [
                    ("exclusiveMinimum", "minimum", 1),
                    ("exclusiveMaximum", "maximum", -1),
                ] {
                    if let Some(bound) = members.remove(exclusive) {
                        members.insert(inclusive.to_owned(), json!(bound.as_i64().unwrap() + step));
                    }
                }
            }
            members
                .into_iter()
                .map(|(keyword, member)| (keyword, structure(&member)))
                .collect()
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(structure).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other.clone(),
    }
}

#[test]
fn the_search_finds_what_people_ask_for() {
    let catalogue = catalogue();
    let best = |query: &str| {
        catalogue
            .search()
            .rank(query)
            .first()
            .map(|name| (*name).to_owned())
            .unwrap_or_default()
    };
    for (query, name) in [
        ("list dashboards", "list_dashboards"),
        ("show me all charts", "list_charts"),
        ("which datasets are there", "list_datasets"),
        ("databases", "list_databases"),
        ("details of a dashboard", "get_dashboard_info"),
        ("is the server up and healthy", "health_check"),
        ("find a tool", "search_tools"),
        ("get_chart_info", "get_chart_info"),
        ("run a sql query", "execute_sql"),
        ("describe dataset columns and metrics", "get_dataset_info"),
    ] {
        assert_eq!(name, best(query), "{query}");
    }
    assert!(catalogue.search().rank("xyzzy").is_empty());
    assert!(catalogue.search().rank("").is_empty());
}

fn any_grants() -> impl Strategy<Value = Granted> {
    prop::sample::subsequence(GRANTABLE.to_vec(), 0..=GRANTABLE.len())
        .prop_map(|granted| Granted(granted.into_iter().collect()))
}

proptest! {
    /// What is listed can be called, directly and through `call_tool`; what is not listed cannot.
    #[test]
    fn a_tool_is_listed_exactly_when_it_can_be_called(
        grants in any_grants(),
        scopes in prop::sample::subsequence(Scope::ALL.to_vec(), 0..=Scope::ALL.len()),
    ) {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalogue);
        let catalogue = &*CATALOGUE;
        let principal = principal(scopes.into_iter().collect());
        let visible: BTreeSet<_> = catalogue.visible(&principal, &grants).map(|entry| entry.spec().name).collect();
        for entry in catalogue.tools() {
            let name = entry.spec().name;
            let direct = catalogue.resolve_call(name, CallArguments::default(), &principal, &grants);
            // Without arguments `call_tool` is allowed and has nothing to call.
            let is_callable = direct.is_ok() || matches!(direct, Err(CallRefusal::InvalidArguments(_)));
            prop_assert_eq!(visible.contains(name), is_callable, "{}", name);
            if name != "call_tool" {
                let arguments = raw(&json!({ "name": name }));
                let indirect = catalogue.resolve_call("call_tool", CallArguments::read(Some(&arguments)), &principal, &grants);
                let expected = visible.contains(name) && visible.contains("call_tool");
                prop_assert_eq!(expected, indirect.is_ok(), "{} through call_tool", name);
            }
        }
    }
}
