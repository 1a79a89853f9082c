//! The playout buffer: what has come by the tick is played in that tick; a frame is kept back only for a leg whose
//! packets come close to the tick's edge. Time is the sender's own time stamp, in frames.
//!
//! `due` is the time stamp that the next tick plays; every tick advances it by one frame, whether a frame was there or
//! not, so loss, silence suppression and telephone events need no case of their own. A frame that comes one tick too
//! late moves `due` back by one (the buffer **grows**, and the late frame is still heard). When for a whole window one
//! frame more than needed lay ready at every tick, a quiet frame is dropped (it **shrinks**). A buffer that must grow soon
//! after it shrank waits twice as long before it shrinks again, so a leg at the edge does not swing.

use super::Frame;
use super::counters::{Counter, Counters};
use super::law::{self, Coded};
use crate::media_api::Law;
use crate::units::FRAME;

/// Frames held at most: 320 ms.
const PLACES: usize = 16;
/// Late frames that a buffer grows for; a later one is only counted.
const GROW_FRAMES_MAX: i64 = 3;
/// Frames that may lie ready in a buffer that still grows.
const GROW_HELD_MAX: u32 = 4;
/// Frames that may lie ready after a tick; one more goes at once.
const HELD_MAX: u32 = 8;
const _: () = assert!((HELD_MAX as i64 + GROW_FRAMES_MAX) < PLACES as i64);
/// Frames that must lie ready all the time before the buffer shrinks, at first: 2 s.
const WINDOW_MIN: u32 = 100;
/// … and at most: 5 min.
const WINDOW_MAX: u32 = 15_000;
/// A frame whose samples all stay below this (about −46 dBov) is dropped unnoticed.
const QUIET: u16 = 160;
/// Windows after which a buffer shrinks although nobody pauses.
const IMPATIENCE: u32 = 3;
/// Part of a window after which it does when several frames lie ready all the time: a stall is soon forgotten.
const HASTE: u32 = 4;

#[derive(Clone, Copy, Debug)]
struct Place {
    law: Option<Law>,
    coded: Coded,
}

/// What the tick gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// A frame was decoded.
    Played,
    /// None was there.
    Missing,
}

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// Nothing has come yet.
    Unknown,
    /// Packets came, none was played: the next tick begins with the newest.
    Fresh { ssrc: u32, due: u32, newest: i64 },
    /// `due` is the time stamp that the next tick plays.
    Running { ssrc: u32, due: u32 },
}

/// One leg's playout buffer. Of fixed size.
#[derive(Clone, Debug)]
pub struct Playout {
    places: [Place; PLACES],
    /// The place of the frame that is due.
    head: usize,
    held: u32,
    stream: Stream,
    window: Window,
}

impl Playout {
    /// An empty buffer.
    pub fn new() -> Playout {
        let empty = Place {
            law: None,
            coded: [0; FRAME],
        };
        Playout {
            places: [empty; PLACES],
            head: 0,
            held: 0,
            stream: Stream::Unknown,
            window: Window::new(),
        }
    }

    /// Takes an audio packet of one or more whole frames.
    pub fn put(&mut self, ssrc: u32, timestamp: u32, law: Law, payload: &[u8], counters: &mut Counters) {
        let (frames, rest) = payload.as_chunks::<FRAME>();
        if frames.is_empty() || !rest.is_empty() {
            return counters.count(Counter::OddLength);
        }
        let mut at = timestamp;
        for frame in frames {
            self.put_frame(ssrc, at, law, frame, counters);
            at = at.wrapping_add(FRAME as u32);
        }
    }

    fn put_frame(&mut self, ssrc: u32, timestamp: u32, law: Law, coded: &Coded, counters: &mut Counters) {
        let ahead = self.place_in_stream(ssrc, timestamp, counters);
        if ahead < 0 && !self.grow(-ahead, counters) {
            return counters.count(Counter::Late);
        }
        let place = &mut self.places[(self.head + ahead.max(0) as usize) % PLACES];
        if place.law.is_some() {
            return counters.count(Counter::Doubled);
        }
        *place = Place {
            law: Some(law),
            coded: *coded,
        };
        self.held += 1;
    }

    /// How many frames ahead of the one that is due; begins anew with a packet of another stream.
    fn place_in_stream(&mut self, of: u32, timestamp: u32, counters: &mut Counters) -> i64 {
        match &mut self.stream {
            Stream::Running { ssrc, due } if *ssrc == of && within_reach(*due, timestamp) => {
                return frames_between(*due, timestamp);
            }
            Stream::Fresh { ssrc, due, newest } if *ssrc == of && within_reach(*due, timestamp) => {
                let ahead = frames_between(*due, timestamp);
                *newest = ahead.max(*newest);
                return ahead;
            }
            Stream::Unknown => {}
            Stream::Running { .. } | Stream::Fresh { .. } => counters.count(Counter::Jumped),
        }
        self.places.iter_mut().for_each(|place| place.law = None);
        self.held = 0;
        self.window.surplus = 0;
        self.stream = Stream::Fresh {
            ssrc: of,
            due: timestamp,
            newest: 0,
        };
        0
    }

