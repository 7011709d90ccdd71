use askama::Template;

use crate::UntrustedText;

/// The change of a password that is for one use, or of any other.
///
/// Its form: `csrf`, `current` (absent where it was entered just now), `new`, `again`, `return_to`.
#[derive(Debug, Clone, Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    /// Token of the form.
    pub csrf: String,
    /// The account whose password it is.
    pub username: UntrustedText,
    /// Path to go on to.
    pub return_to: String,
    /// Whether nothing else may be done before.
    pub is_required: bool,
    /// Whether the current one is asked for: not where somebody just signed in by it.
    pub asks_current: bool,
    /// What a good one is.
    pub rule: PasswordRule,
    /// Why the last attempt was refused.
    pub problem: Option<PasswordProblem>,
}

/// What a password is to be, told beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRule {
    /// Characters at the least.
    pub least: usize,
}

impl PasswordRule {
    pub(crate) fn words(self) -> String {
        format!(
            "At least {} characters, and not easily guessed: a few unrelated words are good; your name, your address and common passwords are refused.",
            self.least
        )
    }
}

/// Why a password was refused, and at which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordProblem {
    /// The field that has to be changed.
    pub at: PasswordField,
    /// A sentence.
    pub text: String,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordField {
    /// The current password.
    Current,
    /// The new one.
    New,
}

impl PasswordPage {
    /// Where the cursor begins.
    fn focuses_new(&self) -> bool {
        match &self.problem {
            Some(problem) => problem.at == PasswordField::New || !self.asks_current,
            None => !self.asks_current,
        }
    }
}
