//! Finds out whether a leg returns what is sent to it, and after how long. Runs on every leg, always.
//!
//! The phases of what was sent and of what is heard are compared, for 48 bins and each delay from 20 to 520 ms by frames: their
//! products are summed up over some seconds of speech. Where there is an echo they add up, elsewhere they cancel out. Levels play no
//! part, so a quiet echo counts like a loud one. Delays that begin below a frame's length are no echo: what is sent in a tick cannot be
//! back in the same tick. A member in the same acoustic room as another one is heard there, though.
//!
//! Phases are bytes and sums whole numbers of 16 bits: sixteen of them at once, and half of what a cache would have to bring of floats.
//! The sums are most of what a detector is. They are touched when it is looked at only, with what was heard since the last time.

use super::super::{Frame, warm};
use super::fft::sum;
use super::phases::{self, BINS, NONE, Phases, Turn};
use crate::units::FRAME;

/// How many frames before it was sent a sound is looked for too: heard there first, it is no echo.
const AHEAD: usize = 3;
/// Delays that are looked at, in frames, from [`AHEAD`] before zero on.
const DELAYS: usize = 27 + AHEAD;
/// How much of a sum a frame of speech takes away: an eightieth, so that 1.6 s are remembered.
const TAKEN: f64 = 1.0 / 80.0;
/// Mean power of a sample, below which a frame has no speech in it that could be told from noise: −58 dBov, and −66 for what is heard.
const SENT_LEAST: f32 = 1_700.0;
const HEARD_LEAST: f32 = 270.0;
/// A delay's sum must be so many times that of the others, and of what chance would make of it at most.
const CLEAR: f32 = 1.45;
/// The same of what chance makes of it in the mean, for a delay that stands still.
const CLEAR_STILL: f32 = 1.5;
/// How high the others may be beside it, where they are more than [`NEAR`] frames away: a tone that both sides have adds up at each
/// delay at which it sounded on both, and most of all where it did so longest. That is a slope, an echo is a peak. A voice may have a
/// second one, where it is like itself: but there an echo stands still to the sample, and what adds up by chance wanders.
const OTHERS: f32 = 0.8;
const NEAR: usize = 2;
/// Frames of speech that must have been summed up.
const ENOUGH: f32 = 14.0;
/// What comes back sooner, in samples, was not sent first: a frame's length, less what the delay may be wrong by.
const NEAREST: usize = FRAME - 8;
/// From how many samples on, before a delay's frame or after it, the delays beside it tell which of both.
const SIDED: f32 = 68.0;
/// Looks that must agree: to the frame where it stands alone, else to so many samples.
const LOOKS: u8 = 3;
const LOOKS_TO_THE_SAMPLE: u8 = 9;
const STILL: usize = 8;
/// Frames from look to look.
const LOOK_EVERY: usize = 5;
/// The product of two phases as it is summed up: five bits of it are left away. No sum leaves its 16 bits: without that the products of a
/// look come to 32,000 at most, and a sum is 82 products at most.
const FULL: f32 = (phases::FULL * phases::FULL) / (1 << LEFT_AWAY) as f32;
const LEFT_AWAY: u32 = 5;
const _: () = assert!((phases::FULL * phases::FULL) as usize * LOOK_EVERY <= i16::MAX as usize);
const _: () = assert!(FULL * 82.0 < i16::MAX as f32);

/// What so many frames take away of a sum, of 65,536, and what they leave of it.
const FADES: [(i16, f32); LOOK_EVERY + 1] = {
    let mut fades = [(0, 1.0); LOOK_EVERY + 1];
    let (mut frames, mut kept) = (1, 1.0 - TAKEN);
    while frames <= LOOK_EVERY {
        fades[frames] = ((65_536.0 * (1.0 - kept)) as i16, kept as f32);
        (frames, kept) = (frames + 1, kept * (1.0 - TAKEN));
    }
    fades
};

/// Frames of what was sent that are kept, and of what was heard: the last look's newest pairs are the next one's oldest.
const SENT: usize = DELAYS + LOOK_EVERY - 1;
const HEARD: usize = AHEAD + LOOK_EVERY;

/// What is looked for, of one leg: what each frame needs comes first.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Detector {
    newest: usize,
    /// Frames since the last look.
    since_look: usize,
    /// What stood out most when it was looked at last, and for how many looks in a row clearly: near the same frame, and at the same sample.
    looked: Found,
    agreed: u8,
    stood_still: u8,
    score: f32,
    /// Which frames of `sent` were speech, and which of `heard` were not too quiet.
    spoken: [bool; SENT],
    audible: [bool; HEARD],
    /// Mean power of a sample of the last frame that was sent, and of the last that was heard.
    powers: [f32; 2],
    sent_power: f32,
    /// Phases of what was heard, the newest last; none of what was too quiet.
    heard: [Phases; HEARD],
    /// Phases of what was sent, a ring.
    sent: [Phases; SENT],
    /// Frames that each sum is made of.
    weights: [f32; DELAYS],
    /// By delay: real parts, then imaginary ones.
    sums: [[[i16; BINS]; 2]; DELAYS],
}

