//! Telephone events (RFC 4733): one key press is told once, whatever of its packets was lost, doubled, reordered or
//! sent under another SSRC.
//!
//! An event is known by its time stamp. It is told at the first of its packets that comes, be that its last one. Two
//! things look like a new event and are none: a segment of a long event (its time stamp continues where the one before
//! ended, §2.5.1.3), and a sender that moves the time stamp in every packet while the duration keeps growing. As both move
//! together, such a press is known by their difference, in whatever order its packets come and whatever is lost between them;
//! two presses of one key can have the same only if the second one is more than twice as long, and its first half was lost.

use crate::secret::Key;

/// Time stamps remembered, so that a late packet of an earlier event is known.
const REMEMBERED: usize = 8;
/// Ticks without a packet of it after which a time stamp may come again as another event: 5 s.
const FORGOTTEN: u64 = 250;
/// Ticks without a packet after which an event whose end was lost is over: 100 ms.
const ABANDONED: u64 = 5;
/// How far a moving time stamp may move from one packet to the next: 100 ms, in parts of a second.
const MOVES_MAX_PART: u32 = 10;
/// A segment whose duration is within so much of the longest, 65,535, is at its end: two packets of 20 ms, in parts of a second.
const SEGMENT_END_PART: u32 = 25;

/// A packet that is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A press that was told: the first of its packets that came, the time stamp of the last one, which may have moved, and when that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    first: Pressed,
    last: u32,
    tick: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pressed {
    event: u8,
    timestamp: u32,
    duration: u16,
    ended: bool,
    tick: u64,
}

/// One leg's events.
#[derive(Clone, Debug, Default)]
pub struct Events {
    current: Option<Pressed>,
    known: [Option<Known>; REMEMBERED],
    seen: bool,
}

impl Events {
    /// Takes an event packet's payload (RFC 4733 §2.3), whose durations are in steps of `clock` Hz; tells the key if it is a new press of one of the sixteen keys.
    pub fn handle_packet(
        &mut self,
        tick: u64,
        clock: u32,
        (marker, timestamp): (bool, u32),
        payload: &[u8],
    ) -> Result<Option<Key>, Malformed> {
        let &[event, flags, high, low, ..] = payload else {
            return Err(Malformed);
        };
        let packet = Pressed {
            event,
            timestamp,
            duration: u16::from_be_bytes([high, low]),
            ended: flags & 0x80 != 0,
            tick,
        };
        self.seen |= Key::from_event(event).is_some();
        let known = self.is_known(marker, packet);
        self.remember(marker, packet, known);
        if let Some(current) = self
            .current
            .as_mut()
            .filter(|current| current.is_in(marker, packet))
        {
            current.merge(packet);
            return Ok(None);
        }
        if known {
            return Ok(None);
        }
        let continues = !marker
            && self
                .current
                .is_some_and(|current| current.goes_on_in(packet, clock));
        let earlier = self
            .current
            .is_some_and(|current| is_before(timestamp, current.timestamp));
        if !earlier {
            self.current = Some(packet);
        }
        if continues {
            Ok(None)
        } else {
            Ok(Key::from_event(event))
        }
    }

    /// Whether a key is down: its tone may be in the audio too, and must not reach the others.
    pub fn is_down(&self, tick: u64) -> bool {
        self.current
            .is_some_and(|current| !current.ended && tick < current.tick + ABANDONED)
    }

    /// Whether a key ever came as an event: then this leg's keys come so, and never as tones.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    fn is_known(&self, marker: bool, packet: Pressed) -> bool {
        let fresh = |known: &&Known| packet.tick < known.tick + FORGOTTEN;
        let mut known = self.known.iter().flatten().filter(fresh);
        known.any(|known| known.has(marker, packet))
    }

    /// Remembers a press in the place that it has, by its own time stamp rather than by one that another moved to; else in that of the one
    /// which was not heard of for longest: a key may be held down for longer than an event is remembered without a packet.
    fn remember(&mut self, marker: bool, packet: Pressed, is_known: bool) {
        let age = |known: &Option<Known>| match known {
            Some(known) if known.first.timestamp == packet.timestamp => 0,
            Some(known) if known.has(marker, packet) => 1,
            None => 2,
            Some(known) => known.tick.saturating_add(3),
        };
        let Some(place) = self.known.iter_mut().min_by_key(|known| age(known)) else {
            return;
        };
        let first = place.filter(|_| is_known).map_or(packet, |known| known.first);
        *place = Some(Known {
            first,
            last: packet.timestamp,
            tick: packet.tick,
        });
    }
}

impl Known {
    /// Whether a packet is one of this press.
    fn has(&self, marker: bool, packet: Pressed) -> bool {
        self.first.is_in(marker, packet) || packet.timestamp == self.last
    }
}

impl Pressed {
    /// Whether a packet is known by what it says: by its time stamp, or as the one of a sender that moves it.
    fn is_in(&self, marker: bool, packet: Pressed) -> bool {
        let begins_anew = marker && is_before(self.timestamp, packet.timestamp);
        let moves = packet.event == self.event && packet.beginning() == self.beginning();
        packet.timestamp == self.timestamp || (moves && !begins_anew)
    }

    /// Where a time stamp that moves with the duration began.
    fn beginning(&self) -> u32 {
        self.timestamp.wrapping_sub(self.duration.into())
    }

    /// Another packet of this event. One that has its time stamp and names another key says nothing of it.
    fn merge(&mut self, packet: Pressed) {
        if packet.event != self.event {
            return;
        }
        if is_before(self.timestamp, packet.timestamp) {
            self.timestamp = packet.timestamp;
        }
        self.duration = self.duration.max(packet.duration);
        self.ended |= packet.ended;
        self.tick = packet.tick;
    }

    /// Whether a packet with another time stamp is the same press. The clock is 8,000, 16,000 or 48,000 Hz.
    fn goes_on_in(&self, next: Pressed, clock: u32) -> bool {
        if self.ended || next.event != self.event || next.tick >= self.tick + ABANDONED {
            return false;
        }
        let moved = next.timestamp.wrapping_sub(self.timestamp);
        let nearly = u32::from(u16::MAX) - clock / SEGMENT_END_PART;
        let next_segment = u32::from(self.duration) >= nearly && moved >= nearly;
        let moving_time_stamp = moved <= clock / MOVES_MAX_PART && next.duration > self.duration;
        next_segment || moving_time_stamp
    }
}

fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

#[cfg(test)]
mod tests;
