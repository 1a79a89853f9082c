//! Keys that come as tones among the voice (ITU-T Q.23, received after Q.24), for trunks that send no telephone events. Owns one
//! leg's listening; must never run on a leg that sends events, nor show which key it heard.
//!
//! | what | limit here | Q.24, annex A (AT&T) |
//! |---|---|---|
//! | frequency | ±(2.5 % + 1 Hz) | ±1.5 % accepted, ±3.5 % refused |
//! | level of each tone | −26.5 dBm0 and more | −25 to 0 dBm accepted |
//! | twist: high group's level less low group's | −9 to +5 dB | −8 to +4 dB accepted |
//! | tone | 25 to 29 ms | 40 ms accepted, 23 ms refused |
//! | pause between two presses of a key | 27 to 32 ms | 40 ms separate, 10 ms do not |
//!
//! A key is told as soon as 30 ms of it were heard (`pair`, looked at every 5 ms), so the frames before are heard by the others;
//! from the frame in which it is told to that in which it ends, the leg is to be silent. A frame that cannot hold a key costs
//! one comparison if it is quiet, a rough look in 16 bits (`sieve`) if it is not, and one correlation of 20 ms (`bank`) if it is one
//! loud frame of voice in hundreds.

mod bank;
mod pair;
mod sieve;

use super::{Frame, SILENCE};
use crate::secret::Key;
use crate::units::FRAME;
use pair::{HOP, Pair, WINDOW};
use std::fmt;

/// Frames kept: a window begins up to two frames before the one that it ends in.
const KEPT: usize = 3;
/// A frame whose samples are all smaller holds no key: two tones of −26.5 dBm0 reach 2,000 in 20 ms.
const QUIET: u16 = 1_400;
/// Frames that are looked at closely when one could be part of a key: itself, and the next, in which the key may end.
const WARM: u8 = 2;
/// Samples in which it is looked whether the key is still down: 10 ms, every 5 ms.
const GLANCE: usize = 2 * HOP;
/// A key is up when its power has fallen below this part of what it was …
const UP: f32 = 0.16;
/// … for so many glances: 30 ms.
const UP_GLANCES: u8 = 6;
/// The least part of the energy that the two tones have while nothing else sounds, with a dial tone of their level beneath.
const PURE: f32 = 0.45;
/// Glances after which a key that something else sounds over is up too: 100 ms.
const IMPURE_GLANCES: u8 = 20;
/// Lost frames in a row in which a key that was down stays down.
const HELD_MAX: u8 = 3;
/// The keypad by rows.
const FACES: &[u8; 16] = b"123A456B789C*0#D";

const _: () = assert!(WINDOW <= (KEPT - 1) * FRAME + HOP);
const _: () = assert!(FRAME.is_multiple_of(HOP));

/// What was heard in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The key whose press was noticed in this frame. A to D are no keys.
    pub key: Option<Key>,
    /// Whether a key's tones are in the frame: it is to be silent for the others.
    pub tone: bool,
}

/// One leg's ear for keys. Of fixed size.
#[derive(Clone)]
pub struct Inband {
    kept: [Frame; KEPT],
    /// The place of the newest frame.
    newest: usize,
    /// Whether a frame was not kept because it was quiet.
    quiet: bool,
    warm: u8,
    held: u8,
    pressed: Option<Pressed>,
}

#[derive(Clone, Copy)]
struct Pressed {
    pair: Pair,
    /// Glances in a row in which its tones were too weak.
    weak: u8,
    /// Glances in a row in which something else was as strong.
    impure: u8,
}

impl Default for Inband {
    fn default() -> Inband {
        Inband {
            kept: [SILENCE; KEPT],
            newest: 0,
            quiet: false,
            warm: 0,
            held: 0,
            pressed: None,
        }
    }
}

/// What it heard are digits and voice: neither is shown.
impl fmt::Debug for Inband {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inband").finish_non_exhaustive()
    }
}

