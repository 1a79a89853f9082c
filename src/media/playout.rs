//! The playout buffer: what has come by the tick is played in that tick; sound is kept back only for a leg whose packets come
//! unevenly, and as little as will do ([`Lateness`]). Of fixed size; reads no clock: time is the tick's number.
//!
//! `due` is the sample of the stream that the next tick plays first. A tick advances it by one frame, whatever came, so loss,
//! silence suppression and telephone events need no case of their own. Depth is how far `due` stays behind the tick.
//!
//! | what | becomes of `due` | counted |
//! |---|---|---|
//! | the first packet of a stream | its first sample | `Jumped`, but for the first stream |
//! | a packet too late, and nothing after it was played yet | goes back to it, at most 80 ms | `Grown` |
//! | a packet too late otherwise | | `Late` |
//! | eight of them in a row | the next packet begins a stream | `Jumped` |
//! | ticks were left out | goes on by as much | `PassedOver`, a frame |
//! | nothing waits, nothing is heard | goes to where the histogram wants it | |
//! | shallower than wanted | a pitch period (or quiet) is put in | `Stretched` |
//! | deeper than wanted, for a second | a pitch period (or quiet) is left out | `Shrunk` |

mod adapt;
mod depth;
mod missed;
mod stream;

pub use stream::Scale;

use super::cells::{AHEAD, CELL_BYTES, Cells, G711, MadeUp, Piece, Store};
use super::conceal::{Concealer, Filled};
use super::counters::{Counter, Counters};
use super::lateness::Lateness;
use super::shed::Shed;
use super::warm;
use crate::units::FRAME;
use stream::{Noise, Stream, distance};

/// Cells of the longest packet: 120 ms.
const PACKET_CELLS: usize = 12;
/// Late packets in a row after which the stream begins anew where it is.
const LATE_IN_A_ROW: u8 = 8;
/// Ticks in a row in which the depth must have been more than was needed before it shrinks: 1 s.
const CALM: u16 = 50;
/// Ticks between two changes.
const REST: u8 = 3;

/// The buffer of a line of 8 kHz.
pub type Narrow = Playout<G711, FRAME, CELL_BYTES>;

/// What a leg's buffer may take of the slab: 5.25 KiB.
const _: () = assert!(size_of::<Narrow>() <= 5 * 1024 + 256 + 32);

/// What the tick got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// Sound that came.
    Played,
    /// Some of it was made up.
    Concealed,
    /// Nothing came, and nothing is made up.
    Nothing,
}

/// One leg's playout buffer. A frame of 20 ms has `F` samples, a cell of 10 ms `CELL`.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Playout<S, const F: usize, const CELL: usize> {
    stream: Option<Stream>,
    scale: Scale,
    /// What the histogram wants to be told of this tick: its most belated packet.
    late: Option<i64>,
    calm: u16,
    rest: u8,
    /// Ticks since a change was wanted first.
    waited: u8,
    /// Samples of the last tick that were made up for a loss.
    made_up: u16,
    shed: Shed,
    lateness: Lateness<CELL>,
    cells: Cells<S, CELL>,
    concealer: Concealer<F>,
}

impl<S: Store<CELL>, const F: usize, const CELL: usize> Playout<S, F, CELL> {
    /// Where a stream begins, so that what came before its first packet has a place too.
    const ORIGIN: u32 = 4_096 * 64 * CELL as u32;
    /// Samples that the buffer goes back for a late packet: 80 ms.
    const BACK_MAX: i64 = 4 * F as i64;
    /// A packet later than this belongs to a stream that jumped: 1 s.
    const PAST_MAX: i64 = 50 * F as i64;
    /// Samples after which a gap is silent: the concealer's 60 ms.
    const SILENT_AFTER: i64 = 3 * F as i64;

    /// An empty buffer.
    pub fn new(store: S, scale: Scale) -> Playout<S, F, CELL> {
        Playout {
            cells: Cells::new(store),
            scale,
            concealer: Concealer::new(),
            lateness: Lateness::new(),
            stream: None,
            late: None,
            calm: 0,
            rest: 0,
            waited: 0,
            made_up: 0,
            shed: Shed::Nothing,
        }
    }

    /// Asks for what an ordinary tick needs.
    pub fn warm(&self) {
        warm::between(&self.stream, &self.shed);
        self.lateness.warm();
        self.cells
            .warm(self.stream.map_or(Self::ORIGIN, |stream| stream.due));
        self.concealer.warm();
    }

