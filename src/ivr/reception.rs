//! Owns the machine: judges what comes in, asks the table, does what it says. Must never decide by itself which state
//! follows.

use super::entry::{Entry, Outcome};
use super::table::{Act, Event, Question, State, Step, step};
use super::timers::{self, armed, total_applies};
use super::words::{Attempt, Counts, Gate, Lead, Line, Lookup, Mismatch, Output, Reason, Subject, Verdict};
use crate::ids::{Role, RoomNumber};
use crate::secret::{Key, PIN_DIGITS_MAX};
use crate::units::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// Tries in one call.
pub(super) const TRIES: u8 = 4;
/// How often a question is repeated for silence.
const REPEATS: u8 = 2;
/// How often `#` or `*` without digits has the question said again; more of them count as silence.
const BLANKS: u8 = 10;
/// Keys kept while an answer is waited for.
pub(super) const KEYS_WAITING: usize = 32;

// A dial string's second half, PIN and `#`, must fit, whatever is keyed around it.
const _: () = assert!(KEYS_WAITING > 2 * (PIN_DIGITS_MAX + 1));

/// How an entry ended.
#[derive(Clone, Copy)]
enum Ended {
    ByHash,
    /// By length, by pause, or by being a PIN of the room: a `#` may still follow it.
    ByItself,
}

/// What opens the room whose own number was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direct {
    Pin,
    Nothing,
}

/// One call in reception. See the module for its table.
#[derive(Debug)]
pub struct Reception {
    state: State,
    entry: Entry,
    /// The room keyed last, if the digits can be a room's.
    room: Option<RoomNumber>,
    /// What opens that room, if it exists.
    gate: Option<Gate>,
    /// The room's own number was dialled.
    direct: Option<Direct>,
    /// What the PIN made of the caller.
    role: Role,
    /// Wrong tries, and those with the former PIN.
    failures: u8,
    /// How long the next wrong try is left without an answer.
    withhold: Duration,
    /// In this question.
    silences: u8,
    blanks: u8,
    keys_waiting: VecDeque<Key>,
    swallow_until: Option<Time>,
    deadline: Option<(Time, Reason)>,
    overtime: Time,
    outputs: VecDeque<Output>,
    counts: Counts,
}

impl Reception {
    /// The reception of a call that was confirmed now.
    pub fn new(now: Time) -> Reception {
        let mut reception = Reception {
            state: State::Quiet,
            entry: Entry::default(),
            room: None,
            gate: None,
            direct: None,
            role: Role::Member,
            failures: 0,
            withhold: Duration::ZERO,
            silences: 0,
            blanks: 0,
            keys_waiting: VecDeque::new(),
            swallow_until: None,
            deadline: None,
            overtime: now + timers::TOTAL,
            outputs: VecDeque::new(),
            counts: Counts::default(),
        };
        reception.arm(now);
        reception
    }

    /// The number that was dialled is `room`'s own: it is not asked for. Only while nothing was said or keyed.
    pub fn handle_direct(&mut self, _now: Time, room: RoomNumber, found: Lookup) {
        if !self.is_quiet() {
            self.counts.unexpected += 1;
            return;
        }
        let (direct, gate) = match found {
            Lookup::Open => (Direct::Nothing, None),
            Lookup::Guarded(gate) => (Direct::Pin, Some(gate)),
            Lookup::Unknown | Lookup::Unavailable => return,
        };
        (self.room, self.gate, self.direct) = (Some(room), gate, Some(direct));
    }

    /// Whether nothing was said or keyed yet.
    pub fn is_quiet(&self) -> bool {
        self.state == State::Quiet
    }

    /// The caller pressed a key.
    pub fn handle_key(&mut self, now: Time, key: Key) {
        let known = key.digit().is_some() || key == Key::HASH || key == Key::STAR;
        if !known {
            self.counts.keys_ignored += 1;
            return;
        }
        if self.swallows(now, key) {
            self.counts.hashes_swallowed += 1;
            return;
        }
        match self.state {
            State::Quiet => match self.direct {
                None => self.press(now, Question::Room, key),
                Some(Direct::Pin) => self.press(now, Question::Pin, key),
                Some(Direct::Nothing) => self.counts.keys_ignored += 1,
            },
            State::Asking(question)
            | State::Waiting(question)
            | State::Keying(question)
            | State::Cleared(question) => self.press(now, question, key),
            State::LookingUp | State::Withholding if self.keys_waiting.len() < KEYS_WAITING => {
                self.keys_waiting.push_back(key);
            }
            State::LookingUp | State::Withholding => self.counts.keys_dropped += 1,
            State::Admitting | State::Leaving(_) | State::Welcomed | State::Gone => {
                self.counts.keys_ignored += 1;
            }
        }
    }

