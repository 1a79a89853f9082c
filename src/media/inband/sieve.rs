//! Owns the first look at a loud frame: whether it can be what [`pair::is_likely`] asks for. Eight samples at a time in 16 bits, so
//! that a voice costs a fifth. Must never refuse a frame that is likely; it may let others through (one of voice in some 300).
//!
//! The frame is brought to ±1,024 and folded in its middle: sums of two samples go with cosines, differences with sines. A product
//! keeps its upper 16 bits. A tone of amplitude A, after the shift, has a magnitude of 20 A, at most 27,000, here:
//!
//! | what is lost in each of the two parts of a magnitude | at most |
//! |---|---|
//! | 80 products' lower bits, 0 to 1 each, of which the middle is put back | 40 |
//! | the samples' shifted-out bits, seen through the weights | 20.5 |
//! | the table's rounding | 2 |
//!
//! Together 62.5, for both parts [`LOST`]: so much is added to each magnitude before it is compared. For the energy see [`ENERGY_LOST`].

use super::bank::{self, DIAL, TONES};
use super::pair;
use crate::media::Frame;
use crate::units::FRAME;

/// Half a frame.
const HALF: usize = FRAME / 2;
/// Bits that the largest sample has after the shift.
const BITS: u32 = 10;
/// What 80 products lose on average: half each.
const MIDDLE: i32 = HALF as i32 / 2;
/// What a magnitude can be too small by.
const LOST: f32 = 90.0;
/// What the root of the energy can be too large by: √2 · √(Σ (w + 1.05)² + Σ (w / 2 + 1.05)²), over the weights w of half a frame.
const ENERGY_LOST: f32 = 27.0;
/// Energy of a tone by its squared magnitude: 3/16 of a frame, by 20².
const ENERGY: f32 = 3.0 / 16.0 * FRAME as f32 / 400.0;

/// The second half of a wave or of the weight, from the frame's middle outwards.
type Half = [i16; HALF];

/// For each tone its weighted cosine and sine.
static WAVES: [[Half; 2]; TONES] = waves();
static WEIGHT: Half = weight();

const fn waves() -> [[Half; 2]; TONES] {
    let mut waves = [[[0; HALF]; 2]; TONES];
    let mut tone = 0;
    while tone < TONES {
        let mut at = 0;
        while at < HALF {
            let turns = bank::turns(tone, at as f64 + 0.5);
            waves[tone][0][at] = coded(weight_at(at) * bank::sine(turns + 0.25));
            waves[tone][1][at] = coded(weight_at(at) * bank::sine(turns));
            at += 1;
        }
        tone += 1;
    }
    waves
}

const fn weight() -> Half {
    let mut weight = [0; HALF];
    let mut at = 0;
    while at < HALF {
        weight[at] = coded(weight_at(at));
        at += 1;
    }
    weight
}

const fn weight_at(at: usize) -> f64 {
    bank::weight((HALF + at) as f64)
}

/// −1 to 1 in 16 bits, to the nearest.
const fn coded(value: f64) -> i16 {
    let scaled = value * i16::MAX as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i16
}

/// Whether 20 ms, of which `peak` is the largest sample, may be likely to hold a key.
pub fn lets_through(frame: &Frame, peak: u16) -> bool {
    let shift = (u16::BITS - peak.leading_zeros()).saturating_sub(BITS);
    let folded = Folded::of(frame, shift);
    let least = pair::LIKELY_ENERGY / (1u32 << (2 * shift)) as f32;
    // Most of a voice lies below the columns.
    let column = folded.most(&WAVES[4..8]);
    if column < least {
        return false;
    }
    let share = pair::LIKELY_SHARE * (folded.energy() - folded.most(&WAVES[DIAL..]));
    // Nor can the row make up for what the column lacks.
    if column + pair::LIKELY_TWIST * column < share {
        return false;
    }
    let row = folded.most(&WAVES[..4]);
    row >= least && row + column > share
}

/// A frame folded in its middle.
struct Folded {
    sums: Half,
    differences: Half,
}

