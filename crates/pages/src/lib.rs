#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod assets;

mod admin;
mod confirm;
mod consent;
mod device;
mod diagnosis;
mod home;
mod invitation;
mod layout;
mod link;
mod message;
mod page;
mod paging;
mod password;
mod scopes;
mod settings;
mod sign_in;
mod timestamp;
mod untrusted_text;

#[cfg(test)]
mod contrast;
#[cfg(test)]
mod samples;

pub use admin::{
    AccountLine, AccountsPage, ActionOption, AuditFields, AuditLine, AuditPage, ConnectionLine,
    ConnectionsPage, FlagLine, FlagOrigin, FlagState, FlagsPage, InvitationLine, InviteDraft,
    MemberLine, MemberTokensPage, MembersPage, NewMemberDraft, PercentageDraft, PolicyDecision,
    PolicyDraft, PolicyLine, PolicyPage, RuleLine, RuleSetting, WorkspacePick,
};
pub use confirm::ConfirmPage;
pub use consent::{
    ConsentPage, ConsentWarning, Destination, Identity, OfflineChoice, ScopeChoice, WorkspaceChoice,
};
pub use device::DeviceCodePage;
pub use diagnosis::{Check, DiagnosisPage, Verdict};
pub use home::{HomeClient, HomeEndpoint, HomeEntry, HomePage, Outside};
pub use invitation::{InvitationPage, InvitationWay};
pub use layout::{AdminLayout, Hint, Notice, Section, Undo};
pub use link::{AppLink, WebLink};
pub use message::{MessagePage, RefusalPage, ReturnPage};
pub use page::{Page, Person};
pub use paging::Paging;
pub use password::{PasswordField, PasswordPage, PasswordProblem, PasswordRule};
pub use scopes::{may, role, role_name, widest};
pub use settings::{
    AccountPage, ApiTokenLine, AppSort, AppsPage, ClientDraft, ClientsPage, CommandClient,
    ConnectPage, ConnectedApp, Endpoint, MachineClient, MachineDraft, MachineWorkspace,
    MachinesPage, OwnClient, PresetLink, Recipe, SecretLine, SecretPage, TokenDraft, TokensPage,
    Way,
};
pub use sign_in::{ProviderLink, SignInPage};
pub use timestamp::{Span, Timestamp};
pub use untrusted_text::UntrustedText;