    /// The last [`Output::Say`] was heard to its end.
    pub fn handle_played(&mut self, now: Time) {
        self.apply(now, Event::Played);
    }

    /// Nothing is heard of the caller, who may hear us. Who keys is heard: then it is no news.
    pub fn handle_unheard(&mut self, now: Time) {
        if matches!(self.state, State::Asking(_) | State::Waiting(_)) {
            self.apply(now, Event::Unheard);
        }
    }

    /// The answer to [`Output::LookUp`].
    pub fn handle_lookup(&mut self, now: Time, found: Lookup) {
        let event = match &found {
            Lookup::Open => Event::Open,
            Lookup::Guarded(_) | Lookup::Unknown => Event::Closed,
            Lookup::Unavailable => Event::Unavailable,
        };
        if let (Lookup::Guarded(gate), State::LookingUp) = (found, self.state) {
            self.gate = Some(gate);
        }
        self.apply(now, event);
        self.take_waiting_keys(now);
    }

    /// The answer to [`Output::Admit`].
    pub fn handle_verdict(&mut self, now: Time, verdict: Verdict) {
        let event = match verdict {
            Verdict::Welcome => Event::Welcome,
            Verdict::Full => Event::Full,
            Verdict::Expired => Event::Expired,
            Verdict::Locked => Event::Locked,
        };
        self.apply(now, event);
    }

    /// From now on a wrong try is answered only after `silence` (at most 30 s): said before the try is judged. A right one
    /// is never kept waiting.
    pub fn handle_patience(&mut self, _now: Time, silence: Duration) {
        self.withhold = silence.min(timers::WITHHELD_MAX);
    }

