use askama::Template;

/// Where a person types what a device shows (RFC 8628 §3.3).
///
/// Its form: GET with `user_code`, so that the page after it can be loaded again.
#[derive(Debug, Clone, Template)]
#[template(path = "device.html")]
pub struct DeviceCodePage {
    /// What was typed, or came with the link.
    pub user_code: String,
    /// Why it was refused.
    pub problem: Option<String>,
}
