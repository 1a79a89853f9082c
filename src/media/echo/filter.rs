//! The adaptive filter: predicts a leg's echo from what was sent to it. Partitioned blocks in the frequency domain, overlap-save,
//! one block a frame of 20 ms, eight partitions: 160 ms from a start on that is told. The step of each bin and partition comes from its
//! own uncertainty: a diagonal Kalman filter (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014).
//!
//! With `X` what was sent, `E` what the prediction left over, `W` the filter, `P` its uncertainty, `S` the power of what is no echo:
//!
//! ```text
//! µ = P X* / (½ Σ P |X|² + S)     W ← W + µ E     P ← A² (1 − ½ λ µ X) P + (1 − A²) |W|²
//! ```
//!
//! The half is what a block's new samples are of its transform. λ is less than one because only the diagonal of `P` is kept: a vowel shows
//! the partitions the same sound frame after frame, each time one sum of their weights is learnt and the same one, and a diagonal takes
//! each time for news of all of them. With λ = 1 it was sure of what it had never heard: the next vowel's echo came through and nobody had
//! expected it. Must never hear of anything but its leg's sound.

use super::far::Far;
use super::fft::{self, LONG_PLACES, Long, SHORT_PLACES, Spectrum, sum};
use crate::units::FRAME;

/// Partitions of 20 ms.
pub const PARTITIONS: usize = 8;
/// How much of the filter is not true any more a frame later: 1 − A². While somebody speaks here it is taken to stay true: what would be
/// learnt then is the voice.
const UNTRUE: f32 = 0.000_6;
/// How much of what is no echo is remembered from frame to frame.
const NEAR_KEPT: f32 = 0.6;
/// λ: how much of what a frame seems to teach counts as learnt.
const LEARNT: f32 = 0.3;
/// How many times the power of what is no echo is reckoned with while somebody speaks here: what a voice bends, nothing bends back
/// before it is silent.
const SPOKEN: f32 = 4.0;
/// Power below which what is no echo is not believed to be, in a bin: A-law's steps.
const NEAR_LEAST: f32 = 320.0 * 8.0;
/// How the uncertainty falls from one partition to the next at the beginning.
const FALL: f32 = 0.6;
/// How many times the part of the echo that is missed in a bin it reckons with there, and the power gain that it reckons with at most.
const DOUBTED: f32 = 4.0;
const DOUBTED_MOST: f32 = 1.0;

/// Bins of the middle of the band: 300 to 3,100 Hz.
const BAND_FROM: usize = 12;
const BAND: usize = 112;

/// The filter.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Filter {
    weights: [Long; PARTITIONS],
    uncertainty: [[f32; LONG_PLACES]; PARTITIONS],
    sent: [Long; PARTITIONS],
    newest: usize,
    near: [f32; LONG_PLACES],
    /// Power of the error that the uncertainty explains, in each bin, in the last frame.
    expected: [f32; LONG_PLACES],
    turn: usize,
}

/// What a frame became.
#[derive(Clone, Copy, Debug)]
pub struct Predicted {
    /// The echo as it is predicted.
    pub echo: [f32; FRAME],
    /// What is left.
    pub rest: [f32; FRAME],
    /// The taps of the partition that is to be brought back to them.
    taps: [f32; FRAME],
}

#[cfg(test)]
impl Predicted {
    /// Of a filter that has learnt nothing.
    pub fn new(echo: [f32; FRAME], rest: [f32; FRAME]) -> Predicted {
        Predicted {
            echo,
            rest,
            taps: [0.0; FRAME],
        }
    }
}

impl Filter {
    /// A filter that expects an echo of this power gain.
    pub fn new(gain: f32) -> Filter {
        let mut filter = Filter {
            weights: [Spectrum::ZERO; PARTITIONS],
            uncertainty: [[0.0; LONG_PLACES]; PARTITIONS],
            sent: [Spectrum::ZERO; PARTITIONS],
            newest: 0,
            near: [NEAR_LEAST; LONG_PLACES],
            expected: [0.0; LONG_PLACES],
            turn: 0,
        };
        filter.doubt(gain);
        filter
    }

    /// The path may be any other of this power gain.
    pub fn doubt(&mut self, gain: f32) {
        let all: f32 = (0..PARTITIONS).map(share).sum();
        for (nth, uncertainty) in self.uncertainty.iter_mut().enumerate() {
            let least = gain * share(nth) / all;
            uncertainty.iter_mut().for_each(|value| *value = value.max(least));
        }
    }