    /// Whatever is due now happens.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some((due, reason)) = self.poll_timeout() {
            if due > now {
                return;
            }
            self.deadline = None;
            self.fire(now, reason);
            self.take_waiting_keys(now);
        }
    }

    /// What the bridge is to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to wake, and why.
    pub fn poll_timeout(&self) -> Option<(Time, Reason)> {
        let total = total_applies(self.state).then_some((self.overtime, Reason::Overtime));
        self.deadline.into_iter().chain(total).min_by_key(|(due, _)| *due)
    }

    /// Whether nothing more will be asked or said: the caller is in the room, or the call is to be hung up.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Welcomed | State::Gone)
    }

    /// The odd cases so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a trailing `#` for the end of an entry that is over already. Any other key ends the chance of it.
    fn swallows(&mut self, now: Time, key: Key) -> bool {
        self.swallow_until
            .take()
            .is_some_and(|until| key == Key::HASH && now <= until)
    }

    fn press(&mut self, now: Time, question: Question, key: Key) {
        let keying = matches!(self.state, State::Keying(_));
        if let Some(digit) = key.digit() {
            self.entry.push(digit);
            let is_first_of_pin = self.is_quiet() && self.direct.is_some();
            self.apply(
                now,
                if is_first_of_pin {
                    Event::DigitPin
                } else {
                    Event::Digit
                },
            );
            if self.entry.is_full(question, self.gate.as_ref()) {
                self.finish(now, question, Ended::ByItself);
            }
        } else if !keying {
            self.blank(now);
        } else if key == Key::HASH {
            self.finish(now, question, Ended::ByHash);
        } else {
            self.entry.clear();
            self.apply(now, Event::Clear);
        }
    }

    fn blank(&mut self, now: Time) {
        if self.blanks < BLANKS {
            self.blanks += 1;
            self.apply(now, Event::Blank);
        } else {
            self.counts.keys_ignored += 1;
        }
    }

    fn finish(&mut self, now: Time, question: Question, ended: Ended) {
        if let Ended::ByItself = ended {
            self.swallow_until = Some(now + timers::SWALLOW);
        }
        self.silences = 0;
        let event = match self.entry.finish(question, self.gate.as_ref()) {
            Outcome::Number(room) => {
                self.remember(Some(room));
                Event::Number
            }
            Outcome::NoNumber => {
                self.remember(None);
                Event::NoNumber
            }
            Outcome::Match(role) => {
                self.role = role;
                Event::Match
            }
            Outcome::Mismatch => Event::Mismatch,
            Outcome::Former => self.outdated(),
        };
        self.apply(now, event);
        if self.state == State::Withholding && self.withhold.is_zero() {
            self.fire(now, Reason::Withheld);
        }
    }

    /// A caller with the old sheet: a try like any other, but answered at once.
    fn outdated(&mut self) -> Event {
        self.failures += 1;
        self.outputs.push_back(Output::Outdated);
        if self.failures < TRIES {
            Event::Former
        } else {
            Event::LastFormer
        }
    }

    fn remember(&mut self, room: Option<RoomNumber>) {
        self.room = room;
        self.gate = None;
    }

    fn fire(&mut self, now: Time, reason: Reason) {
        match (reason, self.state) {
            (Reason::Opening, _) => self.apply(
                now,
                match self.direct {
                    None => Event::Opening,
                    Some(Direct::Pin) => Event::OpeningPin,
                    Some(Direct::Nothing) => Event::OpeningOpen,
                },
            ),
            (Reason::PromptUnended | Reason::GoodbyeUnended, _) => {
                self.counts.prompts_unended += 1;
                self.apply(now, Event::Played);
            }
            (Reason::FirstDigit, _) if self.silences < REPEATS => {
                self.silences += 1;
                self.apply(now, Event::Silence);
            }
            (Reason::FirstDigit, _) => self.apply(now, Event::LastSilence),
            (Reason::Pause, State::Keying(question)) => self.finish(now, question, Ended::ByItself),
            (Reason::Pause, _) => self.counts.unexpected += 1,
            (Reason::Withheld, _) if self.failures < TRIES && self.direct.is_some() => {
                self.apply(now, Event::AnswerPin);
            }
            (Reason::Withheld, _) if self.failures < TRIES => self.apply(now, Event::Answer),
            (Reason::Withheld, _) => self.apply(now, Event::LastAnswer),
            (Reason::Cleared, _) => self.apply(now, Event::Idle),
            (Reason::Unanswered, _) => {
                self.counts.unanswered += 1;
                self.apply(now, Event::Unavailable);
            }
            (Reason::Overtime, _) => self.apply(now, Event::Overtime),
        }
    }

    fn take_waiting_keys(&mut self, now: Time) {
        while !matches!(self.state, State::LookingUp | State::Withholding)
            && let Some(key) = self.keys_waiting.pop_front()
        {
            self.handle_key(now, key);
        }
    }

    fn apply(&mut self, now: Time, event: Event) {
        match step(self.state, event) {
            Step::Refused => self.counts.unexpected += 1,
            Step::Stay => {}
            Step::Go(next, act) => {
                self.state = next;
                self.act(act);
                self.arm(now);
            }
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Nothing => {}
            Act::Greet => self.ask(Lead::Greeting),
            Act::AskAgain | Act::AskPin => self.ask(Lead::Nothing),
            Act::Remind if self.silences <= 1 => self.ask(Lead::NothingKeyed),
            Act::Remind => self.ask(Lead::StillNothingKeyed),
            Act::Hush => self.hush(),
            Act::LookUp => self.outputs.extend(self.room.map(Output::LookUp)),
            Act::Admit => {
                let role = self.role;
                self.outputs
                    .extend(self.room.map(|room| Output::Admit { room, role }));
            }
            Act::Fail => self.fail(),
            Act::TellChange => self.ask(Lead::PinChanged),
            Act::TellUnheard => self.say(Line::Unheard),
            Act::TellMismatch => {
                self.ask(Lead::Mismatch(match self.failures {
                    0 | 1 => Mismatch::First,
                    2 => Mismatch::Second,
                    _ => Mismatch::Third,
                }));
            }
            Act::Goodbye => self.say_goodbye(),
            Act::HangUp(farewell) => self.outputs.push_back(Output::HangUp(farewell)),
        }
    }

    fn fail(&mut self) {
        self.failures += 1;
        self.counts.answers_withheld += u64::from(!self.withhold.is_zero());
        self.outputs.push_back(Output::Failed { room: self.room });
    }

    fn ask(&mut self, lead: Lead) {
        let subject = match self.state {
            State::Asking(Question::Pin) => Subject::Pin,
            _ => Subject::Room,
        };
        let attempt = Attempt::after(self.failures + self.silences);
        self.say(Line::Ask {
            lead,
            subject,
            attempt,
        });
    }

    fn say_goodbye(&mut self) {
        if let State::Leaving(farewell) = self.state {
            self.say(Line::Goodbye(farewell));
        }
    }

    fn say(&mut self, line: Line) {
        self.withdraw();
        self.outputs.push_back(Output::Say(line));
    }

    fn hush(&mut self) {
        self.withdraw();
        self.outputs.push_back(Output::Hush);
    }

    /// A line that nobody fetched yet need not begin: keys that were waiting have overtaken it.
    fn withdraw(&mut self) {
        if let Some(Output::Say(_)) = self.outputs.back() {
            self.outputs.pop_back();
        }
    }

    fn arm(&mut self, now: Time) {
        let span = match self.state {
            State::Keying(question) => self.entry.patience(question),
            State::Withholding => self.withhold,
            _ => timers::PAUSE,
        };
        self.deadline = armed(self.state, span).map(|(wait, reason)| (now + wait, reason));
        if self.is_over() {
            self.remember(None);
        }
    }
}
