//! Owns one caller: its call, its line, and the moments that are measured.

use super::call::State;
use super::keypad::Pace;
use super::line::{Line, Sent};
use super::measure::tone_share;
use super::message::Message;
use super::offer::offer;
use super::returning::Returning;
use super::tones::Tone;
use super::uac::{Ending, Uac};
use super::{Ear, Voice};
use crate::media_api::Law;
use crate::units::{FRAME, Time};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// The room is heard when this share is tones of the set, this share those of others, in this many samples.
const TONES_SHARE: f64 = 0.6;
const OTHERS_SHARE: f64 = 0.2;
const ROOM_SAMPLES: usize = 2 * FRAME;

/// When what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The INVITE was sent.
    pub dialled: Option<Time>,
    /// The 200 came.
    pub answered: Option<Time>,
    /// The last key was released.
    pub keyed: Option<Time>,
    /// The first packet with another caller's tone came after that.
    pub room_heard: Option<Time>,
    /// The call was over.
    pub ended: Option<Time>,
    /// Bursts were sent.
    pub bursts: Vec<Time>,
}

/// One caller.
pub struct Caller {
    tone: Tone,
    law: Law,
    uac: Uac,
    line: Line,
    marks: Marks,
    packets_judged: usize,
}

impl Caller {
    pub(super) fn new(tone: Tone, law: Law, uac: Uac, line: Line) -> Caller {
        Caller {
            tone,
            law,
            uac,
            line,
            marks: Marks::default(),
            packets_judged: 0,
        }
    }

    /// Its own tone.
    pub fn tone(&self) -> Tone {
        self.tone
    }

    /// What it heard.
    pub fn ear(&self) -> &Ear {
        &self.line.ear
    }

    /// The moments that were measured.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Where its call stands; `None` before it dialled.
    pub fn state(&self) -> Option<State> {
        self.uac.state()
    }

    /// How its call ended.
    pub fn ending(&self) -> Option<Ending> {
        self.uac.ending()
    }

    /// Whether every key was pressed.
    pub fn keypad_is_idle(&self) -> bool {
        self.line.keypad.is_idle()
    }

    /// From the INVITE to the 200.
    pub fn answer_time(&self) -> Option<Duration> {
        Some(self.marks.answered? - self.marks.dialled?)
    }

    /// From the last key's release to the first sound of the room.
    pub fn room_time(&self) -> Option<Duration> {
        Some(self.marks.room_heard? - self.marks.keyed?)
    }

    pub(super) fn call_id(&self) -> String {
        self.uac.call_id()
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        self.line.socket()
    }

    pub(super) fn dial(&mut self, now: Time) -> io::Result<()> {
        let session = (now.as_nanos() / 1_000) as u32;
        let offer = offer(self.line.address()?, self.law, session);
        self.marks.dialled.get_or_insert(now);
        self.uac.handle_dial(now, &offer);
        Ok(())
    }

    pub(super) fn press(&mut self, keys: &str, pace: Pace) {
        self.marks.keyed = None;
        self.marks.room_heard = None;
        self.line.keypad.press(keys, pace);
    }

    pub(super) fn say(&mut self, voice: Voice) {
        self.line.voice = voice;
    }

    /// Sends back what it hears, so late and by this way; by another way, as late as before, if it does already.
    pub(super) fn send_back(&mut self, taps: Arc<[f32]>, late: Duration) {
        let line = &mut self.line;
        match &mut line.returning {
            Some(returning) => returning.change(taps),
            None => line.returning = Some(Returning::new(&line.ear, taps, late)),
        }
    }

    pub(super) fn close_ear(&mut self) {
        self.line.ear.close();
    }

    pub(super) fn hang_up(&mut self, now: Time) {
        self.uac.handle_hang_up(now);
        self.follow(now);
    }

    pub(super) fn handle_message(&mut self, now: Time, message: &Message) {
        self.uac.handle_message(now, message);
        self.follow(now);
    }

    /// Drains the line's socket; `clock` says when each packet came. `others` are the tones by which a room is known.
    pub(super) fn receive(&mut self, clock: impl Fn() -> Time, others: &[Tone]) {
        while let Some(()) = self.line.receive(clock()) {
            self.judge(clock(), others);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Time) {
        self.uac.handle_timeout(now);
        match self.line.handle_timeout(now) {
            Some(Sent::LastKeyReleased) => self.marks.keyed = Some(now),
            Some(Sent::Burst) => self.marks.bursts.push(now),
            Some(Sent::Plain) | None => {}
        }
        self.follow(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.uac
            .poll_timeout()
            .into_iter()
            .chain(self.line.poll_timeout())
            .min()
    }

    pub(super) fn send_messages(&mut self, sip: &UdpSocket, bridge: SocketAddr) {
        while let Some(text) = self.uac.poll_output() {
            // A message that could not be sent is sent again by its timer.
            let _ = sip.send_to(text.as_bytes(), bridge);
        }
    }

    /// The line follows the call.
    fn follow(&mut self, now: Time) {
        match (self.uac.state(), self.uac.answer()) {
            (Some(State::Up), Some(answer)) => {
                self.marks.answered.get_or_insert(now);
                self.line.start(now, answer);
            }
            (Some(State::Over | State::Closing), _) => {
                self.line.stop();
                if self.uac.state() == Some(State::Over) {
                    self.marks.ended.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, now: Time, others: &[Tone]) {
        let is_new = self.line.ear.packets() > self.packets_judged;
        self.packets_judged = self.line.ear.packets();
        if !is_new || self.marks.keyed.is_none() || self.marks.room_heard.is_some() {
            return;
        }
        let latest = self.line.ear.latest(ROOM_SAMPLES);
        let others = tone_share(latest, others.iter().map(|tone| tone.hz));
        let own = tone_share(latest, [self.tone.hz].into_iter());
        if others >= OTHERS_SHARE && others + own >= TONES_SHARE {
            self.marks.room_heard = Some(now);
        }
    }
}
