//! A line of 16 kHz in two bands, and back again. The low one is what a line of 8 kHz would carry, by the half-band filter that joins a
//! room's sums (`media/resample.rs`); the high one is what is left when that is taken away from the whole. So whatever the filter's bands
//! are, both together are the whole again, to rounding: no filter has to be made for that.
//!
//! Both ways through the filter take 46 samples of 16 kHz, 2.9 ms. The way back takes 10 ms more, as a canceller does.

use super::super::resample::{self, BACK, SIDE};
use super::fft::{self, Long};
use crate::units::{FRAME, WIDE};
use std::sync::LazyLock;

/// Samples of 16 kHz that both filters delay by.
pub const THROUGH: usize = 46;
/// Samples of 16 kHz of a block of 10 ms.
const BLOCK: usize = WIDE / 2;

static WINDOW: LazyLock<[f32; WIDE]> = LazyLock::new(|| {
    std::array::from_fn(|at| ((at as f32 + 0.5) * std::f32::consts::PI / WIDE as f32).sin())
});

/// Computes the window and the taps, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&WINDOW);
    resample::prepare();
}

/// Takes a sound apart.
#[derive(Clone, Debug)]
pub struct Split {
    even: [f32; SIDE - 1],
    odd: [f32; BACK],
}

impl Default for Split {
    fn default() -> Split {
        Split {
            even: [0.0; SIDE - 1],
            odd: [0.0; BACK],
        }
    }
}

impl Split {
    /// The low band of a frame; and the high one, of which every second sample is left: its frequencies are turned over, 8 kHz are
    /// where 0 would be.
    #[inline(always)]
    pub fn take(&mut self, wide: &[f32; WIDE]) -> [[f32; FRAME]; 2] {
        let (mut even, mut odd) = ([0.0; SIDE - 1 + FRAME], [0.0; BACK + FRAME]);
        even[..SIDE - 1].copy_from_slice(&self.even);
        odd[..BACK].copy_from_slice(&self.odd);
        for at in 0..FRAME {
            even[SIDE - 1 + at] = wide[2 * at];
            odd[BACK + at] = wide[2 * at + 1];
        }
        let beside = sides(&odd);
        let (mut low, mut high) = ([0.0; FRAME], [0.0; FRAME]);
        for at in 0..FRAME {
            low[at] = 0.5 * even[at] + beside[at];
            high[at] = 0.5 * even[at] - beside[at];
        }
        self.even.copy_from_slice(&even[FRAME..]);
        self.odd.copy_from_slice(&odd[FRAME..]);
        [low, high]
    }
}

/// Takes a low band to 16 kHz.
#[derive(Clone, Debug)]
struct Raise([f32; BACK]);

impl Raise {
    #[inline(always)]
    fn take(&mut self, low: &[f32; FRAME]) -> [f32; WIDE] {
        let mut line = [0.0; BACK + FRAME];
        line[..BACK].copy_from_slice(&self.0);
        line[BACK..].copy_from_slice(low);
        let beside = sides(&line);
        let mut wide = [0.0; WIDE];
        for at in 0..FRAME {
            wide[2 * at] = line[SIDE - 1 + at];
            wide[2 * at + 1] = 2.0 * beside[at];
        }
        self.0.copy_from_slice(&line[FRAME..]);
        wide
    }
}

/// The sum of both sides of the filter around each gap between two samples.
#[inline(always)]
fn sides(line: &[f32; BACK + FRAME]) -> [f32; FRAME] {
    let mut sums = [0.0; FRAME];
    for (nth, &tap) in resample::taps().iter().enumerate() {
        let (before, after) = (&line[SIDE - 1 - nth..][..FRAME], &line[SIDE + nth..][..FRAME]);
        for at in 0..FRAME {
            sums[at] += tap * (before[at] + after[at]);
        }
    }
    sums
}

/// The way back: the high band goes by spectra, as the low one did in its canceller.
#[derive(Clone, Debug)]
pub struct Back {
    /// The end of what was heard before.
    tail: [f32; THROUGH],
    heard: Raise,
    out: Raise,
    /// The last block of the high band, and what the next one is laid over.
    before: [f32; BLOCK],
    over: [f32; BLOCK],
}

impl Default for Back {
    fn default() -> Back {
        Back {
            tail: [0.0; THROUGH],
            heard: Raise([0.0; BACK]),
            out: Raise([0.0; BACK]),
            before: [0.0; BLOCK],
            over: [0.0; BLOCK],
        }
    }
}

impl Back {
    /// Begins after a frame that passed, and its low band.
    #[inline(always)]
    pub fn begin(&mut self, wide: &[f32; WIDE], low: &[f32; FRAME]) {
        *self = Back::default();
        let high = self.high(wide, low);
        self.before.copy_from_slice(&high[BLOCK..]);
        for at in 0..BLOCK {
            self.over[at] = high[BLOCK + at] * WINDOW[BLOCK + at] * WINDOW[BLOCK + at];
        }
        // What goes out is 10 ms late.
        self.out.0.copy_from_slice(&low[FRAME / 2 - BACK..FRAME / 2]);
    }

