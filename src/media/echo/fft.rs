//! Fourier transforms of real sound, at the two sizes that echo needs: 320 for the filter, 160 for the suppressor and the detector. The
//! plans are computed once, by [`prepare`]; a transform allocates nothing.
//!
//! Real sounds go by twos, one as the real part of a complex one and the other as its imaginary part: so none has to be taken apart by
//! the slow step that makes one real transform of a complex one of half its size.
//!
//! A spectrum keeps real and imaginary parts apart, filled up to a multiple of eight bins, so that the compiler takes several at once.

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::{Arc, LazyLock};

/// Bins of a transform of 320 that mean something: 0 to 4 kHz by 25 Hz.
pub const LONG: usize = 161;
/// The same of 160: by 50 Hz.
pub const SHORT: usize = 81;
/// Places for [`LONG`] bins.
pub const LONG_PLACES: usize = 168;
/// Places for [`SHORT`] bins.
pub const SHORT_PLACES: usize = 88;

/// Complex numbers that a transform may want to write to beside its result.
const SCRATCH: usize = 320;

/// A spectrum in `N` places.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Spectrum<const N: usize> {
    /// Real parts.
    pub re: [f32; N],
    /// Imaginary parts.
    pub im: [f32; N],
}

/// Of 320 samples.
pub type Long = Spectrum<LONG_PLACES>;
/// Of 160 samples.
pub type Short = Spectrum<SHORT_PLACES>;

impl<const N: usize> Spectrum<N> {
    /// Nothing.
    pub const ZERO: Spectrum<N> = Spectrum {
        re: [0.0; N],
        im: [0.0; N],
    };

    /// The power in each place.
    #[inline(always)]
    pub fn power(&self) -> [f32; N] {
        let mut power = [0.0; N];
        for ((power, re), im) in power.iter_mut().zip(&self.re).zip(&self.im) {
            *power = re * re + im * im;
        }
        power
    }
}

/// A sum by eight lanes: exact order does not matter here, speed does.
#[inline(always)]
pub fn sum<const N: usize>(values: &[f32; N]) -> f32 {
    const { assert!(N.is_multiple_of(8)) };
    let mut lanes = [0.0; 8];
    for eight in values.as_chunks::<8>().0 {
        for at in 0..8 {
            lanes[at] += eight[at];
        }
    }
    lanes.iter().sum()
}

struct Plan {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

static PLANS: LazyLock<[Plan; 2]> = LazyLock::new(|| {
    let mut planner = FftPlanner::new();
    [320, 160].map(|size| {
        let plan = Plan {
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        };
        for way in [&plan.forward, &plan.inverse] {
            assert!(way.get_outofplace_scratch_len() <= SCRATCH);
        }
        plan
    })
});

/// Computes the plans, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&PLANS);
}

/// The spectra of two sounds of 320 samples.
#[inline(always)]
pub fn long(a: &[f32; 320], b: &[f32; 320]) -> [Long; 2] {
    let (re, im) = transformed(&*PLANS[0].forward, a, b);
    apart(&re, &im, LONG)
}

/// The 320 samples of two spectra each.
#[inline(always)]
pub fn sounds_of_long(a: &Long, b: &Long) -> [[f32; 320]; 2] {
    sounds(&PLANS[0], a, b, LONG)
}

/// The spectra of two sounds of 160 samples.
#[inline(always)]
pub fn short(a: &[f32; 160], b: &[f32; 160]) -> [Short; 2] {
    let (re, im) = transformed(&*PLANS[1].forward, a, b);
    apart(&re, &im, SHORT)
}

/// The 160 samples of two spectra each.
#[inline(always)]
pub fn sounds_of_short(a: &Short, b: &Short) -> [[f32; 160]; 2] {
    sounds(&PLANS[1], a, b, SHORT)
}

/// Real and imaginary parts of the spectrum of a complex sound of 160 samples.
#[inline(always)]
pub fn complex(re: &[f32; 160], im: &[f32; 160]) -> ([f32; 160], [f32; 160]) {
    transformed(&*PLANS[1].forward, re, im)
}

