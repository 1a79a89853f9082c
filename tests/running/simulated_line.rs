//! The same line in invented time: two callers whose tones come to the real engine by the same lines that the relay has, packet
//! by packet the same fate. No socket, no thread, no clock.

use super::relay::{Way, voice_link};
use audio_codec_algorithms::encode_alaw;
use rundruf::caller::{Tone, Voice};
use rundruf::ids::{LegId, RoomNumber};
use rundruf::media::{
    ClipBank, ControlDatagram, Counter, Datagram, Engine, FromEngine, Leg, LegSeed, Mailbox, Room, ToEngine,
    Wire,
};
use rundruf::media_api::{Codec, Command, Event, EventSpec, Law, LegFigures, MediaSpec, Seat};
use rundruf::sim::{Link, LinkPlan};
use rundruf::units::{FRAME, FRAME_MS, Time};
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What it lives through before it is looked at: the buffers know their lines.
const WARM: Duration = Duration::from_secs(8);

/// What a bridge tells of its lines: all of them together, but for the depth, which is the greatest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Picture {
    /// How long, all lines together, and how much of that was made up.
    pub talk_ms: u64,
    pub concealed_ms: u64,
    pub late: u64,
    pub doubled: u64,
    /// Times that a buffer went back for a late packet.
    pub gone_back: u64,
    pub loss_pct: f64,
    pub depth_ms: u32,
}

impl Picture {
    pub fn concealed_pct(&self) -> f64 {
        self.share(self.concealed_ms)
    }

    pub fn late_pct(&self) -> f64 {
        self.share(self.late * FRAME_MS)
    }

    fn share(&self, part_ms: u64) -> f64 {
        part_ms as f64 * 100.0 / self.talk_ms.max(1) as f64
    }
}

/// Two callers talk for `span`: what the bridge tells, its counters of that time alone. `before` that their lines have carried
/// so many voice packets, the last of them while both were talking already.
pub fn live_through(plan: LinkPlan, seed: u64, before: [u32; 2], span: Duration) -> Picture {
    let warm = WARM.as_millis() as u64 / FRAME_MS;
    let links = [0, 1].map(|caller| {
        let mut link = voice_link(plan, seed, Way::up(caller));
        (warm..before[caller].into()).for_each(|_| _ = link.carry(Time::ZERO));
        link
    });
    let mut world = World::new(links);
    world.run(WARM);
    let already = world.picture();
    world.rings.depth_frames = 0;
    world.run(span);
    let then = world.picture();
    Picture {
        talk_ms: then.talk_ms - already.talk_ms,
        concealed_ms: then.concealed_ms - already.concealed_ms,
        late: then.late - already.late,
        doubled: then.doubled - already.doubled,
        gone_back: then.gone_back - already.gone_back,
        ..then
    }
}

struct World {
    engine: Engine<Telephone>,
    rings: Rings,
    now: Rc<Cell<Time>>,
    slot: u64,
}

impl World {
    fn new(links: [Link; 2]) -> World {
        let now = Rc::new(Cell::new(Time::ZERO));
        let callers = links.len();
        let mut rings = Rings::default();
        let room = RoomNumber::nth(0).expect("there is a first room");
        rings.commands.push_back(Command::Open {
            room: Room::new(room, callers),
        });
        for (caller, link) in links.into_iter().enumerate() {
            let (leg, seat) = (LegId(caller as u64), Seat(caller as u32));
            let telephone = Telephone::new(caller, link, Rc::clone(&now));
            let born = LegSeed {
                id: leg,
                spec: spec(telephone.address),
                random: caller as u64,
            };
            rings.commands.push_back(Command::Add {
                seat,
                leg: Box::new(Leg::new(born, telephone)),
            });
            rings.commands.push_back(Command::Join {
                seat,
                leg,
                number: room,
            });
        }
        World {
            engine: Engine::new(callers, Arc::new(ClipBank::new(Vec::new()))),
            rings,
            now,
            slot: 0,
        }
    }

    fn run(&mut self, span: Duration) {
        for _ in 0..span.as_millis() {
            self.now.set(Time::from_millis(self.slot));
            self.engine.run_slot(self.slot, &mut self.rings);
            self.slot += 1;
        }
    }

