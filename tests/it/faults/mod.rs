//! What breaks costs only what it must.
