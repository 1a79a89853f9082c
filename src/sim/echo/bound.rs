//! How much a filter could take away at most on a line of 16 kHz, below 4 kHz: that of 160 ms which fits the echo of just these seconds
//! best, found afterwards by least squares. What it leaves no filter of this length could have taken away: the
//! codecs did not carry it as a wave. A filter that changes all the time may be a little above.

use super::case::{Case, Voices, power};
use super::line_wide::LineWide;
use super::run::{ACTIVE, Powers, SECOND, loss};
use crate::media_api::Codec;
use crate::units::{FRAME, WIDE};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::ops::Range;
use std::sync::Arc;

/// Samples of 8 kHz that the filter is long.
const TAPS: usize = 8 * FRAME;
/// Steps of the search; twice as many find less than 0.1 dB more.
const STEPS: usize = 200;

/// The least that is left of what was sent, in dB below it, from five seconds of echo on until both speak; none for a codec of 8 kHz.
pub fn bound_wide(case: Case, codec: Codec, voices: Voices<'_>) -> Option<f32> {
    let mut line = LineWide::new(case, codec, voices)?;
    let (mut of_far, mut of_echo) = (Halved::default(), Halved::default());
    let (mut far, mut echo, mut powers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..case.schedule.both {
        let sound = line.far();
        let sent = line.next(&sound);
        far.extend(of_far.take(&sound.map(f32::from)));
        let more = |at: usize| f32::from(sent.sound[at]) - f32::from(sent.bare[at]);
        echo.extend(of_echo.take(&std::array::from_fn(more)));
        powers.push(Powers {
            source: power(sent.source.into_iter()),
            ..Powers::default()
        });
    }
    let first = powers.iter().position(|frame| frame.source > ACTIVE)?;
    let from = first + 5 * SECOND;
    let late = FRAME + case.trip_ms as usize * 8;
    let came: Vec<f64> = (0..echo.len())
        .map(|at| at.checked_sub(late).map_or(0.0, |at| far[at]))
        .collect();
    let came = &came[from * FRAME - TAPS..];
    let echo = &echo[from * FRAME..];
    let predicted = Convolver::new(came).along(&fitted(came, echo));
    let left: Vec<f32> = echo
        .iter()
        .zip(predicted)
        .map(|(echo, made)| (echo - made) as f32)
        .collect();
    let powers = &mut powers[from..];
    for (frame, left) in powers.iter_mut().zip(left.as_chunks::<FRAME>().0) {
        frame.linear = power(left.iter().copied());
    }
    Some(loss(powers, ACTIVE, |frame| frame.linear))
}

/// The filter of [`TAPS`] that makes most of `echo` of what `came`, of which so much more is known before.
fn fitted(came: &[f64], echo: &[f64]) -> Vec<f64> {
    let convolver = Convolver::new(came);
    let mut taps = vec![0.0; TAPS];
    // Conjugate gradients on the normal equations: `missed` is the gradient, `way` the direction in which the filter goes on.
    let mut missed = convolver.back(echo);
    let mut way = missed.clone();
    let mut power = dot(&missed, &missed);
    for _ in 0..STEPS {
        let moved = convolver.along(&way);
        let far = power / (dot(&moved, &moved) + f64::MIN_POSITIVE);
        let turned = convolver.back(&moved);
        for at in 0..TAPS {
            taps[at] += far * way[at];
            missed[at] -= far * turned[at];
        }
        let before = std::mem::replace(&mut power, dot(&missed, &missed));
        for at in 0..TAPS {
            way[at] = missed[at] + power / (before + f64::MIN_POSITIVE) * way[at];
        }
    }
    taps
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What came, ready to be filtered and to be compared with, all of it at once.
struct Convolver {
    spectrum: Vec<Complex<f64>>,
    ways: [Arc<dyn Fft<f64>>; 2],
    len: usize,
}

impl Convolver {
    fn new(came: &[f64]) -> Convolver {
        let size = (came.len() + TAPS).next_power_of_two();
        let mut planner = FftPlanner::new();
        let ways = [planner.plan_fft_forward(size), planner.plan_fft_inverse(size)];
        let mut convolver = Convolver {
            spectrum: vec![Complex::default(); size],
            ways,
            len: came.len() - TAPS,
        };
        convolver.spectrum = convolver.transformed(came, 0);
        convolver
    }

    fn transformed(&self, sound: &[f64], from: usize) -> Vec<Complex<f64>> {
        let mut spectrum = vec![Complex::default(); self.spectrum.len()];
        for (to, &sample) in spectrum[from..].iter_mut().zip(sound) {
            to.re = sample;
        }
        self.ways[0].process(&mut spectrum);
        spectrum
    }

    fn sound(&self, mut spectrum: Vec<Complex<f64>>, part: Range<usize>) -> Vec<f64> {
        let size = spectrum.len() as f64;
        self.ways[1].process(&mut spectrum);
        spectrum[part].iter().map(|value| value.re / size).collect()
    }

    /// What a filter makes of it, from [`TAPS`] on.
    fn along(&self, taps: &[f64]) -> Vec<f64> {
        let taps = self.transformed(taps, 0);
        let both = taps.iter().zip(&self.spectrum).map(|(a, b)| a * b).collect();
        self.sound(both, TAPS..TAPS + self.len)
    }

    /// How much of it is in a sound that begins at [`TAPS`], by lag.
    fn back(&self, sound: &[f64]) -> Vec<f64> {
        let sound = self.transformed(sound, TAPS);
        let both = sound
            .iter()
            .zip(&self.spectrum)
            .map(|(a, b)| a * b.conj())
            .collect();
        self.sound(both, 0..TAPS)
    }
}

/// Every second sample of a sound of 16 kHz below 4 kHz: by a filter of its own, of 127 taps.
struct Halved {
    past: [f32; 126],
    taps: [f64; 127],
}

impl Default for Halved {
    fn default() -> Halved {
        let tap = |at: usize| {
            let (from_middle, place) = (at as f64 - 63.0, (at as f64 + 1.0) / 128.0);
            let turn = std::f64::consts::PI * from_middle / 2.0;
            let sinc = if at == 63 { 1.0 } else { turn.sin() / turn };
            0.5 * sinc * (std::f64::consts::PI * place).sin().powi(2)
        };
        Halved {
            past: [0.0; 126],
            taps: std::array::from_fn(tap),
        }
    }
}

impl Halved {
    fn take(&mut self, sound: &[f32; WIDE]) -> [f64; FRAME] {
        let mut line = [0.0; 126 + WIDE];
        line[..126].copy_from_slice(&self.past);
        line[126..].copy_from_slice(sound);
        self.past.copy_from_slice(&line[WIDE..]);
        std::array::from_fn(|at| {
            let window = &line[2 * at..][..127];
            self.taps
                .iter()
                .zip(window)
                .map(|(tap, s)| tap * f64::from(*s))
                .sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_made_is_found_again_and_what_noise_added_is_left() {
        let mut chance = crate::sim::Chance::seeded(5);
        let mut even = || f64::from(super::super::path::even(&mut chance));
        let came: Vec<f64> = (0..20_000).map(|_| 1_000.0 * even()).collect();
        let echo: Vec<f64> = (0..came.len())
            .map(|at| if at < 700 { 0.0 } else { 0.5 * came[at - 3] - 0.25 * came[at - 700] } + 10.0 * even())
            .collect();
        let taps = fitted(&came, &echo[TAPS..]);
        assert!((taps[3] - 0.5).abs() < 0.01 && (taps[700] + 0.25).abs() < 0.01);
        let others = taps.iter().enumerate().filter(|&(at, _)| at != 3 && at != 700);
        assert!(others.map(|(_, tap)| tap * tap).sum::<f64>() < 1e-3);
    }
}
