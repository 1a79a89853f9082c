//! Echo of one leg: whether it returns what is sent to it is found out always ([`Detector`]); where it does, a canceller from a
//! [`Pool`] takes the echo out of what is heard, before anybody else hears it. A leg without echo passes to the bit.
//!
//! | state | what happens | becomes |
//! |---|---|---|
//! | clear | an echo is found, the pool has a canceller | cancelled |
//! | clear | an echo is found, the pool has none | waiting |
//! | waiting | there is one now | cancelled |
//! | cancelled | the echo is found at another delay | cancelled, there |
//! | cancelled | nothing comes back for half a minute of speech | clear |
//! | cancelled | it comes back louder than it was sent | no echo |
//! | cancelled | the canceller is wanted back | waiting |
//! | no echo | a minute has passed | clear |
//!
//! Must never look at a clock or at another leg.

mod bank;
mod bent;
pub mod build;
mod canceller;
mod coherence;
mod detector;
mod duck;
mod far;
mod fft;
mod filter;
mod finder;
mod gaps;
mod high;
mod phases;
mod pool;
mod remainder;
mod suppressor;
mod trace;
mod trace_wide;
mod twoband;
mod wide;

pub use build::{bands, echo, pool};
pub use canceller::Canceller;
pub use detector::{Detector, Found};
pub use duck::Ducking;
pub use pool::Pool;
pub use trace::Parts;
pub use trace::Tracer;
pub use trace_wide::{PartsWide, TracerWide};
pub use wide::Bands;

use super::{Frame, SILENCE, warm};
use crate::media_api::EchoNews;
use crate::units::FRAME;
use duck::Duck;
use far::Far;
use finder::Finder;

/// Frames that a leg which turned out to have no echo is left alone: a minute.
const LEFT_ALONE: u32 = 3_000;
/// Frames with speech sent, in a row, in which next to nothing came back, until a canceller is given back: half a minute.
const QUIET_FOR: u32 = 1_500;
/// Power gain of a filter that has found nothing: −50 dB.
const NOTHING: f32 = 1e-5;
/// Frames from one check of what the filter learnt to the next.
const CHECK_EVERY: u32 = 10;
/// Mean power of a sample, from which a frame is speech: −58 dBov.
const SPEECH: f32 = 1_700.0;
/// Frames of speech sent in which an echo was looked for, until a leg may rest: 2.5 s. One that has an echo is known by then.
const LOOKED_FIRST: u32 = 125;

/// The playout buffer's depth changes by this at most while its stream is the same, in samples: 200 ms.
const LEAP: u64 = 1_600;

/// What is known of a leg's echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// None was found.
    #[default]
    Clear,
    /// One was found, and is let through: there is no canceller.
    Waiting,
    /// It is taken out.
    Cancelled,
    /// What came back was no echo; nothing is done for a while.
    NoEcho,
}

/// What changed in [`Echo::judge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An echo is taken out from now on.
    Begun,
    /// An echo was found, and there is no canceller.
    Waits,
    /// It was found at another delay.
    Followed,
    /// It is gone.
    Gone,
    /// It was none.
    Refuted,
    /// It stays unbearable: the leg is turned down while others speak.
    Ducked,
    /// It does not any more.
    Unducked,
}

/// One leg's echo.
#[derive(Debug)]
pub struct Echo {
    far: Far,
    detector: Detector,
    canceller: Option<Box<Canceller>>,
    state: State,
    /// The last two frames as they were heard, and as they were sent.
    heard: [Frame; 2],
    sent: [Frame; 2],
    /// What the last look at the detector found.
    found: Option<Found>,
    delay: usize,
    left_alone: u32,
    quiet_for: u32,
    until_check: u32,
    /// Frames of speech sent since it began, or since somebody asked.
    looked: u32,
    random: u32,
    /// How far the playout buffer was behind after the last frame.
    depth: Option<i64>,
    /// Whether the last frame was as late as a canceller lets it out.
    is_late: bool,
    finder: Finder,
    duck: Duck,
    ducked: Option<bool>,
    /// Whether what is sent is no G.711.
    is_wide: bool,
}

