//! Lines that cost nothing, so that what is measured is the tick: every tick brings the next packet of a stream that
//! was made before, every send is looked at and forgotten.

use audio_codec_algorithms::{decode_ulaw, encode_alaw};
use rundruf::ids::{LegId, RoomNumber};
use rundruf::media::echo;
use rundruf::media::{
    ClipBank, ControlDatagram, Datagram, Engine, FromEngine, Leg, LegSeed, Mailbox, Room, Srtp, ToEngine,
    Wide, Wire,
};
use rundruf::media_api::{
    Codec, Command, Event, EventSpec, Law, LegFigures, MediaSpec, Seat, SrtpKeys, SrtpSpec, Suite,
};
use rundruf::secret::MasterKey;
use std::collections::VecDeque;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What caller `n` says, by sample of the frame that is said again and again.
pub type Voice = fn(n: u32, at: u32) -> i16;

fn quiet_voice(n: u32, at: u32) -> i16 {
    ((at * (n * 37 + 11)) % 2_000) as i16 - 1_000
}

/// A line whose caller always talks.
#[derive(Debug)]
pub struct QuietWire {
    codec: Codec,
    packet: Vec<u8>,
    /// What was sent to it is returned a little weaker, some frames later.
    echo: Option<VecDeque<[u8; 160]>>,
    /// Its caller says another noise in every frame; of 0 always the same.
    noise: u32,
    /// What it sends is sealed with these keys.
    keys: Option<Box<Srtp>>,
    /// The next packet has come: one for each that it is sent, as both send one a tick.
    waiting: bool,
    report: [u8; 32],
    report_waiting: bool,
}

/// The keys of a call with our telephone: our end of them, or the telephone's.
fn keys(suite: Suite, is_ours: bool) -> SrtpKeys {
    let key = |from: u8| {
        let bytes: Vec<u8> = (from..).take(suite.key_bytes() + suite.salt_bytes()).collect();
        MasterKey::new(&bytes).expect("as long as the suite wants it")
    };
    let (send, receive) = if is_ours { (1, 101) } else { (101, 1) };
    SrtpKeys {
        spec: SrtpSpec {
            suite,
            send: 1,
            receive: 1,
        },
        send: key(send),
        receive: key(receive),
    }
}

fn caller() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4_000))
}

impl QuietWire {
    fn new(n: u32, voice: Voice) -> QuietWire {
        let law = Codec::G711(if n.is_multiple_of(2) { Law::A } else { Law::Mu });
        QuietWire::speaking(law, n, voice)
    }

    /// By a codec: the same frame again and again.
    fn speaking(codec: Codec, n: u32, voice: Voice) -> QuietWire {
        let (kind, sound) = match codec {
            Codec::G711(_) => (8, (0..160).map(|at| encode_alaw(voice(n, at))).collect()),
            Codec::G722 | Codec::Opus(_) => {
                let sound = std::array::from_fn(|at| voice(n, at as u32));
                let (mut coder, mut coded) = (Wide::new(codec).expect("it is wide"), [0; 320]);
                let len = coder.encode(&sound, &mut coded);
                (codec.payload_type(), coded[..len].to_vec())
            }
        };
        let packet = [0x80, kind].into_iter().chain([0; 10]).chain(sound).collect();
        let mut report = [0; 32];
        report[..8].copy_from_slice(&[0x81, 201, 0, 7, 0, 0, 0, 9]);
        QuietWire {
            codec,
            packet,
            echo: None,
            noise: 0,
            keys: None,
            waiting: true,
            report,
            report_waiting: false,
        }
    }
}

impl Wire for QuietWire {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        std::mem::take(&mut self.waiting).then(|| {
            if let Some(sound) = self.echo.as_mut().and_then(VecDeque::pop_front) {
                self.packet[12..].copy_from_slice(&sound);
            }
            if self.noise > 0 {
                for code in &mut self.packet[12..] {
                    self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) | 1;
                    *code = (0x30 | (self.noise >> 16) as u8 & 0x8f) ^ 0x55;
                }
            }
            let sequence = u16::from_be_bytes([self.packet[2], self.packet[3]]).wrapping_add(1);
            let time = u32::from_be_bytes([self.packet[4], self.packet[5], self.packet[6], self.packet[7]]);
            self.packet[2..4].copy_from_slice(&sequence.to_be_bytes());
            self.packet[4..8].copy_from_slice(&time.wrapping_add(self.codec.clock() / 50).to_be_bytes());
            let len = match &mut self.keys {
                Some(keys) => keys.seal(&self.packet, buffer).expect("there is room").len(),
                None => {
                    buffer[..self.packet.len()].copy_from_slice(&self.packet);
                    self.packet.len()
                }
            };
            Datagram { len, from: caller() }
        })
    }
    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        black_box((to, packet));
        self.waiting = true;
        if let Some(echo) = &mut self.echo
            && let Some(sound) = packet.get(12..).and_then(|sound| sound.first_chunk::<160>())
        {
            // Who returns is spoken to in µ-law, and speaks A-law.
            echo.push_back(sound.map(|code| encode_alaw(decode_ulaw(code) / 4)));
        }
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    /// The peer reports once a second that it hears us well.
    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram> {
        self.report_waiting = !self.report_waiting;
        self.report_waiting.then(|| {
            buffer[..32].copy_from_slice(&self.report);
            self.report[19] = self.report[19].wrapping_add(50);
            let sealed = |keys: &mut Box<Srtp>| keys.seal_control(buffer, 32).expect("there is room");
            ControlDatagram {
                len: self.keys.as_mut().map_or(32, sealed),
                from: caller(),
                age: Duration::ZERO,
            }
        })
    }
    fn send_control(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        black_box((to, packet));
        true
    }
}

