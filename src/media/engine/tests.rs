use super::*;
use crate::ids::ClipId;
use crate::media::law;
use crate::media::{ControlDatagram, Datagram, Frame, LegSeed};
use crate::media_api::{Codec, EventSpec, Law, MediaSpec, PlayToken, Playlist};
use crate::secret::Key;
use crate::units::FRAME;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;

mod echo;
mod echo_left;
mod echo_turns;
mod echo_wide;
mod failures;
mod lifetimes;
mod moves;
mod sealed;
mod shared;
mod shedding;
mod steady;
mod strangers;
mod wide;

/// A telephone on an ideal line, and the bridge's end of it.
#[derive(Clone, Debug, Default)]
struct Line(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    to_bridge: VecDeque<(SocketAddr, Vec<u8>)>,
    to_caller: Vec<Vec<u8>>,
    sent: u32,
    /// How often the bridge asked for a packet.
    asked: u32,
    /// The bridge fails at what comes from it.
    breaks: bool,
    /// And at what is asked of it.
    breaks_asked: bool,
}

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        assert!(!self.0.borrow().breaks, "planted");
        let mut ends = self.0.borrow_mut();
        ends.asked += 1;
        let (from, bytes) = ends.to_bridge.pop_front()?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Some(Datagram {
            len: bytes.len(),
            from,
        })
    }
    fn send(&mut self, _: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().to_caller.push(packet.to_vec());
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {
        assert!(!self.0.borrow().breaks_asked, "planted");
    }
    fn receive_control(&mut self, _: &mut [u8]) -> Option<ControlDatagram> {
        None
    }
    fn send_control(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        assert!(!self.0.borrow().breaks_asked, "planted");
        true
    }
}

fn caller() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4_000))
}

fn rtp(payload_type: u8, sequence: u32, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend((sequence as u16).to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(7u32.to_be_bytes());
    packet.extend(payload);
    packet
}

impl Line {
    /// Says one frame in which every sample is `level` as A-law rounds it, the last one its opposite.
    fn say(&self, level: i16) {
        let mut frame: Frame = [level; FRAME];
        frame[FRAME - 1] = -level;
        self.say_frame(&frame);
    }

    /// Says a frame as A-law rounds it.
    fn say_frame(&self, frame: &Frame) {
        let mut coded = [0; FRAME];
        law::encode(Law::A, frame, &mut coded);
        let mut ends = self.0.borrow_mut();
        let packet = rtp(8, ends.sent, ends.sent * 160, &coded);
        ends.sent += 1;
        ends.to_bridge.push_back((caller(), packet));
    }

    /// The first sample of the last frame heard, and how many frames were heard since it was asked last.
    fn heard(&self) -> (i16, usize) {
        let packets = std::mem::take(&mut self.0.borrow_mut().to_caller);
        let mut frame: Frame = [0; FRAME];
        let Some(coded) = packets
            .last()
            .and_then(|packet| packet[12..].first_chunk::<FRAME>())
        else {
            return (0, 0);
        };
        law::decode(Law::A, coded, &mut frame);
        (frame[0], packets.len())
    }
}

#[derive(Default)]
struct Rings {
    commands: VecDeque<ToEngine<Line>>,
    events: Vec<Event>,
    finished: Vec<FromEngine<Line>>,
    /// No event finds a place.
    full: bool,
    /// The bridge fails when it publishes this seat's figures.
    panics_at: Option<Seat>,
}

impl Mailbox<Line> for Rings {
    fn command(&mut self) -> Option<ToEngine<Line>> {
        self.commands.pop_front()
    }
    fn tell(&mut self, event: Event) -> bool {
        if !self.full {
            self.events.push(event);
        }
        !self.full
    }
    fn publish(&mut self, seat: Seat, _: LegFigures) {
        assert_ne!(self.panics_at, Some(seat), "planted");
    }
    fn give_back(&mut self, finished: FromEngine<Line>) {
        self.finished.push(finished);
    }
}

fn spec(codec: Codec) -> MediaSpec {
    MediaSpec {
        remote: caller(),
        also: None,
        control: None,
        codec,
        events: Some(EventSpec {
            payload_type: 101,
            clock: 8_000,
        }),
        send: true,
        receive: true,
        srtp: None,
    }
}

struct World {
    engine: Engine<Line>,
    rings: Rings,
    slot: u64,
}

fn number(n: u32) -> RoomNumber {
    RoomNumber::nth(n).expect("in range")
}

impl World {
    fn new() -> World {
        let bank = ClipBank::new(vec![vec![4_000; 400].into()]);
        World {
            engine: Engine::new(16, Arc::new(bank)),
            rings: Rings::default(),
            slot: 1_000_000,
        }
    }

    fn ask(&mut self, command: ToEngine<Line>) {
        self.rings.commands.push_back(command);
    }

    fn call(&mut self, n: u32) -> Line {
        self.call_in(n, spec(Codec::G711(Law::A)))
    }

    fn call_in(&mut self, n: u32, spec: MediaSpec) -> Line {
        let line = Line::default();
        let seed = LegSeed {
            id: LegId(u64::from(n)),
            spec,
            random: u64::from(n),
        };
        self.ask(Command::Add {
            seat: Seat(n),
            leg: Box::new(Leg::new(seed, line.clone())),
        });
        line
    }

    fn join(&mut self, n: u32, room: u32) {
        self.ask(Command::Join {
            seat: Seat(n),
            leg: LegId(u64::from(n)),
            number: number(room),
        });
    }

    fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.engine.run_slot(self.slot, &mut self.rings);
            self.slot += 1;
        }
    }
}

