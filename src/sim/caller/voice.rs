//! Owns what a caller's telephone sends each 20 ms: a key that is down, its music on hold, its voice, or silence.

use super::{Act, Caller};
use crate::sim::plan::Hold;
use crate::sim::tones;
use crate::units::{FRAME, Time};

impl Caller {
    pub(super) fn send_frame(&mut self, now: Time) {
        let Some(to) = self.media else { return };
        let timestamp = (self.frames * FRAME as u64) as u32;
        self.frames += 1;
        if let Some(events) = self.keypad.frame(timestamp) {
            self.keyed = now;
            for event in events {
                let press = self.plan.keys.counts().then_some(event.press);
                let foreign = if event.foreign { 0x4000 } else { 0 };
                let sequence = self.sequence.wrapping_add(foreign);
                let head = (
                    event.payload_type | u8::from(event.marker) << 7,
                    sequence,
                    event.timestamp,
                );
                let ssrc = self.n as u32 + u32::from(event.foreign) * 1_000;
                let packet = rtp(head, ssrc, &event.payload);
                self.sequence = self.sequence.wrapping_add(u16::from(event.sequence));
                self.acts.push_back(Act::Rtp { to, packet, press });
            }
            return;
        }
        let law = self.plan.law;
        let silence = tones::silence(law);
        let voice = match self.held {
            Some(Hold::Inactive) => return,
            Some(_) => tones::frame(law, tones::HOLD_MUSIC),
            None if self.speaks => tones::frame(law, self.n),
            None => &silence,
        };
        let packet = rtp(
            (law.payload_type(), self.sequence, timestamp),
            self.n as u32,
            voice,
        );
        self.sequence = self.sequence.wrapping_add(1);
        self.acts.push_back(Act::Rtp {
            to,
            packet,
            press: None,
        });
    }
}

fn rtp((kind, sequence, timestamp): (u8, u16, u32), ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(12 + payload.len());
    packet.extend([0x80, kind]);
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}
