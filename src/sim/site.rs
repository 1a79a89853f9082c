//! Owns the bridge as it stands in the simulated world: the real conductor, the real engine, seats, ports and rings, in a time
//! that passes when it is told to. Does what `io/` does, without a socket or a thread. Must never judge what it sees.

use crate::bridge::{Bridge, MediaRequest, Output};
use crate::ids::LegId;
use crate::media::echo;
use crate::media::{
    ClipBank, ControlDatagram, Datagram, Engine, Fitting, FromEngine, Leg, LegSeed, Mailbox, Room, ToEngine,
    Wire,
};
use crate::media_api::{Command, Event, Finished, LegFigures, MediaSpec, Seat};
use crate::number::PhoneNumber;
use crate::sip::{Admission, Peer, UserAgent};
use crate::units::Time;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The first RTP port; each call takes the next pair, and none comes again before 20,000 others.
const PORTS_FROM: u16 = 20_000;
const PORTS_TO: u16 = 60_000;

/// A leg's way to the outside: what has come, what has gone.
#[derive(Clone, Debug, Default)]
pub struct Line(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    came: VecDeque<(SocketAddr, Vec<u8>)>,
    gone: Vec<Vec<u8>>,
    /// At the RTCP port.
    reports_came: VecDeque<(SocketAddr, Vec<u8>)>,
    settled: Option<SocketAddr>,
}

impl Line {
    /// A packet comes; whether the leg will see it: a connected socket hears its peer alone.
    pub fn arrives(&self, from: SocketAddr, packet: Vec<u8>) -> bool {
        let mut ends = self.0.borrow_mut();
        let heard = ends.settled.is_none_or(|peer| peer == from);
        if heard {
            ends.came.push_back((from, packet));
        }
        heard
    }
}

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let (from, packet) = self.0.borrow_mut().came.pop_front()?;
        let len = packet.len().min(buffer.len());
        buffer[..len].copy_from_slice(&packet[..len]);
        Some(Datagram { len, from })
    }

    fn send(&mut self, _: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().gone.push(packet.to_vec());
        true
    }

    fn settle(&mut self, peer: SocketAddr) {
        self.0.borrow_mut().settled = Some(peer);
    }

    fn unsettle(&mut self) {
        self.0.borrow_mut().settled = None;
    }

    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram> {
        let (from, packet) = self.0.borrow_mut().reports_came.pop_front()?;
        let len = packet.len().min(buffer.len());
        buffer[..len].copy_from_slice(&packet[..len]);
        let age = Duration::ZERO;
        Some(ControlDatagram { len, from, age })
    }

    fn send_control(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
}

#[derive(Default)]
struct Rings {
    commands: VecDeque<ToEngine<Line>>,
    events: VecDeque<Event>,
    free: Vec<Seat>,
    /// How much came from each leg, its telephone's reports counted too.
    came: BTreeMap<u32, u64>,
    /// How each seat's line does, as it was published last.
    figures: BTreeMap<u32, LegFigures>,
}

impl Mailbox<Line> for Rings {
    fn command(&mut self) -> Option<ToEngine<Line>> {
        self.commands.pop_front()
    }

    fn tell(&mut self, event: Event) -> bool {
        self.events.push_back(event);
        true
    }

    fn publish(&mut self, seat: Seat, figures: LegFigures) {
        let came = u64::from(figures.received) + u64::from(figures.far.reports);
        self.came.insert(seat.0, came);
        self.figures.insert(seat.0, figures);
    }

    fn give_back(&mut self, finished: FromEngine<Line>) {
        if let Finished::Leg { seat, .. } = finished {
            self.came.remove(&seat.0);
            self.figures.remove(&seat.0);
            self.free.push(seat);
        }
    }
}