/// A-law's nearest neighbour.
fn near(heard: i16, expected: i16) -> bool {
    (i32::from(heard) - i32::from(expected)).abs() <= i32::from(expected).abs() / 24 + 8
}

#[test]
fn everybody_hears_the_others_of_the_room_and_nobody_else_and_never_himself() {
    let mut world = World::new();
    let lines: Vec<_> = (0..5).map(|n| world.call(n)).collect();
    for room in [0, 1] {
        world.ask(Command::Open {
            room: Room::new(number(room), 8),
        });
    }
    (0..5).for_each(|n| world.join(n, n / 3));
    for _ in 0..10 {
        lines
            .iter()
            .zip([1_000, 2_000, 4_000, 8_000, 300])
            .for_each(|(line, level)| line.say(level));
        world.run_ms(20);
    }
    for (line, expected) in lines.iter().zip([6_000, 5_000, 3_000, 300, 8_000]) {
        let (heard, frames) = line.heard();
        assert!(near(heard, expected), "heard {heard} instead of {expected}");
        assert!((9..=10).contains(&frames));
    }
}

#[test]
fn one_talker_passes_to_the_bit_to_everybody() {
    let mut world = World::new();
    let lines: Vec<_> = (0..3).map(|n| world.call(n)).collect();
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..3).for_each(|n| world.join(n, 0));
    let mut said = Vec::new();
    for frame in 0..50u32 {
        let coded: [u8; FRAME] = std::array::from_fn(|i| (i as u32 * 7 + frame * 13) as u8);
        lines[0]
            .0
            .borrow_mut()
            .to_bridge
            .push_back((caller(), rtp(8, frame, frame * 160, &coded)));
        said.push(coded.to_vec());
        world.run_ms(20);
    }
    for line in &lines[1..] {
        let heard: Vec<_> = line
            .0
            .borrow()
            .to_caller
            .iter()
            .map(|packet| packet[12..].to_vec())
            .collect();
        assert_eq!(
            heard[heard.len() - 48..],
            said[2..],
            "bit-exact, in the tick in which it came"
        );
    }
    assert!(
        lines[0]
            .0
            .borrow()
            .to_caller
            .iter()
            .all(|packet| packet[12..].iter().all(|&b| b == 0xd5))
    );
}

#[test]
fn a_leg_that_moves_between_slots_sends_one_packet_a_frame() {
    let mut world = World::new();
    let lines: Vec<_> = (0..8).map(|n| world.call(n)).collect();
    // More than one slot takes.
    (0..16).for_each(|room| {
        world.ask(Command::Open {
            room: Room::new(number(room), 8),
        })
    });
    world.run_ms(33);
    for round in 0..20u32 {
        (0..8).for_each(|n| world.join(n, (n * 5 + round) % 16));
        world.run_ms(7);
        (0..8).for_each(|n| {
            world.ask(Command::Leave {
                seat: Seat(n),
                leg: LegId(n.into()),
            })
        });
        world.run_ms(33);
    }
    for line in &lines {
        let packets = line.0.borrow().to_caller.clone();
        let read =
            |at: usize| move |p: &Vec<u8>| u32::from_be_bytes([p[at], p[at + 1], p[at + 2], p[at + 3]]);
        let times: Vec<_> = packets.iter().map(read(4)).collect();
        assert!(
            times.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 160),
            "{times:?}"
        );
        assert!(packets.len() >= 39);
    }
}