impl Folded {
    fn of(frame: &Frame, shift: u32) -> Folded {
        let mut folded = Folded {
            sums: [0; HALF],
            differences: [0; HALF],
        };
        let (before, after) = frame.split_at(HALF);
        let pairs = after.iter().zip(before.iter().rev());
        let places = folded.sums.iter_mut().zip(&mut folded.differences);
        for ((sum, difference), (after, before)) in places.zip(pairs) {
            let (after, before) = (after >> shift, before >> shift);
            *sum = after.wrapping_add(before);
            *difference = after.wrapping_sub(before);
        }
        folded
    }

    /// The energy of the strongest of these tones, at least.
    fn most(&self, waves: &[[Half; 2]]) -> f32 {
        let squares = waves.iter().map(|[cosine, sine]| {
            let (re, im) = (
                correlation(&self.sums, cosine),
                correlation(&self.differences, sine),
            );
            re * re + im * im
        });
        let magnitude = (squares.max().unwrap_or(0) as f32).sqrt() + LOST;
        ENERGY * magnitude * magnitude
    }

    /// The weighted energy, at most.
    fn energy(&self) -> f32 {
        let energy = weighted_energy(&self.sums) + weighted_energy(&self.differences);
        let root = ((2 * energy) as f32).sqrt() - ENERGY_LOST;
        root.max(0.0) * root.max(0.0)
    }
}

/// Of half a frame with half a wave, halved. The sum may leave 16 bits on its way, but not at its end.
fn correlation(sound: &Half, wave: &Half) -> i32 {
    let products = sound.iter().zip(wave).map(|(&a, &b)| upper(a, b));
    i32::from(products.fold(0, i16::wrapping_add)) + MIDDLE
}

fn weighted_energy(sound: &Half) -> i32 {
    let weighted = sound.iter().zip(&WEIGHT).map(|(&a, &b)| i32::from(upper(a, b)));
    weighted.map(|sample| sample * sample).sum()
}

/// The upper 16 bits of a product.
fn upper(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::inband::bank::Spectrum;
    use std::f64::consts::TAU;

    fn peak(frame: &Frame) -> u16 {
        frame
            .iter()
            .map(|sample| sample.unsigned_abs())
            .max()
            .unwrap_or(0)
    }

    /// The worst that there is for a correlator: ±full scale wherever it has that sign, and quieter.
    fn matching(hertz: f64, quarter: bool, scale: f64) -> Frame {
        std::array::from_fn(|at| {
            let turns = TAU * hertz * (at as f64 - 79.5) / 8_000.0;
            let wave = if quarter { turns.sin() } else { turns.cos() };
            if wave < 0.0 {
                (-32_768.0 * scale) as i16
            } else {
                (32_767.0 * scale) as i16
            }
        })
    }

    #[test]
    fn magnitudes_and_energy_are_never_on_the_wrong_side_of_what_they_are() {
        let mut random = 1u32;
        let mut frames: Vec<Frame> = Vec::new();
        for scale in [0.043, 0.06, 0.1249, 0.126, 0.3, 0.51, 1.0] {
            for tone in 0..TONES {
                let hertz = f64::from(bank::frequency(tone));
                frames.extend([false, true].map(|quarter| matching(hertz, quarter, scale)));
            }
            frames.extend((0..100).map(|_| {
                std::array::from_fn(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (f64::from((random >> 16) as i16) * scale) as i16
                })
            }));
            // Hardly anything but the one sample that makes it loud.
            frames.push(std::array::from_fn(|at| {
                if at == 3 { (32_767.0 * scale) as i16 } else { -7 }
            }));
        }
        for frame in &frames {
            let shift = (u16::BITS - peak(frame).leading_zeros()).saturating_sub(BITS);
            let folded = Folded::of(frame, shift);
            let exact = Spectrum::of(&frame.map(f32::from));
            let scale = (1u32 << (2 * shift)) as f32;
            assert!(folded.energy() <= exact.energy / scale);
            for tone in 0..TONES {
                let (here, there) = (folded.most(&WAVES[tone..=tone]), exact.energy_of(tone) / scale);
                assert!(here >= there, "tone {tone}: {here} for {there}");
                // And nearly right, too: nothing went round.
                let apart = (here / ENERGY).sqrt() - (there / ENERGY).sqrt();
                assert!(apart < 2.0 * LOST, "tone {tone}: {apart}");
            }
        }
    }
}
