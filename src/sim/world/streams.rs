//! Owns the connections between callers and bridge: opened with the first thing that is said, broken and opened anew, kept
//! alive, closed by either side.

use super::{Happening, World};
use crate::sim::caller::{Caller, State, TRUNK};
use crate::sim::chance::Chance;
use crate::sim::link::LinkPlan;
use crate::sim::message::{PING, PONG};
use crate::sim::pipe::Pipe;
use crate::units::Time;
use std::net::SocketAddr;

/// Callers' connections come from here on.
const PORTS_FROM: u16 = 30_000;
/// One of so many looks sends a keep-alive.
const PING_EVERY: u64 = 10;

/// A caller's connection, the one that it has now.
pub(super) struct Stream {
    there: Pipe,
    back: Pipe,
    /// Its end at the caller, if it is open.
    open: Option<SocketAddr>,
    opened: u16,
    broken: bool,
    pings: u32,
    pongs: u32,
}

impl Stream {
    pub fn new(plan: LinkPlan, chance: &mut Chance) -> Stream {
        Stream {
            there: Pipe::new(plan, chance.fork()),
            back: Pipe::new(plan, chance.fork()),
            open: None,
            opened: 0,
            broken: false,
            pings: 0,
            pongs: 0,
        }
    }

    fn is_quiet(&self, now: Time) -> bool {
        self.there.is_empty(now) && self.back.is_empty(now)
    }
}

impl World {
    /// What a caller says goes by its connection; by a new one if it has none.
    pub(super) fn carry_bytes(&mut self, n: usize, bytes: &[u8]) {
        let stream = &mut self.streams[n];
        let from = match stream.open {
            Some(from) => from,
            None => {
                stream.opened += 1;
                let from = SocketAddr::new(TRUNK, PORTS_FROM + 100 * n as u16 + stream.opened);
                stream.open = Some(from);
                let at = stream.there.arrival(self.now);
                self.put(at, Happening::Connects(n, from));
                from
            }
        };
        for (at, piece) in self.streams[n].there.carry(self.now, bytes) {
            self.put(at, Happening::Bytes(n, from, piece));
        }
    }

    pub(super) fn connection_arrives(&mut self, n: usize, from: SocketAddr) {
        if !self.site.handle_connected(self.now, from) {
            self.judge
                .blame(|| format!("caller {n}'s connection is not welcome"));
        }
    }

    pub(super) fn bytes_arrive(&mut self, n: usize, from: SocketAddr, bytes: &[u8]) {
        self.current = Some(n);
        self.site.handle_stream(self.now, from, bytes);
        // Nothing is lost on the way: an ACK comes at once.
        self.judge.acknowledged(self.now, n);
        self.carry_deeds();
        self.current = None;
    }

    /// The bridge says something by a connection: a caller's own, or one that it opens itself. To whom.
    pub(super) fn by_stream(&mut self, to: SocketAddr) -> Option<usize> {
        if let Some(n) = self.streams.iter().position(|stream| stream.open == Some(to)) {
            return Some(n);
        }
        let is_there = |caller: &Caller| caller.sip() == to && caller.plan.stream.is_some();
        let n = self.callers.iter().position(is_there)?;
        if self.streams[n].open.is_none() {
            self.streams[n].open = Some(to);
            self.connection_arrives(n, to);
        }
        Some(n)
    }

    /// When what the bridge says reaches the caller; never, if it is no message.
    pub(super) fn reaches_by_stream(&mut self, n: usize, bytes: &[u8]) -> Option<Time> {
        let stream = &mut self.streams[n];
        if bytes == PONG {
            stream.pongs += 1;
            return None;
        }
        Some(stream.back.arrival(self.now))
    }

    /// The bridge closed a connection.
    pub(super) fn closed_by_bridge(&mut self, peer: SocketAddr) {
        let Some(n) = self.streams.iter().position(|stream| stream.open == Some(peer)) else {
            return;
        };
        self.streams[n].open = None;
        if matches!(self.callers[n].state, State::Calling | State::Up) {
            self.judge
                .blame(|| format!("the connection of caller {n} was closed in the middle of its call"));
        }
    }

    /// Keep-alives, breaks and ends.
    pub(super) fn tend_streams(&mut self) {
        for n in 0..self.streams.len() {
            let (caller, stream) = (&self.callers[n], &self.streams[n]);
            let (Some(plan), Some(from)) = (caller.plan.stream, stream.open) else {
                continue;
            };
            let up = caller.state == State::Up;
            let quiet = stream.is_quiet(self.now) && caller.pending.is_empty();
            let breaks = up && !stream.broken && plan.breaks_at.is_some_and(|at| at <= self.now);
            let closes = plan.closes && caller.state == State::Over;
            if quiet && (breaks || closes) {
                self.streams[n].open = None;
                self.streams[n].broken |= breaks;
                self.note(|| format!("the connection of caller {n} is gone"));
                self.site.handle_closed(self.now, from);
            } else if up && (self.summary.steps + n as u64).is_multiple_of(PING_EVERY) {
                self.streams[n].pings += 1;
                self.carry_bytes(n, PING);
            }
        }
    }

    pub(super) fn end_streams(&mut self) {
        for (n, stream) in self.streams.iter().enumerate() {
            if stream.pings != stream.pongs {
                self.judge.blame(|| {
                    format!(
                        "caller {n} sent {} keep-alives and got {} answers",
                        stream.pings, stream.pongs
                    )
                });
            }
        }
    }
}