impl Echo {
    /// Nothing is known; `random` is for noise.
    pub fn new(random: u32) -> Echo {
        Echo {
            far: Far::default(),
            detector: Detector::default(),
            canceller: None,
            state: State::Clear,
            heard: [SILENCE; 2],
            sent: [SILENCE; 2],
            found: None,
            delay: 0,
            left_alone: 0,
            quiet_for: 0,
            until_check: CHECK_EVERY,
            looked: 0,
            random,
            depth: None,
            is_late: false,
            finder: Finder::default(),
            duck: Duck::new(None),
            ducked: None,
            is_wide: false,
        }
    }

    /// Asks for what the next frame needs while nothing is taken out.
    pub fn warm(&self) {
        self.detector.warm();
        warm::all(&self.heard);
        warm::all(&self.sent);
    }

    /// From then on the leg is turned down while others speak; without it never.
    pub fn duck_when(&mut self, ducking: Option<Ducking>) {
        self.duck = Duck::new(ducking);
    }

    /// How clearly anything stood out when it was looked at last.
    pub fn detector_score(&self) -> f32 {
        self.detector.score()
    }

    /// What is known.
    pub fn state(&self) -> State {
        self.state
    }

    /// The echo's delay in samples, if there is one.
    pub fn delay(&self) -> Option<usize> {
        matches!(self.state, State::Cancelled | State::Waiting).then_some(self.delay)
    }

    /// How far below what was sent the echo comes back, by power; known once a canceller has learnt it.
    pub fn gain(&self) -> Option<f32> {
        self.canceller.as_ref().map(|canceller| canceller.gains_sum())
    }

    /// Hears a frame, and takes the echo out of it. `lost`: some of it was made up.
    pub fn hear(&mut self, heard: &mut Frame, lost: bool) {
        self.hear_traced(heard, lost, &mut ());
    }

    fn hear_traced(&mut self, heard: &mut Frame, lost: bool, tracer: &mut impl trace::Watch) {
        self.heard = [self.heard[1], *heard];
        let was_late = std::mem::replace(&mut self.is_late, self.canceller.is_some());
        let now = *heard;
        match &mut self.canceller {
            None => {
                tracer.passed();
                if was_late {
                    let late = self.late();
                    ease(&late, &now, heard);
                }
            }
            Some(canceller) => {
                let fade = canceller.fade();
                let traced = canceller.run(&self.far, heard, lost);
                tracer.cancelled(&traced, fade);
                if !was_late {
                    let late = *heard;
                    ease(&now, &late, heard);
                }
            }
        }
        self.let_out(heard);
    }

    /// What was heard, as late as a canceller lets it out.
    fn late(&self) -> Frame {
        let [before, now] = &self.heard;
        let half = FRAME / 2;
        std::array::from_fn(|at| match at.checked_sub(half) {
            Some(at) => now[at],
            None => before[half + at],
        })
    }

    /// Looks at what is let out of a leg whose echo is known, and turns it down if that is all that helps.
    fn let_out(&mut self, frame: &mut Frame) {
        let out = *frame;
        if let Some(is_due) = self.look_at_rest(&out) {
            self.duck.apply(is_due, frame);
        }
    }

    /// Looks at what is let out of a leg whose echo is known; whether an echo is due in it.
    fn look_at_rest(&mut self, frame: &Frame) -> Option<bool> {
        let delay = self.delay()?;
        if let Some(canceller) = &mut self.canceller {
            canceller.let_out(frame);
        }
        let power = frame.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>() / FRAME as f32;
        let is_due = self.finder.hear(power, delay);
        if is_due {
            self.ducked = self.duck.judge(self.finder.level()).or(self.ducked);
        }
        Some(is_due)
    }

