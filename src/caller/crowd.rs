//! Owns a crowd: thousands of callers on one thread, who talk all the time and of whom packets and times are measured, not
//! recordings. A tick of 1 ms; each caller's packets leave in its own slot of 20, drawn by chance, so that no phase is
//! favoured. Must never be slower than what it measures: says how late its own ticks were.

mod ears;
mod figures;
mod member;
mod sounds;

pub use ears::Times;
pub use figures::{Figures, Spread};

use super::message::Message;
use super::{State, keypad::Pace};
use crate::units::{FRAME_MS, Time};
use ears::Known;
use member::Member;
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};
use sounds::Sounds;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Slots of a frame.
const SLOTS: usize = FRAME_MS as usize;
const SLOT_NANOS: u64 = 1_000_000;
/// Largest SIP message that is read.
const DATAGRAM_MAX: usize = 8_192;
/// SIP messages that are read in a tick at most.
const MESSAGES_A_TICK: usize = 64;
/// Between two bursts of a room.
const BURST_EVERY: Duration = Duration::from_secs(1);

/// A room that is called: what to key, and how many come.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Keys for room and PIN; a comma waits a second.
    pub keys: String,
    /// How many call.
    pub callers: usize,
}

/// When a room's burst was sent, as its listeners must know.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    sent: Option<Time>,
}

/// The crowd.
pub struct Crowd {
    origin: u64,
    bridge: SocketAddr,
    sip: UdpSocket,
    members: Vec<Member>,
    by_call: HashMap<String, usize>,
    slots: Vec<Vec<usize>>,
    bursts: Vec<Burst>,
    sounds: Sounds,
    tick: u64,
    dialled: usize,
    late: Spread,
    times: Times,
    is_measuring: bool,
}

fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

impl Crowd {
    /// Callers of these meetings at `own`, who will call `bridge`. In each the first one talks, the last one sends bursts.
    pub fn new(own: IpAddr, bridge: SocketAddr, meetings: &[Meeting]) -> io::Result<Crowd> {
        let sip = UdpSocket::bind((own, 0))?;
        sip.set_nonblocking(true)?;
        let mut crowd = Crowd {
            origin: monotonic(),
            bridge,
            sip,
            members: Vec::new(),
            by_call: HashMap::new(),
            slots: vec![Vec::new(); SLOTS],
            bursts: vec![Burst::default(); meetings.len()],
            sounds: Sounds::new(),
            tick: 0,
            dialled: 0,
            late: Spread::default(),
            times: Times::default(),
            is_measuring: false,
        };
        for (room, meeting) in meetings.iter().enumerate() {
            for seat in 0..meeting.callers {
                crowd.add(own, room, seat, meeting)?;
            }
        }
        Ok(crowd)
    }

    fn add(&mut self, own: IpAddr, room: usize, seat: usize, meeting: &Meeting) -> io::Result<()> {
        let token = getrandom::u64().map_err(io::Error::other)?;
        let at = self.members.len();
        let part = member::Part {
            room,
            talks: seat == 0,
            bursts: seat > 0 && seat + 1 == meeting.callers,
        };
        let mut member = Member::new(part, (self.sip.local_addr()?, self.bridge), own, token)?;
        member.press(&meeting.keys, Pace::DIAL_STRING);
        self.by_call.insert(member.call_id(), at);
        // No slot has more than its share, and which one it is has nothing to do with the room.
        let share = at / SLOTS;
        let mut slot = (token % SLOTS as u64) as usize;
        while self.slots[slot].len() > share {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot].push(at);
        self.members.push(member);
        Ok(())
    }

    /// How many callers there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many are connected, and how many of these have keyed everything.
    pub fn up(&self) -> (usize, usize) {
        let up = self
            .members
            .iter()
            .filter(|member| member.state() == Some(State::Up));
        let keyed = up.clone().filter(|member| member.has_keyed());
        (up.count(), keyed.count())
    }

    /// Lets `a_second` of them dial each second until all have, and runs until all are in their rooms or `limit` is over.
    pub fn dial_in(&mut self, a_second: u32, limit: Duration) {
        let begin = self.now();
        while self.now().since(begin) < limit {
            let due = self.now().since(begin).as_secs_f64() * f64::from(a_second);
            let now = self.now();
            while self.dialled < self.members.len() && self.dialled as f64 <= due {
                self.members[self.dialled].dial(now);
                self.send_of(self.dialled);
                self.dialled += 1;
            }
            self.run_tick();
            if self.dialled == self.members.len() && self.all_in() {
                return;
            }
        }
    }