    fn picture(&self) -> Picture {
        let count = |case| self.engine.counters().get(case);
        let lines = &self.rings.figures;
        let (lost, received) = lines.iter().fold((0, 0), |(lost, received), line| {
            (lost + line.lost, received + line.received)
        });
        Picture {
            talk_ms: lines.len() as u64 * self.slot,
            concealed_ms: lines.iter().map(|line| u64::from(line.concealed) / 8).sum(),
            late: count(Counter::Late),
            doubled: count(Counter::Doubled),
            gone_back: count(Counter::Grown),
            loss_pct: f64::from(lost) * 100.0 / f64::from((lost + received).max(1)),
            depth_ms: self.rings.depth_frames * FRAME_MS as u32,
        }
    }
}

fn spec(remote: SocketAddr) -> MediaSpec {
    MediaSpec {
        remote,
        also: None,
        control: None,
        codec: Codec::G711(Law::A),
        events: Some(EventSpec {
            payload_type: 101,
            clock: 8_000,
        }),
        send: true,
        receive: true,
        srtp: None,
    }
}

/// A telephone that says a frame every 20 ms, and its line to the bridge.
struct Telephone {
    address: SocketAddr,
    voice: Voice,
    link: Link,
    now: Rc<Cell<Time>>,
    /// The next packet's number, and what is under way.
    next: u64,
    under_way: BinaryHeap<Reverse<(Time, u64)>>,
    /// Where in a frame of the bridge's it speaks, in milliseconds.
    phase_ms: u64,
}

impl Telephone {
    fn new(caller: usize, link: Link, now: Rc<Cell<Time>>) -> Telephone {
        Telephone {
            address: SocketAddr::from(([10, 77, 0, 2], 4_000 + 2 * caller as u16)),
            voice: Voice::Tone(Tone::nth(caller).expect("there are enough tones")),
            link,
            now,
            next: 0,
            under_way: BinaryHeap::new(),
            phase_ms: 5 + 7 * caller as u64,
        }
    }

    /// Says what is due by now.
    fn speak(&mut self) {
        loop {
            let said = Time::from_millis(self.next * FRAME_MS + self.phase_ms);
            if said > self.now.get() {
                return;
            }
            let arrivals = self.link.carry(said);
            let number = self.next;
            self.under_way
                .extend(arrivals.into_iter().flatten().map(|at| Reverse((at, number))));
            self.next += 1;
        }
    }
}

impl Wire for Telephone {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        self.speak();
        let Reverse((due, _)) = self.under_way.peek()?;
        if *due > self.now.get() {
            return None;
        }
        let Reverse((_, number)) = self.under_way.pop()?;
        buffer[..12].copy_from_slice(&header(number));
        let sound = self.voice.next_frame(number * FRAME as u64);
        for (place, sample) in buffer[12..].iter_mut().zip(sound) {
            *place = encode_alaw(sample);
        }
        Some(Datagram {
            len: 12 + FRAME,
            from: self.address,
        })
    }
    fn send(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    fn receive_control(&mut self, _: &mut [u8]) -> Option<ControlDatagram> {
        None
    }
    fn send_control(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
}

/// The RTP header of A-law (RFC 3550 §5.1, RFC 3551 §6).
fn header(number: u64) -> [u8; 12] {
    let mut header = [0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    header[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    header[4..8].copy_from_slice(&(number as u32 * FRAME as u32).to_be_bytes());
    header
}

#[derive(Default)]
struct Rings {
    commands: VecDeque<ToEngine<Telephone>>,
    /// Each line's last figures, and the deepest buffer that any showed.
    figures: [LegFigures; 2],
    depth_frames: u32,
}

impl Mailbox<Telephone> for Rings {
    fn command(&mut self) -> Option<ToEngine<Telephone>> {
        self.commands.pop_front()
    }
    fn tell(&mut self, _: Event) -> bool {
        true
    }
    fn publish(&mut self, seat: Seat, figures: LegFigures) {
        self.depth_frames = self.depth_frames.max(figures.buffered);
        if let Some(place) = self.figures.get_mut(seat.0 as usize) {
            *place = figures;
        }
    }
    fn give_back(&mut self, _: FromEngine<Telephone>) {}
}
