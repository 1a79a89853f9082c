//! Conceals what did not come, after the idea of ITU-T G.711 Appendix I: the last pitch period is repeated, from the second
//! 10 ms on the last two, then three; it fades from 10 ms on and is silence after 60; what comes then is overlap-added.
//!
//! Appendix I keeps the output back by 3.75 ms to smooth the way into a gap. Here nothing is kept back: the repetition begins
//! where the last period began, and what it misses of the last sample that was played fades away within a quarter of a
//! period. Must never touch a sample that came in time and follows one that did.

use super::pitch;
use super::warm;

/// Frames of history.
const FRAMES: usize = 3;
/// Digital silence: µ-law's zero, A-law's smallest step.
const SILENT: u16 = 8;

/// What a gap was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// Repetitions.
    Sound,
    /// Nothing is left to repeat: silence, or comfort noise.
    Silence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// What came last is what was played last.
    Playing,
    /// What was played last is made up.
    Gap,
    /// So many samples of what came were overlap-added, of so many.
    Returning { done: usize, overlap: usize },
}

/// Where in the last periods the repetition stands.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    /// Samples that are repeated: the last ones of the history.
    span: usize,
    at: usize,
}

/// One leg's concealer. A frame of 20 ms has `F` samples: 160 at 8 kHz.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Concealer<const F: usize> {
    head: usize,
    state: State,
    /// What was played last, oldest at `head`.
    past: [[i16; F]; FRAMES],
    /// The history when the gap began, oldest first.
    base: [[i16; F]; FRAMES],
    period: usize,
    cursor: Cursor,
    /// The cursor before more periods were taken, and for how many samples it still mixes in.
    left: (Cursor, usize),
    /// How far the repetition's beginning is from the last sample.
    step: f32,
    /// Samples since the gap began.
    length: usize,
    /// The constant that is gone on with, when there was digital silence.
    still: Option<i16>,
    /// There is no time to look for the pitch.
    hurried: bool,
    /// Comfort noise: its root mean square, and where its sequence stands.
    noise: Option<f32>,
    random: u32,
}

impl<const F: usize> Default for Concealer<F> {
    fn default() -> Concealer<F> {
        Concealer::new()
    }
}

impl<const F: usize> Concealer<F> {
    /// A concealer that has heard nothing.
    pub fn new() -> Concealer<F> {
        Concealer {
            past: [[0; F]; FRAMES],
            head: 0,
            state: State::Playing,
            base: [[0; F]; FRAMES],
            period: F / 2,
            cursor: Cursor::default(),
            left: (Cursor::default(), 0),
            step: 0.0,
            length: 0,
            still: None,
            hurried: false,
            noise: None,
            random: 1,
        }
    }

    /// Asks for what is needed to take a frame.
    pub fn warm(&self) {
        warm::between(&self.head, &self.state);
        let (before, after) = self.past.as_flattened().split_at(self.head);
        warm::all(&after[..F.min(after.len())]);
        warm::all(&before[..F.saturating_sub(after.len())]);
    }

    /// Takes what came, at most a frame, and is played next. Only after a gap its beginning is changed.
    pub fn take(&mut self, sound: &mut [i16]) {
        if self.state == State::Gap {
            let overlap = self.overlap();
            self.state = State::Returning { done: 0, overlap };
        }
        if let State::Returning { done, overlap } = self.state {
            let count = sound.len().min(overlap - done);
            for (at, sample) in sound[..count].iter_mut().enumerate() {
                let made_up = self.make();
                let share = (done + at + 1) as f32 / (overlap + 1) as f32;
                *sample = (made_up + (f32::from(*sample) - made_up) * share) as i16;
            }
            let done = done + count;
            self.state = if done == overlap {
                State::Playing
            } else {
                State::Returning { done, overlap }
            };
        }
        self.keep(sound);
    }

    /// Fills what did not come, at most a frame; under it comes up noise of this root mean square, if there is to be any.
    pub fn fill(&mut self, gap: &mut [i16], noise: Option<f32>) -> Filled {
        if self.state != State::Gap {
            self.cut();
        }
        self.noise = noise;
        let filled = if self.still.is_some() || self.length >= FRAMES * F {
            Filled::Silence
        } else {
            Filled::Sound
        };
        for sample in gap.iter_mut() {
            *sample = self.make() as i16;
        }
        self.keep(gap);
        filled
    }

    /// Gaps that begin from now on are filled without a look for the pitch, or with one.
    pub fn hurry(&mut self, hurried: bool) {
        self.hurried = hurried;
    }

    /// What comes next does not follow what was played: it is overlap-added to what would have.
    pub fn cut(&mut self) {
        self.begin();
        self.state = State::Gap;
    }

    /// The frame that was played last.
    pub fn last(&self) -> [i16; F] {
        let ring = self.past.as_flattened();
        let from = self.head + ring.len() - F;
        std::array::from_fn(|at| ring[(from + at) % ring.len()])
    }