    /// Nothing of this tick is heard: the caller is on hold, or keys.
    pub fn skip(&mut self) {
        self.heard = [self.heard[1], SILENCE];
        if let Some(canceller) = &mut self.canceller {
            canceller.skip(&self.far);
        }
    }

    /// So many ticks were left out: the other end goes on by RTP time, and hears nothing of them. What it returns is as late as before.
    pub fn pass_over(&mut self, frames: u64) {
        for _ in 0..frames.min(far::FRAMES as u64) {
            self.skip();
            self.sent(&SILENCE);
        }
    }

    /// A frame was sent, after one was heard.
    pub fn sent(&mut self, sent: &Frame) {
        self.sent = [self.sent[1], *sent];
        self.found = pulp::Arch::new().dispatch(Look(self));
    }

    #[inline(always)]
    fn look(&mut self) -> Option<Found> {
        match self.is_wide {
            true => self.far.push_nearly(&self.sent[1]),
            false => self.far.push(&self.sent[1]),
        }
        let found = self.detector.handle(&self.sent, &self.heard);
        let power = self.detector.sent_power();
        self.finder.sent(power);
        self.looked = self.looked.saturating_add(u32::from(power > SPEECH));
        if self.delay().is_some() {
            let is_left = match &mut self.canceller {
                Some(canceller) => canceller.is_left(&self.sent),
                // What is let out is what was heard.
                None => found.is_some(),
            };
            if is_left {
                self.finder.found();
            }
        }
        found
    }

    /// Begins to cancel, follows or ends, by what the last frames showed; before the next frame is heard.
    pub fn judge(&mut self, pool: &mut Pool) -> Option<Change> {
        let found = self.found.take();
        self.left_alone = self.left_alone.saturating_sub(1);
        let change = match (self.state, found) {
            (State::NoEcho, _) if self.left_alone == 0 => {
                self.state = State::Clear;
                None
            }
            (State::Clear | State::Waiting, Some(found)) => self.begin(found, pool),
            (State::Cancelled, Some(found)) => self.follow(found),
            (State::NoEcho | State::Clear | State::Waiting, _) | (State::Cancelled, None) => None,
        };
        let change = self.check(pool).or(change);
        if let Some(Change::Gone | Change::Refuted) = change {
            self.finder.forget();
            self.duck.forget();
        }
        let ducked = self.ducked.take().map(|is_ducked| match is_ducked {
            true => Change::Ducked,
            false => Change::Unducked,
        });
        change.or(ducked)
    }

    /// Somebody in the room hears an echo: what is left of this one, if there is one, is looked at more closely for a while.
    pub fn seek(&mut self) {
        self.looked = 0;
        self.finder.seek();
    }

    /// Whether nothing is missed by not looking for a while: none was found in some seconds of speech.
    pub fn may_rest(&self) -> bool {
        self.state == State::Clear && self.canceller.is_none() && !self.is_late && self.looked >= LOOKED_FIRST
    }

    /// Nothing was looked at for a while, or the leg speaks in another way: what was heard and sent before says nothing of what comes now.
    pub fn restart(&mut self) {
        (self.far, self.detector) = (Far::default(), Detector::default());
        (self.heard, self.sent) = ([SILENCE; 2], [SILENCE; 2]);
        (self.found, self.depth, self.is_late) = (None, None, false);
    }

    /// What is to be told of what is left of the echo.
    pub fn take_news(&mut self) -> Option<EchoNews> {
        self.finder.take_news()
    }

    /// How much of what was sent is left of it, by power, and whether the others hear that; none before it was measured.
    pub fn rest(&self) -> Option<(f32, bool)> {
        let level = self.delay().and_then(|_| self.finder.level())?;
        Some((level, self.finder.is_heard()))
    }

    /// Whether the leg is turned down while others speak.
    pub fn is_ducked(&self) -> bool {
        self.duck.is_ducked()
    }