/// What the bridge did, for the world to carry on and to judge.
#[derive(Debug)]
pub enum Deed {
    /// It sent a SIP message.
    Sent { to: Peer, bytes: Vec<u8> },
    /// It closed the connection whose other end is there.
    Closed { peer: SocketAddr },
    /// It opened a leg.
    Opened { leg: LegId },
    /// It asked its media side for this.
    Asked(MediaRequest),
    /// It asks the store for a room.
    LooksUp {
        leg: LegId,
        number: crate::ids::RoomNumber,
    },
    /// It asks the store whether one of these numbers is a room's own.
    LooksUpCalled { leg: LegId, numbers: Vec<PhoneNumber> },
    /// Its media side told this.
    Heard(Event),
}

/// The bridge in its world.
pub struct Site {
    pub bridge: Bridge,
    own: SocketAddr,
    engine: Engine<Line>,
    rings: Rings,
    seats: BTreeMap<LegId, Seat>,
    lines: BTreeMap<u16, (LegId, Line)>,
    ports: BTreeMap<LegId, u16>,
    calls_max: usize,
    /// Whether its legs' echoes are looked for.
    echo: bool,
    next_port: u16,
    deeds: VecDeque<Deed>,
}

impl Site {
    /// A bridge without calls, at the address `own`, for at most `calls_max`.
    pub fn new(
        own: SocketAddr,
        agent: UserAgent,
        policy: crate::room::Policy,
        calls_max: usize,
        bank: Arc<ClipBank>,
    ) -> Site {
        Site {
            bridge: Bridge::new(agent, crate::ids::Language::De, policy),
            own,
            engine: Engine::new(calls_max, bank),
            rings: Rings {
                free: (0..calls_max as u32).map(Seat).collect(),
                ..Rings::default()
            },
            seats: BTreeMap::new(),
            lines: BTreeMap::new(),
            ports: BTreeMap::new(),
            calls_max,
            echo: false,
            next_port: PORTS_FROM,
            deeds: VecDeque::new(),
        }
    }

    /// Looks for echoes on legs that come from now on, and has so many cancellers for them.
    pub fn look_for_echo(&mut self, cancellers: usize) {
        self.echo = true;
        self.engine.lend(echo::pool(cancellers, self.calls_max));
    }

    /// How each line does, by its number.
    pub fn figures(&self) -> impl Iterator<Item = (u32, &LegFigures)> {
        self.rings
            .figures
            .iter()
            .map(|(&seat, figures)| (Seat(seat).line(), figures))
    }

