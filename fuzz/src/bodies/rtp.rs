//! Datagrams of any kind, from the peer and from strangers, in any rhythm, at one leg.
//!
//! The first byte says what was agreed; then each byte is an operation: ticks, a datagram as it stands, a packet of the
//! stream with some of its fields bent, a change of the agreement.

use super::reader::Reader;
use super::telephone::{EVENTS, TAKEN_MAX, Telephone, peer, rtp, spec, stranger};
use rundruf::media_api::{Codec, EventSpec, Law, MediaSpec, OpusSpec};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Ticks of one input at most.
const TICKS_MAX: u64 = 600;
/// In so many ticks no time stamp of an event is forgotten …
const REMEMBERED_TICKS: u64 = 240;
/// … if there are no more than these.
const REMEMBERED: usize = 8;
const PAYLOAD_TYPES: [u8; 8] = [8, 0, EVENTS, 13, 97, 0x80 | EVENTS, 0x88, 72];
const LENGTHS: [usize; 8] = [160, 160, 320, 80, 0, 4, 161, 1_600];

struct Run {
    telephone: Telephone,
    sequence: u16,
    timestamp: u32,
    ticks: u64,
    keys: usize,
    events: usize,
    timestamps: BTreeSet<[u8; 4]>,
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let mut reader = Reader(data);
    let Some(agreed) = reader.byte() else {
        return;
    };
    let mut run = Run {
        telephone: Telephone::new(agreement(agreed)),
        sequence: 65_530,
        timestamp: u32::MAX - 500,
        ticks: 0,
        keys: 0,
        events: 0,
        timestamps: BTreeSet::new(),
    };
    while let Some(operation) = reader.byte() {
        run.operate(operation, &mut reader);
    }
    run.ticks(20);
    if run.ticks < REMEMBERED_TICKS && run.timestamps.len() <= REMEMBERED {
        assert!(run.keys <= run.timestamps.len(), "an event was told twice");
    }
    assert!(run.keys <= run.events, "a key came from nowhere");
}

fn agreement(byte: u8) -> MediaSpec {
    let law = if byte & 1 == 0 { Law::A } else { Law::Mu };
    MediaSpec {
        events: (byte & 2 == 0).then_some(EventSpec {
            payload_type: EVENTS,
            clock: 8_000,
        }),
        send: byte & 4 == 0,
        receive: byte & 8 == 0,
        codec: codec(byte),
        ..spec(law)
    }
}

/// Half of the lines are of 8 kHz.
fn codec(byte: u8) -> Codec {
    let opus = OpusSpec {
        payload_type: 97,
        fec: byte & 0x40 != 0,
        bitrate: 24_000,
    };
    match (byte & 0x30, byte & 1) {
        (0x20, _) => Codec::G722,
        (0x30, _) => Codec::Opus(opus),
        (_, 0) => Codec::G711(Law::A),
        (_, _) => Codec::G711(Law::Mu),
    }
}

fn source(byte: u8) -> SocketAddr {
    let moved = SocketAddr::new(peer().ip(), 4_002);
    [peer(), peer(), stranger(), moved][usize::from(byte >> 6)]
}

impl Run {
    fn operate(&mut self, operation: u8, reader: &mut Reader) {
        match operation & 7 {
            0 | 1 => self.ticks(1),
            2 => self.ticks(u64::from(operation >> 3) * 8),
            3 => {
                let length = usize::from(reader.byte().unwrap_or(0));
                let datagram = reader.some(length).to_vec();
                self.arrives(source(operation), datagram);
            }
            7 => self.change(operation >> 3),
            _ => self.streams(source(operation), reader.bytes().unwrap_or_default()),
        }
    }

    /// The next packet of the stream: kind and length, how far its sequence and its time are off, what it is filled with.
    fn streams(&mut self, from: SocketAddr, bent: [u8; 4]) {
        let [kind, sequence, time, fill] = bent;
        self.sequence = self
            .sequence
            .wrapping_add(1)
            .wrapping_add_signed(small(sequence).into());
        let frames = i32::from(small(time));
        let (steps, codec) = (self.telephone.steps(), self.telephone.codec());
        self.timestamp = self
            .timestamp
            .wrapping_add(steps)
            .wrapping_add_signed(frames * steps.cast_signed());
        let off_grid = u32::from(time == 0x80);
        let second = match PAYLOAD_TYPES[usize::from(kind & 7)] {
            8 => codec.payload_type(),
            other => other,
        };
        let length = LENGTHS[usize::from(kind >> 3 & 7)];
        let payload = vec![fill; length];
        let ssrc = 7 + u32::from(kind >> 6);
        self.arrives(
            from,
            rtp(second, self.sequence, self.timestamp + off_grid, ssrc, &payload),
        );
    }

    fn arrives(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        if let [_, second, _, _, a, b, c, d, ..] = datagram.as_slice()
            && second & 0x7f == EVENTS
        {
            self.events += 1;
            self.timestamps.insert([*a, *b, *c, *d]);
        }
        self.telephone.arrives(from, datagram);
    }

    fn change(&mut self, what: u8) {
        match what & 1 {
            0 => self.telephone.mutes(what & 2 == 0),
            _ => self.telephone.updates(agreement(what >> 1)),
        }
    }

    fn ticks(&mut self, count: u64) {
        for _ in 0..count.min(TICKS_MAX - self.ticks) {
            self.ticks += 1;
            let waiting = self.telephone.waiting();
            let keys = self.telephone.tick();
            self.keys += keys.iter().flatten().count();
            let taken = waiting - self.telephone.waiting();
            assert_eq!(taken, waiting.min(TAKEN_MAX), "what waits is read");
        }
    }
}

/// Mostly nothing, sometimes far.
fn small(byte: u8) -> i8 {
    match byte {
        0..=0x3f => 0,
        _ => byte.cast_signed(),
    }
}
