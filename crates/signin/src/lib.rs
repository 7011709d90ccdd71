#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod error;
mod first_start;
mod return_to;
mod session;
mod settings;
mod sign_in;
mod superset;

pub use error::{ProviderRefusal, SignInError};
pub use first_start::FirstAdministrator;
pub use return_to::ReturnTo;
pub use session::{BrowserSession, CsrfToken, NewSession};
pub use settings::{
    AccountCreation, ClaimNames, GroupGrant, PasswordCost, ProviderSettings, SignInSettings,
    SupersetSignIn,
};
pub use sign_in::{InvitationView, ProviderInfo, SignIn, Upstream};
pub use superset::{NoSupersetAccounts, SupersetAccount, SupersetAccounts, SupersetAccountsError};

/// Seconds since the Unix epoch, in UTC.
pub type UnixSecs = i64;
