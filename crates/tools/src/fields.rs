//! Fields that only some may see, whatever a tool puts into its answer.
//!
//! Tools leave secrets out by themselves; this is the second lock. Who lacks `can_write` on `Database` never
//! gets what a connection is made of: passwords, URIs, certificates, keys, tunnels. Superset's own answers
//! hold none of these fields for anybody, so that hiding them changes no answer that it gives. What is data is
//! not looked at: a column may be called `password`, and whoever may read the table may read it. Each tool says
//! what is ([`Redaction`]).

use std::borrow::Cow;

use serde_json::value::RawValue;
use tidegate_protocol::Members;
use tidegate_protocol::content::{ContentBlock, ResourceBody};

use crate::{Grants, Permission, Redaction, ToolOutput, ToolSpec};

/// How deep answers are looked into. What lies deeper is left out, so that nothing hides there.
const MAX_DEPTH: usize = 64;

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

/// Takes the fields out of an answer that the principal may not see. Costs a text search per field name when
/// there is nothing to hide.
pub fn hide_fields(output: &mut ToolOutput, spec: &ToolSpec, grants: &dyn Grants) {
    let data: &[&str] = match spec.redaction {
        Redaction::Entities => &[],
        Redaction::EntitiesBeside(data) => data,
        Redaction::Data => return,
    };
    let names: Vec<&str> = RULES
        .iter()
        .filter(|rule| !grants.can(rule.needs.permission, rule.needs.view))
        .flat_map(|rule| rule.names.iter().copied())
        .collect();
    if names.is_empty() {
        return;
    }
    let hidden = Hidden { names, data };
    for block in &mut output.result.content {
        let text = match block {
            ContentBlock::Text { text } => text,
            ContentBlock::Resource { resource } => match &mut resource.body {
                ResourceBody::Text(text) => text,
                ResourceBody::Blob(_) => continue,
            },
            _ => continue,
        };
        if let Some(shorter) = hidden.without(text) {
            shorter.get().clone_into(text);
        }
    }
    if let Some(structured) = &mut output.result.structured
        && let Some(shorter) = hidden.without(structured.get())
    {
        *structured = shorter;
    }
}

struct Hidden<'a> {
    names: Vec<&'a str>,
    /// Paths of members whose own names are those of data.
    data: &'a [&'a str],
}

