//! Owns the bank of correlators: how much of the eight frequencies of a keypad (ITU-T Q.23), and of Germany's dial tone, is in 20 ms
//! of sound. Hann-weighted: what is 268 Hz away (the nearest of the other group, or the dial tone) comes through at −53 dB.

use crate::units::{FRAME, SAMPLE_RATE};
use std::f32::consts::TAU;

/// The low group: the keypad's rows from above (ITU-T Q.23), in Hz.
pub const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The high group: the keypad's columns from the left. The fourth belongs to A, B, C and D.
pub const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Dial tone in Germany and most of Europe (ITU-T E.180), in Hz.
pub const DIAL_TONE: f32 = 425.0;

/// Correlators: rows, columns, dial tone.
pub const TONES: usize = 9;
/// Where the dial tone stands among them.
pub const DIAL: usize = 8;
/// A line of the table: nine cosines, nine sines, the weight, and nothing. A multiple of four, so that four go at once.
const LANES: usize = 20;
const WEIGHT: usize = 2 * TONES;
/// Half a frame. The frame is folded in its middle: sums of two samples go with cosines, differences with sines.
const HALF: usize = FRAME / 2;

/// The frequency of correlator `at`, in Hz.
pub const fn frequency(at: usize) -> f32 {
    match at {
        0..4 => ROWS[at],
        4..8 => COLUMNS[at - 4],
        _ => DIAL_TONE,
    }
}

/// Radians a sample.
pub fn per_sample(hertz: f32) -> f32 {
    TAU * hertz / SAMPLE_RATE as f32
}

/// By sample from the frame's middle outwards, so that all correlators take two samples in one go. Made by the compiler: nothing is
/// prepared on the tick.
static TABLE: [[f32; LANES]; HALF] = table();

const fn table() -> [[f32; LANES]; HALF] {
    let mut table = [[0.0; LANES]; HALF];
    let mut at = 0;
    while at < HALF {
        let weight = weight((HALF + at) as f64);
        let mut tone = 0;
        while tone < TONES {
            let turns = turns(tone, at as f64 + 0.5);
            table[at][tone] = (weight * sine(turns + 0.25)) as f32;
            table[at][TONES + tone] = (weight * sine(turns)) as f32;
            tone += 1;
        }
        table[at][WEIGHT] = weight as f32;
        at += 1;
    }
    table
}

/// Hann's weight of sample `at` of a frame.
pub const fn weight(at: f64) -> f64 {
    let slope = sine((at + 0.5) / (2.0 * FRAME as f64));
    slope * slope
}

/// Whole turns of correlator `tone` in so many samples.
pub const fn turns(tone: usize, samples: f64) -> f64 {
    frequency(tone) as f64 * samples / SAMPLE_RATE as f64
}

