use askama::Template;
use tidegate_types::AccountId;

use crate::{AdminLayout, Paging, Timestamp, UntrustedText};

/// All accounts of the deployment. Its search is GET with `search`, `page`. Forms, all with `search` and `page`: `POST
/// /admin/accounts/<account>/deactivate`, `POST /admin/accounts/<account>/activate`, `POST /admin/accounts/<account>/password`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/accounts.html")]
pub struct AccountsPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What the list is narrowed by.
    pub search: String,
    /// Those of this part of the list, by username.
    pub accounts: Vec<AccountLine>,
    /// Which part that is.
    pub paging: Paging,
}

/// An account.
#[derive(Debug, Clone)]
pub struct AccountLine {
    /// What forms name it by.
    pub id: AccountId,
    /// What it signs in with.
    pub username: UntrustedText,
    /// What it is called.
    pub display_name: UntrustedText,
    /// Its address.
    pub email: Option<UntrustedText>,
    /// Whether it is whoever looks at the page.
    pub is_self: bool,
    /// Whether it manages the deployment.
    pub is_administrator: bool,
    /// Whether it is a machine's.
    pub is_service: bool,
    /// Whether it may do anything.
    pub is_active: bool,
    /// Whether it has a password here.
    pub has_password: bool,
    /// Whether that is for one use.
    pub must_change_password: bool,
    /// Whether this person may give it another one.
    pub may_reset: bool,
    /// The last sign-in.
    pub last_sign_in_at: Option<Timestamp>,
}

impl AccountLine {
    /// How it signs in.
    fn password(&self) -> &'static str {
        match (
            self.is_service,
            self.has_password,
            self.must_change_password,
        ) {
            (true, _, _) => "Does not sign in",
            (false, false, _) => "None",
            (false, true, true) => "For one use",
            (false, true, false) => "Chosen",
        }
    }
}
