//! Owns what a caller's stream must be: of the codec that was agreed, steady in sequence and time, and over after the call.

use super::Judge;
use crate::ids::LegId;
use crate::sim::g722;
use crate::units::{FRAME, FRAME_MS, Time};
use std::time::Duration;

/// The voice is in what was agreed before for so long: it changes with a tick.
const CHANGES_WITHIN: Duration = Duration::from_millis(2 * FRAME_MS);

impl Judge {
    /// The bridge named these payload types; none if it described no session.
    pub(super) fn named(&mut self, now: Time, n: usize, types: Vec<u8>) {
        let named = &mut self.records[n].named;
        if types.is_empty() || types == named.0 {
            return;
        }
        // Of several, as a late offer has them, the caller's answer took one.
        self.switched += u64::from(named.0.len() == 1);
        *named = (types, now, std::mem::take(&mut named.0));
    }

    /// Whether the bridge speaks G.722 to this leg.
    pub fn is_wide(&self, leg: LegId) -> bool {
        let n = self.caller_of(leg);
        n.is_some_and(|n| self.records[n].named.0 == [g722::PAYLOAD_TYPE])
    }

    /// The bridge sent an RTP packet to caller `n`.
    pub fn streamed(&mut self, now: Time, n: usize, packet: &[u8]) {
        let frame = now.as_millis() / FRAME_MS;
        let record = &mut self.records[n];
        let removed = record.removed;
        let (kind, sequence, timestamp) = match packet {
            [0x80, kind, a, b, c, d, e, f, ..] if packet.len() == 12 + FRAME => {
                let sequence = u16::from_be_bytes([*a, *b]);
                (kind & 0x7f, sequence, u32::from_be_bytes([*c, *d, *e, *f]))
            }
            _ => return self.blame(|| format!("caller {n} got a packet that is no frame")),
        };
        let (named, since, former) = &record.named;
        let agreed = named.contains(&kind) || now.since(*since) < CHANGES_WITHIN && former.contains(&kind);
        let before = record.stream.replace((sequence, timestamp, frame));
        let steady = before.is_none_or(|(last, time, at)| {
            let advanced = ((frame - at) as u32).wrapping_mul(FRAME as u32);
            sequence == last.wrapping_add(1) && frame > at && timestamp == time.wrapping_add(advanced)
        });
        if !steady {
            self.blame(|| format!("the stream to caller {n} does not advance with the frames"));
        }
        if !agreed {
            self.blame(|| format!("caller {n} got a voice of type {kind}, which is not agreed"));
        }
        if removed {
            self.blame(|| format!("caller {n} got a voice after the call"));
        }
    }
}
