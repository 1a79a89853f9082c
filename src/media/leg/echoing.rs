//! A leg's echo: what it hears goes through its canceller, what it says is remembered. A line of 16 kHz has no part in it.

use super::super::counters::{Counter, Counters};
use super::super::echo::{Change, Echo, Pool, State};
use super::super::law;
use super::super::playout::Pulled;
use super::super::wire::Wire;
use super::super::{Frame, SILENCE};
use super::Leg;
use crate::media_api::{EchoFigures, EchoState};

impl<W: Wire> Leg<W> {
    /// Gives the leg ears for its echo; before it moves to a media thread.
    pub fn with_echo(mut self, echo: Box<Echo>) -> Leg<W> {
        self.echo = Some(echo);
        self
    }

    /// Begins, follows or ends, by what the last frames showed.
    pub fn judge_echo(&mut self, pool: &mut Pool, counters: &mut Counters) {
        let is_wide = self.is_wide();
        let Some(echo) = &mut self.echo else { return };
        if is_wide {
            return echo.release(pool);
        }
        let counter = match echo.judge(pool) {
            None => return,
            Some(Change::Begun) => Counter::EchoCancelled,
            Some(Change::Waits) => Counter::EchoWaits,
            Some(Change::Followed) => Counter::EchoFollowed,
            Some(Change::Gone) => Counter::EchoGone,
            Some(Change::Refuted) => Counter::EchoRefuted,
        };
        counters.count(counter);
    }

    /// Takes the echo out of what was heard in this tick; `is_deaf`: nobody is to hear any of it.
    pub(super) fn cancel_echo(&mut self, frame: u64, pulled: Pulled, is_deaf: bool) {
        if self.is_wide() {
            return;
        }
        let depth = self.playout.depth(frame);
        let Some(echo) = &mut self.echo else { return };
        echo.handle_depth(depth);
        match pulled {
            _ if is_deaf => echo.skip(),
            Pulled::Nothing => echo.skip(),
            Pulled::Played | Pulled::Concealed => {
                echo.hear(&mut self.heard, pulled == Pulled::Concealed);
            }
        }
    }

    /// Remembers what was sent in this tick: exactly what the coded frame says, or silence if nothing was.
    pub(super) fn remember_sent(&mut self, coded: &[u8]) {
        let (law, sends) = (self.law(), self.spec.send);
        let (Some(echo), Some(law)) = (&mut self.echo, law) else {
            return;
        };
        let mut sent: Frame = SILENCE;
        if sends {
            law::decode(law, coded, &mut sent);
        }
        echo.sent(&sent);
    }

    /// Gives its canceller back at once: the leg goes.
    pub fn release_canceller(&mut self, pool: &mut Pool) {
        if let Some(echo) = &mut self.echo {
            echo.release(pool);
        }
    }

    /// The power gain of the echo that is cancelled, if one is.
    pub fn cancelled_gain(&self) -> Option<f32> {
        let echo = self.echo.as_ref()?;
        echo.gain().filter(|_| echo.state() == State::Cancelled)
    }

    /// Its canceller is wanted back: it fades out within a frame.
    pub fn yield_canceller(&mut self) {
        if let Some(echo) = &mut self.echo {
            echo.yield_canceller();
        }
    }

    /// What is known of its echo.
    pub(super) fn echo_figures(&self) -> Option<EchoFigures> {
        let echo = self.echo.as_ref().filter(|_| !self.is_wide())?;
        let state = match echo.state() {
            State::Clear => return None,
            State::Waiting => EchoState::LetThrough,
            State::Cancelled => EchoState::Cancelled,
            State::NoEcho => EchoState::NoEcho,
        };
        let loss = |gain: f32| (-10.0 * gain.max(1e-6).log10()).round() as i8;
        Some(EchoFigures {
            state,
            delay_ms: (echo.delay().unwrap_or(0) / 8) as u16,
            loss_db: echo.gain().map(loss),
        })
    }
}