/// What a detector may take, together with what it remembers of the sound.
const _: () = assert!(size_of::<Detector>() + size_of::<super::far::Far>() <= 16 * 1024);

/// An echo that was found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
            sent: [NONE; SENT],
            spoken: [false; SENT],
            newest: 0,
            heard: [NONE; HEARD],
            audible: [false; HEARD],
            weights: [0.0; DELAYS],
            since_look: 0,
            looked: Found::default(),
            agreed: 0,
            stood_still: 0,
            score: 0.0,
            powers: [0.0; 2],
            sent_power: 0.0,
        }
    }
}

impl Detector {
    /// A frame was sent, and after it another one was heard: each together with the one before it. Tells what is found, each time that
    /// it is looked at.
    #[inline(always)]
    pub fn handle(&mut self, sent: &[Frame; 2], heard: &[Frame; 2]) -> Option<Found> {
        let [sent_power, heard_power] = self.powers(&sent[1], &heard[1]);
        self.sent_power = sent_power;
        let is_spoken = sent_power >= SENT_LEAST;
        let is_audible = heard_power >= HEARD_LEAST;
        let [of_sent, of_heard] = match is_spoken || is_audible {
            true => phases::of_both(sent, heard),
            false => [NONE; 2],
        };
        self.newest = (self.newest + SENT - 1) % SENT;
        self.spoken[self.newest] = is_spoken;
        self.sent[self.newest] = if is_spoken { of_sent } else { NONE };
        let place = AHEAD + self.since_look;
        self.audible[place] = is_audible;
        self.heard[place] = if is_audible { of_heard } else { NONE };
        self.since_look += 1;
        if self.since_look < LOOK_EVERY {
            return None;
        }
        self.since_look = 0;
        let added = self.add()?;
        self.look(&added)
    }

    /// What is heard from now on is so many samples later than before, or earlier: an echo is, too, and is still known. What waits to be
    /// added up is left out. Where it lay between two frames it may be told a frame wrong until new sums outweigh.
    pub fn moved(&mut self, samples: isize) {
        // What stands out most belongs to the frame that it is nearest to.
        let beyond = self.looked.samples as isize - (self.looked.frames * FRAME) as isize;
        let frames = (beyond + samples + FRAME as isize / 2).div_euclid(FRAME as isize);
        let turn = Turn::by(samples);
        let (sums, weights) = (self.sums, self.weights);
        for delay in 0..DELAYS {
            let before = delay
                .checked_add_signed(-frames)
                .filter(|&before| before < DELAYS);
            self.sums[delay] = before.map_or([[0; BINS]; 2], |before| turn.of(&sums[before]));
            self.weights[delay] = before.map_or(0.0, |before| weights[before]);
        }
        self.heard = [NONE; HEARD];
        self.audible = [false; HEARD];
        self.looked.frames = self.looked.frames.saturating_add_signed(frames);
        self.looked.samples = self.looked.samples.saturating_add_signed(samples);
    }

    /// Asks for what the next frame needs: before a look all of it.
    pub fn warm(&self) {
        if self.since_look + 1 == LOOK_EVERY {
            return warm::all(self);
        }
        warm::between(&self.newest, &self.sent_power);
        warm::all(&self.sent[(self.newest + SENT - 1) % SENT]);
        warm::all(&self.heard[AHEAD + self.since_look]);
    }

    /// Mean powers of a sample of the last two frames of each.
    #[inline(always)]
    fn powers(&mut self, sent: &Frame, heard: &Frame) -> [f32; 2] {
        let now = [power(sent), power(heard)];
        let before = std::mem::replace(&mut self.powers, now);
        [0, 1].map(|side| 0.5 * (before[side] + now[side]))
    }

