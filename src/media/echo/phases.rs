//! The phases of what was sent and of what was heard, in the bins that a detector looks at: both by one transform.
//!
//! Of 40 ms under Hann's window every second bin is wanted, 50 Hz apart: the transform of its two halves laid over each other has just
//! those. What was sent is its real part, what was heard its imaginary one.

use super::super::Frame;
use super::fft;
use crate::units::FRAME;
use std::sync::LazyLock;

/// Bins that are looked at, from 300 Hz on.
pub const BINS: usize = 48;
const FIRST_BIN: usize = 6;
/// The largest phase as it is kept: five products of it fit in 16 bits.
pub const FULL: f32 = 80.0;

/// Real and imaginary parts of phases.
pub type Phases = [[i8; BINS]; 2];

/// Of nothing.
pub const NONE: Phases = [[0; BINS]; 2];

static WINDOW: LazyLock<[f32; 2 * FRAME]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        let sine = ((at as f32 + 0.5) * std::f32::consts::PI / (2 * FRAME) as f32).sin();
        sine * sine
    })
});

/// Computes the window, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&WINDOW);
}

/// The phases of what was sent, and of what was heard.
#[inline(always)]
pub fn of_both(sent: &[Frame; 2], heard: &[Frame; 2]) -> [Phases; 2] {
    let (re, im) = fft::complex(&folded(sent), &folded(heard));
    let (mut own, mut mirrored) = ([[0.0; BINS]; 2], [[0.0; BINS]; 2]);
    for bin in 0..BINS {
        let at = FIRST_BIN + bin;
        (own[0][bin], own[1][bin]) = (re[at], im[at]);
        (mirrored[0][bin], mirrored[1][bin]) = (re[FRAME - at], im[FRAME - at]);
    }
    let (mut a, mut b) = ([[0.0; BINS]; 2], [[0.0; BINS]; 2]);
    for bin in 0..BINS {
        a[0][bin] = own[0][bin] + mirrored[0][bin];
        a[1][bin] = own[1][bin] - mirrored[1][bin];
        b[0][bin] = own[1][bin] + mirrored[1][bin];
        b[1][bin] = mirrored[0][bin] - own[0][bin];
    }
    [phases(&a), phases(&b)]
}

/// Two frames under the window, their halves laid over each other.
#[inline(always)]
fn folded(sound: &[Frame; 2]) -> [f32; FRAME] {
    let mut folded = [0.0; FRAME];
    let (early, late) = WINDOW.split_at(FRAME);
    for at in 0..FRAME {
        folded[at] = early[at] * f32::from(sound[0][at]) + late[at] * f32::from(sound[1][at]);
    }
    folded
}

#[inline(always)]
fn phases([re, im]: &[[f32; BINS]; 2]) -> Phases {
    let mut phases = NONE;
    for bin in 0..BINS {
        let scale = FULL / (re[bin] * re[bin] + im[bin] * im[bin]).sqrt().max(1e-3);
        phases[0][bin] = byte(re[bin] * scale);
        phases[1][bin] = byte(im[bin] * scale);
    }
    phases
}

/// The nearest whole number of one that a byte has a place for: behind so large a number a float has no place for anything but whole ones,
/// and has them in its last bits. The compiler does that for eight at once, and a checked conversion one by one.
#[inline(always)]
fn byte(number: f32) -> i8 {
    const LARGE: f32 = (3 << 22) as f32;
    (number + LARGE).to_bits() as i8
}

/// How the phase of each bin turns where a sound is later: by whole frames it does not.
pub struct Turn([[f32; BINS]; 2]);

impl Turn {
    /// By so many samples.
    pub fn by(samples: isize) -> Turn {
        let angle = |bin: usize| {
            let around = (FIRST_BIN + bin) as f32 * samples as f32 / FRAME as f32;
            -around * std::f32::consts::TAU
        };
        Turn([
            std::array::from_fn(|bin| angle(bin).cos()),
            std::array::from_fn(|bin| angle(bin).sin()),
        ])
    }

    /// What sums of products of phases become.
    pub fn of(&self, [re, im]: &[[i16; BINS]; 2]) -> [[i16; BINS]; 2] {
        let mut turned = [[0; BINS]; 2];
        for bin in 0..BINS {
            let (re, im) = (f32::from(re[bin]), f32::from(im[bin]));
            let (real, imaginary) = (self.0[0][bin], self.0[1][bin]);
            turned[0][bin] = (re * real - im * imaginary) as i16;
            turned[1][bin] = (re * imaginary + im * real) as i16;
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_the_nearest_whole_number() {
        for (number, byte_of_it) in [
            (0.0, 0),
            (-80.0, -80),
            (79.6, 80),
            (-0.4, 0),
            (-12.7, -13),
            (127.0, 127),
        ] {
            assert_eq!(byte(number), byte_of_it, "{number}");
        }
    }

    #[test]
    fn each_tone_has_its_phase_in_its_bin_whatever_the_other_side_sounds_like() {
        let tone = |hertz: f32, turn: f32| -> [Frame; 2] {
            [0, 160].map(|from| {
                std::array::from_fn(|at| {
                    let turned = (from + at) as f32 * hertz / 8_000.0 * std::f32::consts::TAU + turn;
                    (1_000.0 * turned.cos()) as i16
                })
            })
        };
        let near = |value: i8, expected: f32| (f32::from(value) - expected).abs() < 3.0;
        for (sent, heard) in [(0.3f32, 1.9f32), (-2.0, 0.1)] {
            let [sent_phases, heard_phases] = of_both(&tone(500.0, sent), &tone(1_200.0, heard));
            // 500 Hz is bin 10, the fifth of those that are looked at; 1,200 Hz is bin 24.
            let [re, im] = sent_phases;
            assert!(near(re[4], FULL * sent.cos()) && near(im[4], FULL * sent.sin()));
            let [re, im] = heard_phases;
            assert!(near(re[18], FULL * heard.cos()) && near(im[18], FULL * heard.sin()));
        }
        assert_eq!(of_both(&[[0; FRAME]; 2], &[[0; FRAME]; 2]), [NONE; 2]);
    }
}