/// The sine of so many whole turns, for the compiler: its own is not to be had there.
pub const fn sine(turns: f64) -> f64 {
    let rest = turns - (turns as i64) as f64;
    let folded = match rest {
        0.25..0.75 => 0.5 - rest,
        0.75.. => rest - 1.0,
        _ => rest,
    };
    let x = std::f64::consts::TAU * folded;
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while n < 20.0 {
        term = -term * x * x / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}

/// What 20 ms hold.
#[derive(Clone, Copy)]
pub struct Spectrum {
    re: [f32; TONES],
    im: [f32; TONES],
    /// Energy of the weighted sound.
    pub energy: f32,
}

impl Spectrum {
    /// Of 20 ms.
    pub fn of(sound: &[f32; FRAME]) -> Spectrum {
        let mut lanes = [0.0; LANES];
        let mut energy = 0.0;
        let (before, after) = sound.split_at(HALF);
        for ((after, before), line) in after.iter().zip(before.iter().rev()).zip(&TABLE) {
            let (sum, difference) = (after + before, after - before);
            for (at, (lane, factor)) in lanes.iter_mut().zip(line).enumerate() {
                *lane += factor * if at < TONES { sum } else { difference };
            }
            energy += (after * after + before * before) * (line[WEIGHT] * line[WEIGHT]);
        }
        Spectrum {
            re: std::array::from_fn(|tone| lanes[tone]),
            im: std::array::from_fn(|tone| -lanes[TONES + tone]),
            energy,
        }
    }

    /// The strongest row and the strongest column, as correlators.
    pub fn strongest(&self) -> (usize, usize) {
        let among = |from: usize| {
            (from..from + 4)
                .reduce(|best, next| {
                    if self.energy_of(next) > self.energy_of(best) {
                        next
                    } else {
                        best
                    }
                })
                .unwrap_or(from)
        };
        (among(0), among(4))
    }

    /// The part of [`Spectrum::energy`] that a tone at this correlator's own frequency has.
    pub fn energy_of(&self, tone: usize) -> f32 {
        3.0 / FRAME as f32 * self.magnitude_squared(tone)
    }

    /// The amplitude of a tone that is `off_hertz` away from this correlator.
    pub fn amplitude(&self, tone: usize, off_hertz: f32) -> f32 {
        let bins = off_hertz * FRAME as f32 / SAMPLE_RATE as f32;
        4.0 / FRAME as f32 * self.magnitude_squared(tone).sqrt() / response(bins)
    }

    /// The phase of the tone in the middle of the 20 ms, 79.5 samples after their beginning, in radians.
    pub fn phase(&self, tone: usize) -> f32 {
        self.im[tone].atan2(self.re[tone])
    }

    fn magnitude_squared(&self, tone: usize) -> f32 {
        self.re[tone] * self.re[tone] + self.im[tone] * self.im[tone]
    }
}

/// What a Hann-weighted correlator lets through, as amplitude, by the distance in bins of 1/20 ms; less than 2.
fn response(bins: f32) -> f32 {
    let bins = bins.abs();
    if bins < 0.01 || (bins - 1.0).abs() < 0.01 {
        return if bins < 0.5 { 1.0 } else { 0.5 };
    }
    let x = std::f32::consts::PI * bins;
    x.sin() / x / (1.0 - bins * bins)
}

/// The squared amplitude of `sound` at `per_sample` radians a sample, unweighted.
pub fn power(sound: &[f32], per_sample: f32) -> f32 {
    let (sin, cos) = per_sample.sin_cos();
    let (mut re, mut im, mut turn) = (0.0, 0.0, (1.0f32, 0.0f32));
    for &sample in sound {
        re += sample * turn.0;
        im += sample * turn.1;
        turn = (turn.0 * cos - turn.1 * sin, turn.0 * sin + turn.1 * cos);
    }
    let scale = 2.0 / sound.len() as f32;
    scale * scale * (re * re + im * im)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_sine_is_a_sine() {
        for at in 0..4_000 {
            let turns = f64::from(at) / 170.0;
            let difference = sine(turns) - (std::f64::consts::TAU * turns).sin();
            assert!(difference.abs() < 1e-9, "{turns}: {difference}");
        }
    }

    #[test]
    fn a_tone_is_measured_although_it_is_off_and_others_sound() {
        let tone = |hertz: f32, at: usize, phase: f32| (per_sample(hertz) * at as f32 + phase).cos();
        for off in [-40.0, -12.0, 0.0, 7.0, 40.0] {
            let sound = std::array::from_fn(|at| {
                1_000.0 * tone(941.0 + off, at, 1.0)
                    + 2_500.0 * tone(1_209.0, at, 0.3)
                    + 1_500.0 * tone(425.0, at, 2.0)
            });
            let spectrum = Spectrum::of(&sound);
            assert_eq!(spectrum.strongest(), (3, 4));
            let amplitude = spectrum.amplitude(3, off);
            assert!((970.0..1_030.0).contains(&amplitude), "{off} Hz off: {amplitude}");
            let phase = spectrum.phase(3) - (per_sample(941.0 + off) * 79.5 + 1.0);
            assert!(
                phase.sin().abs() < 0.03 && phase.cos() > 0.0,
                "{off} Hz off: {phase}"
            );
        }
    }
}
