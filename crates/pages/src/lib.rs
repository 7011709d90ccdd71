#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod assets;

mod admin;
mod consent;
mod desk;
mod device;
mod diagnosis;
mod foreign;
mod invitation;
mod link;
mod message;
mod moment;
mod page;
mod password;
mod scopes;
mod settings;
mod sign_in;

#[cfg(test)]
mod contrast;
#[cfg(test)]
mod samples;

pub use admin::{
    AuditFields, AuditLine, AuditPage, ConnectionLine, ConnectionsPage, FlagLine, FlagSetting,
    FlagsPage, InvitationLine, MemberLine, MembersPage, PolicyDecision, PolicyLine, PolicyPage,
    WorkspacePick,
};
pub use consent::{
    ConsentPage, ConsentWarning, Destination, Identity, OfflineChoice, ScopeChoice, WorkspaceChoice,
};
pub use desk::{Desk, Hint, Notice, Section};
pub use device::DeviceCodePage;
pub use diagnosis::{Check, DiagnosisPage, Verdict};
pub use foreign::Foreign;
pub use invitation::{InvitationPage, InvitationWay};
pub use link::{AppLink, WebLink};
pub use message::{MessagePage, ReturnPage};
pub use moment::{Moment, Span};
pub use page::{Page, Person};
pub use password::PasswordPage;
pub use scopes::{role, widest};
pub use settings::{
    AccountPage, ApiTokenLine, AppsPage, ClientDraft, ClientsPage, ConnectPage, ConnectedApp,
    Endpoint, MachineClient, MachineWorkspace, MachinesPage, OwnClient, PresetLink, Recipe,
    SecretLine, SecretPage, TokensPage, Way,
};
pub use sign_in::{ProviderLink, SignInPage};
