//! Telephone events (RFC 4733): what a sender may send, and what none should.
//!
//! Eight bytes are a packet: ticks before it, time stamp, event, flags and volume, duration (two), payload type, length.

use super::reader::Reader;
use super::telephone::{EVENTS, TAKEN_MAX, Telephone, peer, rtp, spec, stranger};
use rundruf::media_api::Law;
use rundruf::secret::Key;

/// Packets of one input at most.
const PACKETS_MAX: usize = 400;
/// A time stamp may mean another event after so many ticks without a packet of it …
const FORGOTTEN: u64 = 250;
/// … or after so many other time stamps.
const REMEMBERED: usize = 8;

/// A packet that arrived.
#[derive(Clone, Copy)]
struct Packet {
    tick: u64,
    timestamp: u32,
    event: u8,
    duration: u16,
    marker: bool,
    /// Four bytes of the agreed payload type, from the peer.
    counts: bool,
    told: bool,
}

impl Packet {
    /// Whether time stamp and duration went on together from this one to the other: one press of a sender that moves both.
    fn moved_on_to(&self, other: &Packet) -> bool {
        let moved = other.timestamp.wrapping_sub(self.timestamp);
        let lasted = u32::from(other.duration).wrapping_sub(self.duration.into());
        other.counts && other.event == self.event && moved == lasted && moved < 1 << 31
    }
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let mut reader = Reader(data);
    let mut telephone = Telephone::new(spec(Law::A));
    let mut past: Vec<Packet> = Vec::new();
    let mut new: Vec<Packet> = Vec::new();
    let mut sequence = 0;
    // A voice settles who the peer is: from now on a stranger stays one.
    telephone.arrives(peer(), rtp(8, 0, 0, 7, &[0xd5; 160]));
    telephone.tick();
    while let Some(bytes) = reader.bytes::<8>()
        && past.len() < PACKETS_MAX
    {
        let ticks = match bytes[0] {
            255 => FORGOTTEN + 1,
            254 => 60,
            other => u64::from(other % 8),
        };
        if ticks > 0 || new.len() == TAKEN_MAX {
            tick(&mut telephone, &mut past, &mut new);
            // Nothing happens to events in a tick without packets: it need not be run.
            telephone.frame += ticks.saturating_sub(1);
        }
        sequence += 1 + u16::from(bytes[6] >> 6);
        new.push(send(&mut telephone, bytes, sequence));
    }
    tick(&mut telephone, &mut past, &mut new);
}

fn send(telephone: &mut Telephone, bytes: [u8; 8], sequence: u16) -> Packet {
    let [_, time, event, flags, high, low, kind, shape] = bytes;
    let timestamp = match time.cast_signed() {
        // As far apart as the segments of a long event are.
        segments @ 112.. => u32::from(segments.unsigned_abs() - 112) * 0xffff,
        frames => 0x8000_0000_u32.wrapping_add_signed(i32::from(frames) * 160),
    };
    let second = match kind & 15 {
        0..=9 => EVENTS,
        10 | 11 => EVENTS | 0x80,
        12 => 96,
        13 => 8,
        14 => 13,
        _ => EVENTS ^ 0x40,
    };
    let length = usize::from(shape & 15).min(8);
    let payload = [event, flags, high, low, event, flags, high, low];
    let ssrc = 7 + u32::from(shape >> 6);
    let from = if shape & 0x30 == 0x30 { stranger() } else { peer() };
    telephone.arrives(from, rtp(second, sequence, timestamp, ssrc, &payload[..length]));
    Packet {
        tick: 0,
        timestamp,
        event,
        duration: u16::from_be_bytes([high, low]),
        marker: second & 0x80 != 0,
        counts: second & 0x7f == EVENTS && length >= 4 && from == peer(),
        told: false,
    }
}

fn tick(telephone: &mut Telephone, past: &mut Vec<Packet>, new: &mut Vec<Packet>) {
    let keys = telephone.tick();
    for (key, packet) in keys.into_iter().zip(new.drain(..)) {
        let packet = Packet {
            tick: telephone.frame,
            told: key.is_some(),
            ..packet
        };
        judge(key, packet, past);
        past.push(packet);
    }
}

fn judge(key: Option<Key>, packet: Packet, past: &[Packet]) {
    let same = |other: &&Packet| other.counts && other.timestamp == packet.timestamp;
    let seen = past.iter().rfind(same);
    let Some(key) = key else {
        let must = packet.counts && packet.marker && packet.event <= 15 && seen.is_none();
        let must = must && !past.iter().any(|other| packet.moved_on_to(other));
        return assert!(!must, "a new event with its marker was not told");
    };
    assert!(packet.counts, "told a key of a packet that brings none");
    assert!(packet.event <= 15 && key.event() == packet.event);
    assert!(!is_remembered(packet, past), "an event was told twice");
}

/// Whether a packet's time stamp was told, and since then never stayed away for long, nor while too many others came: after that it may
/// have been part of another press.
fn is_remembered(packet: Packet, past: &[Packet]) -> bool {
    let counted: Vec<&Packet> = past
        .iter()
        .filter(|other| other.counts)
        .chain([&packet])
        .collect();
    let is_told = |other: &&Packet| other.told && other.timestamp == packet.timestamp;
    let Some(told) = counted[..counted.len() - 1].iter().rposition(is_told) else {
        return false;
    };
    let mut since = counted[told].tick;
    (told + 1..counted.len()).all(|nth| {
        let now = counted[nth];
        if now.timestamp != packet.timestamp {
            return true;
        }
        let last = std::mem::replace(&mut since, now.tick);
        let between = counted[..nth].iter().filter(|other| other.tick >= last);
        let mut stamps: Vec<u32> = between.map(|other| other.timestamp).collect();
        stamps.sort_unstable();
        stamps.dedup();
        now.tick < last + FORGOTTEN && stamps.len() <= REMEMBERED
    })
}
