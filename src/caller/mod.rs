//! Owns the built-in callers: small SIP telephones that dial in over real sockets, key digits, speak and measure what
//! they hear. The demo, the tests and later the bench use them. They share no code with the bridge's own SIP, RTP and
//! DTMF, so that a mistake there is not made twice and cancelled out. Must never be reachable from `serve`, and must
//! never keep anything that was heard beyond the run.
//!
//! ```text
//! set       one thread's loop: sockets, absolute deadlines, all callers of the set
//! phone     one caller: its call, its line, and the moments that are measured
//! call      (pure) the call's states and the one table of transitions
//! uac       (pure) the messages of a call and their retransmission
//! message   (pure) reading a SIP message          offer  (pure) SDP offer, and what the answer says
//! line      one RTP stream each way               keypad (pure) digits as RFC 4733 events
//! voice     (pure) what is sent                   ear    (pure) what was heard, and when
//! returning (pure) what a loudspeaker telephone sends back of it
//! tones measure   (pure) whose tone is whose, and how loud it came back
//! crowd     thousands of callers of whom packets and times are measured, not recordings
//! trial     tones and bursts through a whole set  report (pure) the table and its verdict
//! sentences what the demo's callers say
//! ```

mod call;
pub mod crowd;
mod ear;
mod keypad;
mod line;
pub mod measure;
mod message;
mod offer;
mod phone;
pub mod report;
mod returning;
pub mod sentences;
mod set;
#[cfg(test)]
mod stub;
pub mod tones;
pub mod trial;
mod uac;
mod voice;

pub use call::State;
pub use ear::Ear;
pub use keypad::Pace;
pub use phone::{Caller, Marks};
pub use set::{CallerId, CallerSet, options_answered};
pub use tones::Tone;
pub use uac::{Ending, NUMBER};
pub use voice::Voice;
