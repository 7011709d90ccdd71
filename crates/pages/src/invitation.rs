use askama::Template;
use tidegate_types::Role;

use crate::{PasswordRule, ProviderLink, Timestamp, UntrustedText};

/// An invitation's link: a new account, or joining with the one that is there.
///
/// Its form: `csrf`, and for a new account `username`, `display_name`, `password`, `again`.
#[derive(Debug, Clone, Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    /// Path of the link, which the form is posted to.
    pub action: String,
    /// Token of the form.
    pub csrf: String,
    /// The address of the invited person.
    pub email: UntrustedText,
    /// Into which workspace.
    pub workspace: UntrustedText,
    /// The role.
    pub role: Role,
    /// The time of expiry.
    pub expires_at: Timestamp,
    /// What can be done.
    pub way: InvitationWay,
    /// What was typed before.
    pub username: String,
    /// What was typed before.
    pub display_name: String,
    /// What a good password is.
    pub rule: PasswordRule,
    /// Why the last attempt was refused: all reasons, in sentences.
    pub problems: Vec<String>,
}

/// How an invitation can be accepted.
#[derive(Debug, Clone)]
pub enum InvitationWay {
    /// By a new account, here or by a provider.
    NewAccount {
        /// Whether there are passwords here.
        has_passwords: bool,
        /// Upstream providers.
        providers: Vec<ProviderLink>,
    },
    /// By the account that is signed in.
    Join {
        /// Its name.
        username: UntrustedText,
    },
    /// By the account of that address, after its owner signs in.
    SignIn {
        /// The page to sign in on.
        href: String,
    },
}

impl InvitationPage {
    /// After a refusal the names are there again and the passwords are not.
    fn focuses_password(&self) -> bool {
        !self.problems.is_empty() && !self.username.is_empty()
    }

    const fn role(&self) -> &'static str {
        crate::scopes::role(self.role)
    }
}