    /// Takes an audio packet that came by tick `frame`: any number of 10 ms, up to 120.
    pub fn put(
        &mut self,
        frame: u64,
        (ssrc, timestamp): (u32, u32),
        kind: S::Kind,
        payload: &[u8],
        counters: &mut Counters,
    ) {
        let cells = self.cells.measure(payload).unwrap_or(0);
        if !(1..=PACKET_CELLS).contains(&cells) {
            return counters.count(Counter::OddLength);
        }
        let (mut stream, at) = self.locate(ssrc, timestamp, counters);
        if self.was_passed_over(&mut stream, at, cells, counters) {
            // It would have been played in a tick that never was.
        } else if self.is_in_time(&mut stream, at, cells, counters) {
            if self.lay_down(stream.due, at, cells, (kind, payload)) {
                counters.count(Counter::Doubled);
            } else {
                stream.late_in_a_row = 0;
                self.came(frame, at);
            }
        } else if places::<CELL>(at).take(cells).all(|at| self.cells.was_played(at)) {
            counters.count(Counter::Doubled);
        } else {
            counters.count(Counter::Late);
            stream.late_in_a_row += 1;
            self.came(frame, at);
        }
        let jumped = stream.late_in_a_row == LATE_IN_A_ROW;
        if jumped {
            counters.count(Counter::Jumped);
        }
        self.stream = (!jumped).then_some(stream);
    }

    /// Lays a packet's cells down; whether one of them was there already.
    fn lay_down(&mut self, due: u32, at: u32, cells: usize, (kind, payload): (S::Kind, &[u8])) -> bool {
        let (mut doubled, mut first) = (false, true);
        for (nth, at) in places::<CELL>(at).take(cells).enumerate() {
            if (1 - CELL as i64..i64::from(AHEAD) * CELL as i64).contains(&distance(due, at)) {
                let piece = Piece {
                    nth,
                    first,
                    kind,
                    payload,
                };
                let put = self.cells.put(at, piece);
                first &= !put;
                doubled |= !put;
            }
        }
        doubled
    }

    fn came(&mut self, frame: u64, at: u32) {
        let late = Self::clock(frame) - i64::from(at);
        self.late = Some(self.late.map_or(late, |before| before.max(late)));
    }

    /// The stream and the packet's position in it; begins anew with a packet of another stream.
    fn locate(&mut self, ssrc: u32, timestamp: u32, counters: &mut Counters) -> (Stream, u32) {
        if let Some(mut stream) = self.stream {
            let reach = -Self::PAST_MAX - i64::from(stream.passed_over)..i64::from(AHEAD) * CELL as i64;
            let fits =
                |&at: &u32| (at as usize).is_multiple_of(CELL) && reach.contains(&distance(stream.due, at));
            let at = stream.position(timestamp, self.scale).filter(fits);
            if let Some(at) = at.filter(|_| stream.ssrc == ssrc) {
                stream.anchor = (timestamp, at);
                return (stream, at);
            }
            counters.count(Counter::Jumped);
            self.concealer.cut();
        }
        self.cells.clear();
        self.lateness.clear();
        self.late = None;
        let stream = Stream {
            ssrc,
            anchor: (timestamp, Self::ORIGIN),
            due: Self::ORIGIN,
            played_to: Self::ORIGIN,
            fresh: true,
            late_in_a_row: 0,
            passed_over: 0,
            noise: None,
        };
        (stream, Self::ORIGIN)
    }

    /// Whether any of a packet can still be played; goes back for it if nothing after it was played yet.
    fn is_in_time(&mut self, stream: &mut Stream, at: u32, cells: usize, counters: &mut Counters) -> bool {
        let late = -distance(stream.due, at);
        if stream.fresh && late < 0 {
            // A packet of 10 ms is half of what the tick needs: the one before belongs to it.
            let before = at.wrapping_sub(CELL as u32);
            let from = if cells == 1 && self.cells.run(before, CELL).0 {
                before
            } else {
                at
            };
            self.cells.pass(stream.due, from);
            (stream.due, stream.played_to) = (from, from);
        }
        if late <= 0 {
            return true;
        }
        let room = i64::from(AHEAD - self.cells.count().min(AHEAD)) * CELL as i64;
        if !stream.fresh
            && late <= Self::BACK_MAX.min(room - (PACKET_CELLS * CELL) as i64 / 2)
            && distance(stream.played_to, at) >= 0
        {
            stream.due = at;
            self.cells.cut();
            counters.count(Counter::Grown);
            return true;
        }
        late < (cells * CELL) as i64
    }

