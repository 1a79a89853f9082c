//! The conductor.

pub mod status;
