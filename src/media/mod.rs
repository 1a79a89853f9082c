//! The media core: everything that happens to sound. Pure: time is the number of the slot, packets come and go through
//! a [`Wire`], randomness is given at birth. On the tick nothing locks, blocks, logs, formats, allocates or frees.
//!
//! One frame's way: `Wire → latch → rtp → playout (or events) → law → conceal → inband → room sum … per listener: sum minus own →
//! limiter → player over it → law → rtp → Wire`, all within one slot and on one stack; each of the two `Wire`s for all legs of the slot at once.

mod batch;
mod cells;
mod conceal;
mod counters;
pub mod echo;
mod engine;
mod events;
mod failure;
mod fitting;
mod inband;
mod latch;
mod lateness;
mod law;
mod leg;
mod limiter;
mod line;
mod mix;
mod mixer;
mod pace;
mod pitch;
mod player;
mod playout;
mod resample;
mod room;
mod rtcp;
mod rtp;
mod shared;
mod shed;
mod slots;
mod srtp;
pub(crate) mod stretch;
mod talking;

mod warm;
mod ways;
mod wide;
mod wire;

pub use batch::{Inbox, Outbox};
pub use conceal::Concealer;
pub use counters::{Counter, Counters};
pub use engine::{Engine, FromEngine, Mailbox, ToEngine};
pub use fitting::Fitting;
pub use inband::{Heard, Inband};
pub use leg::{Leg, LegSeed};
pub use player::ClipBank;
pub use room::Room;
pub use rtcp::Wall;
pub use shed::{Shed, Shedder};
pub use srtp::Srtp;
pub use wide::Wide;
pub use wire::{ControlDatagram, Datagram, Wire};

/// What simulated lines need of the playout buffer.
pub(crate) use cells::G711;
pub(crate) use playout::{Narrow, Pulled, Scale};

use crate::units::FRAME;

/// One frame of 20 ms, linear, as G.711 decodes it (16 bit).
pub type Frame = [i16; FRAME];

/// The frame in which nobody speaks.
pub const SILENCE: Frame = [0; FRAME];
