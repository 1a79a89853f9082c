//! What a loudspeaker that distorts makes of what it is sent. No filter predicts that: where a small loudspeaker is at its limit, it adds
//! harmonics of what is loud, in bins in which the echo has next to nothing. How they look is known well enough: squares of the sound,
//! with its sign (odd harmonics) and without (even ones). How much of them comes back is learnt ([`super::remainder`]).

use super::bank::Analysis;
use super::far::Far;
use super::fft::Short;
use super::filter::{Filter, PARTITIONS};
use crate::units::FRAME;

/// So far into its partition the loudest part of an echo is taken to lie, in samples.
const WITHIN: usize = 30;
/// Sound of this height is as loud after it was bent as before.
const HEIGHT: f32 = 4_096.0;
/// How much of what has no sign is there.
const EVEN: f32 = 0.5;
/// Frames from one look at where the echo is loudest to the next.
const LOOK_EVERY: u8 = 8;

/// Of one leg.
#[derive(Clone, Debug)]
pub struct Bent {
    analysis: Analysis,
    /// Samples from where the filter begins to where the echo is loudest, and its gain.
    place: usize,
    gain: f32,
    until_look: u8,
}

impl Default for Bent {
    fn default() -> Bent {
        Bent {
            analysis: Analysis::default(),
            place: WITHIN,
            gain: 0.0,
            until_look: 1,
        }
    }
}

impl Bent {
    /// What may come back of it in both blocks of a frame, were all of it bent; `start` is where the filter begins.
    #[inline(always)]
    pub fn take(&mut self, far: &Far, start: usize, filter: &Filter) -> [Short; 2] {
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = LOOK_EVERY;
            self.look(filter);
        }
        let mut sound: [f32; FRAME] = far.read(start + self.place - FRAME);
        let scale = self.gain / HEIGHT;
        for sample in &mut sound {
            *sample *= scale * (sample.abs() + EVEN * *sample);
        }
        self.analysis.take(&sound)
    }

    #[inline(always)]
    fn look(&mut self, filter: &Filter) {
        let gains = filter.gains();
        let loudest = (0..PARTITIONS).fold(0, |best, nth| if gains[nth] > gains[best] { nth } else { best });
        self.place = loudest * FRAME + WITHIN;
        self.gain = gains.iter().sum::<f32>().sqrt();
    }
}