    /// Takes a packet of comfort noise (RFC 3389): from here on gaps are no loss, and sound like this.
    pub fn put_noise(&mut self, (ssrc, timestamp): (u32, u32), payload: &[u8]) {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) else {
            return;
        };
        let from = stream.position(timestamp, self.scale);
        let (Some(&level), Some(from)) = (payload.first(), from) else {
            return;
        };
        stream.noise = Some(Noise {
            from,
            // Its level is in dB below overload, the sign bit is nothing (RFC 3389 §3.1).
            rms: 32_768.0 * 10f32.powf(-f32::from(level & 0x7f) / 20.0),
        });
    }

    /// The tick's time in samples.
    fn clock(frame: u64) -> i64 {
        frame as i64 * F as i64
    }

    /// Leaves so much out from now on.
    pub fn leave_out(&mut self, shed: Shed) {
        self.shed = shed;
        self.concealer.hurry(shed >= Shed::Pitch);
    }

    /// Frames that lie ready.
    pub fn held(&self) -> u32 {
        self.cells.count().div_ceil((F / CELL) as u32)
    }

    /// Samples of the last tick that were made up for a loss: where frames and packets do not begin together, one lost packet
    /// takes a part of two frames.
    pub fn made_up(&self) -> u32 {
        self.made_up.into()
    }

    /// What was played must not be heard again.
    pub fn forget(&mut self) {
        self.concealer.forget();
        self.cells.forget();
    }

    /// Plays what is due in tick `frame`, and advances.
    pub fn pull(&mut self, frame: u64, linear: &mut [i16; F], counters: &mut Counters) -> Pulled {
        let Some(mut stream) = self.stream else {
            self.concealer.fill(linear, None);
            return Pulled::Nothing;
        };
        self.made_up = 0;
        let depth = Self::clock(frame) - i64::from(stream.due);
        if std::mem::take(&mut stream.fresh) {
            self.late = Some(depth);
        }
        let late = self.late.take().filter(|_| !Self::has_caught_up(&mut stream));
        self.lateness.tick(late, depth);
        self.calm = match late {
            Some(late) if depth - late < CELL as i64 => 0,
            _ => self.calm.saturating_add(1),
        };
        let surplus = depth - self.lateness.wanted(depth);
        let pulled = if surplus != 0 && self.adapt(&mut stream, surplus, linear, counters) {
            Pulled::Played
        } else {
            self.play(&mut stream, linear, counters)
        };
        self.stream = Some(stream);
        pulled
    }

    fn took(&mut self, stream: &mut Stream, samples: usize) {
        let to = stream.due.wrapping_add(samples as u32);
        self.cells.pass(stream.due, to);
        (stream.due, stream.played_to) = (to, to);
    }

    /// Plays a frame as it came; what did not come is made up.
    fn play(&mut self, stream: &mut Stream, linear: &mut [i16; F], counters: &mut Counters) -> Pulled {
        let mut pulled = Pulled::Nothing;
        let mut rest = linear.as_mut_slice();
        while !rest.is_empty() {
            let (there, count) = self.cells.run(stream.due, rest.len());
            let (now, later) = rest.split_at_mut(count);
            if there {
                self.cells.read(stream.due, now);
                self.took(stream, count);
                self.concealer.take(now);
                if pulled == Pulled::Nothing {
                    pulled = Pulled::Played;
                }
                stream.noise = stream.noise.filter(|noise| distance(noise.from, stream.due) <= 0);
            } else if self.fill(stream, now, counters) {
                pulled = Pulled::Concealed;
                self.made_up += count as u16;
            }
            rest = later;
        }
        pulled
    }

    /// Fills what is not there; whether it is a loss that is heard.
    fn fill(&mut self, stream: &mut Stream, gap: &mut [i16], counters: &mut Counters) -> bool {
        let noise = stream.noise.filter(|noise| distance(noise.from, stream.due) >= 0);
        let begins = stream.due == stream.played_to;
        let starved = self.cells.is_empty();
        let to = stream.due.wrapping_add(gap.len() as u32);
        let made_up = self.cells.make_up(stream.due, gap);
        self.cells.pass(stream.due, to);
        stream.due = to;
        let heard = match made_up {
            MadeUp::Nothing => {
                let filled = self.concealer.fill(gap, noise.map(|noise| noise.rms));
                noise.is_none() && filled == Filled::Sound
            }
            MadeUp::Sound | MadeUp::Quiet => {
                self.concealer.follow(gap);
                made_up == MadeUp::Sound
            }
        };
        if heard && begins && self.shed >= Shed::Pitch {
            counters.count(Counter::PitchShed);
        }
        if heard && begins && starved {
            counters.count(Counter::Starved);
        }
        heard
    }
}

/// The cells from a position on.
fn places<const CELL: usize>(at: u32) -> impl Iterator<Item = u32> {
    (0..).map(move |n: u32| at.wrapping_add(n * CELL as u32))
}

#[cfg(test)]
mod tests;
