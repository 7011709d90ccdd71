//! What a client listens for.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_protocol::RpcError;
use tidegate_store::Change;
use tidegate_types::check_name;

/// Resources that one stream may subscribe to, and the length of a URI.
const MAX_URIS: usize = 100;
const MAX_URI_BYTES: usize = 2_048;

/// What a `subscriptions/listen` asks for. Null is the same as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wanted {
    #[serde(deserialize_with = "or_default")]
    tools_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    prompts_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    resources_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    resource_subscriptions: BTreeSet<String>,
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Wanted {
    /// Reads `params.notifications`.
    ///
    /// # Errors
    /// `-32602`: it is missing, no such object, or asks for more than one stream may.
    pub(super) fn read(wanted: Option<&RawValue>) -> Result<Self, RpcError> {
        let refuse = |text: &str| Err(RpcError::invalid_params(text));
        let Some(wanted) = wanted else {
            return refuse("params.notifications is missing");
        };
        // serde would take an empty list for an object without members.
        let wanted = Some(wanted.get()).filter(|wanted| wanted.starts_with('{'));
        let Some(Ok(wanted)) = wanted.map(serde_json::from_str::<Self>) else {
            return refuse(
                "params.notifications must be an object of toolsListChanged, promptsListChanged, resourcesListChanged \
                 (true or false) and resourceSubscriptions (URIs)",
            );
        };
        if wanted.resource_subscriptions.len() > MAX_URIS
            || wanted
                .resource_subscriptions
                .iter()
                .any(|uri| uri.len() > MAX_URI_BYTES)
        {
            return refuse(
                "params.notifications.resourceSubscriptions has at most 100 URIs of at most 2048 bytes",
            );
        }
        if let Some(err) = wanted
            .resource_subscriptions
            .iter()
            .find_map(|uri| check_name(uri).err())
        {
            let text = format!("a URI of params.notifications.resourceSubscriptions {err}");
            return refuse(&text);
        }
        Ok(wanted)
    }

    pub(super) fn includes(&self, change: &Change) -> bool {
        match change {
            // New rights may mean other tools.
            Change::Tools | Change::Rights | Change::Flags => self.tools_list_changed,
            Change::Prompts => self.prompts_list_changed,
            Change::Resources => self.resources_list_changed,
            Change::Resource { uri } => self.resource_subscriptions.contains(uri),
            Change::Revoked { .. } | Change::UserLost { .. } | Change::Content { .. } => false,
        }
    }

    pub(super) fn honoured(&self) -> Value {
        let mut honoured = json!({});
        for (name, is_wanted) in [
            ("toolsListChanged", self.tools_list_changed),
            ("promptsListChanged", self.prompts_list_changed),
            ("resourcesListChanged", self.resources_list_changed),
        ] {
            if is_wanted {
                honoured[name] = json!(true);
            }
        }
        if !self.resource_subscriptions.is_empty() {
            honoured["resourceSubscriptions"] = json!(self.resource_subscriptions);
        }
        honoured
    }
}
