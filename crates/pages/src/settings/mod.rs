//! Settings → Integrations → MCP: what belongs to whoever is signed in.

mod account;
mod apps;
mod clients;
mod connect;
mod machines;
mod secret;
mod tokens;

pub use account::AccountPage;
pub use apps::{AppsPage, ConnectedApp};
pub use clients::{ClientDraft, ClientsPage, OwnClient, PresetLink};
pub use connect::{ConnectPage, Endpoint, Recipe, Way};
pub use machines::{MachineClient, MachineWorkspace, MachinesPage};
pub use secret::{SecretLine, SecretPage};
pub use tokens::{ApiTokenLine, TokensPage};
