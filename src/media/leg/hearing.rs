//! What a leg hears from its caller: packets are taken, sorted by what they are, and this tick's frame is made of them.

use super::super::SILENCE;
use super::super::batch::{Inbox, Own};
use super::super::counters::{Counter, Counters};
use super::super::inband::Heard;
use super::super::latch::{Latch, Verdict};
use super::super::playout::Pulled;
use super::super::rtp::{self, Received};
use super::super::shed::Shed;
use super::super::wire::Wire;
use super::Leg;
use crate::media_api::{Codec, Law};
use crate::secret::Key;
use crate::units::{SAMPLE_RATE, WIDE};
use std::net::SocketAddr;

/// Datagrams taken from a leg's socket a tick at most; the rest waits.
const TAKEN_MAX: usize = 32;
/// The packets of one tick, each with the key that it pressed.
#[derive(Debug, Default)]
pub struct Keys {
    list: [Option<Key>; TAKEN_MAX],
    packets: usize,
}
/// Payload type of comfort noise (RFC 3389).
const COMFORT_NOISE: u8 = 13;
/// What digital silence decodes to: µ-law has a zero, A-law's smallest step is 8. Nothing else is left out of the sum.
const DIGITAL_SILENCE: [i16; 2] = [0, 8];

impl<W: Wire> Leg<W> {
    /// Takes what has come from the socket; what is there in [`Leg::listen`].
    pub fn receive(&mut self, frame: u64, inbox: &mut Inbox) {
        let is_enough = self.pace.is_enough(frame, self.id.turn());
        let most = if is_enough { 1 } else { TAKEN_MAX };
        self.came = inbox.take(&mut self.wire, most);
        let is_next = self
            .pace
            .handle_tick(inbox.of(self.came).map(|(_, packet)| packet));
        if is_enough && !is_next {
            self.came = self.came.and(inbox.take(&mut self.wire, TAKEN_MAX - most));
        }
    }

    /// Hears what was received, and decodes this tick's frame. Returns the keys that were pressed.
    pub fn listen(&mut self, frame: u64, inbox: &Inbox, counters: &mut Counters) -> Keys {
        let mut keys = Keys::default();
        for (from, packet) in inbox.of(self.came) {
            keys.list[keys.packets] = match self.srtp {
                None => self.take(frame, from, packet, counters),
                Some(_) => self.take_sealed(frame, from, packet, counters),
            };
            keys.packets += 1;
        }
        self.came = Own::default();
        if self.latch_mut(frame).handle_tick(frame) {
            self.wire.unsettle();
        }
        self.tend_control(frame, counters);
        self.pull(frame, counters);
        keys
    }

    pub(super) fn take(
        &mut self,
        frame: u64,
        from: SocketAddr,
        packet: &[u8],
        counters: &mut Counters,
    ) -> Option<Key> {
        if rtp::is_control(packet) {
            counters.count(Counter::Control);
            return None;
        }
        let Some(received) = rtp::read(packet) else {
            counters.count(Counter::NotRtp);
            return None;
        };
        let kind = self.kind_of(received.payload_type);
        if kind == Kind::Unknown {
            counters.count(Counter::WrongPayload);
            if self.latch_mut(frame).target().ip() == from.ip() {
                self.ways.handle_unknown();
            }
            return None;
        }
        match self.latch_mut(frame).handle_packet(frame, from) {
            Verdict::Take => {}
            Verdict::Settle(peer) => self.settle(peer, counters),
            Verdict::Drop => {
                counters.count(Counter::Stranger);
                self.ways.handle_stranger(from);
                return None;
            }
        }
        self.take_valid(frame, kind, received, counters)
    }

    fn take_valid(
        &mut self,
        frame: u64,
        kind: Kind,
        packet: Received,
        counters: &mut Counters,
    ) -> Option<Key> {
        self.ways.handle_packet(frame);
        let now = (frame as u32).wrapping_mul(self.steps());
        self.meter
            .packet(now, &packet, matches!(kind, Kind::Audio(_) | Kind::Wide));
        let place = (packet.ssrc, packet.timestamp);
        match kind {
            Kind::Audio(law) => {
                self.playout.put(frame, place, law, packet.payload, counters);
                None
            }
            Kind::Wide => {
                if let Some(wide) = &mut self.wide {
                    wide.put(frame, place, packet.payload, counters);
                }
                None
            }
            Kind::Event => {
                let clock = self.spec.events.map_or(SAMPLE_RATE, |events| events.clock);
                let place = (packet.marker, packet.timestamp);
                let told = self.events.handle_packet(frame, clock, place, packet.payload);
                told.unwrap_or_else(|_| {
                    counters.count(Counter::BadEvent);
                    None
                })
            }
            Kind::Quiet => {
                match &mut self.wide {
                    Some(wide) => wide.put_noise(place, packet.payload),
                    None => self.playout.put_noise(place, packet.payload),
                }
                None
            }
            Kind::Unknown => None,
        }
    }

