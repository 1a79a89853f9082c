//! Fourier transforms of real sound, at the two sizes that echo needs: 320 for filter and detector, 160 for the suppressor. The
//! plans are computed once, by [`prepare`]; a transform allocates nothing.
//!
//! A spectrum keeps real and imaginary parts apart, filled up to a multiple of eight bins, so that the compiler takes several at once.

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
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
const SCRATCH: usize = 160;

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
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

static PLANS: LazyLock<[Plan; 2]> = LazyLock::new(|| {
    let mut planner = RealFftPlanner::new();
    [320, 160].map(|size| {
        let plan = Plan {
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        };
        assert!(plan.forward.get_scratch_len().max(plan.inverse.get_scratch_len()) <= SCRATCH);
        plan
    })
});

/// Computes the plans, so that no tick has to.
pub fn prepare() {
    LazyLock::force(&PLANS);
}

/// The spectrum of 320 samples.
#[inline(always)]
pub fn long(sound: &mut [f32; 320]) -> Long {
    forward::<320, LONG, LONG_PLACES>(&PLANS[0], sound)
}

/// The 320 samples of a spectrum.
#[inline(always)]
pub fn sound_of_long(spectrum: &Long) -> [f32; 320] {
    inverse::<320, LONG, LONG_PLACES>(&PLANS[0], spectrum)
}

/// The spectrum of 160 samples.
#[inline(always)]
pub fn short(sound: &mut [f32; 160]) -> Short {
    forward::<160, SHORT, SHORT_PLACES>(&PLANS[1], sound)
}

/// The 160 samples of a spectrum.
#[inline(always)]
pub fn sound_of_short(spectrum: &Short) -> [f32; 160] {
    inverse::<160, SHORT, SHORT_PLACES>(&PLANS[1], spectrum)
}

#[inline(always)]
fn forward<const T: usize, const K: usize, const N: usize>(plan: &Plan, sound: &mut [f32; T]) -> Spectrum<N> {
    let mut bins = [Complex::new(0.0, 0.0); K];
    let mut scratch = [Complex::new(0.0, 0.0); SCRATCH];
    let scratch = &mut scratch[..plan.forward.get_scratch_len()];
    let done = plan.forward.process_with_scratch(sound, &mut bins, scratch);
    debug_assert!(done.is_ok());
    let mut spectrum = Spectrum::ZERO;
    for ((bin, re), im) in bins.iter().zip(&mut spectrum.re).zip(&mut spectrum.im) {
        (*re, *im) = (bin.re, bin.im);
    }
    spectrum
}

#[inline(always)]
fn inverse<const T: usize, const K: usize, const N: usize>(plan: &Plan, spectrum: &Spectrum<N>) -> [f32; T] {
    let mut bins = [Complex::new(0.0, 0.0); K];
    for ((bin, &re), &im) in bins.iter_mut().zip(&spectrum.re).zip(&spectrum.im) {
        *bin = Complex::new(re, im);
    }
    // Sound is real: its first and last bin are too.
    (bins[0].im, bins[K - 1].im) = (0.0, 0.0);
    let mut sound = [0.0; T];
    let mut scratch = [Complex::new(0.0, 0.0); SCRATCH];
    let scratch = &mut scratch[..plan.inverse.get_scratch_len()];
    let done = plan.inverse.process_with_scratch(&mut bins, &mut sound, scratch);
    debug_assert!(done.is_ok());
    sound.iter_mut().for_each(|sample| *sample *= 1.0 / T as f32);
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_comes_back_and_a_tone_lies_in_its_bin() {
        let tone: [f32; 320] =
            std::array::from_fn(|at| 100.0 * (std::f32::consts::TAU * 8.0 * at as f32 / 320.0).cos());
        let spectrum = long(&mut tone.clone());
        assert!((spectrum.re[8] - 16_000.0).abs() < 1.0 && spectrum.power()[9] < 1.0);
        let back = sound_of_long(&spectrum);
        assert!(back.iter().zip(&tone).all(|(a, b)| (a - b).abs() < 0.01));
        let half: [f32; 160] = std::array::from_fn(|at| tone[at]);
        let back = sound_of_short(&short(&mut half.clone()));
        assert!(back.iter().zip(&half).all(|(a, b)| (a - b).abs() < 0.01));
    }
}