impl Hidden<'_> {
    /// The JSON without hidden members. `None`: there are none, or it is no JSON.
    fn without(&self, text: &str) -> Option<Box<RawValue>> {
        // A name with escapes can only be found by reading it.
        let may_be_there =
            text.contains("\\u") || self.names.iter().any(|name| text.contains(name));
        if !may_be_there {
            return None;
        }
        let value: &RawValue = serde_json::from_str(text).ok()?;
        self.rest(value, "", 0)
    }

    /// What is left of a value. `None`: all of it.
    fn rest(&self, value: &RawValue, path: &str, depth: usize) -> Option<Box<RawValue>> {
        let is_data = self.data.contains(&path);
        match value.get().as_bytes().first() {
            Some(b'{' | b'[') if is_data => None,
            // Nothing that is made for answers lies so deep.
            Some(b'{' | b'[') if depth > MAX_DEPTH => serde_json::value::to_raw_value(&()).ok(),
            Some(b'{') => {
                let mut members = Members::of(value.get())?;
                let count = members.0.len();
                members
                    .0
                    .retain(|(name, _)| !self.names.contains(&name.as_ref()));
                let mut is_changed = members.0.len() < count;
                for (name, member) in &mut members.0 {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{name}");
                    if let Some(rest) = self.rest(member, &path, depth + 1) {
                        *member = Cow::Owned(rest);
                        is_changed = true;
                    }
                }
                is_changed.then(|| members.to_raw())
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
                let mut is_changed = false;
                let rest: Vec<Cow<'_, RawValue>> = items
                    .into_iter()
                    .map(|item| match self.rest(item, path, depth + 1) {
                        Some(rest) => {
                            is_changed = true;
                            Cow::Owned(rest)
                        }
                        None => Cow::Borrowed(item),
                    })
                    .collect();
                is_changed
                    .then(|| serde_json::value::to_raw_value(&rest).ok())
                    .flatten()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_protocol::ToolAnnotations;
    use tidegate_protocol::content::ToolResult;
    use tidegate_types::Scope;

    use super::*;
    use crate::{CacheRule, SizeRule, Touches};

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
        tags: &[],
        touches: Touches::Databases,
        cache: CacheRule::Never,
        size: SizeRule::Exempt,
        redaction: Redaction::EntitiesBeside(&["rows", "databases.schema"]),
    };
    const ANSWER: &str = r#"{"z":1.0,"databases":[{"id":1e400,"sqlalchemy_uri":"pg://u:p@h","extra":{"password":"x"},"schema":{"password":1}}],"rows":[{"password":"a column"}]}"#;

    fn hidden_in(answer: &str, grants: &dyn Grants, spec: &ToolSpec) -> String {
        let mut output = ToolOutput::from(ToolResult::text(answer));
        hide_fields(&mut output, spec, grants);
        let ContentBlock::Text { text } = output.result.content.remove(0) else {
            panic!("text")
        };
        text
    }

    #[test]
    fn secrets_are_hidden_at_any_depth_and_what_is_declared_as_data_is_not() {
        insta::assert_snapshot!(hidden_in(ANSWER, &Nobody, &SPEC), @r#"{"z":1.0,"databases":[{"id":1e400,"extra":{},"schema":{"password":1}}],"rows":[{"password":"a column"}]}"#);
    }

    #[test]
    fn a_member_is_data_only_where_the_tool_says_so() {
        for name in ["rows", "data", "form_data", "columns", "schema_info"] {
            let answer = format!(r#"{{"x":{{"{name}":[{{"password":"p","id":1}}]}}}}"#);
            let expected = format!(r#"{{"x":{{"{name}":[{{"id":1}}]}}}}"#);
            assert_eq!(expected, hidden_in(&answer, &Nobody, &SPEC));
        }
    }

    #[test]
    fn a_tool_of_any_tags_is_covered() {
        for tags in [&[] as &[&str], &["mutate"], &["data"], &["core"]] {
            let spec = ToolSpec { tags, ..SPEC };
            assert!(
                !hidden_in(ANSWER, &Nobody, &spec).contains("pg://"),
                "{tags:?}"
            );
        }
    }

    #[test]
    fn no_way_of_writing_a_name_hides_it() {
        let deep = format!("{}{{\"password\":1}}{}", "[".repeat(100), "]".repeat(100));
        for secret in [
            r#"{"password" : "s3cret"}"#,
            r#"{"pass\u0077ord":"s3cret"}"#,
            "{\"extra\":[[{\n\"password\"\n:\"s3cret\"}]]}",
            &deep.replace('1', "\"s3cret\""),
        ] {
            let shown = hidden_in(secret, &Nobody, &SPEC);
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn who_may_write_databases_sees_what_the_tool_gives() {
        assert_eq!(ANSWER, hidden_in(ANSWER, &Everybody, &SPEC));
    }

    #[test]
    fn answers_of_queries_are_left_alone() {
        let spec = ToolSpec {
            name: "execute_sql",
            redaction: Redaction::Data,
            ..SPEC
        };
        assert_eq!(ANSWER, hidden_in(ANSWER, &Nobody, &spec));
    }

    #[test]
    fn a_structured_answer_loses_the_same_fields() {
        let structured = Some(RawValue::from_string(ANSWER.to_owned()).unwrap());
        let mut output = ToolOutput::from(ToolResult {
            structured,
            ..ToolResult::text("see the structure")
        });
        hide_fields(&mut output, &SPEC, &Nobody);
        assert!(!output.result.structured.unwrap().get().contains("pg://"));
    }
}
