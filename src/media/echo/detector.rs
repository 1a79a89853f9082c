//! Finds out whether a leg returns what is sent to it, and after how long. Runs on every leg, always.
//!
//! The phases of what was sent and of what is heard are compared, for 48 bins and each delay from 20 to 520 ms by frames: their
//! products are summed up over some seconds of speech. Where there is an echo they add up, elsewhere they cancel out. Levels play no
//! part, so a quiet echo counts like a loud one. Delays that begin below a frame's length are no echo: what is sent in a tick cannot be
//! back in the same tick. A member in the same acoustic room as another one is heard there, though.

use super::fft::{LONG_PLACES, Long, sum};

/// How many frames before it was sent a sound is looked for too: heard there first, it is no echo.
const AHEAD: usize = 3;
/// Delays that are looked at, in frames, from [`AHEAD`] before zero on.
const DELAYS: usize = 27 + AHEAD;
/// Bins that are looked at: every second one, 50 Hz apart, from 300 Hz on.
const BINS: usize = 48;
const FIRST_BIN: usize = 12;
const BIN_STEP: usize = 2;
/// How much of a sum is left after a frame of speech: 1.6 s.
const KEPT: f32 = 0.9876;
/// Mean power of a sample, below which a frame has no speech in it that could be told from noise: −58 dBov, and −66 for what is heard.
const SENT_LEAST: f32 = 1_700.0;
const HEARD_LEAST: f32 = 270.0;
/// A delay's sum must be so many times that of the others.
const CLEAR: f32 = 1.45;
/// Frames of speech that must have been summed up.
const ENOUGH: f32 = 14.0;
/// Looks that must agree.
const LOOKS: u8 = 3;
/// Frames from look to look.
const LOOK_EVERY: u8 = 5;
/// The largest phase as it is kept.
const FULL: f32 = 127.0;

/// What is looked for, of one leg.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Detector {
    /// By delay: real parts, then imaginary ones.
    sums: [[[f32; BINS]; 2]; DELAYS],
    /// Phases of what was sent, a ring.
    sent: [[[i8; BINS]; 2]; DELAYS],
    spoken: [bool; DELAYS],
    /// Phases of what was heard in the last frames, a ring; none of what was too quiet.
    heard: [Option<[[f32; BINS]; 2]>; AHEAD],
    next_heard: usize,
    /// Frames that each sum is made of.
    weights: [f32; DELAYS],
    newest: usize,
    until_look: u8,
    candidate: usize,
    agreed: u8,
    score: f32,
}

/// An echo that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its delay in frames, to the nearest.
    pub frames: usize,
    /// The same in samples.
    pub samples: usize,
    /// How clearly it stands out.
    pub score: f32,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector {
            sums: [[[0.0; BINS]; 2]; DELAYS],
            sent: [[[0; BINS]; 2]; DELAYS],
            spoken: [false; DELAYS],
            heard: [None; AHEAD],
            next_heard: 0,
            weights: [0.0; DELAYS],
            newest: 0,
            until_look: LOOK_EVERY,
            candidate: 0,
            agreed: 0,
            score: 0.0,
        }
    }
}

impl Detector {
    /// A frame was sent, and after it another one was heard: their spectra, each of this frame and the one before it, and the mean
    /// power of their samples. Tells what is found, each time that it is looked at.
    #[inline(always)]
    pub fn handle(&mut self, sent: (&Long, f32), heard: (&Long, f32)) -> Option<Found> {
        self.newest = (self.newest + DELAYS - 1) % DELAYS;
        self.spoken[self.newest] = sent.1 >= SENT_LEAST;
        self.sent[self.newest] = match self.spoken[self.newest] {
            true => phases(sent.0).map(|part| part.map(|value| (value * FULL) as i8)),
            false => [[0; BINS]; 2],
        };
        let now = (heard.1 >= HEARD_LEAST).then(|| phases(heard.0));
        let before = std::mem::replace(&mut self.heard[self.next_heard], now);
        self.next_heard = (self.next_heard + 1) % AHEAD;
        if let Some(heard) = before.filter(|_| self.spoken.contains(&true)) {
            self.add(&heard);
        }
        self.until_look -= 1;
        if self.until_look > 0 {
            return None;
        }
        self.until_look = LOOK_EVERY;
        self.look()
    }

    #[inline(always)]
    fn add(&mut self, heard: &[[f32; BINS]; 2]) {
        for delay in 0..DELAYS {
            let at = (self.newest + delay) % DELAYS;
            self.weights[delay] = KEPT * self.weights[delay] + f32::from(u8::from(self.spoken[at]));
            turn(&mut self.sums[delay], heard, &self.sent[at]);
        }
    }

