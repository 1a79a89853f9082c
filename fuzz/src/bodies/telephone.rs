//! A telephone and the bridge's leg that it talks to, tick by tick. Insists on what must hold in every tick: one packet out,
//! one frame on, and no more frames in the buffer than it has places.

use rundruf::ids::LegId;
use rundruf::media::{
    ClipBank, ControlDatagram, Counters, Datagram, Fitting, Frame, Inbox, Leg, LegSeed, Outbox, Wire,
};
use rundruf::media_api::{Codec, EventSpec, Law, LegFigures, MediaSpec};
use rundruf::secret::Key;
use rundruf::units::{FRAME, WIDE};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Frames that the playout buffer can hold.
const BUFFERED_MAX: u32 = 16;
/// Datagrams that a leg reads in one tick.
pub const TAKEN_MAX: usize = 32;
/// The payload type of telephone events.
pub const EVENTS: u8 = 101;

/// Where the peer's media was negotiated to come from.
pub fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000))
}

/// Where the peer wants its reports.
pub fn peer_control() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_001))
}

/// Somebody else.
pub fn stranger() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 4_000))
}

/// What offer and answer agreed, both ways.
pub fn spec(law: Law) -> MediaSpec {
    MediaSpec {
        remote: peer(),
        also: None,
        control: Some(peer_control()),
        codec: Codec::G711(law),
        events: Some(EventSpec {
            payload_type: EVENTS,
            clock: 8_000,
        }),
        send: true,
        receive: true,
        srtp: None,
    }
}

#[derive(Debug, Default)]
struct Ends {
    arrived: VecDeque<(SocketAddr, Vec<u8>)>,
    sent: Vec<(SocketAddr, Vec<u8>)>,
    reports_arrived: VecDeque<(SocketAddr, Vec<u8>, Duration)>,
    reports_sent: Vec<(SocketAddr, Vec<u8>)>,
    settled: u32,
}

#[derive(Debug)]
struct Line(Rc<RefCell<Ends>>);

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let (from, bytes) = self.0.borrow_mut().arrived.pop_front()?;
        let kept = bytes.len().min(buffer.len());
        buffer[..kept].copy_from_slice(&bytes[..kept]);
        let len = bytes.len();
        Some(Datagram { len, from })
    }
    fn send(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().sent.push((to, packet.to_vec()));
        true
    }
    fn settle(&mut self, _: SocketAddr) {
        self.0.borrow_mut().settled += 1;
    }
    fn unsettle(&mut self) {}
    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram> {
        let (from, bytes, age) = self.0.borrow_mut().reports_arrived.pop_front()?;
        let kept = bytes.len().min(buffer.len());
        buffer[..kept].copy_from_slice(&bytes[..kept]);
        let len = bytes.len();
        Some(ControlDatagram { len, from, age })
    }
    fn send_control(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().reports_sent.push((to, packet.to_vec()));
        true
    }
}

/// Sequence, time stamp and SSRC of an outgoing packet, and the tick in which it left.
#[derive(Clone, Copy)]
struct Sent {
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    frame: u64,
}

/// The telephone, and the leg.
pub struct Telephone {
    leg: Leg<Line>,
    ends: Rc<RefCell<Ends>>,
    pub counters: Counters,
    pub frame: u64,
    spec: MediaSpec,
    last: Option<Sent>,
}

impl Telephone {
    pub fn new(spec: MediaSpec) -> Telephone {
        let ends = Rc::new(RefCell::new(Ends::default()));
        let id = LegId(1);
        // Sequence and time stamp begin shortly before they wrap.
        let random = 0x0102_0304_fffe_ff00;
        let seed = LegSeed { id, spec, random };
        Telephone {
            leg: Leg::new(seed, Line(ends.clone())),
            ends,
            counters: Counters::default(),
            frame: 1_000,
            spec,
            last: None,
        }
    }

    /// A report arrived at the RTCP port so long before the next tick.
    pub fn report_arrives(&mut self, from: SocketAddr, bytes: Vec<u8>, age: Duration) {
        self.ends
            .borrow_mut()
            .reports_arrived
            .push_back((from, bytes, age));
    }

