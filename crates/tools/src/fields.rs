//! Fields that only some may see, whatever a tool puts into its answer.
//!
//! Tools leave secrets out by themselves; this is the second lock. Who lacks `can_write` on `Database` never
//! gets what a connection is made of: passwords, URIs, certificates, keys, tunnels. Superset's own answers
//! hold none of these fields for anybody, so that hiding them changes no answer that it gives. Rows of data
//! are not looked at: a column may be called `password`, and whoever may read the table may read it.

use serde_json::Value;
use serde_json::value::RawValue;
use tidegate_protocol::content::ContentBlock;

use crate::{Grants, Permission, ToolOutput, ToolSpec};

/// Fields, and who may see them.
struct FieldRule {
    names: &'static [&'static str],
    needs: Permission,
}

const RULES: [FieldRule; 2] = [
    FieldRule {
        names: &[
            "password",
            "sqlalchemy_uri",
            "sqlalchemy_uri_decrypted",
            "encrypted_extra",
            "masked_encrypted_extra",
            "server_cert",
            "ssh_tunnel",
            "private_key",
            "private_key_password",
        ],
        needs: Permission {
            permission: "can_write",
            view: "Database",
        },
    },
    FieldRule {
        // Who may sign in how is the business of those who manage users.
        names: &["last_login", "login_count", "fail_login_count"],
        needs: Permission {
            permission: "can_read",
            view: "User",
        },
    },
];

/// Members below which the names are those of data.
const DATA: [&str; 5] = ["rows", "data", "form_data", "columns", "schema_info"];

/// Takes the fields out of an answer that the principal may not see. Costs a text search per field name when
/// there is nothing to hide.
pub fn hide_fields(output: &mut ToolOutput, spec: &ToolSpec, grants: &dyn Grants) {
    // Tools that give data, not things of the workspace.
    if !spec
        .tags
        .iter()
        .any(|tag| ["core", "discovery"].contains(tag))
    {
        return;
    }
    let hidden: Vec<&str> = RULES
        .iter()
        .filter(|rule| !grants.can(rule.needs.permission, rule.needs.view))
        .flat_map(|rule| rule.names.iter().copied())
        .collect();
    let mut changed = None;
    for block in &mut output.result.content {
        let ContentBlock::Text { text } = block else {
            continue;
        };
        if !hidden.iter().any(|name| has_member(text, name)) {
            continue;
        }
        if let Ok(mut answer) = serde_json::from_str::<Value>(text) {
            hide(&mut answer, &hidden);
            *text = answer.to_string();
            changed = Some(text.clone());
        }
    }
    if let (Some(text), Some(structured)) = (changed, &mut output.result.structured)
        // The text was made by a serializer.
        && let Ok(raw) = RawValue::from_string(text)
    {
        *structured = raw;
    }
}

fn has_member(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let end = at + name.len();
        text[..at].ends_with('"') && text[end..].starts_with("\":")
    })
}

fn hide(value: &mut Value, hidden: &[&str]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !hidden.contains(&name.as_str()));
            for (name, member) in members {
                if !DATA.contains(&name.as_str()) {
                    hide(member, hidden);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, hidden)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use tidegate_protocol::ToolAnnotations;
    use tidegate_protocol::content::ToolResult;
    use tidegate_types::Scope;

    use super::*;
    use crate::{CacheRule, SizeRule};

    struct Nobody;
    impl Grants for Nobody {
        fn can(&self, _: &str, _: &str) -> bool {
            false
        }
    }
    struct Everybody;
    impl Grants for Everybody {
        fn can(&self, _: &str, _: &str) -> bool {
            true
        }
    }

    const SPEC: ToolSpec = ToolSpec {
        name: "get_database_info",
        title: "",
        description: "",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        cache: CacheRule::Never,
        size: SizeRule::Exempt,
    };
    const ANSWER: &str = r#"{"databases":[{"id":1,"sqlalchemy_uri":"pg://u:p@h","extra":{"password":"x"}}],"rows":[{"password":"a column"}]}"#;

    fn hidden_for(grants: &dyn Grants, spec: &ToolSpec) -> String {
        let mut output = ToolOutput::from(ToolResult::text(ANSWER));
        hide_fields(&mut output, spec, grants);
        let ContentBlock::Text { text } = output.result.content.remove(0) else {
            panic!("text")
        };
        text
    }

    #[test]
    fn secrets_are_hidden_at_any_depth_and_data_are_not() {
        insta::assert_snapshot!(hidden_for(&Nobody, &SPEC), @r#"{"databases":[{"extra":{},"id":1}],"rows":[{"password":"a column"}]}"#);
    }

    #[test]
    fn who_may_write_databases_sees_what_the_tool_gives() {
        assert_eq!(ANSWER, hidden_for(&Everybody, &SPEC));
    }

    #[test]
    fn answers_of_queries_are_left_alone() {
        let spec = ToolSpec {
            name: "execute_sql",
            tags: &["mutate"],
            ..SPEC
        };
        assert_eq!(ANSWER, hidden_for(&Nobody, &spec));
    }

    #[test]
    fn a_structured_answer_loses_the_same_fields() {
        let structured = Some(RawValue::from_string(ANSWER.to_owned()).unwrap());
        let mut output = ToolOutput::from(ToolResult {
            structured,
            ..ToolResult::text(ANSWER)
        });
        hide_fields(&mut output, &SPEC, &Nobody);
        assert!(!output.result.structured.unwrap().get().contains("pg://"));
    }
}
