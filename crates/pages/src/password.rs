use askama::Template;

use crate::Foreign;

/// The change of a password that is for one use, or of any other.
///
/// Its form: `csrf`, `current`, `new`, `again`, `return_to`.
#[derive(Debug, Clone, Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    /// Token of the form.
    pub csrf: String,
    /// Whose.
    pub username: Foreign,
    /// Path to go on to.
    pub return_to: String,
    /// Whether nothing else may be done before.
    pub is_required: bool,
    /// Why the last attempt was refused.
    pub problem: Option<String>,
}