    /// Of what is predicted in each bin of 50 Hz so much is missed, by power. A hybrid's echo lies in a few bins, and there the path
    /// may be wrong by much more than the mean of all says; half of it is looked for where the path is now.
    #[inline(always)]
    pub fn doubt_bins(&mut self, missed: &[f32; SHORT_PLACES]) {
        let mut gains = [0.0; LONG_PLACES];
        for weights in &self.weights {
            for (gain, power) in gains.iter_mut().zip(weights.power()) {
                *gain += power;
            }
        }
        let all: f32 = (0..PARTITIONS).map(share).sum();
        let (mut of_all, mut of_own) = ([0.0; LONG_PLACES], [0.0; LONG_PLACES]);
        for (at, &gain) in gains.iter().enumerate() {
            let share = missed.get(at / 2).copied().unwrap_or(0.0);
            let whole = (DOUBTED * share * gain).min(DOUBTED_MOST);
            (of_all[at], of_own[at]) = (0.5 * whole / all, 0.5 * whole / (gain + 1e-9));
        }
        for (nth, uncertainty) in self.uncertainty.iter_mut().enumerate() {
            let (power, share) = (self.weights[nth].power(), share(nth));
            for at in 0..LONG_PLACES {
                let least = of_all[at] * share + of_own[at] * power[at];
                uncertainty[at] = uncertainty[at].max(least);
            }
        }
    }

    /// Forgets the path.
    pub fn forget(&mut self, gain: f32) {
        self.weights = [Spectrum::ZERO; PARTITIONS];
        self.uncertainty = [[0.0; LONG_PLACES]; PARTITIONS];
        self.doubt(gain);
    }

    /// The filter begins `frames` partitions later from now on, or earlier.
    pub fn shift(&mut self, frames: isize, gain: f32) {
        let old = self.clone();
        self.forget(gain);
        for nth in 0..PARTITIONS {
            let from = nth as isize + frames;
            if (0..PARTITIONS as isize).contains(&from) {
                self.weights[nth] = old.weights[from as usize];
                self.uncertainty[nth] = old.uncertainty[from as usize];
            }
        }
    }

    /// Reads anew what was sent, whose newest block ends so many samples before what was sent last.
    pub fn reread(&mut self, far: &Far, back: usize) {
        self.newest = 0;
        for (half, two) in self.sent.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let back = back + 2 * half * FRAME;
            *two = fft::long(&far.read(back), &far.read(back + FRAME));
        }
    }

    /// The next block of what was sent.
    pub fn push(&mut self, far: &Far, back: usize) {
        self.newest = (self.newest + PARTITIONS - 1) % PARTITIONS;
        [self.sent[self.newest], _] = fft::long(&far.read(back), &[0.0; 2 * FRAME]);
    }

    /// What was sent, and lies so many partitions back.
    #[inline(always)]
    fn sent(&self, nth: usize) -> &Long {
        &self.sent[(self.newest + nth) % PARTITIONS]
    }

    /// Takes the predicted echo out of what was heard.
    #[inline(always)]
    pub fn predict(&self, heard: &[f32; FRAME]) -> Predicted {
        let mut all = Long::ZERO;
        for (nth, weights) in self.weights.iter().enumerate() {
            accumulate(&mut all, weights, self.sent(nth));
        }
        let [sound, taps] = fft::sounds_of_long(&all, &self.weights[self.turn]);
        let mut predicted = Predicted {
            echo: [0.0; FRAME],
            rest: [0.0; FRAME],
            taps: [0.0; FRAME],
        };
        predicted.echo.copy_from_slice(&sound[FRAME..]);
        predicted.taps.copy_from_slice(&taps[..FRAME]);
        let both = heard.iter().zip(&predicted.echo);
        for (rest, (heard, echo)) in predicted.rest.iter_mut().zip(both) {
            *rest = heard - echo;
        }
        predicted
    }

    /// Learns from what was left; `presence` is how much somebody speaks here, from 0 to 1.
    #[inline(always)]
    pub fn learn(&mut self, predicted: &Predicted, presence: f32) {
        let (mut block, mut taps) = ([0.0; 2 * FRAME], [0.0; 2 * FRAME]);
        block[FRAME..].copy_from_slice(&predicted.rest);
        taps[..FRAME].copy_from_slice(&predicted.taps);
        // One partition a frame is brought back to 160 taps.
        let error;
        [error, self.weights[self.turn]] = fft::long(&block, &taps);
        self.turn = (self.turn + 1) % PARTITIONS;
        self.expect();
        let power = error.power();
        let spoken = 1.0 + SPOKEN * presence;
        let mut step = [0.0; LONG_PLACES];
        for at in 0..LONG_PLACES {
            let near = NEAR_KEPT * self.near[at] + (1.0 - NEAR_KEPT) * power[at];
            self.near[at] = near.max(NEAR_LEAST);
            step[at] = 1.0 / (self.expected[at] + spoken * self.near[at].max(power[at]));
        }
        for nth in 0..PARTITIONS {
            let sent = &self.sent[(self.newest + nth) % PARTITIONS];
            update(
                &mut self.weights[nth],
                &mut self.uncertainty[nth],
                (sent, &error, &step),
                UNTRUE * (1.0 - presence),
            );
        }
    }

    /// The power of the error that the uncertainty explains.
    #[inline(always)]
    fn expect(&mut self) {
        let mut expected = [0.0; LONG_PLACES];
        for nth in 0..PARTITIONS {
            explain(&mut expected, self.sent(nth), &self.uncertainty[nth]);
        }
        self.expected = expected;
    }

    /// What the uncertainty explained of the last error that was learnt from, in each bin.
    pub fn expected(&self) -> &[f32; LONG_PLACES] {
        &self.expected
    }

    /// The power gain of each partition, over the middle of the band: what speech has too little of is learnt badly.
    pub fn gains(&self) -> [f32; PARTITIONS] {
        let mut gains = [0.0; PARTITIONS];
        for (gain, weights) in gains.iter_mut().zip(&self.weights) {
            let mut band = [0.0; BAND];
            band.copy_from_slice(&weights.power()[BAND_FROM..BAND_FROM + BAND]);
            *gain = sum(&band) / BAND as f32;
        }
        gains
    }

    /// The power gain that each partition may have, as far as it is known: what was learnt, and what is uncertain of it.
    pub fn reach(&self) -> [f32; PARTITIONS] {
        let mut reach = self.gains();
        for (reach, uncertainty) in reach.iter_mut().zip(&self.uncertainty) {
            let mut band = [0.0; BAND];
            band.copy_from_slice(&uncertainty[BAND_FROM..BAND_FROM + BAND]);
            *reach += sum(&band) / BAND as f32;
        }
        reach
    }
}

