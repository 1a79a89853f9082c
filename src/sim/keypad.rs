//! Owns a caller's keypad: the telephone-event packets (RFC 4733) of each press, with whatever is wrong with them. Must never
//! know who listens.

use super::plan::KeyFault;
use crate::units::FRAME;
use std::collections::VecDeque;

/// The payload type that the callers' offers give telephone events.
pub const EVENTS: u8 = 101;
/// One that they do not.
const WRONG: u8 = 97;
/// End packets of a press.
const ENDS: u64 = 3;

/// A packet of a press, before it has a sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// Which press of this caller it is part of.
    pub press: usize,
    pub payload_type: u8,
    pub timestamp: u32,
    pub payload: Vec<u8>,
    pub marker: bool,
    pub foreign: bool,
    /// Whether it takes a sequence number of its own.
    pub sequence: bool,
}

/// The keys that are to be pressed, and the one that is.
#[derive(Clone, Debug)]
pub struct Keypad {
    fault: KeyFault,
    /// In frames: how long a key is down, and how long none is.
    press: (u64, u64),
    waiting: VecDeque<char>,
    /// Every key that was pressed so far.
    pub pressed: Vec<char>,
    frame: u64,
    began: u32,
}

impl Keypad {
    pub fn new(fault: KeyFault, press: (u64, u64)) -> Keypad {
        Keypad {
            fault,
            press,
            waiting: VecDeque::new(),
            pressed: Vec::new(),
            frame: 0,
            began: 0,
        }
    }

    pub fn key(&mut self, keys: &str) {
        self.waiting.extend(keys.chars());
    }

    /// Whether nothing is to be pressed any more.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What is sent instead of the voice in the frame of this time stamp; none if no key is down.
    pub fn frame(&mut self, timestamp: u32) -> Option<Vec<EventPacket>> {
        let key = *self.waiting.front()?;
        let (down, between) = self.press;
        let at = self.frame;
        if at == 0 {
            self.began = timestamp;
            self.pressed.push(key);
        }
        self.frame += 1;
        if self.frame == down + between.max(ENDS + 1) {
            self.frame = 0;
            self.waiting.pop_front();
        }
        (at < down + ENDS).then(|| self.packets(key, at))
    }

    fn packets(&self, key: char, at: u64) -> Vec<EventPacket> {
        let down = self.press.0;
        let is_end = at >= down;
        let frames = if is_end { down } else { at + 1 };
        let one = self.packet(key, at, frames, is_end);
        let last = self.packet(key, at, down, true);
        match self.fault {
            KeyFault::EndsLost if is_end => Vec::new(),
            KeyFault::OneEnd if at > down => Vec::new(),
            KeyFault::EndsDoubled if is_end => vec![one.clone(), one],
            KeyFault::StartLost if !is_end => Vec::new(),
            // The last packets come before the first ones.
            KeyFault::EndFirst if at == 0 => vec![last, one],
            KeyFault::Reordered if at == 1 => vec![one, self.packet(key, 0, 1, false)],
            KeyFault::Reordered if at == 0 => Vec::new(),
            _ => vec![one],
        }
    }

    fn packet(&self, key: char, at: u64, frames: u64, is_end: bool) -> EventPacket {
        let fault = self.fault;
        let event = "0123456789*#".find(key).unwrap_or_default() as u8;
        let volume = if fault == KeyFault::NoVolume { 0 } else { 10 };
        let reserved = if fault == KeyFault::ReservedBit { 0x40 } else { 0 };
        let end = if is_end { 0x80 } else { 0 };
        let [high, low] = ((frames * FRAME as u64) as u16).to_be_bytes();
        let mut payload = vec![event, end | reserved | volume, high, low];
        if fault == KeyFault::ThreeBytes {
            payload.truncate(3);
        }
        let moved = match fault {
            KeyFault::MovingTime if !is_end => at,
            KeyFault::MovingTime => self.press.0 - 1,
            _ => 0,
        };
        EventPacket {
            press: self.pressed.len() - 1,
            payload_type: if fault == KeyFault::WrongType {
                WRONG
            } else {
                EVENTS
            },
            timestamp: self.began.wrapping_add(moved as u32 * FRAME as u32),
            payload,
            marker: at == 0 && event.is_multiple_of(2),
            foreign: fault == KeyFault::ForeignSource,
            sequence: fault != KeyFault::SameSequence || at <= self.press.0,
        }
    }
}

#[cfg(test)]
mod tests;