    fn kind_of(&self, payload_type: u8) -> Kind {
        let events = self.spec.events.map(|events| events.payload_type);
        match (self.spec.codec, payload_type) {
            (_, pt) if Some(pt) == events => Kind::Event,
            (Codec::G711(_), pt) if pt == Law::A.payload_type() => Kind::Audio(Law::A),
            (Codec::G711(_), pt) if pt == Law::Mu.payload_type() => Kind::Audio(Law::Mu),
            (Codec::G722 | Codec::Opus(_), pt) if pt == self.spec.codec.payload_type() => Kind::Wide,
            (_, COMFORT_NOISE) => Kind::Quiet,
            _ => Kind::Unknown,
        }
    }

    fn settle(&mut self, peer: SocketAddr, counters: &mut Counters) {
        self.wire.settle(peer);
        if self.latch.as_ref().is_some_and(Latch::moved) {
            counters.count(Counter::Moved);
        }
    }

    pub(super) fn latch_mut(&mut self, frame: u64) -> &mut Latch {
        self.latch
            .get_or_insert_with(|| Latch::new(self.spec.remote, self.spec.also, frame))
    }

    fn pull(&mut self, frame: u64, counters: &mut Counters) {
        let (pulled, made_up) = match &mut self.wide {
            Some(wide) => (wide.pull(frame, counters), wide.made_up()),
            None => (
                self.playout.pull(frame, &mut self.heard, counters),
                self.playout.made_up(),
            ),
        };
        match pulled {
            Pulled::Played => counters.count(Counter::Played),
            Pulled::Concealed => {
                counters.count(Counter::Concealed);
                self.meter.concealed(made_up);
            }
            Pulled::Nothing => {}
        }
        let is_deaf = self.events.is_down(frame) || !self.spec.receive;
        if is_deaf {
            match &mut self.wide {
                Some(wide) => wide.forget(),
                None => {
                    self.heard = SILENCE;
                    self.playout.forget();
                }
            }
        }
        self.cancel_echo(frame, pulled, is_deaf);
        let (low, high) = match &self.wide {
            Some(wide) => extremes(&wide.heard),
            None => extremes(&self.heard),
        };
        self.said_peak = low.unsigned_abs().max(high.unsigned_abs());
        self.peak = self.said_peak;
        self.silent = low == high && DIGITAL_SILENCE.contains(&low);
        self.hear_tones(pulled != Pulled::Played, counters);
        if self.muted {
            self.hush();
        }
    }

    /// The others do not hear it.
    fn hush(&mut self) {
        match &mut self.wide {
            Some(wide) => wide.heard = [0; WIDE],
            None => self.heard = SILENCE,
        }
        (self.peak, self.silent) = (0, true);
    }

    /// Listens for keys that come as tones, on a leg that never sent an event, and keeps them from the others.
    fn hear_tones(&mut self, lost: bool, counters: &mut Counters) {
        if self.events.is_seen() {
            return;
        }
        if self.shed >= Shed::RoomTones {
            return counters.count(Counter::TonesShed);
        }
        let Heard { key, tone } = match &mut self.wide {
            Some(wide) => self.inband.hear(&wide.telephone_band(), self.said_peak, lost),
            None => self.inband.hear(&self.heard, self.said_peak, lost),
        };
        self.tone_key = key;
        if tone {
            self.hush();
            self.said_peak = 0;
        }
    }
}

/// The smallest and the largest sample.
fn extremes<const N: usize>(voice: &[i16; N]) -> (i16, i16) {
    voice
        .iter()
        .fold((i16::MAX, i16::MIN), |(low, high), &s| (low.min(s), high.max(s)))
}

impl Keys {
    /// In the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Option<Key>> {
        self.list[..self.packets].iter().copied()
    }
}

/// What a payload type stands for on this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Audio(Law),
    /// The agreed codec of 16 kHz.
    Wide,
    Event,
    Quiet,
    Unknown,
}
