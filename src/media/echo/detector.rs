//! Finds out whether a leg returns what is sent to it, and after how long. Runs on every leg, always.
//!
//! The phases of what was sent and of what is heard are compared, for 48 bins and each delay from 20 to 520 ms by frames: their
//! products are summed up over some seconds of speech. Where there is an echo they add up, elsewhere they cancel out. Levels play no
//! part, so a quiet echo counts like a loud one. Delays that begin below a frame's length are no echo: what is sent in a tick cannot be
//! back in the same tick. A member in the same acoustic room as another one is heard there, though.
//!
//! Phases are bytes and sums whole numbers of 16 bits: sixteen of them at once, and half of what a cache would have to bring of floats.

use super::super::Frame;
use super::fft::sum;
use super::phases::{self, BINS, NONE, Phases};
use crate::units::FRAME;

/// How many frames before it was sent a sound is looked for too: heard there first, it is no echo.
const AHEAD: usize = 3;
/// Delays that are looked at, in frames, from [`AHEAD`] before zero on.
const DELAYS: usize = 27 + AHEAD;
/// How much of a sum a frame of speech takes away, of 65,536: an eightieth, so that 1.6 s are remembered.
const TAKEN: i32 = 819;
const KEPT: f32 = 1.0 - TAKEN as f32 / 65_536.0;
/// Mean power of a sample, below which a frame has no speech in it that could be told from noise: −58 dBov, and −66 for what is heard.
const SENT_LEAST: f32 = 1_700.0;
const HEARD_LEAST: f32 = 270.0;
/// A delay's sum must be so many times that of the others.
const CLEAR: f32 = 1.45;
/// How high the others may be beside it, where they are more than [`NEAR`] frames away: a tone that both sides have adds up at each
/// delay at which it sounded on both, and most of all where it did so longest. That is a slope, an echo is a peak.
const OTHERS: f32 = 0.85;
const NEAR: usize = 2;
/// Frames of speech that must have been summed up.
const ENOUGH: f32 = 14.0;
/// What comes back sooner, in samples, was not sent first: a frame's length, less what the delay may be wrong by.
const NEAREST: usize = FRAME - 8;
/// From how many samples on, before a delay's frame or after it, the delays beside it tell which of both.
const SIDED: f32 = 68.0;
/// Looks that must agree.
const LOOKS: u8 = 3;
/// Frames from look to look.
const LOOK_EVERY: u8 = 5;
/// The product of two phases as it is summed up: 127², of which seven bits are left away.
const FULL: f32 = 126.0;
const LEFT_AWAY: u32 = 7;

/// What is looked for, of one leg.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Detector {
    /// By delay: real parts, then imaginary ones.
    sums: [[[i16; BINS]; 2]; DELAYS],
    /// Phases of what was sent, a ring.
    sent: [Phases; DELAYS],
    spoken: [bool; DELAYS],
    /// Phases of what was heard in the last frames, a ring; none of what was too quiet.
    heard: [Option<Phases>; AHEAD],
    next_heard: usize,
    /// Frames that each sum is made of.
    weights: [f32; DELAYS],
    newest: usize,
    until_look: u8,
    candidate: usize,
    agreed: u8,
    score: f32,
    sent_power: f32,
}

/// What a detector may take, together with what it remembers of the sound.
const _: () = assert!(size_of::<Detector>() + size_of::<super::far::Far>() <= 15 * 1024 + 512);

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
            sums: [[[0; BINS]; 2]; DELAYS],
            sent: [NONE; DELAYS],
            spoken: [false; DELAYS],
            heard: [None; AHEAD],
            next_heard: 0,
            weights: [0.0; DELAYS],
            newest: 0,
            until_look: LOOK_EVERY,
            candidate: 0,
            agreed: 0,
            score: 0.0,
            sent_power: 0.0,
        }
    }
}

