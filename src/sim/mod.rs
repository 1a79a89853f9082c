//! Owns the simulated world: a whole evening of calls, with bad lines, slow fingers and rude peers, as a function of a seed.
//! Drives the real conductor and the real engine, tick included. Pure: no socket, no thread, no clock; must never be
//! reachable from `serve`.
//!
//! ```text
//! chance   everything random          plan     rooms, callers, lines, moods of the store, changes: plain data, drawn
//! link     what a line does           pipe     what a connection does
//! caller   a telephone behind the trunk; keypad, message, g722: what it sends
//! ear      what it hears
//! site     the bridge as it stands    tones    each caller's voice, and who is in a frame
//! model    who should hear whom       judge    the standing checks
//! world    all of it, from one event to the next
//! ```

mod caller;
mod chance;
mod ear;
pub mod echo;
mod g722;
mod judge;
mod keypad;
mod link;
mod message;
mod model;
mod pipe;
mod plan;
mod site;
mod tones;
mod world;

pub use chance::Chance;
pub use link::{Link, LinkPlan};
pub use site::{Deed, Site};
pub use tones::CALLERS_MAX;
pub use world::{Failure, Journal, Reader, Summary, World};
