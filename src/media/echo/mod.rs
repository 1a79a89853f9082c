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
mod pool;
mod suppressor;
mod trace;

pub use build::pool;
pub use canceller::Canceller;
pub use detector::{Detector, Found};
pub use pool::Pool;
pub use trace::Parts;
pub use trace::Tracer;

use super::{Frame, SILENCE};
use crate::units::FRAME;
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

/// One leg's echo.
#[derive(Debug)]
pub struct Echo {
    far: Far,
    detector: Detector,
    canceller: Option<Box<Canceller>>,
    state: State,
    /// The last two frames as they were heard, and their power.
    heard: [Frame; 2],
    sent_power: f32,
    delay: usize,
    gain: f32,
    left_alone: u32,
    quiet_for: u32,
    until_check: u32,
    random: u32,
    may_cancel: bool,
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
            sent_power: 0.0,
            delay: 0,
            gain: 0.0,
            left_alone: 0,
            quiet_for: 0,
            until_check: CHECK_EVERY,
            random,
            may_cancel: true,
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

    /// The playout buffer keeps back so many samples more than before, or less.
    pub fn moved(&mut self, samples: isize) {
        if let Some(canceller) = &mut self.canceller {
            canceller.moved(&self.far, samples);
        }
    }

    /// A frame was sent, after one was heard.
    pub fn sent(&mut self, sent: &Frame, pool: &mut Pool) {
        self.far.push(sent);
        let found = pulp::Arch::new().dispatch(Look(self));
        self.judge(found, pool);
    }

    #[inline(always)]
    fn look(&mut self) -> Option<Found> {
        let mut heard = [0.0; 2 * FRAME];
        for (to, &from) in heard.iter_mut().zip(self.heard.as_flattened()) {
            *to = f32::from(from);
        }
        let mut sent: [f32; 2 * FRAME] = self.far.read(0);
        self.sent_power = power(&sent);
        let heard_power = power(&heard);
        let sent = fft::long(&mut sent);
        let heard = fft::long(&mut heard);
        self.detector
            .handle((&sent, self.sent_power), (&heard, heard_power))
    }

    fn judge(&mut self, found: Option<Found>, pool: &mut Pool) {
        self.left_alone = self.left_alone.saturating_sub(1);
        match (self.state, found) {
            (State::NoEcho, _) if self.left_alone == 0 => self.state = State::Clear,
            (State::Clear | State::Waiting, Some(found)) if self.may_cancel => self.begin(found, pool),
            (State::Cancelled, Some(found)) => self.follow(found),
            (State::NoEcho | State::Clear | State::Waiting, _) | (State::Cancelled, None) => {}
        }
        self.check(pool);
    }

    fn begin(&mut self, found: Found, pool: &mut Pool) {
        self.delay = found.samples;
        self.gain = canceller::GAIN_FIRST;
        if self.canceller.is_none() {
            self.canceller = pool.take();
        }
        self.state = match &mut self.canceller {
            Some(canceller) => {
                canceller.begin(&self.far, found.samples, self.gain, self.random);
                self.random = self.random.wrapping_mul(747_796_405).wrapping_add(1);
                State::Cancelled
            }
            None => State::Waiting,
        };
        self.quiet_for = 0;
    }

    /// The echo is found again: at the same delay, mostly.
    fn follow(&mut self, found: Found) {
        let Some(canceller) = &mut self.canceller else {
            return;
        };
        if !canceller.covers(found.samples) {
            self.delay = found.samples;
            canceller.follow(&self.far, found.samples);
        }
        self.quiet_for = 0;
    }

    /// Looks at what the filter learnt, now and then.
    fn check(&mut self, pool: &mut Pool) {
        let Some(canceller) = &mut self.canceller else {
            return;
        };
        if self.state != State::Cancelled {
            // It has faded out.
            if canceller.is_out() {
                pool.give(&mut self.canceller);
            }
            return;
        }
        self.quiet_for += u32::from(self.sent_power > SPEECH);
        self.until_check -= 1;
        if self.until_check > 0 {
            return;
        }
        self.until_check = CHECK_EVERY;
        if canceller.is_absurd() {
            self.state = State::NoEcho;
            self.left_alone = LEFT_ALONE;
            canceller.want(false);
        } else if canceller.gains_sum() > NOTHING {
            self.quiet_for = 0;
        } else if self.quiet_for > QUIET_FOR {
            self.state = State::Clear;
            canceller.want(false);
        }
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

    /// Whether echo may be cancelled; found out it is always.
    pub fn set_may_cancel(&mut self, may: bool) {
        self.may_cancel = may;
        if !may {
            self.yield_canceller();
        }
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

/// The mean power of a sample.
#[inline(always)]
fn power(sound: &[f32; 2 * FRAME]) -> f32 {
    fft::sum(&sound.map(|sample| sample * sample)) / (2 * FRAME) as f32
}
