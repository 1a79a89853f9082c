//! Rundruf, a telephone dial-in conference bridge: the floor plan.
//!
//! ```text
//! hall     ids secret units codec number config media_api   shared words; depend on nothing
//! sip/     (pure) user agent: messages, transactions, dialogs, offer/answer
//! ivr/     (pure) reception: greeting, room number, PIN, tries
//! room/    (pure) conference rules: who may enter, how many, cancelled
//! speech/  (pure) prompt catalogues: what is said, and which clips say it
//! bridge   (pure) the conductor; the only file that knows sip, ivr, room and media commands at once
//! media/   (pure) the tick: leg, jitter buffer, DTMF, mixer, player
//! sim/     (pure) the simulated world: lines, callers, checks; used by tests and by `rundruf replay`
//! io/      shells: control loop, media thread, sockets, store, control socket
//! caller/  the built-in SIP callers of the demo and the bench; never reachable from `serve`
//! cli/     one file per command
//! ```
//!
//! Things flow `main → cli → io → bridge → {sip, ivr, room, speech}` and `io → media`. Never `sip ↔ ivr ↔ room`, never
//! `media` → anything but the hall, never a clock, socket, store or random generator in a pure module:
//! `tests/tidy.rs` holds all of this.

pub mod bridge;
pub mod caller;
pub mod cli;
pub mod codec;
pub mod config;
pub mod ids;
pub mod io;
pub mod ivr;
pub mod media;
pub mod media_api;
pub mod number;
pub mod room;
pub mod secret;
pub mod sim;
pub mod sip;
pub mod speech;
pub mod units;