    /// Takes what its codec made up itself, at most a frame, and is played next.
    pub fn follow(&mut self, made_up: &[i16]) {
        self.state = State::Playing;
        self.keep(made_up);
    }

    /// Forgets what was played: it must not be heard again. What comes next fades in.
    pub fn forget(&mut self) {
        self.past = [[0; F]; FRAMES];
        self.state = State::Gap;
        self.still = Some(0);
    }

    /// Length of the overlap when sound comes back: a quarter of a period and 4 ms for each further 10 ms, at most 10 ms.
    fn overlap(&self) -> usize {
        match self.still {
            Some(_) => F / 16,
            None => (self.quarter() + self.length.saturating_sub(F / 2) * 2 / 5).min(F / 2),
        }
    }

    fn quarter(&self) -> usize {
        self.period / 4
    }

    fn begin(&mut self) {
        let (base, past) = (self.base.as_flattened_mut(), self.past.as_flattened());
        base[..past.len() - self.head].copy_from_slice(&past[self.head..]);
        base[past.len() - self.head..].copy_from_slice(&past[..self.head]);
        let last = base[base.len() - 1];
        self.length = 0;
        let silent = last.unsigned_abs() <= SILENT && self.base[FRAMES - 1].iter().all(|&s| s == last);
        self.still = silent.then_some(last);
        if silent {
            return;
        }
        self.period = if self.hurried { F / 2 } else { period(&self.base) };
        self.cursor = Cursor {
            span: self.period,
            at: 0,
        };
        self.left = (self.cursor, 0);
        let base = self.base.as_flattened();
        self.step = f32::from(last) - f32::from(base[base.len() - 1 - self.period]);
    }

    /// The next sample that is made up.
    fn make(&mut self) -> f32 {
        let repeated = self.repeat();
        self.length += 1;
        let Some(rms) = self.noise else { return repeated };
        // Numerical Recipes' generator; even between ± √3 rms.
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (self.random >> 8) as f32 / (1u32 << 23) as f32 - 1.0;
        let share = self.length.min(F) as f32 / F as f32;
        repeated + noise * rms * 3f32.sqrt() * share
    }

    /// The next sample of the repetition.
    fn repeat(&mut self) -> f32 {
        if let Some(silence) = self.still {
            return f32::from(silence);
        }
        let gain = (FRAMES * F).saturating_sub(self.length) as f32 / (FRAMES * F - F / 2) as f32;
        if gain <= 0.0 {
            return 0.0;
        }
        if self.length == F / 2 || self.length == F {
            self.widen();
        }
        let quarter = self.quarter();
        let mut sample = self.at(self.cursor);
        self.cursor.advance();
        let (cursor, mixed) = &mut self.left;
        if *mixed > 0 {
            let share = *mixed as f32 / (quarter + 1) as f32;
            let (from, _) = (*cursor, cursor.advance());
            *mixed -= 1;
            sample += (self.at(from) - sample) * share;
        }
        if self.length < quarter {
            sample += self.step * (quarter - self.length) as f32 / (quarter + 1) as f32;
        }
        sample * gain.min(1.0)
    }

    /// Takes one more period into the repetition, so that it does not sound like a horn.
    fn widen(&mut self) {
        self.left = (self.cursor, self.quarter());
        self.cursor.span += self.period;
        self.cursor.at %= self.period;
    }

    /// The repetition at a cursor: its last quarter of a period turns into what led to its beginning.
    fn at(&self, cursor: Cursor) -> f32 {
        let base = self.base.as_flattened();
        let from = base.len() - cursor.span;
        let sample = f32::from(base[from + cursor.at]);
        let (rest, quarter) = (cursor.span - cursor.at, self.quarter());
        if rest > quarter {
            return sample;
        }
        let share = (quarter + 1 - rest) as f32 / (quarter + 1) as f32;
        sample + (f32::from(base[from - rest]) - sample) * share
    }

    fn keep(&mut self, played: &[i16]) {
        let ring = self.past.as_flattened_mut();
        let first = played.len().min(ring.len() - self.head);
        ring[self.head..self.head + first].copy_from_slice(&played[..first]);
        ring[..played.len() - first].copy_from_slice(&played[first..]);
        self.head = (self.head + played.len()) % ring.len();
    }
}

impl Cursor {
    fn advance(&mut self) {
        self.at += 1;
        if self.at == self.span {
            self.at = 0;
        }
    }
}

/// The pitch period of the last frame, 5 to 15 ms (200 to 66 Hz).
fn period<const F: usize>(base: &[[i16; F]; FRAMES]) -> usize {
    let all = base.as_flattened();
    let (shortest, longest) = (F / 4, F * 3 / 4);
    let from = all.len() - F;
    let found = pitch::find(&base[FRAMES - 1], &all[from - longest..all.len() - shortest]);
    longest - found.offset
}

#[cfg(test)]
mod tests;
