//! Placeholder.

pub mod control_socket;
pub mod store;
