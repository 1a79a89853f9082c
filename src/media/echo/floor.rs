//! How loud a line's noise is: what is hardly louder tells nothing of an echo. To a detector a frame of noise is as many phases as one of
//! speech, so what an echo adds up to is thinned by each.

use super::fft::sum;
use crate::units::FRAME;

/// How many times the least that was heard a frame must have, by power.
const OVER: f32 = 3.0;
/// Frames of each part of the time that is looked back on, and the parts: three to four seconds together.
const PART: u8 = 50;
const PARTS: usize = 4;
/// Mean power of a sample, below which nothing is on the line yet, or the telephone is silent by its own choice: −73 dBov.
const NOTHING: f32 = 50.0;
/// No noise is believed to be louder: −40 dBov.
const MOST: f32 = 107_374.0;

/// The noise of one line.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// The least of each part, the newest first.
    least: [f32; PARTS],
    frames: u8,
    /// The power of the frame before.
    before: f32,
    is_exceeded: bool,
}

impl Default for Floor {
    fn default() -> Floor {
        Floor {
            least: [MOST; PARTS],
            frames: 0,
            before: 0.0,
            is_exceeded: false,
        }
    }
}

impl Floor {
    /// A frame was heard.
    #[inline(always)]
    pub fn hear(&mut self, heard: &[f32; FRAME]) {
        let mut squares = [0.0; FRAME];
        for (square, sample) in squares.iter_mut().zip(heard) {
            *square = sample * sample;
        }
        let now = sum(&squares) / FRAME as f32;
        let power = 0.5 * (std::mem::replace(&mut self.before, now) + now);
        self.is_exceeded = power >= NOTHING && self.exceeds(power);
    }

    /// Nothing was heard in a frame.
    pub fn skip(&mut self) {
        (self.before, self.is_exceeded) = (0.0, false);
    }

    /// Whether the last two frames together were louder than noise.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    #[inline(always)]
    fn exceeds(&mut self, power: f32) -> bool {
        self.frames += 1;
        if self.frames >= PART {
            self.frames = 0;
            self.least.rotate_right(1);
            self.least[0] = MOST;
        }
        self.least[0] = self.least[0].min(power);
        power > OVER * self.least.iter().copied().fold(MOST, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(floor: &mut Floor, level: f32) -> bool {
        // Two frames are looked at together.
        floor.hear(&[level; FRAME]);
        floor.hear(&[-level; FRAME]);
        floor.is_exceeded()
    }

    #[test]
    fn noise_is_known_at_once_and_followed_up_and_down_and_silence_is_none() {
        let mut floor = Floor::default();
        assert!(!hears(&mut floor, 0.0) && !hears(&mut floor, 20.0));
        assert!(hears(&mut floor, 60.0) && !hears(&mut floor, 30.0));
        assert!(!hears(&mut floor, 0.0), "nothing at all teaches nothing");
        // Louder from now on: for three seconds that is somebody who speaks, then it is the line.
        let louder = (0..200).position(|_| !hears(&mut floor, 60.0));
        assert!(
            louder.is_some_and(|pairs| (70..110).contains(&pairs)),
            "{louder:?}"
        );
        assert!(!hears(&mut floor, 10.0) && hears(&mut floor, 60.0));
    }

    #[test]
    fn what_is_very_loud_is_no_noise_however_long_it_lasts() {
        let mut floor = Floor::default();
        assert!((0..500).all(|_| hears(&mut floor, 600.0)));
        floor.skip();
        assert!(!floor.is_exceeded());
    }
}
