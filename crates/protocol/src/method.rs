//! The methods that clients call.

use std::borrow::Cow;
use std::fmt;

/// A request's method, in every revision that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `initialize`: opens a session (2025-11-25 and before).
    Initialize,
    /// `ping` (2025-11-25 and before).
    Ping,
    /// `logging/setLevel` (2025-11-25 and before).
    SetLogLevel,
    /// `resources/subscribe` (2025-11-25 and before).
    Subscribe,
    /// `resources/unsubscribe` (2025-11-25 and before).
    Unsubscribe,
    /// `server/discover` (2026-07-28).
    Discover,
    /// `subscriptions/listen` (2026-07-28).
    Listen,
    /// `tools/list`.
    ListTools,
    /// `tools/call`.
    CallTool,
    /// `prompts/list`.
    ListPrompts,
    /// `prompts/get`.
    GetPrompt,
    /// `resources/list`.
    ListResources,
    /// `resources/templates/list`.
    ListResourceTemplates,
    /// `resources/read`.
    ReadResource,
    /// `completion/complete`.
    Complete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Initialize,
        Self::Ping,
        Self::SetLogLevel,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Discover,
        Self::Listen,
        Self::ListTools,
        Self::CallTool,
        Self::ListPrompts,
        Self::GetPrompt,
        Self::ListResources,
        Self::ListResourceTemplates,
        Self::ReadResource,
        Self::Complete,
    ];

    /// As it stands in a message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Ping => "ping",
            Self::SetLogLevel => "logging/setLevel",
            Self::Subscribe => "resources/subscribe",
            Self::Unsubscribe => "resources/unsubscribe",
            Self::Discover => "server/discover",
            Self::Listen => "subscriptions/listen",
            Self::ListTools => "tools/list",
            Self::CallTool => "tools/call",
            Self::ListPrompts => "prompts/list",
            Self::GetPrompt => "prompts/get",
            Self::ListResources => "resources/list",
            Self::ListResourceTemplates => "resources/templates/list",
            Self::ReadResource => "resources/read",
            Self::Complete => "completion/complete",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a request calls: a method, or a name that no revision has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called<'a> {
    /// One that is served, in one revision at least.
    Method(Method),
    /// Anything else.
    Unknown(Cow<'a, str>),
}

impl<'a> Called<'a> {
    /// Reads the name in a message.
    pub fn of(name: Cow<'a, str>) -> Self {
        let known = Method::ALL
            .into_iter()
            .find(|method| method.as_str() == name);
        known.map_or(Self::Unknown(name), Self::Method)
    }

    /// As it stood in the message.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Method(method) => method.as_str(),
            Self::Unknown(name) => name,
        }
    }

    /// The method, if it is one.
    pub fn method(&self) -> Option<Method> {
        match self {
            Self::Method(method) => Some(*method),
            Self::Unknown(_) => None,
        }
    }
}

impl PartialEq<Method> for Called<'_> {
    fn eq(&self, other: &Method) -> bool {
        self.method() == Some(*other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_read_as_it_is_written() {
        for method in Method::ALL {
            assert_eq!(Called::of(method.as_str().into()), method);
        }
    }

    #[test]
    fn what_is_no_method_is_kept_as_it_came() {
        for name in [
            "",
            "tools/List",
            "tools/list ",
            "tasks/get",
            "notifications/cancelled",
        ] {
            let called = Called::of(name.into());
            assert_eq!(None, called.method());
            assert_eq!(name, called.as_str());
        }
    }
}
