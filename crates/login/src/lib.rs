#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod accounts;
mod attempts;
mod browser_sessions;
mod change_password;
mod error;
mod first_start;
mod given_password;
mod invitation;
mod journal;
mod known_places;
mod names;
mod password;
mod refusal;
mod reset_password;
mod return_to;
mod session;
mod settings;
mod sign_in;
mod superset;
mod superset_link;
mod upstream;
mod with_password;

pub use error::{ProviderRefusal, SignInError};
pub use first_start::FirstAdministrator;
pub use given_password::GivenPassword;
pub use invitation::InvitationView;
pub use return_to::ReturnTo;
pub use session::{BrowserSession, CsrfToken, KnownBrowser, NewSession};
pub use settings::{
    AccountCreation, ClaimNames, GroupGrant, PasswordCost, ProviderSettings, SignInSettings,
    SupersetSignIn,
};
pub use sign_in::SignIn;
pub use superset::{
    NoSupersetAccounts, SupersetAccount, SupersetAccounts, SupersetAccountsError, SupersetUser,
};
pub use upstream::{ProviderInfo, Upstream};

/// Seconds since the Unix epoch, in UTC.
pub type UnixSecs = i64;