#[inline(always)]
fn transformed<const T: usize>(way: &dyn Fft<f32>, re: &[f32; T], im: &[f32; T]) -> ([f32; T], [f32; T]) {
    let zero = Complex::new(0.0, 0.0);
    let (mut from, mut to) = ([zero; T], [zero; T]);
    for at in 0..T {
        from[at] = Complex::new(re[at], im[at]);
    }
    match way.get_outofplace_scratch_len() {
        0 => way.process_outofplace_with_scratch(&mut from, &mut to, &mut []),
        len => way.process_outofplace_with_scratch(&mut from, &mut to, &mut [zero; SCRATCH][..len]),
    }
    let (mut re, mut im) = ([0.0; T], [0.0; T]);
    for at in 0..T {
        (re[at], im[at]) = (to[at].re, to[at].im);
    }
    (re, im)
}

/// Takes the spectra of two real sounds out of that of both, `K` bins of each.
#[inline(always)]
fn apart<const T: usize, const N: usize>(re: &[f32; T], im: &[f32; T], bins: usize) -> [Spectrum<N>; 2] {
    let (mut mirrored_re, mut mirrored_im) = ([0.0; N], [0.0; N]);
    (mirrored_re[0], mirrored_im[0]) = (re[0], im[0]);
    for at in 1..bins {
        (mirrored_re[at], mirrored_im[at]) = (re[T - at], im[T - at]);
    }
    let (mut a, mut b) = (Spectrum::ZERO, Spectrum::ZERO);
    for at in 0..bins {
        a.re[at] = 0.5 * (re[at] + mirrored_re[at]);
        a.im[at] = 0.5 * (im[at] - mirrored_im[at]);
        b.re[at] = 0.5 * (im[at] + mirrored_im[at]);
        b.im[at] = 0.5 * (mirrored_re[at] - re[at]);
    }
    [a, b]
}

#[inline(always)]
fn sounds<const T: usize, const N: usize>(
    plan: &Plan,
    a: &Spectrum<N>,
    b: &Spectrum<N>,
    bins: usize,
) -> [[f32; T]; 2] {
    let (mut re, mut im) = ([0.0; T], [0.0; T]);
    for at in 1..bins {
        re[T - at] = a.re[at] + b.im[at];
        im[T - at] = b.re[at] - a.im[at];
    }
    for at in 1..bins - 1 {
        re[at] = a.re[at] - b.im[at];
        im[at] = a.im[at] + b.re[at];
    }
    // Sound is real: its first and last bin are too.
    for at in [0, bins - 1] {
        (re[at], im[at]) = (a.re[at], b.re[at]);
    }
    let (mut first, mut second) = transformed(&*plan.inverse, &re, &im);
    for at in 0..T {
        first[at] *= 1.0 / T as f32;
        second[at] *= 1.0 / T as f32;
    }
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sounds_come_back_each_by_itself_and_a_tone_lies_in_its_bin() {
        let tone = |bin: f32, size: f32| -> [f32; 320] {
            std::array::from_fn(|at| size * (std::f32::consts::TAU * bin * at as f32 / 320.0 + 0.4).cos())
        };
        let is_near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01);
        let (a, b) = (tone(8.0, 100.0), tone(21.3, 40.0));
        let [of_a, of_b] = long(&a, &b);
        assert!((of_a.power()[8].sqrt() - 16_000.0).abs() < 1.0 && of_a.power()[21] < 1.0);
        assert!((of_a.im[8] / of_a.re[8] - 0.4f32.tan()).abs() < 1e-3);
        assert!(of_b.power()[21] > 1e7 && of_b.power()[8] < 1e6);
        let [back_a, back_b] = sounds_of_long(&of_a, &of_b);
        assert!(is_near(&back_a, &a) && is_near(&back_b, &b));
        let half = |sound: &[f32; 320]| -> [f32; 160] { std::array::from_fn(|at| sound[at]) };
        let (a, b) = (half(&a), half(&b));
        let [of_a, of_b] = short(&a, &b);
        let [back_a, back_b] = sounds_of_short(&of_a, &of_b);
        assert!(is_near(&back_a, &a) && is_near(&back_b, &b));
    }
}
