//! The last resort: a leg whose echo stays unbearable is turned down while others speak, and heard as it is when nobody else does.

use crate::units::FRAME_MS;

/// How far it is turned down: 18 dB. It is not muted: who shouts is heard.
const DOWN: f32 = 0.126;
/// How far it comes up again in a frame: in 100 ms.
const RISE: f32 = 0.175;
/// It must have become so much less, by power, for so many frames of speech, until the leg is heard as it is again: 6 dB, 10 s.
const BETTER: f32 = 0.25;
const BETTER_FOR: u32 = 500;

/// When that is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ducking {
    /// How much of what was sent is left, by power, from which on it is unbearable.
    pub level: f32,
    /// For so many frames in which an echo was due.
    pub frames: u32,
}

impl Ducking {
    /// When what is left lies at most so many dB below what was sent, for so many seconds in which others spoke.
    pub fn new(loss_db: u32, seconds: u32) -> Ducking {
        Ducking {
            level: 10f32.powf(-(loss_db as f32) / 10.0),
            frames: seconds.saturating_mul(1_000 / FRAME_MS as u32),
        }
    }
}

/// One leg's.
#[derive(Clone, Debug)]
pub struct Duck {
    when: Option<Ducking>,
    is_ducked: bool,
    /// Frames with an echo due in which it was unbearable, or, once it is turned down, in which it was not.
    counted: u32,
    gain: f32,
}

impl Duck {
    /// Turns down then, or never.
    pub fn new(when: Option<Ducking>) -> Duck {
        Duck {
            when,
            is_ducked: false,
            counted: 0,
            gain: 1.0,
        }
    }

    /// An echo is due, and so much of it is left; whether anything changes by it.
    pub fn judge(&mut self, level: Option<f32>) -> Option<bool> {
        let (when, level) = (self.when?, level?);
        let counts = match self.is_ducked {
            false => level >= when.level,
            true => level < when.level * BETTER,
        };
        self.counted = if counts { self.counted + 1 } else { 0 };
        let enough = if self.is_ducked { BETTER_FOR } else { when.frames };
        if self.counted < enough {
            return None;
        }
        (self.is_ducked, self.counted) = (!self.is_ducked, 0);
        Some(self.is_ducked)
    }

    /// Turns a frame down if the leg is to be and an echo is due in it; without a step.
    pub fn apply<const N: usize>(&mut self, is_due: bool, frame: &mut [i16; N]) {
        let wanted = if self.is_ducked && is_due { DOWN } else { 1.0 };
        if wanted == 1.0 && self.gain == 1.0 {
            return;
        }
        let next = wanted.min(self.gain + RISE);
        let step = (next - self.gain) / N as f32;
        for (at, sample) in frame.iter_mut().enumerate() {
            *sample = (f32::from(*sample) * (self.gain + step * (at + 1) as f32)).round() as i16;
        }
        self.gain = next;
    }

    /// Whether the leg is turned down while others speak.
    pub fn is_ducked(&self) -> bool {
        self.is_ducked
    }

    /// The echo is gone, or another one.
    pub fn forget(&mut self) {
        *self = Duck {
            gain: self.gain,
            ..Duck::new(self.when)
        };
    }
}
