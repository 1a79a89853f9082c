//! Between 8 and 16 kHz: one half-band filter, both ways, on the tick. The two rates of a room are joined by one of each, whatever
//! the number of its legs, for both are linear: the sum is resampled, not the voices.
//!
//! Kaiser's window (β 5.7) over 47 taps: flat within 0.1 dB to 3.3 kHz, −55 dB from 4.7 kHz on. Both delay by 23 samples of
//! 16 kHz: 1.4 ms.

use crate::units::{FRAME, WIDE};
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Taps on each side of the middle that are not zero: every second one.
pub(super) const SIDE: usize = 12;
/// Samples of 8 kHz that the filter looks back on.
pub(super) const BACK: usize = 2 * SIDE - 1;
/// The window's β.
const BETA: f64 = 5.7;

/// The taps beside the middle, the nearest first; the middle one is a half.
static TAPS: LazyLock<[f32; SIDE]> = LazyLock::new(|| {
    let reach = (2 * SIDE) as f64;
    let taps: [f64; SIDE] = std::array::from_fn(|n| {
        let at = (2 * n + 1) as f64;
        let window = bessel(BETA * (1.0 - (at / reach).powi(2)).sqrt()) / bessel(BETA);
        (PI * at / 2.0).sin() / (PI * at) * window
    });
    // What is constant keeps its level.
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum / 4.0) as f32)
});

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..30 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

/// Computes the taps, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&TAPS);
}

/// The taps beside the middle, the nearest first.
pub(super) fn taps() -> &'static [f32; SIDE] {
    &TAPS
}

/// The sum of both sides of the filter around the gap between two samples.
fn sides(taps: &[f32; SIDE], window: &[f32; 2 * SIDE]) -> f32 {
    let mut sum = 0.0;
    for n in 0..SIDE {
        sum += taps[n] * (window[SIDE - 1 - n] + window[SIDE + n]);
    }
    sum
}

/// From 8 to 16 kHz.
#[derive(Clone, Debug)]
pub struct Up {
    past: [f32; BACK],
    quiet: bool,
}

/// From 16 to 8 kHz.
#[derive(Clone, Debug)]
pub struct Down {
    even: [f32; SIDE - 1],
    odd: [f32; BACK],
    quiet: bool,
}

impl Default for Up {
    fn default() -> Up {
        Up {
            past: [0.0; BACK],
            quiet: true,
        }
    }
}

impl Default for Down {
    fn default() -> Down {
        Down {
            even: [0.0; SIDE - 1],
            odd: [0.0; BACK],
            quiet: true,
        }
    }
}

impl Up {
    /// Whether nothing rings on.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Adds a frame of 8 kHz to one of 16 kHz; a silent one costs nothing once the filter has run dry.
    pub fn add(&mut self, narrow: &[i32; FRAME], wide: &mut [i32; WIDE]) {
        let silent = narrow.iter().all(|&sample| sample == 0);
        if silent && self.quiet {
            return;
        }
        self.quiet = silent;
        let taps = &*TAPS;
        let mut line = [0.0; BACK + FRAME];
        line[..BACK].copy_from_slice(&self.past);
        for (to, &from) in line[BACK..].iter_mut().zip(narrow) {
            *to = from as f32;
        }
        for (window, pair) in line.windows(2 * SIDE).zip(wide.as_chunks_mut::<2>().0) {
            let Some(window) = window.first_chunk() else { break };
            // Between the samples it is twice the filter's sides; on them, what the middle tap lets through.
            pair[0] += window[SIDE - 1] as i32;
            pair[1] += (2.0 * sides(taps, window)).round_ties_even() as i32;
        }
        self.past.copy_from_slice(&line[FRAME..]);
    }
}