impl Detector {
    /// A frame was sent, and after it another one was heard: each together with the one before it. Tells what is found, each time that
    /// it is looked at.
    #[inline(always)]
    pub fn handle(&mut self, sent: &[Frame; 2], heard: &[Frame; 2]) -> Option<Found> {
        self.sent_power = power(sent);
        let is_spoken = self.sent_power >= SENT_LEAST;
        let is_heard = power(heard) >= HEARD_LEAST;
        let [of_sent, of_heard] = match is_spoken || is_heard {
            true => phases::of_both(sent, heard),
            false => [NONE; 2],
        };
        self.newest = (self.newest + DELAYS - 1) % DELAYS;
        self.spoken[self.newest] = is_spoken;
        self.sent[self.newest] = if is_spoken { of_sent } else { NONE };
        let before = std::mem::replace(&mut self.heard[self.next_heard], is_heard.then_some(of_heard));
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
    fn add(&mut self, heard: &Phases) {
        let heard = [wide(&heard[0]), wide(&heard[1])];
        for delay in 0..DELAYS {
            let at = (self.newest + delay) % DELAYS;
            self.weights[delay] = KEPT * self.weights[delay] + f32::from(u8::from(self.spoken[at]));
            turn(&mut self.sums[delay], &heard, &self.sent[at]);
        }
    }

    /// How far the sums of a delay have grown, for what chance would have made of as many frames.
    #[inline(always)]
    fn height(&self, delay: usize) -> f32 {
        let [re, im] = &self.sums[delay];
        let mut sizes = [0.0; BINS];
        for bin in 0..BINS {
            let (re, im) = (f32::from(re[bin]), f32::from(im[bin]));
            sizes[bin] = (re * re + im * im).sqrt();
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
        let others = (0..DELAYS).filter(|&delay| delay.abs_diff(best) > NEAR);
        let (beside, count, highest) = others.fold((0.0, 0.0, 0.0f32), |(sum, count, highest), delay| {
            let height = heights[delay];
            (sum + height, count + 1.0, highest.max(height))
        });
        // What chance makes of phases: √(π/4) of the root of their number.
        let chance = 0.886 * FULL * BINS as f32;
        self.score = heights[best] / (beside / count).max(chance);
        let samples = self.samples(best, &heights);
        let is_clear = self.score >= CLEAR
            && highest < OTHERS * heights[best]
            && self.weights[best] >= ENOUGH
            // The same room, not an echo: it is heard before it is sent.
            && best > AHEAD
            && heights[..=AHEAD].iter().all(|&height| height < heights[best] * 0.9)
            && samples >= NEAREST;
        self.agreed = match is_clear {
            true if best.abs_diff(self.candidate) <= 1 => (self.agreed + 1).min(LOOKS),
            true => 1,
            false => 0,
        };
        self.candidate = best;
        (self.agreed == LOOKS).then(|| Found {
            frames: best - AHEAD,
            samples,
            score: self.score,
        })
    }

    /// How clearly the delay that stands out most did so, when it was looked at last.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// The mean power of a sample of the last two frames that were sent.
    pub fn sent_power(&self) -> f32 {
        self.sent_power
    }

    /// A delay to the sample, from how the phase turns from bin to bin.
    fn samples(&self, delay: usize, heights: &[f32; DELAYS]) -> usize {
        let [re, im] = self.sums[delay].map(|part| part.map(f32::from));
        let (mut real, mut imaginary) = (0.0, 0.0);
        for bin in 1..BINS {
            real += re[bin] * re[bin - 1] + im[bin] * im[bin - 1];
            imaginary += im[bin] * re[bin - 1] - re[bin] * im[bin - 1];
        }
        // 160 samples turn it once around: half a frame too early looks like half a frame too late. It lies where the next delay is higher.
        let turned = -imaginary.atan2(real) / std::f32::consts::TAU * 160.0;
        let earlier = delay.checked_sub(1).map_or(0.0, |at| heights[at]);
        let later = heights.get(delay + 1).copied().unwrap_or(0.0);
        let beyond = match turned {
            _ if turned > SIDED && earlier > later => turned - 160.0,
            _ if turned < -SIDED && later > earlier => turned + 160.0,
            _ => turned,
        };
        ((delay as f32 - AHEAD as f32) * 160.0 + beyond).max(0.0) as usize
    }
}

/// Adds the products of phases to the sums of a delay. No sum leaves its 16 bits: it is 80 products of 252 at most.
#[inline(always)]
fn turn(sums: &mut [[i16; BINS]; 2], [re, im]: &[[i16; BINS]; 2], sent: &Phases) {
    let [sum_re, sum_im] = sums;
    let (sent_re, sent_im) = (wide(&sent[0]), wide(&sent[1]));
    for bin in 0..BINS {
        let product = re[bin] * sent_re[bin] + im[bin] * sent_im[bin];
        sum_re[bin] += (product >> LEFT_AWAY) - taken(sum_re[bin]);
    }
    for bin in 0..BINS {
        let product = im[bin] * sent_re[bin] - re[bin] * sent_im[bin];
        sum_im[bin] += (product >> LEFT_AWAY) - taken(sum_im[bin]);
    }
}

#[inline(always)]
fn wide(narrow: &[i8; BINS]) -> [i16; BINS] {
    let mut wide = [0; BINS];
    for bin in 0..BINS {
        wide[bin] = i16::from(narrow[bin]);
    }
    wide
}

#[inline(always)]
fn taken(sum: i16) -> i16 {
    ((i32::from(sum) * TAKEN) >> 16) as i16
}

/// The mean power of a sample.
#[inline(always)]
fn power(sound: &[Frame; 2]) -> f32 {
    let mut squares = [0.0; 2 * FRAME];
    for (square, &sample) in squares.iter_mut().zip(sound.as_flattened()) {
        *square = f32::from(sample) * f32::from(sample);
    }
    sum(&squares) / squares.len() as f32
}
