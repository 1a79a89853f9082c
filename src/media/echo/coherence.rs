//! Tells a path that has changed from somebody who speaks: what the filter leaves then still hangs together with what it predicts, and
//! a voice does not.

use super::fft::{LONG_PLACES, SHORT_PLACES, Short};

/// How fast the averages follow, a block of 10 ms: a quarter of a second.
const FOLLOW: f32 = 0.04;
/// How much two sounds hang together by chance, averaged so.
const CHANCE: f32 = 0.035;
/// How much more they must, in the mean over the bins.
const ENOUGH: f32 = 0.07;
/// Bins of the telephone band.
const BAND: std::ops::Range<usize> = 6..68;
/// Power in a bin from which a predicted echo is worth looking at.
const WORTH: f32 = 160.0 * 40.0;
/// What is missed must be so many times what is expected to be.
const BEYOND: f32 = 2.0;

/// What is missed is so many times what is predicted at most: another path of the same loss misses twice as much. A voice that is much
/// louder than an echo would be taken for a hundred times that by chance.
const MOST: f32 = 2.0;

/// What is left beside what is predicted, at most, where the filter is right: −6 dB.
const LITTLE: f32 = 0.25;

/// The averages.
#[derive(Clone, Debug)]
pub struct Coherence {
    cross: Short,
    rest: [f32; SHORT_PLACES],
    echo: [f32; SHORT_PLACES],
    /// What is missed of what is predicted, by power.
    by_bin: [f32; SHORT_PLACES],
}

impl Default for Coherence {
    fn default() -> Coherence {
        Coherence {
            cross: Short::ZERO,
            rest: [0.0; SHORT_PLACES],
            echo: [0.0; SHORT_PLACES],
            by_bin: [0.0; SHORT_PLACES],
        }
    }
}

impl Coherence {
    /// A block of what was left, and of what was predicted.
    #[inline(always)]
    pub fn take(&mut self, rest: &Short, echo: &Short) {
        for at in 0..SHORT_PLACES {
            let (a, b) = (rest.re[at], rest.im[at]);
            let (c, d) = (echo.re[at], echo.im[at]);
            self.cross.re[at] += FOLLOW * (a * c + b * d - self.cross.re[at]);
            self.cross.im[at] += FOLLOW * (b * c - a * d - self.cross.im[at]);
            self.rest[at] += FOLLOW * (a * a + b * b - self.rest[at]);
            self.echo[at] += FOLLOW * (c * c + d * d - self.echo[at]);
        }
    }

    /// Which part of the echo is missed, by power, if that is more than the filter's uncertainty explains.
    #[inline(always)]
    pub fn missed(&mut self, expected: &[f32; LONG_PLACES]) -> Option<f32> {
        let (mut whole, mut count) = (0.0, 0.0);
        let (mut power, mut echo, mut explained) = (0.0, 0.0, 0.0);
        for at in BAND {
            self.by_bin[at] = 0.0;
            if self.echo[at] < WORTH {
                continue;
            }
            let cross = self.cross.re[at] * self.cross.re[at] + self.cross.im[at] * self.cross.im[at];
            let together = cross / (self.echo[at] * self.rest[at] + 1.0) - CHANCE;
            whole += together;
            count += 1.0;
            let missed = together.max(0.0) * self.rest[at];
            self.by_bin[at] = (missed / self.echo[at]).min(MOST);
            power += missed;
            echo += self.echo[at];
            explained += 0.5 * expected[2 * at];
        }
        let is_coherent = count > 8.0 && whole > ENOUGH * count;
        (is_coherent && power > BEYOND * explained).then(|| (power / echo).min(MOST))
    }

    /// Whether most of what was due lately was predicted rightly: nobody speaks, and the path is known.
    #[inline(always)]
    pub fn is_right(&self) -> bool {
        let [rest, echo] = [&self.rest, &self.echo].map(|of| of[BAND].iter().sum::<f32>());
        echo > WORTH * BAND.len() as f32 && rest < LITTLE * echo
    }

    /// The same in each bin, when it was asked for last.
    pub fn by_bin(&self) -> &[f32; SHORT_PLACES] {
        &self.by_bin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_that_is_much_louder_than_the_echo_counts_as_twice_the_echo_at_most() {
        let (mut loud, mut faint) = (Short::ZERO, Short::ZERO);
        for at in 0..SHORT_PLACES {
            (faint.re[at], loud.re[at]) = (200.0, 2_000.0);
        }
        let mut coherence = Coherence::default();
        (0..100).for_each(|_| coherence.take(&loud, &faint));
        assert_eq!(coherence.missed(&[0.0; LONG_PLACES]), Some(MOST));
        assert!(coherence.by_bin().iter().all(|&missed| missed <= MOST));
    }
}