    /// What it did next.
    pub fn poll_deed(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    /// A SIP message came.
    pub fn handle_message(&mut self, now: Time, peer: Peer, bytes: &[u8]) {
        self.bridge.handle_message(now, peer, self.own, bytes);
        self.settle(now);
    }

    /// A SIP connection stands, whoever opened it; whether it is welcome.
    pub fn handle_connected(&mut self, now: Time, peer: SocketAddr) -> bool {
        self.bridge.handle_connected(now, Peer::tcp(peer), self.own) == Admission::Welcome
    }

    /// Bytes came by a SIP connection.
    pub fn handle_stream(&mut self, now: Time, peer: SocketAddr, bytes: &[u8]) {
        self.bridge.handle_stream(now, peer, bytes);
        self.settle(now);
    }

    /// A SIP connection is gone.
    pub fn handle_closed(&mut self, now: Time, peer: SocketAddr) {
        self.bridge.handle_closed(now, peer);
        self.settle(now);
    }

    /// A datagram came to one of the RTP ports; the leg it came to, if there is one.
    pub fn handle_rtp(&mut self, from: SocketAddr, port: u16, packet: Vec<u8>) -> Option<LegId> {
        let (leg, line) = self.lines.get(&port)?;
        line.arrives(from, packet).then_some(*leg)
    }

    /// A datagram came to the RTCP port beside one of the RTP ports.
    pub fn handle_rtcp(&mut self, from: SocketAddr, rtp_port: u16, packet: Vec<u8>) {
        if let Some((_, line)) = self.lines.get(&rtp_port) {
            line.0.borrow_mut().reports_came.push_back((from, packet));
        }
    }

    /// One millisecond of the media thread.
    pub fn run_slot(&mut self, now: Time) {
        self.engine.run_slot(now.as_millis(), &mut self.rings);
        while let Some(event) = self.rings.events.pop_front() {
            self.deeds.push_back(Deed::Heard(event));
            self.bridge.handle_media(now, event);
            self.settle(now);
        }
    }

    /// What was due is done.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.bridge.poll_timeout().is_some_and(|at| at <= now) {
            self.bridge.handle_timeout(now);
            self.settle(now);
        }
    }

    /// Tells the conductor how much came from each leg, as the control loop does every few seconds.
    pub fn tell_who_is_heard(&mut self, now: Time) {
        let came = |(leg, seat): (&LegId, &Seat)| Some((*leg, *self.rings.came.get(&seat.0)?));
        let legs: Vec<_> = self.seats.iter().filter_map(came).collect();
        for (leg, packets) in legs {
            self.bridge.handle_heard(now, leg, packets);
        }
        self.settle(now);
    }

    /// Whether the media side has anything to do.
    pub fn is_ticking(&self) -> bool {
        self.rings.free.len() < self.calls_max || !self.rings.commands.is_empty()
    }

    /// Every packet that was sent since the last time, with its leg.
    pub fn take_sent(&mut self, mut each: impl FnMut(LegId, Vec<u8>)) {
        for (leg, line) in self.lines.values() {
            for packet in line.0.borrow_mut().gone.drain(..) {
                each(*leg, packet);
            }
        }
    }

    /// Seats and ports that are not given back.
    pub fn held(&self) -> usize {
        (self.calls_max - self.rings.free.len()) + self.lines.len() + self.seats.len()
    }

    /// Carries on what the conductor wants.
    pub fn settle(&mut self, now: Time) {
        while let Some(output) = self.bridge.poll_output() {
            match output {
                Output::Send { to, bytes, .. } => self.deeds.push_back(Deed::Sent { to, bytes }),
                Output::Close { peer } => self.deeds.push_back(Deed::Closed { peer }),
                Output::OpenLeg { leg, spec, .. } => self.open(now, leg, spec),
                Output::Media(request) => self.ask(request),
                Output::LookUp { leg, number } => self.deeds.push_back(Deed::LooksUp { leg, number }),
                Output::LookUpCalled { leg, numbers } => {
                    self.deeds.push_back(Deed::LooksUpCalled { leg, numbers })
                }
                // The simulated bridge registers nowhere.
                Output::Resolve { .. } | Output::Trunk { .. } => {}
            }
        }
    }

    fn open(&mut self, now: Time, leg: LegId, spec: MediaSpec) {
        let Some(seat) = self.rings.free.pop() else {
            return self.bridge.handle_opened(now, leg, None);
        };
        let (line, port) = (Line::default(), self.next_port);
        self.next_port = if port + 2 < PORTS_TO { port + 2 } else { PORTS_FROM };
        let random = leg.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let seed = LegSeed {
            id: leg,
            spec,
            random,
        };
        let built = Leg::new(seed, line.clone());
        let built = Box::new(match self.echo {
            true => built.with_echo(echo::echo(random as u32)),
            false => built,
        });
        self.rings.commands.push_back(Command::Add { seat, leg: built });
        self.seats.insert(leg, seat);
        self.lines.insert(port, (leg, line));
        self.ports.insert(leg, port);
        self.deeds.push_back(Deed::Opened { leg });
        let media = SocketAddr::new(self.own.ip(), port);
        self.bridge.handle_opened(now, leg, Some(media));
    }

    fn ask(&mut self, request: MediaRequest) {
        self.deeds.push_back(Deed::Asked(request));
        let (seats, places) = (&self.seats, self.calls_max);
        let seat_of = |leg| seats.get(&leg).copied();
        let command = request.command(
            seat_of,
            |number| Room::new(number, places),
            |_, spec| Fitting::new(spec.codec, None),
        );
        if let MediaRequest::Remove { leg } = request {
            self.seats.remove(&leg);
            let port = self.ports.remove(&leg);
            port.and_then(|port| self.lines.remove(&port));
        }
        self.rings.commands.extend(command);
    }
}
