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
pub mod build;
mod canceller;
mod coherence;
mod detector;
mod far;
mod fft;
mod filter;
mod phases;
mod pool;
mod suppressor;
mod trace;

pub use build::{echo, pool};
pub use canceller::Canceller;
pub use detector::{Detector, Found};
pub use pool::Pool;
pub use trace::Parts;
pub use trace::Tracer;

use super::{Frame, SILENCE};
use far::Far;

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
    random: u32,
    /// How far the playout buffer was behind after the last frame.
    depth: Option<i64>,
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
            random,
            depth: None,
        }
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
        let Some(canceller) = &mut self.canceller else {
            return tracer.passed();
        };
        let fade = canceller.fade();
        let traced = canceller.run(&self.far, heard, lost);
        tracer.cancelled(&traced, fade);
    }

    /// Nothing of this tick is heard: the caller is on hold, or keys.
    pub fn skip(&mut self) {
        self.heard = [self.heard[1], SILENCE];
        if let Some(canceller) = &mut self.canceller {
            canceller.skip(&self.far);
        }
    }

    /// A frame was sent, after one was heard.
    pub fn sent(&mut self, sent: &Frame) {
        self.sent = [self.sent[1], *sent];
        self.found = pulp::Arch::new().dispatch(Look(self));
    }

    #[inline(always)]
    fn look(&mut self) -> Option<Found> {
        self.far.push(&self.sent[1]);
        self.detector.handle(&self.sent, &self.heard)
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
        self.check(pool).or(change)
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

    /// The leg goes, or speaks in another way: its canceller is given back at once, and nothing is known any more.
    pub fn release(&mut self, pool: &mut Pool) {
        pool.give(&mut self.canceller);
        self.state = State::Clear;
    }

    /// After a frame, the playout buffer is so far behind: whenever that changes, the echo is later by as much. A leap is another stream.
    pub fn handle_depth(&mut self, depth: Option<i64>) {
        if let (Some(now), Some(before), Some(canceller)) = (depth, self.depth, &mut self.canceller)
            && now != before
            && now.abs_diff(before) <= LEAP
        {
            canceller.moved(&self.far, (now - before) as isize);
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
