//! From the types of a tool's arguments to the schema that clients see.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::compile::HAS_LINES;

/// The schema of `T`: JSON Schema 2020-12 without references, in the shape that Superset's tools publish.
/// `format` is still there, since it bounds integers.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    each_schema(&mut schema, &mut |schema| {
        schema.remove("title");
        merge_constants(schema);
        split_types(schema);
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = unwrapped(description);
        }
        default_to_null(schema);
    });
    each_schema(&mut schema, &mut flatten_alternatives);
    // That of the type is for whoever reads the code; the tool's own says it to clients.
    if let Some(members) = schema.as_object_mut() {
        members.remove("description");
    }
    schema
}

/// Takes out what only the checker needs.
pub(super) fn for_clients(mut schema: Value) -> Value {
    each_schema(&mut schema, &mut |schema| {
        schema.remove(HAS_LINES);
        if matches!(
            schema.get("type").and_then(Value::as_str),
            Some("integer" | "number")
        ) {
            // Unsigned types say `minimum: 0` of themselves; Superset's schemas say nothing.
            let format = schema.remove("format");
            let is_unsigned = format
                .as_ref()
                .and_then(Value::as_str)
                .is_some_and(|format| format.starts_with("uint"));
            if is_unsigned
                && schema
                    .get("minimum")
                    .is_some_and(|least| least.as_f64() == Some(0.0))
            {
                schema.remove("minimum");
            }
        }
    });
    schema
}

/// `oneOf` of constants, which documented enums give, becomes one `enum`.
fn merge_constants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    let mut notes = Vec::new();
    for branch in branches {
        let listed = branch.get("enum").and_then(Value::as_array).cloned();
        let Some(found) = branch
            .get("const")
            .map(|value| vec![value.clone()])
            .or(listed)
        else {
            return;
        };
        if !found.iter().all(Value::is_string) {
            return;
        }
        if let (Some(note), Some(value)) = (branch["description"].as_str(), found[0].as_str()) {
            notes.push(format!(
                "{value}: {}",
                unwrapped(note).trim_end_matches('.')
            ));
        }
        values.extend(found);
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(values));
    if !notes.is_empty() {
        let notes = format!("{}.", notes.join("; "));
        let text = schema
            .get("description")
            .and_then(Value::as_str)
            .map(|text| format!("{text} {notes}"));
        schema.insert("description".to_owned(), json!(text.unwrap_or(notes)));
    }
}

/// `"type": ["integer", "null"]` becomes `anyOf` of both, as pydantic writes it. Some clients know no
/// lists of types.
fn split_types(schema: &mut Map<String, Value>) {
    const OUTER: [&str; 5] = [
        "description",
        "default",
        "examples",
        "deprecated",
        "x-mcp-header",
    ];
    let Some(Value::Array(types)) = schema.get("type").cloned() else {
        return;
    };
    schema.remove("type");
    let inner: Vec<_> = schema
        .keys()
        .filter(|keyword| !OUTER.contains(&keyword.as_str()))
        .cloned()
        .collect();
    let rules: Map<_, _> = inner
        .into_iter()
        .filter_map(|keyword| schema.remove_entry(&keyword))
        .collect();
    let branches = types.into_iter().map(|kind| {
        if kind == "null" {
            return json!({ "type": "null" });
        }
        let mut branch = rules.clone();
        if let Some(Value::Array(values)) = branch.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        branch.insert("type".to_owned(), kind);
        Value::Object(branch)
    });
    let branches = branches.collect();
    schema.insert("anyOf".to_owned(), Value::Array(branches));
}

/// `anyOf` of `anyOf`, which an optional untagged enum gives, becomes one.
fn flatten_alternatives(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else {
        return;
    };
    *branches = std::mem::take(branches)
        .into_iter()
        .flat_map(|mut branch| {
            let has_rules = branch.as_object().is_some_and(|members| {
                members
                    .keys()
                    .any(|keyword| keyword != "anyOf" && keyword != "description")
            });
            match branch.get_mut("anyOf").map(Value::take) {
                Some(Value::Array(inner)) if !has_rules => inner,
                Some(inner) => {
                    branch["anyOf"] = inner;
                    vec![branch]
                }
                None => vec![branch],
            }
        })
        .collect();
}

/// A member that may be null and left out has the default null; an empty list as default says nothing.
fn default_to_null(schema: &mut Map<String, Value>) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        if property
            .get("default")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
        {
            property.remove("default");
        }
        let lists_null = |keyword: &str, is_null: fn(&Value) -> bool| {
            property
                .get(keyword)
                .and_then(Value::as_array)
                .is_some_and(|branches| branches.iter().any(is_null))
        };
        let is_nullable = lists_null("anyOf", |branch| branch["type"] == "null")
            || lists_null("type", |kind| kind == "null");
        if is_nullable && !required.contains(name) && !property.contains_key("default") {
            property.insert("default".to_owned(), Value::Null);
        }
    }
}

/// Doc comments are wrapped for their file; a description is not.
fn unwrapped(text: &str) -> String {
    let paragraphs = text
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Visits a schema and every schema in it, outer ones first.
fn each_schema(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    visit(members);
    for (keyword, member) in members {
        match keyword.as_str() {
            "properties" | "$defs" => {
                for schema in member.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    each_schema(schema, visit);
                }
            }
            "anyOf" | "oneOf" | "allOf" => {
                for schema in member.as_array_mut().into_iter().flatten() {
                    each_schema(schema, visit);
                }
            }
            "items" | "additionalProperties" => each_schema(member, visit),
            _ => {}
        }
    }
}