/// Rings that never grow.
pub struct Rings {
    pub commands: VecDeque<ToEngine<QuietWire>>,
    pub events: VecDeque<Event>,
    pub finished: Vec<FromEngine<QuietWire>>,
}

impl Mailbox<QuietWire> for Rings {
    fn command(&mut self) -> Option<ToEngine<QuietWire>> {
        self.commands.pop_front()
    }
    fn tell(&mut self, event: Event) -> bool {
        self.events.len() < self.events.capacity() && {
            self.events.push_back(event);
            true
        }
    }
    fn publish(&mut self, _: Seat, _: LegFigures) {}
    fn give_back(&mut self, finished: FromEngine<QuietWire>) {
        assert!(
            self.finished.len() < self.finished.capacity(),
            "made large enough"
        );
        self.finished.push(finished);
    }
}

/// What the legs have besides.
#[derive(Clone, Copy)]
enum Extra {
    Nothing,
    Echo { cancellers: usize },
    Sealed(Suite),
}

/// A media thread's world without a thread.
pub struct Bench {
    pub engine: Engine<QuietWire>,
    pub rings: Rings,
    slot: u64,
}

impl Bench {
    /// `legs` callers in rooms of `per_room`, all talking, half of them in either law.
    pub fn new(legs: u32, per_room: u32) -> Bench {
        Bench::with_voice(legs, per_room, quiet_voice)
    }

    /// The same, with a voice that is given.
    pub fn with_voice(legs: u32, per_room: u32, voice: Voice) -> Bench {
        Bench::with_lines(legs, per_room, |n| QuietWire::new(n, voice), Extra::Nothing)
    }

    /// The same, each by this codec.
    pub fn by_codec(legs: u32, per_room: u32, codec: Codec) -> Bench {
        let line = |n| QuietWire::speaking(codec, n, quiet_voice);
        Bench::with_lines(legs, per_room, line, Extra::Nothing)
    }

    /// From now on nobody talks but one in each room of so many.
    pub fn mute_all_but_one(&mut self, legs: u32, per_room: u32) {
        for n in (0..legs).filter(|n| n % per_room != 0) {
            let (seat, leg) = (Seat(n), LegId(n.into()));
            self.ask(Command::Mute {
                seat,
                leg,
                muted: true,
            });
        }
        self.run_frames(50);
    }

    /// The same as new, with every voice and report sealed.
    pub fn sealed(legs: u32, per_room: u32, suite: Suite) -> Bench {
        let line = |n| {
            let mut line = QuietWire::new(n, quiet_voice);
            line.keys = Srtp::boxed(&keys(suite, false));
            line
        };
        Bench::with_lines(legs, per_room, line, Extra::Sealed(suite))
    }

    /// Half of the telephones in each room return what they hear; there are so many cancellers. The others speak.
    pub fn with_echo(legs: u32, per_room: u32, cancellers: usize) -> Bench {
        let line = |n: u32| {
            let mut line = QuietWire::new(n, quiet_voice);
            let mut silence = VecDeque::with_capacity(64);
            silence.extend([[0xd5; 160]; 5]);
            match n % 2 {
                0 => line.noise = n + 1,
                _ => line.echo = Some(silence),
            }
            line
        };
        Bench::with_lines(legs, per_room, line, Extra::Echo { cancellers })
    }

    fn with_lines(legs: u32, per_room: u32, line: impl Fn(u32) -> QuietWire, extra: Extra) -> Bench {
        let bank = ClipBank::new(vec![vec![1_000; 4_000].into()]);
        let rings = Rings {
            commands: VecDeque::with_capacity(8 * legs as usize),
            events: VecDeque::with_capacity(8 * legs as usize),
            finished: Vec::with_capacity(4 * legs as usize),
        };
        let mut bench = Bench {
            engine: Engine::new(legs as usize, Arc::new(bank)),
            rings,
            slot: 0,
        };
        if let Extra::Echo { cancellers } = extra {
            bench.engine.lend(echo::pool(cancellers, legs as usize));
        }
        for n in 0..legs {
            let line = line(n);
            let spec = MediaSpec {
                remote: caller(),
                also: None,
                control: Some(caller()),
                codec: line.codec,
                events: Some(EventSpec {
                    payload_type: 101,
                    clock: 8_000,
                }),
                send: true,
                receive: true,
                srtp: match extra {
                    Extra::Sealed(suite) => Some(keys(suite, true).spec),
                    _ => None,
                },
            };
            let seed = LegSeed {
                id: LegId(n.into()),
                spec,
                random: n.into(),
            };
            let leg = Leg::new(seed, line);
            let leg = match extra {
                Extra::Nothing => leg,
                Extra::Echo { .. } => leg.with_echo(echo::echo(n)),
                Extra::Sealed(suite) => leg.with_srtp(Srtp::boxed(&keys(suite, true))),
            };
            bench.ask(Command::Add {
                seat: Seat(n),
                leg: Box::new(leg),
            });
            if n % per_room == 0 {
                bench.ask(Command::Open {
                    room: Room::new(number(n / per_room), per_room as usize),
                });
            }
            bench.ask(Command::Join {
                seat: Seat(n),
                leg: LegId(n.into()),
                number: number(n / per_room),
            });
        }
        bench.run_frames(20);
        bench
    }

    pub fn ask(&mut self, command: ToEngine<QuietWire>) {
        self.rings.commands.push_back(command);
    }

    pub fn run_frames(&mut self, frames: u64) {
        for _ in 0..frames * 20 {
            self.engine.run_slot(self.slot, &mut self.rings);
            self.slot += 1;
        }
    }
}

pub fn number(n: u32) -> RoomNumber {
    RoomNumber::nth(n).expect("in range")
}