    fn all_in(&self) -> bool {
        let settled = |member: &Member| match member.state() {
            Some(State::Up) => member.has_keyed(),
            Some(State::Over) => true,
            _ => false,
        };
        self.tick.is_multiple_of(50) && self.members.iter().all(settled)
    }

    /// Runs for `span`.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now() + span;
        while self.now() < end {
            self.run_tick();
        }
    }

    /// Runs for `span` and measures.
    pub fn measure(&mut self, span: Duration) -> Figures {
        self.members.iter_mut().for_each(Member::begin);
        (self.late, self.times) = (Spread::default(), Times::default());
        self.is_measuring = true;
        let begin = self.now();
        self.run_for(span);
        self.is_measuring = false;
        let span = self.now().since(begin);
        (0..self.members.len()).for_each(|at| self.drain(at));
        let (late, times) = (std::mem::take(&mut self.late), std::mem::take(&mut self.times));
        let mut figures = Figures::new(span, late, times);
        for member in &self.members {
            figures.add(
                member.state() == Some(State::Up),
                member.ears(),
                member.answer_time(),
            );
        }
        figures
    }

    /// Everybody hangs up; waits at most `limit` for the last answer.
    pub fn hang_up(&mut self, limit: Duration) {
        for at in 0..self.dialled {
            let now = self.now();
            self.members[at].hang_up(now);
            self.send_of(at);
            if at % 10 == 9 {
                self.run_tick();
            }
        }
        let end = self.now() + limit;
        let is_over = |member: &Member| matches!(member.state(), None | Some(State::Over));
        while self.now() < end && !self.members.iter().all(is_over) {
            self.run_tick();
        }
    }

    fn now(&self) -> Time {
        Time::ZERO + Duration::from_nanos(monotonic() - self.origin)
    }

    fn run_tick(&mut self) {
        self.tick += 1;
        let deadline = self.origin + self.tick * SLOT_NANOS;
        let until = Timespec {
            tv_sec: (deadline / 1_000_000_000) as i64,
            tv_nsec: (deadline % 1_000_000_000) as i64,
        };
        clock_nanosleep_absolute(ClockId::Monotonic, &until).ok();
        let now = self.now();
        if self.is_measuring {
            self.late.add(monotonic().saturating_sub(deadline));
        }
        self.receive_messages(now);
        let slot = (self.tick % SLOTS as u64) as usize;
        for nth in 0..self.slots[slot].len() {
            let at = self.slots[slot][nth];
            self.drain(at);
            let member = &mut self.members[at];
            let burst = &mut self.bursts[member.room()];
            let is_due = burst.sent.is_none_or(|sent| now.since(sent) >= BURST_EVERY);
            let with_burst = member.sends_bursts() && self.is_measuring && is_due;
            if member.send_frame(with_burst, &self.sounds) && with_burst {
                burst.sent = Some(Time::ZERO + Duration::from_nanos(monotonic() - self.origin));
            }
            member.handle_timeout(now);
            self.send_of(at);
        }
    }

    fn drain(&mut self, at: usize) {
        let member = &mut self.members[at];
        let known = Known {
            burst: self.bursts[member.room()],
            sounds: &self.sounds,
        };
        member.drain(self.origin, known, &mut self.times);
    }

    fn receive_messages(&mut self, now: Time) {
        let mut datagram = [0; DATAGRAM_MAX];
        for _ in 0..MESSAGES_A_TICK {
            let Ok((length, _)) = self.sip.recv_from(&mut datagram) else {
                return;
            };
            let Some(message) = Message::parse(&datagram[..length]) else {
                continue;
            };
            let call = message.header("call-id").unwrap_or_default();
            if let Some(&at) = self.by_call.get(call) {
                self.members[at].handle_message(now, &message);
                self.send_of(at);
            }
        }
    }

    fn send_of(&mut self, at: usize) {
        while let Some(text) = self.members[at].poll_output() {
            // What could not be sent is sent again by its timer.
            self.sip.send_to(text.as_bytes(), self.bridge).ok();
        }
    }
}
