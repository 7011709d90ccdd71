//! Claims of tokens by names that operators give.

use serde_json::{Map, Value};

/// A claim by its name as it stands, else by a path with dots: Auth0's names are URLs, Keycloak nests. `null` is none.
pub fn find_claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return (!value.is_null()).then_some(value);
    }
    let (first, rest) = name.split_once('.')?;
    find_claim(claims.get(first)?.as_object()?, rest)
}

/// `true` as JSON or text (Cognito), or 1 (Entra's `xms_edov`).
pub fn is_true_claim(value: &Value) -> bool {
    match value {
        Value::Bool(is_true) => *is_true,
        Value::String(text) => text == "true" || text == "1",
        Value::Number(number) => number.as_u64() == Some(1),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_and_else_by_a_path() {
        let claims = json!({
            "https://acme.test/email": "a",
            "realm_access": { "roles": ["b"], "deep": { "er": "c" } },
            "realm_access.roles": "d",
            "nothing": null,
        });
        let claims = claims.as_object().unwrap();
        for (name, expected) in [
            ("https://acme.test/email", Some(json!("a"))),
            ("realm_access.roles", Some(json!("d"))),
            ("realm_access.deep.er", Some(json!("c"))),
            ("nothing", None),
            ("nothing.below", None),
            ("realm_access.roles.b", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(expected.as_ref(), find_claim(claims, name), "{name}");
        }
    }

    #[test]
    fn true_is_written_in_few_ways() {
        for value in [json!(true), json!("true"), json!("1"), json!(1)] {
            assert!(is_true_claim(&value), "{value}");
        }
        for value in [
            json!(false),
            json!("True"),
            json!("yes"),
            json!(0),
            json!(2),
            json!(1.5),
            json!([true]),
            json!({}),
            json!(null),
        ] {
            assert!(!is_true_claim(&value), "{value}");
        }
    }
}
