//! Owns the question whether 30 ms of sound are one key's two tones and nothing else, within the limits of ITU-T Q.24.
//!
//! The two tones are measured in the middle (frequency by how far the phase advances in 5 ms, level, phase), taken out of the
//! whole 30 ms, and what is left must be little. So a tone that is too short, that changes, that has overtones, or that is a
//! voice, fails. A dial tone beneath is taken out as well.

use super::bank::{self, DIAL, Spectrum};
use crate::units::{FRAME, SAMPLE_RATE};
use std::f32::consts::{PI, TAU};

/// Samples looked at: 30 ms. A tone of 40 ms holds two such windows whole, wherever it begins, if one is looked at every 5 ms.
pub const WINDOW: usize = 240;
/// Samples from one look to the next, and from one measurement of the phase to the next: 5 ms.
pub const HOP: usize = 40;
/// Where the two measurements begin: together they stand in the middle.
const FIRST: usize = (WINDOW - FRAME - HOP) / 2;

/// Level below which a tone is none: −26.5 dBm0, in the middle of −24 (accepted) and −29 (refused). Full scale is
/// +3.14 dBm0 (ITU-T G.711), so 0 dBm0 has an amplitude of 22,826.
const AMPLITUDE_MIN: f32 = 1_080.0;
/// Twist, as power of the high tone by power of the low one. Q.24 (annex A, AT&T) accepts +4 to −8 dB; here 1 dB more each way.
const TWIST: std::ops::RangeInclusive<f32> = 0.1259..=3.162;
/// What may be left when the tones are taken out, by their energy: noise at −8 dB; or 4 ms of the window without tone.
const REST_MAX: f32 = 0.13;
/// The second harmonic of either tone, by that tone's power: −15 dB.
const HARMONIC_MAX: f32 = 0.03;
/// How far a dial tone may be from where it belongs, in Hz; else it is left where it is.
const DIAL_OFF_MAX: f32 = 12.0;

/// For a frame to be likely, the least level: −30 dBm0, squared.
const LIKELY_MIN: f32 = 720.0 * 720.0;
/// … the least part of the energy, without that of a dial tone; a tone 26 Hz off its place shows 70 % of what it has.
pub const LIKELY_SHARE: f32 = 0.5;
/// … so the least that either correlator shows. A tone of amplitude 1 has 3/16 of the frame's length as weighted energy.
pub const LIKELY_ENERGY: f32 = LIKELY_MIN * 3.0 / 16.0 * FRAME as f32 * LIKELY_SHARE;
/// … and the most that one tone may be stronger: 14 dB.
pub const LIKELY_TWIST: f32 = 25.0;

/// Two tones that are a key's.
#[derive(Clone, Copy)]
pub struct Pair {
    /// Row times four plus column.
    pub place: u8,
    /// Their frequencies, in radians a sample.
    pub per_sample: [f32; 2],
    /// Their squared amplitudes together.
    pub power: f32,
}

/// Whether 20 ms could be part of a key: a look which no key fails, and nearly all speech. A cheaper one (`sieve`) goes before.
pub fn is_likely(frame: &[f32; FRAME]) -> bool {
    let spectrum = Spectrum::of(frame);
    let (row, column) = spectrum.strongest();
    let (low, high) = (spectrum.energy_of(row), spectrum.energy_of(column));
    let rest = spectrum.energy - spectrum.energy_of(DIAL);
    low.min(high) > LIKELY_ENERGY
        && low.max(high) < LIKELY_TWIST * low.min(high)
        && low + high > LIKELY_SHARE * rest
}

/// The key's tones in these 30 ms, if they are that. The second measurement is left in `measured`: where the window is moved on by a
/// hop, it is the first.
pub fn find(sound: &[f32; WINDOW], measured: &mut Option<Spectrum>) -> Option<Pair> {
    let first = match measured.take() {
        Some(first) => first,
        None => Spectrum::of(sound[FIRST..].first_chunk()?),
    };
    let second = *measured.insert(Spectrum::of(sound[FIRST + HOP..].first_chunk()?));
    let (row, column) = first.strongest();
    let low = Tone::measure(&first, &second, row).filter(|tone| tone.is_within_limits(row))?;
    let high = Tone::measure(&first, &second, column).filter(|tone| tone.is_within_limits(column))?;
    if !TWIST.contains(&(high.power() / low.power())) {
        return None;
    }
    let mut rest = *sound;
    low.take_out(&mut rest);
    high.take_out(&mut rest);
    let dial = Tone::measure(&first, &second, DIAL).filter(|tone| tone.off.abs() < DIAL_OFF_MAX);
    if let Some(dial) = dial {
        dial.take_out(&mut rest);
    }
    let power = low.power() + high.power();
    let energy: f32 = rest.iter().map(|sample| sample * sample).sum();
    let pure = energy < REST_MAX * power / 2.0 * WINDOW as f32;
    let fits = pure && !low.has_harmonic(&rest) && !high.has_harmonic(&rest);
    fits.then(|| Pair {
        place: (row * 4 + column - 4) as u8,
        per_sample: [low.per_sample, high.per_sample],
        power,
    })
}

/// A tone as it was measured.
struct Tone {
    /// How far it is from where it belongs, in Hz.
    off: f32,
    per_sample: f32,
    amplitude: f32,
    /// Its phase at the first sample of the window.
    phase: f32,
}

impl Tone {
    /// The tone near this correlator's frequency, less than 100 Hz away.
    fn measure(first: &Spectrum, second: &Spectrum, tone: usize) -> Option<Tone> {
        let place = bank::per_sample(bank::frequency(tone));
        let advance = second.phase(tone) - first.phase(tone) - place * HOP as f32;
        let wrapped = advance - TAU * (advance / TAU).round();
        let off = wrapped / HOP as f32 * SAMPLE_RATE as f32 / TAU;
        let per_sample = place + wrapped / HOP as f32;
        let middle = FIRST as f32 + (FRAME - 1) as f32 / 2.0;
        (off.abs() < 80.0).then(|| Tone {
            off,
            per_sample,
            amplitude: (first.amplitude(tone, off) + second.amplitude(tone, off)) / 2.0,
            phase: first.phase(tone) - per_sample * middle,
        })
    }

    /// Q.24 accepts ±1.5 % (and here ±2 Hz more) and refuses ±3.5 %: the limit lies half way between.
    fn is_within_limits(&self, tone: usize) -> bool {
        self.off.abs() <= 0.025 * bank::frequency(tone) + 1.0 && self.amplitude >= AMPLITUDE_MIN
    }

    /// The squared amplitude.
    fn power(&self) -> f32 {
        self.amplitude * self.amplitude
    }

    fn take_out(&self, sound: &mut [f32; WINDOW]) {
        let (sin, cos) = self.per_sample.sin_cos();
        let (im, re) = (self.phase % TAU).sin_cos();
        let mut turn = (self.amplitude * re, self.amplitude * im);
        for sample in sound {
            *sample -= turn.0;
            turn = (turn.0 * cos - turn.1 * sin, turn.0 * sin + turn.1 * cos);
        }
    }

    fn has_harmonic(&self, rest: &[f32; WINDOW]) -> bool {
        let octave = 2.0 * self.per_sample;
        octave < PI && bank::power(rest, octave) > HARMONIC_MAX * self.power()
    }
}