    #[inline(always)]
    fn high(&mut self, wide: &[f32; WIDE], low: &[f32; FRAME]) -> [f32; WIDE] {
        let mut high = [0.0; WIDE];
        high[..THROUGH].copy_from_slice(&self.tail);
        high[THROUGH..].copy_from_slice(&wide[..WIDE - THROUGH]);
        self.tail.copy_from_slice(&wide[WIDE - THROUGH..]);
        let low = self.heard.take(low);
        for at in 0..WIDE {
            high[at] -= low[at];
        }
        high
    }

    /// A frame of what was heard, its low band, and the low band as it is to be heard, 10 ms late; `shape` turns the high band's blocks
    /// down, and has only the bins from 3 kHz on to look at.
    #[inline(always)]
    pub fn take(
        &mut self,
        wide: &[f32; WIDE],
        low: &[f32; FRAME],
        out: &[f32; FRAME],
        shape: impl FnOnce(&mut [Long; 2]),
    ) -> [f32; WIDE] {
        let high = self.high(wide, low);
        let (mut first, mut second) = ([0.0; WIDE], high);
        first[..BLOCK].copy_from_slice(&self.before);
        first[BLOCK..].copy_from_slice(&high[..BLOCK]);
        self.before.copy_from_slice(&high[BLOCK..]);
        let window = &*WINDOW;
        for at in 0..WIDE {
            first[at] *= window[at];
            second[at] *= window[at];
        }
        let mut spectra = fft::long(&first, &second);
        shape(&mut spectra);
        let [mut first, mut second] = fft::sounds_of_long(&spectra[0], &spectra[1]);
        for at in 0..WIDE {
            first[at] *= window[at];
            second[at] *= window[at];
        }
        let mut sound = self.out.take(out);
        for at in 0..BLOCK {
            sound[at] += self.over[at] + first[at];
            sound[BLOCK + at] += first[BLOCK + at] + second[at];
        }
        self.over.copy_from_slice(&second[BLOCK..]);
        sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(from: usize) -> [f32; WIDE] {
        std::array::from_fn(|at| {
            let at = (from + at) as f32;
            3_000.0 * (at * 0.11).sin()
                + 900.0 * (at * 1.53).sin()
                + 2_000.0 * (at * 2.4 + at * at * 1e-5).sin()
        })
    }

    #[test]
    fn both_bands_together_are_the_whole_again_late_and_from_the_first_frame_on() {
        let (mut split, mut back) = (Split::default(), Back::default());
        let late = THROUGH + BLOCK;
        let (mut before, mut out) = ([0.0; WIDE], Vec::new());
        let mut lows: Vec<f32> = vec![0.0; FRAME];
        for n in 0..6 {
            let wide = sound(n * WIDE);
            let [low, _] = split.take(&wide);
            lows.extend(low);
            // It passes for two frames, then it does not.
            if n == 2 {
                let low: [f32; FRAME] = std::array::from_fn(|at| lows[2 * FRAME + at]);
                back.begin(&before, &low);
            }
            if n >= 2 {
                let low_late: [f32; FRAME] = std::array::from_fn(|at| lows[(n + 1) * FRAME - FRAME / 2 + at]);
                out.extend(back.take(&wide, &low, &low_late, |_| {}));
            }
            before = wide;
        }
        let all: Vec<f32> = (0..6).flat_map(|n| sound(n * WIDE)).collect();
        for (at, &sample) in out.iter().enumerate() {
            let was = all[2 * WIDE + at - late];
            assert!((sample - was).abs() < 0.05, "{at}: {sample}, not {was}");
        }
    }

    #[test]
    fn a_tone_lies_in_its_band_and_keeps_its_size_there() {
        for (hertz, band) in [(1_000.0, 0), (3_000.0, 0), (5_000.0, 1), (7_500.0, 1)] {
            let mut split = Split::default();
            let mut powers = [0.0; 2];
            for n in 0..10 {
                let turn = std::f32::consts::TAU * hertz / 16_000.0;
                let wide = std::array::from_fn(|at| 1_000.0 * (turn * (n * WIDE + at) as f32 + 0.3).sin());
                let bands = split.take(&wide);
                if n > 0 {
                    for (power, sound) in powers.iter_mut().zip(bands) {
                        *power += sound.iter().map(|s| s * s).sum::<f32>() / (9 * FRAME) as f32;
                    }
                }
            }
            assert!(
                (powers[band] / 500_000.0 - 1.0).abs() < 0.03,
                "{hertz}: {powers:?}"
            );
            assert!(powers[1 - band] < 5.0, "{hertz}: {powers:?}");
        }
    }
}