    /// Adds what was heard since the last look to the sums, with what was sent before and after it: so many frames of speech to each.
    #[inline(always)]
    fn add(&mut self) -> Option<[usize; DELAYS]> {
        let heard: [_; LOOK_EVERY] = std::array::from_fn(|nth| self.heard[nth].map(|part| wide(&part)));
        let audible: [bool; LOOK_EVERY] = std::array::from_fn(|nth| self.audible[nth]);
        self.heard.copy_within(LOOK_EVERY.., 0);
        self.audible.copy_within(LOOK_EVERY.., 0);
        let count = audible.into_iter().filter(|&is_audible| is_audible).count();
        if count == 0 || !self.spoken.contains(&true) {
            return None;
        }
        let (taken, kept) = FADES[count];
        let mut added = [0; DELAYS];
        for (delay, added) in added.iter_mut().enumerate() {
            // The frame that was sent so long before each of those that were heard.
            let sent: [usize; LOOK_EVERY] =
                std::array::from_fn(|nth| (self.newest + LOOK_EVERY - 1 - nth + delay) % SENT);
            let spoken = (0..LOOK_EVERY).filter(|&nth| audible[nth] && self.spoken[sent[nth]]);
            *added = spoken.count();
            self.weights[delay] = kept * self.weights[delay] + *added as f32;
            turn(
                &mut self.sums[delay],
                &heard,
                sent.map(|at| &self.sent[at]),
                taken,
            );
        }
        Some(added)
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

    /// Looks whether a delay stands out clearly, and has done so for long enough.
    #[inline(always)]
    fn look(&mut self, added: &[usize; DELAYS]) -> Option<Found> {
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
        self.score = heights[best] / (beside / count).max(CHANCE);
        if added[best] == 0 {
            // What is still as clear as before is no news.
            return None;
        }
        let samples = self.samples(best, &heights);
        let may_be = self.weights[best] >= ENOUGH
            // The same room, not an echo: it is heard before it is sent.
            && best > AHEAD
            && heights[..=AHEAD].iter().all(|&height| height < heights[best] * 0.9)
            && samples >= NEAREST;
        let is_clear = self.score >= CLEAR && highest < OTHERS * heights[best];
        let is_clear_still = heights[best] >= CLEAR_STILL * (beside / count).max(chance(self.weights[best]));
        let found = Found {
            frames: best.saturating_sub(AHEAD),
            samples,
            score: self.score,
        };
        self.agree(found, may_be && is_clear, may_be && is_clear_still)
    }

    /// Looks that agree make an echo.
    fn agree(&mut self, found: Found, is_clear: bool, is_clear_still: bool) -> Option<Found> {
        let before = std::mem::replace(&mut self.looked, found);
        let again = |count: u8, counts: bool, is_there: bool| match counts {
            true if is_there => count.saturating_add(1),
            counts => u8::from(counts),
        };
        let is_near = before.frames.abs_diff(found.frames) <= 1;
        let is_still = before.samples.abs_diff(found.samples) <= STILL;
        self.agreed = again(self.agreed, is_clear, is_near);
        self.stood_still = again(self.stood_still, is_clear_still, is_still);
        (self.agreed >= LOOKS || self.stood_still >= LOOKS_TO_THE_SAMPLE).then_some(found)
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
        ((delay as f32 - AHEAD as f32) * 160.0 + beyond).round().max(0.0) as usize
    }
}

/// What chance makes of phases, none of which is forgotten: √(π/4) of the root of their number, for each bin.
const CHANCE: f32 = 0.886 * FULL * BINS as f32;

/// The same as they are forgotten: older ones are summed up with less weight, of which the square counts. Of a weight of w frames, at most
/// 80, that leaves √(1 − w/160).
#[inline(always)]
fn chance(weight: f32) -> f32 {
    CHANCE * (1.0 - 0.5 * TAKEN as f32 * weight).sqrt()
}

/// Adds the products of the phases of some frames to the sums of a delay.
#[inline(always)]
fn turn(
    [sum_re, sum_im]: &mut [[i16; BINS]; 2],
    heard: &[[[i16; BINS]; 2]; LOOK_EVERY],
    sent: [&Phases; LOOK_EVERY],
    taken: i16,
) {
    for bin in 0..BINS {
        let (mut real, mut imaginary) = (0, 0);
        for nth in 0..LOOK_EVERY {
            let (re, im) = (i16::from(sent[nth][0][bin]), i16::from(sent[nth][1][bin]));
            real += heard[nth][0][bin] * re + heard[nth][1][bin] * im;
            imaginary += heard[nth][1][bin] * re - heard[nth][0][bin] * im;
        }
        sum_re[bin] += (real >> LEFT_AWAY) - share(sum_re[bin], taken);
        sum_im[bin] += (imaginary >> LEFT_AWAY) - share(sum_im[bin], taken);
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

/// So many of 65,536 parts.
#[inline(always)]
fn share(sum: i16, parts: i16) -> i16 {
    ((i32::from(sum) * i32::from(parts)) >> 16) as i16
}

/// The mean power of a sample.
#[inline(always)]
fn power(sound: &Frame) -> f32 {
    let mut squares = [0.0; FRAME];
    for (square, &sample) in squares.iter_mut().zip(sound) {
        *square = f32::from(sample) * f32::from(sample);
    }
    sum(&squares) / FRAME as f32
}

#[cfg(test)]
mod tests;
