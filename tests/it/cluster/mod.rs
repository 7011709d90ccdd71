//! Several nodes on one Redis behave as one server.

mod sessions;
