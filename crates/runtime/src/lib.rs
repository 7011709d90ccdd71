#![doc = include_str!("../README.md")]

mod access_guard;
mod answer;
mod control;
mod executor;
mod identity;
mod node;
mod outlet;
mod relay;
mod service;
mod session;
mod settings;
mod supervise;
mod unknown_user;
mod workspace;

pub use answer::{Answer, Frame, FrameStream, Refused};
pub use control::{
    ChangeFeed, Closed, ControlChange, ControlChangePage, ControlError, ControlPlane, FlagSource,
    GrantUse, GrantUses, WorkspaceState,
};
pub use identity::{IdentifyError, MissingUser};
pub use node::{Bound, ClientPost, ClientRequest, Node, NodeParts, StartError, Unready};
pub use service::{ClientTtl, TraceParent};
pub use settings::NodeSettings;
pub use unknown_user::UnknownUser;
pub use workspace::{OpenError, OpenWorkspace, WorkspaceError, WorkspaceHandle};
