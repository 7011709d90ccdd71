//! What an answer depends on.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;
use tidegate_store::CacheKey;

use super::digest::sha256_of;
use crate::service::Caller;
use crate::service::operation::{CheckedOperation, OperationSummary};

/// Where an answer is kept, and whether the caller wants a new one.
pub(super) struct CachePlace {
    /// What the answer depends on.
    pub key: CacheKey,
    /// The arguments ask for an answer that was not kept (`force_refresh`, or `use_cache: false`).
    pub wants_fresh: bool,
}

/// Finds the place: the caller's rights and the workspace's epoch, the revision that the answer is shaped
/// for, and what was asked, by the arguments that the tool gets, however the client wrote them.
pub(super) fn place(
    caller: &Caller,
    summary: &OperationSummary,
    operation: &CheckedOperation,
    version: ProtocolVersion,
) -> CachePlace {
    let wishes = match operation {
        CheckedOperation::Tool { arguments, .. } => Wishes::of(arguments.value()),
        CheckedOperation::Prompt { .. } | CheckedOperation::Resource { .. } => Wishes::default(),
    };
    let what = match operation {
        CheckedOperation::Tool { arguments, .. } => Asked::Tool(WithoutWishes(arguments.value())),
        CheckedOperation::Prompt { arguments, .. } => Asked::Prompt(arguments),
        CheckedOperation::Resource { .. } => Asked::Nothing,
    };
    let parts = (
        caller.access.fingerprint().as_str(),
        caller.principal.user.0,
        caller.principal.scopes.bits(),
        caller.workspace.content_epoch().0,
        version.as_str(),
        summary.method.as_str(),
        &*summary.target,
        what,
    );
    CachePlace {
        key: CacheKey {
            workspace: caller.principal.workspace.clone(),
            digest: sha256_of(&parts),
        },
        wants_fresh: wishes.no_cache || wishes.refresh,
    }
}

/// What an operation is asked.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Asked<'a> {
    Tool(WithoutWishes<'a>),
    Prompt(&'a std::collections::BTreeMap<String, String>),
    Nothing,
}

/// Arguments that say how to answer and not what.
const WISHES: [&str; 3] = ["use_cache", "force_refresh", "refresh_metadata"];

/// What the arguments say of how to answer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    no_cache: bool,
    refresh: bool,
}

impl Wishes {
    fn of(arguments: &Value) -> Self {
        Self {
            no_cache: arguments["use_cache"] == Value::Bool(false),
            refresh: arguments["force_refresh"] == Value::Bool(true),
        }
    }
}

/// Arguments without those, so that a refreshed answer serves those who did not ask for one.
struct WithoutWishes<'a>(&'a Value);

impl Serialize for WithoutWishes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(members) = self.0 else {
            return self.0.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        // serde_json keeps the members of objects sorted.
        for (name, value) in members {
            if !WISHES.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(arguments: &Value) -> String {
        serde_json::to_string(&WithoutWishes(arguments)).unwrap()
    }

    #[test]
    fn wishes_for_a_fresh_answer_are_not_part_of_what_was_asked() {
        for (arguments, no_cache, refresh, rest) in [
            (
                json!({"page": 1, "force_refresh": true}),
                false,
                true,
                r#"{"page":1}"#,
            ),
            (
                json!({"page": 1, "use_cache": false}),
                true,
                false,
                r#"{"page":1}"#,
            ),
            (
                json!({"use_cache": true, "force_refresh": false, "refresh_metadata": true, "a": 1}),
                false,
                false,
                r#"{"a":1}"#,
            ),
            (
                json!({"filters": [{"use_cache": false}]}),
                false,
                false,
                r#"{"filters":[{"use_cache":false}]}"#,
            ),
        ] {
            assert_eq!(Wishes { no_cache, refresh }, Wishes::of(&arguments));
            assert_eq!(rest, asked(&arguments));
        }
    }

    #[test]
    fn the_order_of_members_is_not_part_of_what_was_asked() {
        let first: Value = serde_json::from_str(r#"{"b":{"y":1,"x":2},"a":3}"#).unwrap();
        let second: Value = serde_json::from_str(r#"{"a":3,"b":{"x":2,"y":1}}"#).unwrap();
        assert_eq!(asked(&first), asked(&second));
    }
}
