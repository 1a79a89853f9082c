//! What was sent to a leg, kept for as long as its echo may take to come back: a byte a sample, for what is sent is G.711.

use super::super::{Frame, law};
use crate::media_api::Law;
use crate::units::FRAME;

/// Frames that are kept: 760 ms, more than the longest delay and the longest filter together.
pub const FRAMES: usize = 38;

/// The last frames that were sent.
#[derive(Clone, Debug)]
pub struct Far {
    ring: [law::Coded; FRAMES],
    laws: [Law; FRAMES],
    /// Where the newest one lies.
    newest: usize,
}

impl Default for Far {
    fn default() -> Far {
        // Only µ-law has a code for nothing.
        Far {
            ring: [[0xff; FRAME]; FRAMES],
            laws: [Law::Mu; FRAMES],
            newest: 0,
        }
    }
}

impl Far {
    /// A frame was sent. What either law carries is kept to the bit, anything else as A-law would carry it.
    #[inline(always)]
    pub fn push(&mut self, frame: &Frame) {
        let laws = match self.laws[self.newest] {
            Law::A => [Law::A, Law::Mu],
            Law::Mu => [Law::Mu, Law::A],
        };
        self.newest = (self.newest + 1) % FRAMES;
        let coded = &mut self.ring[self.newest];
        for law in laws {
            let mut again = [0; FRAME];
            law::encode(law, frame, coded);
            law::decode(law, coded, &mut again);
            self.laws[self.newest] = law;
            if again == *frame {
                return;
            }
        }
        law::encode(Law::A, frame, coded);
        self.laws[self.newest] = Law::A;
    }

    /// A frame was sent that neither law carries: it is kept as A-law would.
    #[inline(always)]
    pub fn push_nearly(&mut self, frame: &Frame) {
        self.newest = (self.newest + 1) % FRAMES;
        law::encode(Law::A, frame, &mut self.ring[self.newest]);
        self.laws[self.newest] = Law::A;
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
            let nth = (self.newest + FRAMES - at / FRAME) % FRAMES;
            let upto = FRAME - at % FRAME;
            let count = upto.min(rest.len());
            let (earlier, now) = rest.split_at_mut(rest.len() - count);
            let mut linear = [0; FRAME];
            let linear = &mut linear[..count];
            law::decode(self.laws[nth], &self.ring[nth][upto - count..upto], linear);
            for (to, &from) in now.iter_mut().zip(&*linear) {
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

    /// As one of the laws carries it.
    fn carried(law: Law, nth: usize, at: usize) -> i16 {
        let (mut coded, mut frame) = ([0; FRAME], [0; FRAME]);
        law::encode(law, &[((nth * 160 + at) % 16_000) as i16; FRAME], &mut coded);
        law::decode(law, &coded, &mut frame);
        frame[0]
    }

    #[test]
    fn what_was_sent_is_read_from_any_sample_on_and_what_is_forgotten_is_silence() {
        for law in [Law::A, Law::Mu] {
            let mut far = Far::default();
            assert_eq!(far.read::<320>(0), [0.0; 320]);
            for nth in 0..100 {
                far.push(&std::array::from_fn(|at| carried(law, nth, at)));
            }
            let is =
                |read: f32, sample: usize| assert_eq!(read, f32::from(carried(law, 0, sample)), "{law:?}");
            let read: [f32; 320] = far.read(0);
            is(read[0], 15_680);
            is(read[319], 15_999);
            let read: [f32; 320] = far.read(77);
            is(read[0], 15_603);
            is(read[319], 15_922);
            let read: [f32; 320] = far.read(FRAMES * FRAME - 100);
            assert_eq!((read[0], read[219]), (0.0, 0.0));
            is(read[220], 16_000 - 6_080);
        }
    }

    #[test]
    fn what_no_law_carries_is_kept_nearly() {
        let mut far = Far::default();
        far.push(&[10_003; FRAME]);
        assert!((far.read::<1>(0)[0] - 10_003.0).abs() < 300.0);
    }
}
