//! Owns a set of callers, their clock and their sockets. One thread runs them all: it sleeps until the next absolute
//! deadline or the next packet. Must never run beside `serve` in one process.

use super::State;
use super::ear::Ear;
use super::keypad::Pace;
use super::line::Line;
use super::message::{Message, Start};
use super::phone::Caller;
use super::tones::{TONES, Tone};
use super::uac::Uac;
use super::voice::Voice;
use crate::media_api::Law;
use crate::units::{FRAME_MS, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest sleep: how soon `done` is asked again.
const NAP: Duration = Duration::from_millis(5);
/// Largest SIP message that is read.
const DATAGRAM_MAX: usize = 8_192;
/// The golden ratio: however many callers there are, their frames are spread over the 20 ms.
const SPREAD: f64 = 0.618_033_988_749_894_9;

/// One caller of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerId(pub usize);

/// Callers of one bridge, with one SIP address and a line each.
pub struct CallerSet {
    origin: Instant,
    bridge: SocketAddr,
    sip: UdpSocket,
    callers: Vec<Caller>,
    tones: Vec<Tone>,
    stop: Option<Arc<AtomicBool>>,
    /// SIP messages for none of the callers.
    pub stray_messages: u64,
}

impl CallerSet {
    /// A set without callers, at `own`, that will call `bridge`.
    pub fn new(own: IpAddr, bridge: SocketAddr) -> io::Result<CallerSet> {
        let sip = UdpSocket::bind((own, 0))?;
        sip.set_nonblocking(true)?;
        Ok(CallerSet {
            origin: Instant::now(),
            bridge,
            sip,
            callers: Vec::new(),
            tones: Vec::new(),
            stop: None,
            stray_messages: 0,
        })
    }

    /// Adds a caller with the next tone; [`TONES`] fit in.
    pub fn add(&mut self, law: Law) -> io::Result<CallerId> {
        let index = self.callers.len();
        let tone = Tone::nth(index).ok_or_else(|| {
            io::Error::other(format!(
                "a set has at most {TONES} callers: each needs a tone of its own"
            ))
        })?;
        let own = self.sip.local_addr()?;
        let token = getrandom::u64().map_err(io::Error::other)?;
        let phase = Duration::from_millis(FRAME_MS).mul_f64((index as f64 * SPREAD).fract());
        let line = Line::open(own.ip(), phase, token.rotate_left(17))?;
        let uac = Uac::new(own, self.bridge, token);
        self.callers.push(Caller::new(tone, law, uac, line));
        self.tones.push(tone);
        Ok(CallerId(index))
    }

    /// From now on every run ends early once `stop` is raised, but for that of [`CallerSet::hang_up_all`].
    pub fn stop_by(&mut self, stop: Arc<AtomicBool>) {
        self.stop = Some(stop);
    }

    /// Every caller, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = CallerId> + use<> {
        (0..self.callers.len()).map(CallerId)
    }

    /// A caller of this set.
    pub fn caller(&self, id: CallerId) -> &Caller {
        &self.callers[id.0]
    }

    /// What a caller hears.
    pub fn ear(&self, id: CallerId) -> &Ear {
        self.caller(id).ear()
    }

    /// Calls the bridge.
    pub fn dial(&mut self, id: CallerId) -> io::Result<()> {
        let now = self.now();
        self.callers[id.0].dial(now)?;
        self.send_messages();
        Ok(())
    }

    /// Presses keys, once connected; a comma waits a second. Starts the measuring of the time to the room anew.
    pub fn press(&mut self, id: CallerId, keys: &str, pace: Pace) {
        self.callers[id.0].press(keys, pace);
    }

    /// Sends something else from the next frame on.
    pub fn say(&mut self, id: CallerId, voice: Voice) {
        self.callers[id.0].say(voice);
    }

    /// From now on a caller's telephone returns what it hears, `late` after it was heard, through these taps; by another way, as late
    /// as before, if it does already.
    pub fn send_back(&mut self, id: CallerId, taps: Arc<[f32]>, late: Duration) {
        self.callers[id.0].send_back(taps, late);
    }

    /// Lets every caller send its own tone, at another level if `dbfs` says so.
    pub fn hum(&mut self, id: CallerId, dbfs: f64) {
        let tone = self.tones[id.0].at(dbfs);
        self.say(id, Voice::Tone(tone));
    }

    /// Keeps what was heard so far and nothing more.
    pub fn close_ears(&mut self) {
        self.callers.iter_mut().for_each(Caller::close_ear);
    }

    /// Puts the receiver down.
    pub fn hang_up(&mut self, id: CallerId) {
        let now = self.now();
        self.callers[id.0].hang_up(now);
        self.send_messages();
    }

    /// Lets everybody hang up; `true` when every call that was begun is over within `limit`.
    pub fn hang_up_all(&mut self, limit: Duration) -> io::Result<bool> {
        for id in self.ids() {
            if self.caller(id).state().is_some() {
                self.hang_up(id);
            }
        }
        self.stop = None;
        self.run_until(limit, |set| {
            set.callers
                .iter()
                .all(|caller| matches!(caller.state(), None | Some(State::Over)))
        })
    }

    /// Runs all callers for `span`.
    pub fn run_for(&mut self, span: Duration) -> io::Result<()> {
        self.run_until(span, |_| false).map(drop)
    }

    /// Runs all callers until `done` holds, at most for `limit`; whether it held.
    pub fn run_until(
        &mut self,
        limit: Duration,
        mut done: impl FnMut(&CallerSet) -> bool,
    ) -> io::Result<bool> {
        let deadline = self.now() + limit;
        loop {
            self.receive();
            let now = self.now();
            self.callers
                .iter_mut()
                .for_each(|caller| caller.handle_timeout(now));
            self.send_messages();
            if done(self) {
                return Ok(true);
            }
            if now >= deadline || self.is_stopped() {
                return Ok(false);
            }
            self.wait(deadline)?;
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    fn receive(&mut self) {
        let mut datagram = [0; DATAGRAM_MAX];
        while let Ok((length, _)) = self.sip.recv_from(&mut datagram) {
            self.handle_datagram(&datagram[..length]);
        }
        let origin = self.origin;
        let clock = || Time::ZERO + origin.elapsed();
        for (index, caller) in self.callers.iter_mut().enumerate() {
            let own = self.tones[index];
            let others: Vec<Tone> = self.tones.iter().copied().filter(|tone| *tone != own).collect();
            caller.receive(clock, &others);
        }
    }

    fn handle_datagram(&mut self, datagram: &[u8]) {
        let now = self.now();
        let Some(message) = Message::parse(datagram) else {
            self.stray_messages += 1;
            return;
        };
        let call_id = message.header("call-id").unwrap_or_default();
        match self.callers.iter_mut().find(|caller| caller.call_id() == call_id) {
            Some(caller) => caller.handle_message(now, &message),
            None => self.stray_messages += 1,
        }
    }

    fn send_messages(&mut self) {
        for caller in &mut self.callers {
            caller.send_messages(&self.sip, self.bridge);
        }
    }

    fn wait(&self, deadline: Time) -> io::Result<()> {
        let now = self.now();
        let due = self.callers.iter().filter_map(Caller::poll_timeout).min();
        let nap = due
            .into_iter()
            .chain([deadline])
            .min()
            .map_or(NAP, |due| (due - now).min(NAP));
        let sockets = self.callers.iter().map(Caller::socket).chain([&self.sip]);
        let mut waited: Vec<PollFd<'_>> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        let nap = Timespec::try_from(nap).map_err(io::Error::other)?;
        match poll(&mut waited, Some(&nap)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Asks `bridge` by OPTIONS whether it is there, and waits at most `limit` for its 200.
pub fn options_answered(own: IpAddr, bridge: SocketAddr, limit: Duration) -> io::Result<bool> {
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_read_timeout(Some(limit))?;
    let from = socket.local_addr()?;
    let token = getrandom::u64().map_err(io::Error::other)?;
    let options = format!(
        "OPTIONS sip:rundruf@{bridge} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{token:016x};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:caller@{from}>;tag={token:016x}\r\nTo: <sip:rundruf@{bridge}>\r\n\
         Call-ID: {token:016x}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:caller@{from}>\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send_to(options.as_bytes(), bridge)?;
    let mut datagram = [0; 2_048];
    let answer = socket
        .recv_from(&mut datagram)
        .ok()
        .and_then(|(length, _)| Message::parse(&datagram[..length]));
    Ok(answer.is_some_and(|message| message.start == Start::Status(200)))
}

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