#[test]
fn clips_play_in_reception_and_over_the_room_and_their_end_is_told() {
    let mut world = World::new();
    let line = world.call(0);
    world.run_ms(40);
    let play = |token| Command::Play {
        seat: Seat(0),
        leg: LegId(0),
        clips: Playlist::new([ClipId(0)]),
        token: PlayToken(token),
    };
    world.ask(play(1));
    world.run_ms(20);
    assert!(near(line.heard().0, 4_000));
    world.run_ms(400);
    assert!(matches!(
        world.rings.events[..],
        [Event::Played {
            leg: LegId(0),
            token: PlayToken(1)
        }]
    ));
    world.ask(play(2));
    world.ask(Command::Stop {
        seat: Seat(0),
        leg: LegId(0),
    });
    world.run_ms(400);
    assert_eq!(world.rings.events.len(), 1, "a stopped clip tells nothing");

    let other = world.call(1);
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    world.ask(play(3));
    other.say(2_000);
    world.run_ms(20);
    other.say(2_000);
    world.run_ms(20);
    assert!(
        near(line.heard().0, 5_000),
        "the room steps back by half behind the clip"
    );
}

#[test]
fn a_key_is_told_once_and_its_tone_stays_out_of_the_room() {
    let mut world = World::new();
    let (line, other) = (world.call(0), world.call(1));
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    for duration in 1..6u32 {
        line.say(3_000);
        let event = rtp(101, 99, 0, &[5, 10, 0, (duration * 40) as u8]);
        line.0.borrow_mut().to_bridge.push_back((caller(), event));
        world.run_ms(20);
    }
    let keys: Vec<_> = world
        .rings
        .events
        .iter()
        .filter(|e| matches!(e, Event::Key { .. }))
        .collect();
    assert!(matches!(keys[..], [Event::Key { leg: LegId(0), key, .. }] if Some(*key) == Key::from_char('5')));
    assert_eq!(other.heard().0, 8, "A-law's silence");
}

#[test]
fn a_muted_leg_hears_and_is_not_heard_and_its_talking_is_told() {
    let mut world = World::new();
    let (line, other) = (world.call(0), world.call(1));
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    world.ask(Command::Mute {
        seat: Seat(0),
        leg: LegId(0),
        muted: true,
    });
    let talk = |world: &mut World, frames| {
        for _ in 0..frames {
            line.say(3_000);
            other.say(2_000);
            world.run_ms(20);
        }
        (line.heard().0, other.heard().0)
    };
    let (muted_hears, other_hears) = talk(&mut world, 60);
    assert!(near(muted_hears, 2_000));
    assert_eq!(other_hears, 8, "A-law's silence");
    assert!(matches!(
        world.rings.events[..],
        [Event::Talking { leg: LegId(0) }]
    ));
    world.ask(Command::Mute {
        seat: Seat(0),
        leg: LegId(0),
        muted: false,
    });
    assert!(near(talk(&mut world, 5).1, 3_000));
}

#[test]
fn music_plays_to_one_leg_and_a_tone_to_the_whole_room() {
    let mut world = World::new();
    let (line, other) = (world.call(0), world.call(1));
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    world.ask(Command::Music {
        seat: Seat(0),
        leg: LegId(0),
        clip: Some(ClipId(0)),
    });
    world.run_ms(1_000);
    assert!(near(line.heard().0, 4_000));
    assert_eq!(other.heard().0, 8);
    world.ask(Command::Music {
        seat: Seat(0),
        leg: LegId(0),
        clip: None,
    });
    world.ask(Command::Tone {
        number: number(0),
        clip: ClipId(0),
    });
    world.run_ms(20);
    assert!(near(line.heard().0, 4_000) && near(other.heard().0, 4_000));
    world.run_ms(400);
    assert_eq!((line.heard().0, other.heard().0), (8, 8));
    assert!(
        world.rings.events.is_empty(),
        "nobody waits for the end of a tone"
    );
}
