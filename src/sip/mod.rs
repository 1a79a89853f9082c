//! Owns the telephone's signalling: a SIP user agent that answers calls and registers where they come from (RFC 3261,
//! RFC 6026, RFC 3264). Pure: reads no clock, opens no socket, draws no randomness, logs nothing; must never let a
//! caller's identity or a password out, and never sends a request that creates a dialog.
//!
//! ```text
//! datagram → served ──────────→ guard (lines, limits) → message (what it says; names, via, uri, text: its words)
//! bytes    → served → stream (where messages end) ↗        │
//!              ua/  the conductor ── server_invite, server_other   what an answer's life is (tables)
//!               │                 ── client_other                  what our own requests' life is (table)
//!               │                 ── ua/leg                        what a call's life is (table)
//!               │                 ── offer, answer, crypto         which media (RFC 3264), under which keys (RFC 4568)
//!               │                 ── info, identity, called        keys by INFO, who is who without saying it, which number was dialled
//!               │                 ── session                       how long a session lasts (RFC 4028)
//!               │                 ── trunk, digest                 what a registration's life is (table), proving who we are
//!               └─ dialog, response   what is written, and which way it goes (peer)
//! ```
//!
//! Everything that waits is a [`Timer`]; everything refused or odd has a counter of its own.

mod answer;
mod called;
mod client_invite;
mod client_other;
mod counters;
mod crypto;
mod dialog;
mod digest;
mod fault;
mod guard;
mod identity;
mod info;
mod message;
mod names;
mod offer;
mod peer;
pub mod probe;
mod proof;
mod response;
mod served;
mod server_invite;
mod server_other;
mod session;
mod stream;
mod text;
mod timer;
mod transactions;
mod trunk;
mod ua;
mod uri;
mod via;

#[cfg(test)]
mod tests;

pub use called::CalledPolicy;
pub use counters::{Counters, Noted, Refused};
pub use digest::Login;
pub use guard::{DATAGRAM_BYTES_MAX, HEADERS_MAX, STREAM_BYTES_MAX, VALUE_BYTES_MAX};
pub use peer::{Listen, Peer, Transport};
pub use stream::{CONNECTIONS_HOST_MAX, CONNECTIONS_MAX};
pub use timer::{Timer as Reason, Timer};
pub use trunk::{
    Binding, EXPIRES_S_MAX, Naptr, Srv, TARGETS_MAX, TRUNKS_MAX, TlsFault, Trouble, ordered, services,
};
pub use ua::{
    Admission, Census, EndReason, Event, Output, Place, Refusal, Target, TrunkConfig, TrunkId, TrunkNews,
    TrunkView, UaConfig, UserAgent, Whereabouts,
};