impl Down {
    /// Adds a frame of 16 kHz to one of 8 kHz; a silent one costs nothing once the filter has run dry.
    pub fn add(&mut self, wide: &[i32; WIDE], narrow: &mut [i32; FRAME]) {
        let silent = wide.iter().all(|&sample| sample == 0);
        if silent && self.quiet {
            return;
        }
        self.quiet = silent;
        let taps = &*TAPS;
        let (mut even, mut odd) = ([0.0; SIDE - 1 + FRAME], [0.0; BACK + FRAME]);
        even[..SIDE - 1].copy_from_slice(&self.even);
        odd[..BACK].copy_from_slice(&self.odd);
        for (at, pair) in wide.as_chunks::<2>().0.iter().enumerate() {
            even[SIDE - 1 + at] = pair[0] as f32;
            odd[BACK + at] = pair[1] as f32;
        }
        for ((window, middle), to) in odd.windows(2 * SIDE).zip(even).zip(narrow.iter_mut()) {
            let Some(window) = window.first_chunk() else { break };
            *to += (middle / 2.0 + sides(taps, window)).round_ties_even() as i32;
        }
        self.even.copy_from_slice(&even[FRAME..]);
        self.odd.copy_from_slice(&odd[FRAME..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level of a tone of so many Hz at `rate`, after it went through `change`, less the one before, in dB.
    fn gain<const IN: usize, const OUT: usize>(
        hertz: f64,
        rate: f64,
        looked_at: f64,
        mut change: impl FnMut(&[i32; IN], &mut [i32; OUT]),
    ) -> f64 {
        let mut power = (0.0, 0.0);
        for frame in 0..50 {
            let sound: [i32; IN] = std::array::from_fn(|at| {
                (20_000.0 * (2.0 * PI * hertz * (frame * IN + at) as f64 / rate).sin()) as i32
            });
            let mut out = [0; OUT];
            change(&sound, &mut out);
            if frame == 0 {
                continue;
            }
            for (at, &sample) in out.iter().enumerate() {
                let angle =
                    2.0 * PI * looked_at * (frame * OUT + at) as f64 / (rate * OUT as f64 / IN as f64);
                power.0 += f64::from(sample) * angle.cos();
                power.1 += f64::from(sample) * angle.sin();
            }
        }
        20.0 * ((power.0.hypot(power.1) / (49 * OUT) as f64 * 2.0) / 20_000.0).log10()
    }

    fn up(hertz: f64, looked_at: f64) -> f64 {
        let mut up = Up::default();
        gain(hertz, 8_000.0, looked_at, |narrow, wide| up.add(narrow, wide))
    }

    fn down(hertz: f64, looked_at: f64) -> f64 {
        let mut down = Down::default();
        gain(hertz, 16_000.0, looked_at, |wide, narrow| down.add(wide, narrow))
    }

    #[test]
    fn the_telephone_band_passes_and_what_is_no_voice_of_it_does_not() {
        for hertz in [50.0, 300.0, 1_000.0, 2_000.0, 3_000.0, 3_300.0] {
            assert!(
                up(hertz, hertz).abs() < 0.1,
                "{hertz} Hz up: {}",
                up(hertz, hertz)
            );
            assert!(down(hertz, hertz).abs() < 0.1, "{hertz} Hz down");
        }
        for hertz in [300.0, 1_000.0, 3_300.0] {
            let image = 8_000.0 - hertz;
            assert!(
                up(hertz, image) < -55.0,
                "{hertz} Hz has an image: {}",
                up(hertz, image)
            );
        }
        for hertz in [4_700.0, 5_500.0, 7_950.0] {
            let alias = 8_000.0 - hertz;
            assert!(
                down(hertz, alias) < -55.0,
                "{hertz} Hz folds: {}",
                down(hertz, alias)
            );
        }
    }

    #[test]
    fn silence_stays_silence_and_what_rang_on_ends() {
        let (mut up, mut down) = (Up::default(), Down::default());
        let (mut wide, mut narrow) = ([0; WIDE], [0; FRAME]);
        up.add(&[0; FRAME], &mut wide);
        assert_eq!(wide, [0; WIDE]);
        up.add(&[1_000; FRAME], &mut wide);
        wide = [0; WIDE];
        up.add(&[0; FRAME], &mut wide);
        assert!(wide[0] == 1_000 && wide[2 * BACK..].iter().all(|&sample| sample == 0));
        wide = [0; WIDE];
        up.add(&[0; FRAME], &mut wide);
        assert_eq!(wide, [0; WIDE]);
        down.add(&[1_000; WIDE], &mut narrow);
        assert_eq!(narrow[FRAME - 1], 1_000);
    }
}