fn share(nth: usize) -> f32 {
    FALL.powi((nth as i32 - 1).max(0))
}

#[inline(always)]
fn accumulate(sum: &mut Long, weights: &Long, sent: &Long) {
    for at in 0..LONG_PLACES {
        sum.re[at] += weights.re[at] * sent.re[at] - weights.im[at] * sent.im[at];
        sum.im[at] += weights.re[at] * sent.im[at] + weights.im[at] * sent.re[at];
    }
}

#[inline(always)]
fn explain(expected: &mut [f32; LONG_PLACES], sent: &Long, uncertainty: &[f32; LONG_PLACES]) {
    for at in 0..LONG_PLACES {
        let power = sent.re[at] * sent.re[at] + sent.im[at] * sent.im[at];
        expected[at] += 0.5 * power * uncertainty[at];
    }
}

#[inline(always)]
fn update(
    weights: &mut Long,
    uncertainty: &mut [f32; LONG_PLACES],
    (sent, error, step): (&Long, &Long, &[f32; LONG_PLACES]),
    untrue: f32,
) {
    for at in 0..LONG_PLACES {
        let (re, im) = (sent.re[at], sent.im[at]);
        let gain = uncertainty[at] * step[at];
        let wre = weights.re[at] + gain * (re * error.re[at] + im * error.im[at]);
        let wim = weights.im[at] + gain * (re * error.im[at] - im * error.re[at]);
        (weights.re[at], weights.im[at]) = (wre, wim);
        let shrunk = 1.0 - 0.5 * LEARNT * gain * (re * re + im * im);
        uncertainty[at] = (1.0 - untrue) * shrunk * uncertainty[at] + untrue * (wre * wre + wim * wim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_stays_true_while_somebody_speaks_and_is_doubted_slowly_while_nobody_does() {
        let silence = Predicted::new([0.0; FRAME], [0.0; FRAME]);
        let [spoken, quiet] = [1.0, 0.0].map(|presence| {
            let mut filter = Filter::new(0.0);
            filter.weights[2].re = [0.5; LONG_PLACES];
            // Its taps lie anywhere; the turn of bringing them back comes later.
            (0..2).for_each(|_| filter.learn(&silence, presence));
            filter.uncertainty[2].iter().sum::<f32>()
        });
        assert_eq!(spoken, 0.0);
        assert!(quiet > 0.01, "{quiet}");
    }
}
