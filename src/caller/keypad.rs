//! Owns the keying of digits as RFC 4733 telephone events, one packet a frame. Pure.

use crate::secret::Key;
use crate::units::{FRAME, FRAME_MS};
use std::collections::VecDeque;

/// How often the packet that ends an event is sent (RFC 4733 §2.5.1.4).
const END_PACKETS: u16 = 3;
/// Frames of a comma in a dial string.
const COMMA_FRAMES: u16 = (1_000 / FRAME_MS) as u16;

/// How fast keys are pressed, in frames of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    on: u16,
    off: u16,
}

impl Pace {
    /// 100 ms on and 100 ms off.
    pub const DIAL_STRING: Pace = Pace::from_millis(100, 100);
    /// Somebody with a sheet of paper who is good at it.
    pub const PERSON: Pace = Pace::from_millis(160, 280);

    /// Each rounded up to whole frames, at least one.
    pub const fn from_millis(on: u64, off: u64) -> Pace {
        Pace {
            on: frames(on),
            off: frames(off),
        }
    }
}

const fn frames(millis: u64) -> u16 {
    let whole = millis.div_ceil(FRAME_MS);
    if whole == 0 { 1 } else { whole as u16 }
}

/// The payload of one telephone-event packet, and what its RTP header needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// Event, end bit and volume, duration (RFC 4733 §2.3).
    pub payload: [u8; 4],
    /// Time stamp of the event's begin.
    pub timestamp: u32,
    /// Only on the first packet of an event.
    pub marker: bool,
    /// This packet is the first one to say that the last key was released.
    pub released_last: bool,
}

struct Stroke {
    key: Option<Key>,
    on: u16,
    off: u16,
}

/// The keys yet to be pressed.
#[derive(Default)]
pub struct Keypad {
    waiting: VecDeque<Stroke>,
    frame: u16,
    began: u32,
}

impl Keypad {
    /// Presses `keys` one after the other; a comma waits a second, anything else that is no key is left out.
    pub fn press(&mut self, keys: &str, pace: Pace) {
        self.waiting.extend(
            keys.chars()
                .filter_map(|face| match (face, Key::from_char(face)) {
                    (',', _) => Some(Stroke {
                        key: None,
                        on: 0,
                        off: COMMA_FRAMES,
                    }),
                    (_, None) => None,
                    (_, key) => Some(Stroke {
                        key,
                        on: pace.on,
                        off: pace.off,
                    }),
                }),
        );
    }

    /// Whether every key was pressed and released.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The packet that takes the place of the audio frame at `timestamp`, if a key is held or its end is repeated.
    pub fn next_frame(&mut self, timestamp: u32) -> Option<EventPacket> {
        let stroke = self.waiting.front()?;
        if self.frame == 0 {
            self.began = timestamp;
        }
        self.frame += 1;
        let packet = stroke.key.and_then(|key| self.packet(key, stroke.on));
        if self.frame >= stroke.on + stroke.off {
            self.waiting.pop_front();
            self.frame = 0;
        }
        packet
    }

    fn packet(&self, key: Key, on: u16) -> Option<EventPacket> {
        if self.frame >= on + END_PACKETS {
            return None;
        }
        let ended = self.frame >= on;
        let [high, low] = (self.frame.min(on) * FRAME as u16).to_be_bytes();
        let volume = 10;
        Some(EventPacket {
            payload: [key.event(), u8::from(ended) << 7 | volume, high, low],
            timestamp: self.began,
            marker: self.frame == 1,
            released_last: self.frame == on && self.waiting.iter().skip(1).all(|stroke| stroke.key.is_none()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(keypad: &mut Keypad) -> Vec<Option<EventPacket>> {
        let mut timestamp = 0;
        let mut sent = Vec::new();
        while !keypad.is_idle() {
            sent.push(keypad.next_frame(timestamp));
            timestamp += FRAME as u32;
        }
        sent
    }

    #[test]
    fn a_key_is_marked_once_grows_and_ends_three_times_under_one_timestamp() {
        let mut keypad = Keypad::default();
        keypad.press("12", Pace::DIAL_STRING);
        let sent = frames(&mut keypad);
        assert_eq!(sent.len(), 20);
        let second: Vec<_> = sent[10..].iter().flatten().collect();
        assert_eq!(second.len(), 7);
        assert!(
            second
                .iter()
                .all(|packet| packet.timestamp == 1_600 && packet.payload[0] == 2)
        );
        let durations: Vec<u16> = second
            .iter()
            .map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]]))
            .collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        let ends = second.iter().map(|packet| packet.payload[1] >> 7 == 1);
        assert_eq!(
            ends.collect::<Vec<_>>(),
            [false, false, false, false, true, true, true]
        );
        assert_eq!(second.iter().filter(|packet| packet.marker).count(), 1);
        assert!(second[0].marker && second[4].released_last);
        assert!(sent[..10].iter().flatten().all(|packet| !packet.released_last));
    }

    #[test]
    fn a_comma_waits_a_second_and_strange_letters_are_left_out() {
        let mut keypad = Keypad::default();
        keypad.press("x,5-", Pace::from_millis(50, 50));
        let sent = frames(&mut keypad);
        assert_eq!(sent.len(), 50 + 6);
        assert!(sent[..50].iter().all(Option::is_none));
        assert_eq!(sent[50..].iter().flatten().count(), 5);
    }
}