    /// The reports that left since the last time.
    pub fn reports(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.ends.borrow_mut().reports_sent)
    }

    /// A datagram arrives before the next tick.
    pub fn arrives(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        self.ends.borrow_mut().arrived.push_back((from, bytes));
    }

    /// Datagrams that wait for the next tick.
    pub fn waiting(&self) -> usize {
        self.ends.borrow().arrived.len()
    }

    /// A tick; the key that each of its datagrams brought.
    pub fn tick(&mut self) -> Vec<Option<Key>> {
        self.frame += 1;
        assert!(self.leg.begin_tick(self.frame), "its only tick of this frame");
        let (mut inbox, mut outbox) = (Inbox::new(1), Outbox::new(1));
        self.leg.receive(self.frame, &mut inbox);
        let keys = self.leg.listen(self.frame, &inbox, &mut self.counters);
        assert!(self.leg.figures().buffered <= BUFFERED_MAX);
        let (bank, at) = (ClipBank::default(), (self.frame, 0));
        match self.leg.is_wide() {
            true => self.leg.say_wide(at, &bank, &mut [0; WIDE], &mut outbox),
            false => self.leg.say(at, &bank, &mut [0; FRAME], &mut outbox),
        };
        for (_, packet) in outbox.packets() {
            self.leg.send(self.frame, packet, &mut self.counters);
        }
        let sent = std::mem::take(&mut self.ends.borrow_mut().sent);
        assert_eq!(sent.len(), usize::from(self.spec.send), "one packet a tick");
        sent.iter().for_each(|(_, packet)| self.judge(packet));
        keys.iter().collect()
    }

    fn judge(&mut self, packet: &[u8]) {
        let [first, second, a, b, c, d, e, f, g, h, i, j, payload @ ..] = packet else {
            panic!("no RTP header");
        };
        let now = Sent {
            sequence: u16::from_be_bytes([*a, *b]),
            timestamp: u32::from_be_bytes([*c, *d, *e, *f]),
            ssrc: u32::from_be_bytes([*g, *h, *i, *j]),
            frame: self.frame,
        };
        let lengths = match self.spec.codec {
            Codec::G711(_) | Codec::G722 => 160..=160,
            Codec::Opus(_) => 1..=320,
        };
        assert!(*first == 0x80 && lengths.contains(&payload.len()));
        assert_eq!(second & 0x7f, self.spec.codec.payload_type());
        assert_eq!(
            second & 0x80 != 0,
            self.last.is_none(),
            "the marker opens the stream"
        );
        if let Some(last) = self.last {
            let frames = (now.frame - last.frame) as u32;
            assert_eq!(now.sequence, last.sequence.wrapping_add(1));
            assert_eq!(now.timestamp, last.timestamp.wrapping_add(frames * self.steps()));
            assert_eq!(now.ssrc, last.ssrc);
        }
        self.last = Some(now);
    }

    /// What the caller was heard to say in the last tick.
    pub fn heard(&self) -> &Frame {
        self.leg.heard()
    }

    pub fn figures(&self) -> LegFigures {
        self.leg.figures()
    }

    /// How often the leg settled on a peer.
    pub fn settled(&self) -> u32 {
        self.ends.borrow().settled
    }

    /// What is spoken.
    pub fn codec(&self) -> Codec {
        self.spec.codec
    }

    /// Steps of the RTP clock in a frame.
    pub fn steps(&self) -> u32 {
        self.spec.codec.clock() / 50
    }

    /// A re-INVITE changed the peer's side.
    pub fn updates(&mut self, spec: MediaSpec) {
        let (frame, steps) = (self.frame, self.steps());
        // Another clock goes on from where the one before stands.
        if let Some(last) = &mut self.last {
            let frames = (frame - last.frame) as u32;
            last.timestamp = last.timestamp.wrapping_add(frames * steps);
            last.frame = frame;
        }
        self.spec = spec;
        self.leg.update(self.frame, spec, Fitting::new(spec.codec, None));
    }

    pub fn mutes(&mut self, muted: bool) {
        self.leg.mute(muted);
    }
}

/// An RTP packet.
pub fn rtp(second: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, second];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}