    /// Makes room for a frame that is `late` frames too late, if that is worth it.
    fn grow(&mut self, late: i64, counters: &mut Counters) -> bool {
        let Stream::Running { due, .. } = &mut self.stream else {
            return false;
        };
        if late > GROW_FRAMES_MAX || self.held > GROW_HELD_MAX {
            return false;
        }
        *due = due.wrapping_sub(late as u32 * FRAME as u32);
        self.head = (self.head + PLACES - late as usize) % PLACES;
        self.window.grown();
        counters.count(Counter::Grown);
        true
    }

    /// Frames that lie ready.
    pub fn held(&self) -> u32 {
        self.held
    }

    /// Plays the frame that is due, and advances. Leaves `linear` as it was if none is there.
    pub fn pull(&mut self, linear: &mut Frame, counters: &mut Counters) -> Pulled {
        if let Stream::Fresh { ssrc, due, newest } = self.stream {
            self.stream = Stream::Running { ssrc, due };
            for _ in 0..newest {
                self.advance();
            }
        }
        let pulled = self.pull_due(linear);
        if pulled == Pulled::Missing {
            return pulled;
        }
        let drop = match self.window.judge(self.held) {
            Depth::Fits => false,
            Depth::Surplus => linear.iter().all(|sample| sample.unsigned_abs() < QUIET),
            Depth::TooMuch => true,
        };
        if !drop {
            return pulled;
        }
        self.window.shrunk();
        counters.count(Counter::Shrunk);
        self.pull_due(linear)
    }

    fn pull_due(&mut self, linear: &mut Frame) -> Pulled {
        let place = self.head;
        let Some(law) = self.advance() else {
            return Pulled::Missing;
        };
        law::decode(law, &self.places[place].coded, linear);
        Pulled::Played
    }

    /// The stream's time passes by one frame; the law of the frame that was due, if it was there.
    fn advance(&mut self) -> Option<Law> {
        let Stream::Running { due, .. } = &mut self.stream else {
            return None;
        };
        *due = due.wrapping_add(FRAME as u32);
        let law = self.places[self.head].law.take();
        self.head = (self.head + 1) % PLACES;
        self.held -= u32::from(law.is_some());
        law
    }
}

/// What a tick says of the buffer's depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Fits,
    /// A frame may go when it is quiet.
    Surplus,
    /// A frame must go.
    TooMuch,
}

/// Judges whether the buffer is deeper than it needs to be.
#[derive(Clone, Debug)]
struct Window {
    length: u32,
    /// Ticks in a row after which a frame still lay ready.
    surplus: u32,
    /// Ticks in a row after which several did.
    deep: u32,
    since_shrunk: u32,
}

impl Window {
    fn new() -> Window {
        Window {
            length: WINDOW_MIN,
            surplus: 0,
            deep: 0,
            since_shrunk: u32::MAX,
        }
    }

    /// A tick passed after which `held` frames lie ready.
    fn judge(&mut self, held: u32) -> Depth {
        self.since_shrunk = self.since_shrunk.saturating_add(1);
        self.surplus = if held > 0 {
            self.surplus.saturating_add(1)
        } else {
            0
        };
        self.deep = if held > 1 { self.deep + 1 } else { 0 };
        let waited =
            self.surplus >= self.length.saturating_mul(IMPATIENCE) || self.deep >= self.length / HASTE;
        if held > HELD_MAX || waited {
            Depth::TooMuch
        } else if self.surplus >= self.length {
            Depth::Surplus
        } else {
            Depth::Fits
        }
    }

    fn grown(&mut self) {
        if self.since_shrunk < self.length.saturating_mul(2) {
            self.length = (self.length * 2).min(WINDOW_MAX);
        }
        self.surplus = 0;
        self.deep = 0;
    }

    /// After a first frame the next ones go faster: a buffer that is deep by a stall must not take minutes.
    fn shrunk(&mut self) {
        self.surplus -= self.surplus.min(WINDOW_MIN / 4);
        self.deep = 0;
        self.since_shrunk = 0;
    }
}

/// Whole frames from `due` to `timestamp`; negative if that is past.
fn frames_between(due: u32, timestamp: u32) -> i64 {
    i64::from(timestamp.wrapping_sub(due) as i32) / FRAME as i64
}

/// Whether a time stamp belongs to the running stream: on its grid, and neither too far ahead nor too long past.
fn within_reach(due: u32, timestamp: u32) -> bool {
    let distance = timestamp.wrapping_sub(due) as i32;
    let ahead = frames_between(due, timestamp);
    distance % FRAME as i32 == 0 && ahead < (PLACES as i64) - GROW_FRAMES_MAX && ahead > -50
}

#[cfg(test)]
mod tests;