    fn begin(&mut self, found: Found, pool: &mut Pool) -> Option<Change> {
        self.delay = found.samples;
        if self.canceller.is_none() {
            self.canceller = pool.take();
        }
        let before = self.state;
        let Some(canceller) = self.canceller.as_mut().filter(|_| pool.is_lending()) else {
            self.state = State::Waiting;
            return (before == State::Clear).then_some(Change::Waits);
        };
        canceller.begin(&self.far, found.samples, canceller::GAIN_FIRST, self.random);
        canceller.remember(&self.heard[1]);
        if self.is_wide {
            canceller.widen();
        }
        self.random = self.random.wrapping_mul(747_796_405).wrapping_add(1);
        (self.state, self.quiet_for) = (State::Cancelled, 0);
        Some(Change::Begun)
    }

    /// The echo is found again: at the same delay, mostly.
    fn follow(&mut self, found: Found) -> Option<Change> {
        self.quiet_for = 0;
        let canceller = self.canceller.as_mut()?;
        if canceller.covers(found.samples) {
            return None;
        }
        self.delay = found.samples;
        canceller.follow(&self.far, found.samples);
        Some(Change::Followed)
    }

    /// Looks at what the filter learnt, now and then.
    fn check(&mut self, pool: &mut Pool) -> Option<Change> {
        let canceller = self.canceller.as_mut()?;
        if self.state != State::Cancelled {
            if canceller.is_out() {
                pool.give(&mut self.canceller);
            }
            return None;
        }
        self.quiet_for += u32::from(self.detector.sent_power() > SPEECH);
        self.until_check -= 1;
        if self.until_check > 0 {
            return None;
        }
        self.until_check = CHECK_EVERY;
        if canceller.is_absurd() {
            canceller.want(false);
            (self.state, self.left_alone) = (State::NoEcho, LEFT_ALONE);
            return Some(Change::Refuted);
        }
        if canceller.gains_sum() > NOTHING {
            self.quiet_for = 0;
        } else if self.quiet_for > QUIET_FOR {
            canceller.want(false);
            self.state = State::Clear;
            return Some(Change::Gone);
        }
        None
    }

    /// The canceller is wanted back: it fades out, and goes back after the next frame.
    pub fn yield_canceller(&mut self) {
        if let Some(canceller) = &mut self.canceller {
            canceller.want(false);
            if self.state == State::Cancelled {
                self.state = State::Waiting;
            }
        }
    }

    /// The leg goes, or is not to be treated as before: its canceller is given back at once, and no echo is known any more.
    pub fn release(&mut self, pool: &mut Pool) {
        pool.give(&mut self.canceller);
        if self.state != State::Clear {
            self.state = State::Clear;
            self.finder.forget();
            self.duck.forget();
        }
    }

    /// After a frame, the playout buffer is so far behind: whenever that changes, the echo is later by as much. A leap is another stream.
    pub fn handle_depth(&mut self, depth: Option<i64>) {
        if let (Some(now), Some(before)) = (depth, self.depth)
            && now != before
            && now.abs_diff(before) <= LEAP
        {
            let samples = (now - before) as isize;
            self.detector.moved(samples);
            self.delay = self.delay.saturating_add_signed(samples);
            if let Some(canceller) = &mut self.canceller {
                canceller.moved(&self.far, samples);
            }
        }
        self.depth = depth;
    }
}

/// A look for an echo, as this processor does it fastest.
struct Look<'a>(&'a mut Echo);

impl pulp::WithSimd for Look<'_> {
    type Output = Option<Found>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Option<Found> {
        self.0.look()
    }
}

/// Goes over from one to the other within the frame: what a canceller lets out is late, and a leap in time would be a click.
fn ease<const N: usize>(from: &[i16; N], to: &[i16; N], frame: &mut [i16; N]) {
    for (at, sample) in frame.iter_mut().enumerate() {
        let part = (at + 1) as f32 / N as f32;
        *sample = (f32::from(from[at]) * (1.0 - part) + f32::from(to[at]) * part).round() as i16;
    }
}
