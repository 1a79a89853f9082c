//! A leg's echo: what it hears goes through its canceller, what it says is remembered; at 8 and at 16 kHz.

use super::super::counters::{Counter, Counters};
use super::super::echo::{Change, Echo, Pool, State};
use super::super::law;
use super::super::playout::Pulled;
use super::super::shed::Shed;
use super::super::wide::Wideband;
use super::super::wire::Wire;
use super::super::{Frame, SILENCE};
use super::Leg;
use crate::media_api::{EchoFigures, EchoNews, EchoState};
use crate::units::WIDE;

/// While time is short, a leg whose echo is not known is looked at for so many frames, in one of so many turns: 8 s of 64.
const TURN: u64 = 400;
const TURNS: u64 = 8;

impl<W: Wire> Leg<W> {
    /// Gives the leg ears for its echo; before it moves to a media thread.
    pub fn with_echo(mut self, echo: Box<Echo>) -> Leg<W> {
        self.echo = Some(echo);
        self
    }

    /// Whether its echo is taken out: where the leg is, somebody may have chosen otherwise.
    pub fn treat_echo(&mut self, treats: bool, pool: &mut Pool) {
        if self.lets_echo == treats {
            self.lets_echo = !treats;
            self.release_canceller(pool);
            if let Some(echo) = &mut self.echo {
                echo.restart();
            }
        }
    }

    /// Asks for what looking for its echo needs.
    pub(super) fn warm_echo(&self) {
        if let Some(echo) = self.echo.as_deref().filter(|_| self.minds_echo()) {
            echo.warm();
        }
    }

    /// Whether its echo is looked for in this tick, or known.
    fn minds_echo(&self) -> bool {
        !self.lets_echo && !self.rests_echo
    }

    /// What knows its echo, or looks for it.
    fn minded_echo(&mut self) -> Option<&mut Echo> {
        let minds = self.minds_echo();
        self.echo.as_deref_mut().filter(|_| minds)
    }

    /// While time is short, an echo that was not there so far is looked for in turns.
    fn rest_echo(&mut self, frame: u64) {
        let turn = frame / TURN + self.id.turn();
        let wants_rest = self.shed >= Shed::Looking && !turn.is_multiple_of(TURNS);
        if wants_rest == self.rests_echo {
            return;
        }
        match &mut self.echo {
            Some(echo) if wants_rest => self.rests_echo = echo.may_rest(),
            _ => self.wake_echo(),
        }
    }

    /// Looks for it again.
    fn wake_echo(&mut self) {
        if let Some(echo) = self.echo.as_mut().filter(|_| self.rests_echo) {
            echo.restart();
        }
        self.rests_echo = false;
    }

    /// Begins, follows or ends, by what the last frames showed.
    pub fn judge_echo(&mut self, frame: u64, pool: &mut Pool, counters: &mut Counters) {
        let is_wide = self.is_wide();
        self.rest_echo(frame);
        if self.rests_echo {
            counters.count(Counter::LookShed);
        }
        let Some(echo) = self.minded_echo() else { return };
        echo.speak(is_wide, pool);
        let counter = match echo.judge(pool) {
            None => return,
            Some(Change::Begun) => Counter::EchoCancelled,
            Some(Change::Waits) => Counter::EchoWaits,
            Some(Change::Followed) => Counter::EchoFollowed,
            Some(Change::Gone) => Counter::EchoGone,
            Some(Change::Refuted) => Counter::EchoRefuted,
            Some(Change::Ducked) => Counter::EchoDucked,
            Some(Change::Unducked) => Counter::EchoUnducked,
        };
        counters.count(counter);
    }

    /// What is to be told of what is left of its echo.
    pub fn take_echo_news(&mut self, counters: &mut Counters) -> Option<EchoNews> {
        let news = self.echo.as_mut()?.take_news();
        if let Some(EchoNews::Heard { .. }) = news {
            counters.count(Counter::EchoHeard);
        }
        news
    }

    /// Somebody hears an echo: what is left of this leg's is looked at more closely for a while.
    pub fn seek_echo(&mut self) {
        self.wake_echo();
        if let Some(echo) = &mut self.echo {
            echo.seek();
        }
    }

    /// Takes the echo out of what was heard in this tick; `is_deaf`: nobody is to hear any of it.
    pub(super) fn cancel_echo(&mut self, frame: u64, pulled: Pulled, is_deaf: bool) {
        let depth = match &self.wide {
            Some(wide) => wide.depth(frame),
            None => self.playout.depth(frame),
        };
        let minds = self.minds_echo();
        let Some(echo) = self.echo.as_mut().filter(|_| minds) else {
            return;
        };
        echo.handle_depth(depth);
        let pulled = if is_deaf { Pulled::Nothing } else { pulled };
        match (&mut self.wide, pulled) {
            (Some(wide), _) => wide.cancel_echo(echo, pulled),
            (None, Pulled::Nothing) => echo.skip(),
            (None, Pulled::Played | Pulled::Concealed) => {
                echo.hear(&mut self.heard, pulled == Pulled::Concealed);
            }
        }
    }

    /// Remembers what was sent in this tick: exactly what the coded frame says, or silence if nothing was.
    pub(super) fn remember_sent(&mut self, coded: &[u8]) {
        let (law, sends) = (self.law(), self.spec.send);
        let (Some(echo), Some(law)) = (self.minded_echo(), law) else {
            return;
        };
        let mut sent: Frame = SILENCE;
        if sends {
            law::decode(law, coded, &mut sent);
        }
        echo.sent(&sent);
    }

    /// So many ticks were left out: nothing was sent in them, and nothing heard.
    pub(super) fn pass_over_echo(&mut self, frames: u64) {
        let minds = self.minds_echo();
        let Some(echo) = self.echo.as_mut().filter(|_| minds) else {
            return;
        };
        match &mut self.wide {
            Some(wide) => wide.pass_over_echo(echo, frames),
            None => echo.pass_over(frames),
        }
    }

    /// The same on a line of 16 kHz: what its encoder was given.
    pub fn remember_sent_wide(&mut self, sound: &Wideband) {
        let sent = if self.spec.send { sound } else { &[0; WIDE] };
        let minds = self.minds_echo();
        if let (Some(wide), Some(echo), true) = (&mut self.wide, &mut self.echo, minds) {
            wide.remember_sent(echo, sent);
        }
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
        let echo = self.echo.as_ref()?;
        let state = match echo.state() {
            State::Clear => return None,
            State::Waiting => EchoState::LetThrough,
            State::Cancelled => EchoState::Cancelled,
            State::NoEcho => EchoState::NoEcho,
        };
        let loss = |gain: f32| (-10.0 * gain.max(1e-9).log10()).round() as i8;
        let rest = echo.rest();
        let let_through = rest.filter(|_| state == EchoState::LetThrough);
        Some(EchoFigures {
            state,
            delay_ms: (echo.delay().unwrap_or(0) / 8) as u16,
            // Where nothing takes it out, all of it is left.
            loss_db: echo.gain().or(let_through.map(|(level, _)| level)).map(loss),
            rest_db: rest.map(|(level, _)| loss(level)),
            is_heard: rest.is_some_and(|(_, is_heard)| is_heard),
            is_ducked: echo.is_ducked(),
        })
    }
}
