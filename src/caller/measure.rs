//! Owns the measuring: how loud a known tone is in what was heard. Pure.

use crate::units::SAMPLE_RATE;
use std::f64::consts::TAU;

/// Full scale of the samples.
const FULL_SCALE: f64 = 32_768.0;
/// What a level is at least said to be; nothing heard at all would be minus infinity.
pub const FLOOR_DBFS: f64 = -120.0;

/// F. J. Harris, "On the use of windows for harmonic analysis" (1978): 4-term Blackman-Harris, side lobes at −92 dB.
const HARRIS: [f64; 4] = [0.35875, -0.48829, 0.14128, -0.01168];

/// The level of the sine at `hz` in `samples`, in dB relative to a full-scale sine. Needs 2 s or more to tell tones
/// apart that lie 4 Hz from each other.
pub fn level_dbfs(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im, mut gain) = (0.0, 0.0, 0.0);
    let (step, per_sample) = (
        TAU * hz / f64::from(SAMPLE_RATE),
        TAU / samples.len().max(1) as f64,
    );
    for (n, &sample) in samples.iter().enumerate() {
        let place = n as f64;
        let window: f64 = (0u8..)
            .zip(HARRIS)
            .map(|(k, a)| a * (f64::from(k) * per_sample * place).cos())
            .sum();
        let (sin, cos) = (step * place).sin_cos();
        let weighted = window * f64::from(sample);
        re += weighted * cos;
        im -= weighted * sin;
        gain += window;
    }
    decibels(2.0 * re.hypot(im) / (gain.max(f64::MIN_POSITIVE) * FULL_SCALE))
}

/// Length of the windows of [`lasting_dbfs`]: 2 s.
const LASTING_WINDOW: usize = 2 * SAMPLE_RATE as usize;

/// The level of the sine at `hz` that lasts through all of `samples`: the lowest of windows of 2 s that overlap by half.
/// A voice that comes back is in every window; the splash of a lost packet is in two of them at most.
pub fn lasting_dbfs(samples: &[i16], hz: f64) -> f64 {
    if samples.len() < LASTING_WINDOW {
        return level_dbfs(samples, hz);
    }
    let windows = samples.windows(LASTING_WINDOW).step_by(LASTING_WINDOW / 2);
    windows
        .map(|window| level_dbfs(window, hz))
        .fold(f64::MAX, f64::min)
}

/// Length of the windows of [`usual_dbfs`]: 0.25 s.
const USUAL_WINDOW: usize = SAMPLE_RATE as usize / 4;

/// The usual level of the sine at `hz` in `samples`: the median of windows of 0.25 s. A packet that is lost or comes
/// twice shifts a tone's phase, so that a long window may see it cancelled; here it spoils one window.
pub fn usual_dbfs(samples: &[i16], hz: f64) -> f64 {
    let levels: Vec<f64> = samples
        .chunks_exact(USUAL_WINDOW)
        .map(|window| level_dbfs(window, hz))
        .collect();
    median(&levels).unwrap_or(FLOOR_DBFS)
}

/// The level of everything in `samples`, in dB relative to a full-scale sine.
pub fn loudness_dbfs(samples: &[i16]) -> f64 {
    decibels((2.0 * mean_square(samples)).sqrt() / FULL_SCALE)
}

/// Which share of `samples` the tones at `hz` make up: near 1 for a room full of tones, small for speech and music.
/// For short stretches, where leakage between tones does not matter.
pub fn tone_share(samples: &[i16], hz: impl Iterator<Item = f64>) -> f64 {
    let total = mean_square(samples);
    if total < 1.0 {
        return 0.0;
    }
    hz.map(|hz| plain_power(samples, hz)).sum::<f64>() / total
}

/// The middle of `values` (the lower one of two).
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn plain_power(samples: &[i16], hz: f64) -> f64 {
    let step = TAU * hz / f64::from(SAMPLE_RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += f64::from(sample) * cos;
        im += f64::from(sample) * sin;
    }
    2.0 * (re * re + im * im) / (samples.len() * samples.len()) as f64
}

fn mean_square(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    sum / samples.len().max(1) as f64
}

fn decibels(ratio: f64) -> f64 {
    (20.0 * ratio.max(f64::MIN_POSITIVE).log10()).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::tones::Tone;

    fn sine(hz: f64, dbfs: f64, len: usize) -> Vec<i16> {
        let amplitude = FULL_SCALE * 10f64.powf(dbfs / 20.0);
        let step = TAU * hz / f64::from(SAMPLE_RATE);
        (0..len)
            .map(|n| (amplitude * (step * n as f64).sin()).round() as i16)
            .collect()
    }

    #[test]
    fn a_level_is_measured_as_it_was_sent() {
        for hz in [471.24, 1817.73, 3178.7] {
            let heard = level_dbfs(&sine(hz, -26.0, 16_000), hz);
            assert!((heard + 26.0).abs() < 0.05, "{heard}");
        }
        assert_eq!(level_dbfs(&[0; 16_000], 500.0), FLOOR_DBFS);
        assert_eq!(level_dbfs(&[], 500.0), FLOOR_DBFS);
    }

    #[test]
    fn a_loud_neighbour_does_not_leak_into_a_silent_tone() {
        let heard = level_dbfs(&sine(1_000.0, -10.0, 16_000), 1_004.0);
        assert!(heard < -90.0, "{heard}");
    }

    #[test]
    fn a_lost_packet_does_not_pass_for_a_voice_that_lasts() {
        let mut heard = sine(1_000.0, -26.0, 48_000);
        heard[3_000..3_160].fill(0);
        heard.drain(6_000..6_160);
        assert!(level_dbfs(&heard[..16_000], 1_021.0) > -86.0);
        assert!(lasting_dbfs(&heard, 1_021.0) < -100.0);
        assert!((lasting_dbfs(&heard, 1_000.0) + 26.0).abs() < 1.0);
    }

    #[test]
    fn a_shifted_phase_does_not_hide_a_tone_that_is_there() {
        let mut heard = sine(1_025.0, -26.0, 16_000);
        heard.drain(8_000..8_160);
        assert!(level_dbfs(&heard, 1_025.0) < -40.0);
        assert!((usual_dbfs(&heard, 1_025.0) + 26.0).abs() < 0.5);
        assert_eq!(usual_dbfs(&[], 1_025.0), FLOOR_DBFS);
    }

    #[test]
    fn tones_are_told_from_noise_within_two_packets() {
        let tones: Vec<f64> = (0..8).filter_map(Tone::nth).map(|tone| tone.hz).collect();
        let share = |samples: &[i16]| tone_share(samples, tones.iter().copied());
        assert!(share(&sine(tones[3], -36.0, 320)) > 0.8);
        assert!(share(&sine(1_650.0, -20.0, 320)) < 0.2);
        assert_eq!(share(&[0; 320]), 0.0);
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    }
}