    /// How far the sums of a delay have grown, for what chance would have made of as many frames.
    #[inline(always)]
    fn height(&self, delay: usize) -> f32 {
        let [re, im] = &self.sums[delay];
        let mut sizes = [0.0; BINS];
        for bin in 0..BINS {
            sizes[bin] = (re[bin] * re[bin] + im[bin] * im[bin]).sqrt();
        }
        sum(&sizes) / self.weights[delay].max(1.0).sqrt()
    }

    #[inline(always)]
    fn look(&mut self) -> Option<Found> {
        let mut heights = [0.0; DELAYS];
        for (delay, height) in heights.iter_mut().enumerate() {
            *height = self.height(delay);
        }
        let best = (0..DELAYS).fold(0, |best, delay| {
            if heights[delay] > heights[best] {
                delay
            } else {
                best
            }
        });
        let others = (0..DELAYS).filter(|&delay| delay.abs_diff(best) > 2);
        let (beside, count) = others.fold((0.0, 0.0), |(sum, count), delay| {
            (sum + heights[delay], count + 1.0)
        });
        // What chance makes of phases: √(π/4) of the root of their number.
        let chance = 0.886 * FULL * BINS as f32;
        self.score = heights[best] / (beside / count).max(chance);
        let is_clear = self.score >= CLEAR
            && self.weights[best] >= ENOUGH
            // The same room, not an echo: it is heard before it is sent.
            && best > AHEAD
            && heights[..=AHEAD].iter().all(|&height| height < heights[best] * 0.9);
        self.agreed = match is_clear {
            true if best.abs_diff(self.candidate) <= 1 => (self.agreed + 1).min(LOOKS),
            true => 1,
            false => 0,
        };
        self.candidate = best;
        (self.agreed == LOOKS).then(|| Found {
            frames: best - AHEAD,
            samples: self.samples(best),
            score: self.score,
        })
    }

    /// How clearly the delay that stands out most did so, when it was looked at last.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// A delay to the sample, from how the phase turns from bin to bin.
    fn samples(&self, delay: usize) -> usize {
        let [re, im] = &self.sums[delay];
        let (mut real, mut imaginary) = (0.0, 0.0);
        for bin in 1..BINS {
            real += re[bin] * re[bin - 1] + im[bin] * im[bin - 1];
            imaginary += im[bin] * re[bin - 1] - re[bin] * im[bin - 1];
        }
        // 160 samples turn it once around.
        let beyond = -imaginary.atan2(real) / std::f32::consts::TAU * 160.0;
        ((delay - AHEAD) as f32 * 160.0 + beyond).max(0.0) as usize
    }
}

/// Adds the products of phases to the sums of a delay.
#[inline(always)]
fn turn(sums: &mut [[f32; BINS]; 2], [re, im]: &[[f32; BINS]; 2], [sent_re, sent_im]: &[[i8; BINS]; 2]) {
    let [sum_re, sum_im] = sums;
    let (mut a, mut b) = ([0.0; BINS], [0.0; BINS]);
    for bin in 0..BINS {
        a[bin] = f32::from(sent_re[bin]);
        b[bin] = f32::from(sent_im[bin]);
    }
    for bin in 0..BINS {
        sum_re[bin] = KEPT * sum_re[bin] + re[bin] * a[bin] + im[bin] * b[bin];
    }
    for bin in 0..BINS {
        sum_im[bin] = KEPT * sum_im[bin] + im[bin] * a[bin] - re[bin] * b[bin];
    }
}

/// The phases of the bins that are looked at, under Hann's window, which is laid over the spectrum of bare samples.
#[inline(always)]
fn phases(spectrum: &Long) -> [[f32; BINS]; 2] {
    let (re, im) = (windowed(&spectrum.re), windowed(&spectrum.im));
    let mut phases = [[0.0; BINS]; 2];
    for bin in 0..BINS {
        let size = (re[bin] * re[bin] + im[bin] * im[bin]).sqrt().max(1e-6);
        phases[0][bin] = re[bin] / size;
        phases[1][bin] = im[bin] / size;
    }
    phases
}

#[inline(always)]
fn windowed(part: &[f32; LONG_PLACES]) -> [f32; BINS] {
    let mut windowed = [0.0; BINS];
    for (bin, to) in windowed.iter_mut().enumerate() {
        let at = FIRST_BIN + BIN_STEP * bin;
        // Hann’s window is a half, less a quarter of each neighbour; the size does not matter.
        *to = part[at] - 0.5 * (part[at - 1] + part[at + 1]);
    }
    windowed
}