impl Inband {
    /// Hears the next 20 ms, of which `peak` is the largest sample, and which were made up if they were `lost`.
    pub fn hear(&mut self, frame: &Frame, peak: u16, lost: bool) -> Heard {
        if peak < QUIET && self.warm == 0 && self.pressed.is_none() {
            // Nothing is kept of it, so that it costs nothing; a key has no quiet frame in its middle.
            self.quiet = true;
            return Heard::default();
        }
        self.keep(frame);
        if lost && self.pressed.is_some() && self.held < HELD_MAX {
            self.held += 1;
            return Heard {
                key: None,
                tone: true,
            };
        }
        self.held = 0;
        let likely =
            peak >= QUIET && sieve::lets_through(frame, peak) && pair::is_likely(&frame.map(f32::from));
        self.warm = if likely { WARM } else { self.warm.saturating_sub(1) };
        if self.warm == 0 && self.pressed.is_none() {
            return Heard::default();
        }
        self.look()
    }

    fn keep(&mut self, frame: &Frame) {
        if std::mem::take(&mut self.quiet) {
            self.kept = [SILENCE; KEPT];
        }
        self.newest = (self.newest + 1) % KEPT;
        self.kept[self.newest] = *frame;
    }

    /// Looks at the newest frame closely, 5 ms after 5 ms.
    fn look(&mut self) -> Heard {
        let sound = self.sound();
        let mut heard = Heard::default();
        let mut measured = None;
        for end in (sound.len() - FRAME + HOP..=sound.len()).step_by(HOP) {
            let glance = &sound[end - GLANCE..end];
            let down = self
                .pressed
                .as_mut()
                .is_some_and(|pressed| pressed.glance(glance));
            heard.tone |= down;
            // While a key is plainly down there is no other.
            let window = sound[..end].last_chunk().filter(|_| !down && self.warm > 0);
            measured = measured.filter(|_| window.is_some());
            if let Some(pair) = window.and_then(|window| pair::find(window, &mut measured)) {
                heard.tone = true;
                heard.key = self.press(pair).or(heard.key);
            }
            self.pressed.take_if(|pressed| pressed.is_up());
        }
        heard
    }

    /// A key's tones were heard for long enough: its press is told once, unless it is no key.
    fn press(&mut self, pair: Pair) -> Option<Key> {
        let before = self.pressed.replace(Pressed::new(pair));
        if before.is_some_and(|before| before.pair.place == pair.place) {
            return None;
        }
        let face = char::from(*FACES.get(usize::from(pair.place))?);
        Key::from_char(face).filter(|_| !face.is_ascii_uppercase())
    }

    /// All frames that are kept, the oldest first.
    fn sound(&self) -> [f32; KEPT * FRAME] {
        let mut sound = [0.0; KEPT * FRAME];
        for (age, linear) in sound.chunks_exact_mut(FRAME).enumerate() {
            let frame = &self.kept[(self.newest + 1 + age) % KEPT];
            linear
                .iter_mut()
                .zip(frame)
                .for_each(|(to, &from)| *to = f32::from(from));
        }
        sound
    }
}

impl Pressed {
    fn new(pair: Pair) -> Pressed {
        Pressed {
            pair,
            weak: 0,
            impure: 0,
        }
    }

    /// Looks at the last 10 ms: whether the key's tones are there, and nearly alone.
    fn glance(&mut self, sound: &[f32]) -> bool {
        let tones: f32 = self
            .pair
            .per_sample
            .iter()
            .map(|&rate| bank::power(sound, rate))
            .sum();
        let energy: f32 = sound.iter().map(|sample| sample * sample).sum();
        let strong = tones >= UP * self.pair.power;
        let pure = tones / 2.0 * sound.len() as f32 >= PURE * energy;
        self.weak = if strong { 0 } else { self.weak + 1 };
        self.impure = if pure { 0 } else { self.impure + 1 };
        strong && pure
    }

    fn is_up(&self) -> bool {
        self.weak >= UP_GLANCES || self.impure >= IMPURE_GLANCES
    }
}

#[cfg(test)]
mod tests;
