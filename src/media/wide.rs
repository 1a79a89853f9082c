//! A line of 16 kHz: G.722 or Opus. Built by the control side, for it is large and some of it libopus allocates; the leg's other
//! parts are those of any line. Must never hold what a line of 8 kHz needs.

mod ahead;
mod build;
mod g722;
mod opus;

use super::cells::{MadeUp, Piece, Store};
use super::counters::Counters;
use super::echo::{Bands, Echo};
use super::playout::{Playout, Pulled};
use super::resample::{Down, Up};
use super::shared::SETTLED;
use super::shed::Shed;
use super::{Frame, SILENCE};
use crate::media_api::Codec;
use crate::units::{FRAME, WIDE};

/// One frame of 20 ms at 16 kHz.
pub type Wideband = [i16; WIDE];

/// Samples of 10 ms.
const CELL: usize = WIDE / 2;
/// Bytes of the largest payload that is sent: G.722's 160; Opus at 24 kbit/s has 60, and never more than this.
pub const PAYLOAD_MAX: usize = 320;

/// The coders of one line, and what its voice went through last.
#[derive(Debug)]
pub struct Wide {
    codec: Codec,
    playout: Playout<Shelf, WIDE, CELL>,
    encoder: Encoder,
    /// What the caller said in this tick.
    pub heard: Wideband,
    up: Up,
    down: Down,
    /// What is needed to look for an echo at 16 kHz.
    bands: Box<Bands>,
    /// Ticks for which it heard what silent listeners hear, [`SETTLED`] at most.
    listened: u8,
}

#[derive(Debug)]
enum Encoder {
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

/// What a voice is kept in until it is played, by its codec.
#[derive(Debug)]
enum Shelf {
    G722(Box<g722::G722>),
    Opus(Box<opus::Opus>),
}

impl Wide {
    /// Which codec it speaks.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Takes an audio packet.
    pub fn put(&mut self, frame: u64, place: (u32, u32), payload: &[u8], counters: &mut Counters) {
        self.playout.put(frame, place, (), payload, counters);
    }

    /// Takes a packet of comfort noise.
    pub fn put_noise(&mut self, place: (u32, u32), payload: &[u8]) {
        self.playout.put_noise(place, payload);
    }

    /// Hears what is due in this tick.
    pub fn pull(&mut self, frame: u64, counters: &mut Counters) -> Pulled {
        self.playout.pull(frame, &mut self.heard, counters)
    }

    /// So many ticks were left out.
    pub fn pass_over(&mut self, frames: u64) {
        self.playout.pass_over(frames);
    }

    /// What of the last tick was made up for a loss, in samples of 8 kHz.
    pub fn made_up(&self) -> u32 {
        self.playout.made_up() * FRAME as u32 / WIDE as u32
    }

    /// What was heard must not be heard by anybody.
    pub fn forget(&mut self) {
        self.heard = [0; WIDE];
        self.playout.forget();
    }

    /// Leaves so much out from now on.
    pub fn leave_out(&mut self, shed: Shed) {
        self.playout.leave_out(shed);
    }

    /// Frames that lie ready.
    pub fn held(&self) -> u32 {
        self.playout.held()
    }

    /// How far the playout buffer is behind, in samples of 8 kHz.
    pub fn depth(&self, frame: u64) -> Option<i64> {
        let depth = self.playout.depth(frame)?;
        Some(depth.div_euclid((WIDE / FRAME) as i64))
    }

    /// Takes its echo out of what was heard; of that nothing is heard if it came to `Pulled::Nothing`.
    pub fn cancel_echo(&mut self, echo: &mut Echo, pulled: Pulled) {
        match pulled {
            Pulled::Nothing => echo.skip_wide(&mut self.bands),
            Pulled::Played | Pulled::Concealed => {
                echo.hear_wide(&mut self.bands, &mut self.heard, pulled == Pulled::Concealed);
            }
        }
    }

    /// So many ticks were left out.
    pub fn pass_over_echo(&mut self, echo: &mut Echo, frames: u64) {
        echo.pass_over_wide(&mut self.bands, frames);
    }

    /// A frame was given to its encoder.
    pub fn remember_sent(&mut self, echo: &mut Echo, sound: &Wideband) {
        echo.sent_wide(&mut self.bands, sound);
    }

    /// The telephone band of what was heard.
    pub fn telephone_band(&mut self) -> Frame {
        if let Some(low) = self.bands.take_low() {
            return *low;
        }
        let mut narrow = [0; FRAME];
        self.down.add(&self.heard.map(i32::from), &mut narrow);
        narrow.map(clamp)
    }

    /// Lays a sound of 8 kHz over one of 16.
    pub fn lay_over(&mut self, narrow: &Frame, sound: &mut Wideband) {
        if *narrow == SILENCE && self.up.is_quiet() {
            return;
        }
        let mut wide = sound.map(i32::from);
        self.up.add(&narrow.map(i32::from), &mut wide);
        *sound = wide.map(clamp);
    }

    /// Whether this line can be spoken to with what others of its kind encode, if in this tick it hears what silent listeners do.
    pub fn shares(&mut self, hears_the_same: bool) -> bool {
        self.listened = match hears_the_same && self.up.is_quiet() {
            true => (self.listened + 1).min(SETTLED),
            false => 0,
        };
        self.listened == SETTLED
    }

    /// Whether it was spoken to so in the last tick.
    pub fn is_settled(&self) -> bool {
        self.listened == SETTLED
    }

    /// Changes encoders with a line that is spoken to in the same way.
    pub fn change_encoders(&mut self, other: &mut Wide) {
        if self.codec.encodes_like(other.codec) {
            std::mem::swap(&mut self.encoder, &mut other.encoder);
        }
    }

    /// Encodes a frame; how many bytes it takes.
    pub fn encode(&mut self, sound: &Wideband, payload: &mut [u8; PAYLOAD_MAX]) -> usize {
        match &mut self.encoder {
            Encoder::G722(encoder) => encoder.encode(sound, payload),
            Encoder::Opus(encoder) => encoder.encode(sound, payload),
        }
    }
}

fn clamp(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

impl Store<CELL> for Shelf {
    type Kind = ();

    fn cells(&self, payload: &[u8]) -> Option<usize> {
        match self {
            Shelf::G722(shelf) => shelf.cells(payload),
            Shelf::Opus(shelf) => shelf.cells(payload),
        }
    }

    fn keep(&mut self, at: u32, piece: Piece<'_, ()>) {
        match self {
            Shelf::G722(shelf) => shelf.keep(at, piece),
            Shelf::Opus(shelf) => shelf.keep(at, piece),
        }
    }

    fn read(&mut self, at: u32, linear: &mut [i16]) {
        match self {
            Shelf::G722(shelf) => shelf.read(at, linear),
            Shelf::Opus(shelf) => shelf.read(at, linear),
        }
    }

    fn make_up(&mut self, at: u32, next: Option<u32>, gap: &mut [i16]) -> MadeUp {
        match self {
            Shelf::G722(_) => MadeUp::Nothing,
            Shelf::Opus(shelf) => shelf.make_up(at, next, gap),
        }
    }

    fn cut(&mut self) {
        match self {
            Shelf::G722(shelf) => shelf.cut(),
            Shelf::Opus(shelf) => shelf.cut(),
        }
    }

    fn forget(&mut self) {
        match self {
            Shelf::G722(_) => {}
            Shelf::Opus(shelf) => shelf.forget(),
        }
    }
}

#[cfg(test)]
mod tests;
