use serde_json::Value;
use tidegate_engines::QueryError;
use tidegate_metastore::DatabaseConnection;
use tidegate_types::SecretString;

/// SQLAlchemy's `connect_args` of a database, which Superset keeps in `engine_params` of its `extra`: names and
/// values as they would stand in the URI.
///
/// # Errors
/// `InvalidUri`: the `extra` is no JSON object. Superset does not connect either.
pub(super) fn of(
    connection: &DatabaseConnection,
) -> Result<Vec<(String, SecretString)>, QueryError> {
    let extra = connection.extra.as_deref().unwrap_or_default();
    if extra.trim().is_empty() {
        return Ok(Vec::new());
    }
    let extra: Value = serde_json::from_str(extra).map_err(|_| QueryError::InvalidUri {
        reason: "its extra is not JSON".to_owned(),
    })?;
    let arguments = extra.pointer("/engine_params/connect_args");
    let arguments = arguments.and_then(Value::as_object);
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(u8::from(*flag).to_string()),
        other => Some(other.to_string()),
    };
    Ok(arguments
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), text(value)?.into())))
        .collect())
}

#[cfg(test)]
mod tests {
    use tidegate_types::ExposeSecret;

    use super::*;

    fn found(extra: Option<&str>) -> Result<Vec<(String, String)>, QueryError> {
        let connection = DatabaseConnection {
            id: 1,
            database_name: "examples".into(),
            uri: "sqlite:///x".to_owned().into(),
            allow_dml: false,
            expose_in_sqllab: true,
            impersonate_user: false,
            extra: extra.map(str::to_owned),
            server_certificate: None,
            changed_on: None,
        };
        let arguments = of(&connection)?.into_iter();
        Ok(arguments
            .map(|(name, value)| (name, value.expose_secret().to_owned()))
            .collect())
    }

    #[test]
    fn arguments_are_found_where_superset_keeps_them() {
        let extra = r#"{"engine_params": {"connect_args": {"options": "-csearch_path=a,b", "keepalives": true,
            "connect_timeout": 10, "sslmode": null}}}"#;
        let expected = [
            ("options", "-csearch_path=a,b"),
            ("keepalives", "1"),
            ("connect_timeout", "10"),
        ];
        let mut arguments = found(Some(extra)).unwrap();
        arguments.sort_by_key(|(name, _)| expected.iter().position(|(other, _)| other == name));
        assert_eq!(
            expected.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
            arguments
        );
    }

    #[test]
    fn most_databases_have_none() {
        for extra in [
            None,
            Some(""),
            Some("null"),
            Some("{}"),
            Some(r#"{"engine_params": {}}"#),
        ] {
            assert!(found(extra).unwrap().is_empty(), "{extra:?}");
        }
        assert!(found(Some("{")).is_err());
    }
}
