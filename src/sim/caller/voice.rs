//! Owns what a caller's telephone sends each 20 ms: a key that is down, its music on hold, its voice, or silence; and what
//! comes back by a loudspeaker.

use super::{Act, Caller, Frame};
use crate::media_api::Law;
use crate::sim::g722;
use crate::sim::keypad::EVENTS;
use crate::sim::plan::Hold;
use crate::sim::tones;
use crate::units::{FRAME, Time};
use std::time::Duration;

/// What was played so long ago is silence by now.
const PLAYS: Duration = Duration::from_millis(60);

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
        if self.held == Some(Hold::Inactive) {
            return;
        }
        let head = (self.payload_type(), self.sequence, timestamp);
        let tone = match self.held {
            Some(_) => Some(tones::HOLD_MUSIC),
            None => self.speaks.then_some(self.n),
        };
        let packet = match &mut self.encoder {
            Some(encoder) => rtp(head, self.n as u32, &encoder.say(tone)),
            None => rtp(head, self.n as u32, &self.voice(now, tone)),
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.acts.push_back(Act::Rtp {
            to,
            packet,
            press: None,
        });
    }

    fn voice(&self, now: Time, tone: Option<usize>) -> tones::Coded {
        let law = self.plan.law;
        let played = self.playing.filter(|(at, _)| now.since(*at) < PLAYS);
        match (self.held, played, tone) {
            (None, Some((_, sound)), own) => tones::with_echo(law, own, &sound),
            (_, _, Some(tone)) => *tones::frame(law, tone),
            (_, _, None) => tones::silence(law),
        }
    }

    /// A frame came from the bridge: a loudspeaker plays it.
    pub fn handle_frame(&mut self, now: Time, law: Law, coded: &[u8]) {
        if self.plan.loud {
            let mut sound: Frame = [0; FRAME];
            let samples = coded.iter().map(|&code| tones::decode(law, code));
            sound.iter_mut().zip(samples).for_each(|(to, from)| *to = from);
            self.playing = Some((now, sound));
        }
    }
}

/// Packets of somebody who may not be heard: a voice, as this telephone's, and a key.
pub fn spoken_by_a_stranger(turn: u64, payload_type: u8) -> [Vec<u8>; 2] {
    let (sequence, timestamp) = (turn as u16, (turn as u32).wrapping_mul(FRAME as u32));
    let voice = match payload_type {
        g722::PAYLOAD_TYPE => g722::spoken_by_a_stranger(),
        0 => tones::frame(Law::Mu, tones::STRANGER),
        _ => tones::frame(Law::A, tones::STRANGER),
    };
    [
        rtp((payload_type, sequence, timestamp), 1, voice),
        rtp((EVENTS, sequence, timestamp), 1, &[6, 0x8a, 3, 0x20]),
    ]
}

/// An RTP packet; `kind` is its payload type and its marker bit.
pub fn rtp((kind, sequence, timestamp): (u8, u16, u32), ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(12 + payload.len());
    packet.extend([0x80, kind]);
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}
