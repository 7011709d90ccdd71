//! What belongs to whoever is signed in.

mod account;
mod apps;
mod clients;
mod connect;
mod machines;
mod secret;
mod tokens;

pub use account::AccountPage;
pub use apps::{AppSort, AppsPage, ConnectedApp};
pub use clients::{ClientDraft, ClientsPage, CommandClient, OwnClient, PresetLink};
pub use connect::{ConnectPage, Endpoint, Recipe, Way};
pub use machines::{MachineClient, MachineDraft, MachineWorkspace, MachinesPage};
pub use secret::{SecretLine, SecretPage};
pub use tokens::{ApiTokenLine, TokenDraft, TokensPage};
