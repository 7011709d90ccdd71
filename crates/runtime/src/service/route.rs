//! Which use case a method is, in each era: the one place where methods become actions.

use tidegate_protocol::{Called, Method};

use super::inquiry::Inquiry;
use super::prepare::CallKind;

/// A use case of 2026-07-28.
pub(crate) enum ModernRoute {
    /// Answered at once.
    Inquiry(Inquiry),
    /// Done, within limits and with a record.
    Call(CallKind),
    /// `subscriptions/listen`.
    Listen,
    /// No method of this revision.
    Unknown,
}

impl ModernRoute {
    pub(crate) fn of(called: &Called<'_>) -> Self {
        let Some(method) = called.method() else {
            return Self::Unknown;
        };
        match method {
            Method::Discover => Self::Inquiry(Inquiry::Discover),
            Method::ListTools => Self::Inquiry(Inquiry::Tools),
            Method::ListResources => Self::Inquiry(Inquiry::Resources),
            Method::ListResourceTemplates => Self::Inquiry(Inquiry::Templates),
            Method::ListPrompts => Self::Inquiry(Inquiry::Prompts),
            Method::Complete => Self::Inquiry(Inquiry::Completion),
            Method::CallTool => Self::Call(CallKind::Tool),
            Method::GetPrompt => Self::Call(CallKind::Prompt),
            Method::ReadResource => Self::Call(CallKind::Resource),
            Method::Listen => Self::Listen,
            Method::Initialize
            | Method::Ping
            | Method::SetLogLevel
            | Method::Subscribe
            | Method::Unsubscribe => Self::Unknown,
        }
    }
}

/// A use case of the revisions with sessions.
pub(crate) enum LegacyRoute {
    /// Answered at once.
    Inquiry(Inquiry),
    /// Done, within limits and with a record.
    Call(CallKind),
    /// `ping`.
    Ping,
    /// `logging/setLevel`.
    SetLogLevel,
    /// `resources/subscribe`.
    Subscribe,
    /// `resources/unsubscribe`.
    Unsubscribe,
    /// No method of these revisions, or `initialize`, which is none within a session.
    Unknown,
}

impl LegacyRoute {
    pub(crate) fn of(called: &Called<'_>) -> Self {
        let Some(method) = called.method() else {
            return Self::Unknown;
        };
        match method {
            Method::ListTools => Self::Inquiry(Inquiry::Tools),
            Method::ListResources => Self::Inquiry(Inquiry::Resources),
            Method::ListResourceTemplates => Self::Inquiry(Inquiry::Templates),
            Method::ListPrompts => Self::Inquiry(Inquiry::Prompts),
            Method::Complete => Self::Inquiry(Inquiry::Completion),
            Method::CallTool => Self::Call(CallKind::Tool),
            Method::GetPrompt => Self::Call(CallKind::Prompt),
            Method::ReadResource => Self::Call(CallKind::Resource),
            Method::Ping => Self::Ping,
            Method::SetLogLevel => Self::SetLogLevel,
            Method::Subscribe => Self::Subscribe,
            Method::Unsubscribe => Self::Unsubscribe,
            Method::Discover | Method::Listen | Method::Initialize => Self::Unknown,
        }
    }
}
