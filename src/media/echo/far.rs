//! What was sent to a leg, kept for as long as its echo may take to come back.

use super::super::{Frame, SILENCE};
use crate::units::FRAME;

/// Frames that are kept: 860 ms, more than the longest delay and the longest filter together.
const FRAMES: usize = 43;

/// The last frames that were sent.
#[derive(Clone, Debug)]
pub struct Far {
    ring: [Frame; FRAMES],
    /// Where the newest one lies.
    newest: usize,
}

impl Default for Far {
    fn default() -> Far {
        Far {
            ring: [SILENCE; FRAMES],
            newest: 0,
        }
    }
}

impl Far {
    /// A frame was sent.
    pub fn push(&mut self, frame: &Frame) {
        self.newest = (self.newest + 1) % FRAMES;
        self.ring[self.newest] = *frame;
    }

    /// The samples that end `back` samples before the end of the newest frame. What is no more kept is silence.
    #[inline(always)]
    pub fn read<const N: usize>(&self, back: usize) -> [f32; N] {
        let mut sound = [0.0; N];
        let kept = FRAMES * FRAME;
        let mut at = back;
        let mut rest = sound.as_mut_slice();
        // From the end towards the beginning, as far as each frame goes.
        while !rest.is_empty() && at < kept {
            let frame = &self.ring[(self.newest + FRAMES - at / FRAME) % FRAMES];
            let upto = FRAME - at % FRAME;
            let count = upto.min(rest.len());
            let (earlier, now) = rest.split_at_mut(rest.len() - count);
            for (to, &from) in now.iter_mut().zip(&frame[upto - count..upto]) {
                *to = f32::from(from);
            }
            at += count;
            rest = earlier;
        }
        sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_read_from_any_sample_on_and_what_is_forgotten_is_silence() {
        let mut far = Far::default();
        for n in 0..100 {
            far.push(&std::array::from_fn(|at| (n * 160 + at as i16) % 16_000));
        }
        let read: [f32; 320] = far.read(0);
        assert_eq!((read[0], read[319]), (15_680.0, 15_999.0));
        let read: [f32; 320] = far.read(77);
        assert_eq!((read[0], read[319]), (15_603.0, 15_922.0));
        let read: [f32; 320] = far.read(FRAMES * FRAME - 100);
        assert_eq!((read[0], read[219], read[220]), (0.0, 0.0, 9_120.0));
    }
}
