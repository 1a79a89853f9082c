//! Owns the callers' tones: one each, so that who is heard is read off the spectrum. Pure.
//!
//! No tone is a harmonic of another one, nor a sum, a difference or a 2a ± b of two others (A-law and a limiter make such
//! products); the first eight keep clear of all a ± b ± c as well. None is a whole number of hertz, so that what
//! quantisation leaves spreads over the band instead of gathering under a tone.

/// Level of a caller's tone in dB relative to a full-scale sine: eight at once stay 8 dB below clipping.
pub const TONE_DBFS: f64 = -26.0;

/// A caller's own tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Frequency in hertz.
    pub hz: f64,
    /// Level in dB relative to a full-scale sine (+3.14 dBm0).
    pub dbfs: f64,
}

const TONES_HZ: [f64; 30] = [
    471.24, 2736.71, 1817.73, 2074.7, 1140.57, 1446.31, 3178.7, 2936.44, 844.84, 2512.47, 2834.76, 1899.28,
    2257.75, 2600.83, 1058.19, 2416.33, 989.55, 3078.68, 1970.54, 928.26, 1639.17, 1240.84, 1575.81, 688.77,
    2154.27, 536.52, 779.78, 2671.57, 1716.19, 1301.69,
];

/// How many callers can be told apart in one set.
pub const TONES: usize = TONES_HZ.len();

impl Tone {
    /// The `index`-th tone; `None` from [`TONES`] on.
    pub fn nth(index: usize) -> Option<Tone> {
        TONES_HZ.get(index).map(|&hz| Tone { hz, dbfs: TONE_DBFS })
    }

    /// The same tone at another level.
    pub fn at(self, dbfs: f64) -> Tone {
        Tone { dbfs, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `hz` lands when sampled at 8 kHz.
    fn folded(hz: f64) -> f64 {
        let within = hz.abs() % 8_000.0;
        if within > 4_000.0 {
            8_000.0 - within
        } else {
            within
        }
    }

    fn nearest(product: f64, tones: &[f64]) -> f64 {
        tones
            .iter()
            .map(|tone| (tone - folded(product)).abs())
            .fold(f64::MAX, f64::min)
    }

    #[test]
    fn no_tone_hides_under_a_distortion_product_of_others() {
        for &a in &TONES_HZ {
            for k in [2.0, 3.0, 4.0, 5.0] {
                assert!(nearest(k * a, &TONES_HZ) >= 2.0, "{k} × {a}");
            }
            for &b in TONES_HZ.iter().filter(|&&b| b != a) {
                assert!((a - b).abs() >= 50.0);
                for product in [a + b, a - b, 2.0 * a - b, 2.0 * a + b] {
                    assert!(nearest(product, &TONES_HZ) >= 2.0, "{a} and {b} make {product}");
                }
            }
        }
    }

    #[test]
    fn the_first_eight_keep_clear_of_products_of_three() {
        let eight = &TONES_HZ[..8];
        for (i, &a) in eight.iter().enumerate() {
            for (j, &b) in eight.iter().enumerate().skip(i + 1) {
                for &c in eight.iter().skip(j + 1) {
                    for product in [a + b - c, a - b + c, b + c - a, a + b + c] {
                        assert!(nearest(product, eight) >= 5.0, "{a}, {b} and {c} make {product}");
                    }
                }
            }
        }
    }
}
