//! What the silent listeners of a room hear alike, encoded once for all of them. G.711 has no memory: its bytes can be copied. A coder
//! of 16 kHz has one, which each listener's decoder follows from packet to packet. So one listener of each kind leads: its encoder
//! speaks to all who follow. If another one leads from some tick on, the two change encoders, and nobody hears it. Who begins to talk
//! goes on with an encoder that stood still; who falls silent follows after a while only, when both have heard the same for long:
//! both hear that for a frame, about as loud as a made-up packet.

use super::engine::Seats;
use super::law::{self, Coded};
use super::leg::Leg;
use super::limiter::Limiter;
use super::mix::Mix;
use super::wide::{PAYLOAD_MAX, Wideband};
use super::wire::Wire;
use super::{Frame, SILENCE};
use crate::media_api::{Codec, Law};
use crate::units::{FRAME, WIDE};

/// Ticks for which a leg hears what silent listeners hear before it shares: half a second.
pub const SETTLED: u8 = 25;
/// Ways of encoding at 16 kHz that are told apart in one room; who is spoken to in yet another one has an encoding of its own.
const KINDS: usize = 4;

/// Who leads in a room, by kind: a seat, and how it is spoken to.
#[derive(Debug, Default)]
pub struct Leads([Option<(u32, Codec)>; KINDS]);

impl Leads {
    /// This seat encodes for nobody from now on: if it did, somebody who heard the same takes its encoder.
    pub fn hand_over<W: Wire>(&mut self, seat: u32, members: &[u32], legs: &mut Seats<W>) {
        let leads = |lead: &&mut Option<(u32, Codec)>| lead.is_some_and(|(lead, _)| lead == seat);
        let Some(place) = self.0.iter_mut().find(leads) else {
            return;
        };
        let Some((_, codec)) = *place else { return };
        let follows = |member: &u32| {
            let leg = legs.get(*member).filter(|_| *member != seat);
            leg.is_some_and(|leg| leg.is_settled() && leg.codec().encodes_like(codec))
        };
        let next = members.iter().copied().find(follows);
        if let Some(next) = next {
            legs.change_encoders(seat, next);
        }
        *place = next.map(|next| (next, codec));
    }

    /// This seat encodes for its kind in this tick, with the encoder that did so before; `None` if there are too many kinds.
    fn lead<W: Wire>(&mut self, seat: u32, codec: Codec, legs: &mut Seats<W>) -> Option<usize> {
        let is_its = |lead: &Option<(u32, Codec)>| lead.is_some_and(|(_, known)| known.encodes_like(codec));
        let known = self.0.iter().position(is_its);
        let kind = known.or_else(|| self.0.iter().position(Option::is_none))?;
        if let Some((before, _)) = self.0[kind].filter(|(before, _)| *before != seat) {
            legs.change_encoders(before, seat);
        }
        self.0[kind] = Some((seat, codec));
        Some(kind)
    }
}

/// One tick's encodings.
#[derive(Default)]
pub struct Shared {
    a: Option<Coded>,
    mu: Option<Coded>,
    sound: Option<Wideband>,
    /// By kind, as the leads are.
    kinds: [Option<Payload>; KINDS],
}

/// A frame, encoded at 16 kHz.
struct Payload {
    codec: Codec,
    bytes: [u8; PAYLOAD_MAX],
    len: usize,
}

impl Shared {
    /// The mix of everybody by a law.
    pub fn narrow(&mut self, law: Law, mix: &Mix, limiter: &Limiter) -> &Coded {
        let place = match law {
            Law::A => &mut self.a,
            Law::Mu => &mut self.mu,
        };
        place.get_or_insert_with(|| {
            let mut sound: Frame = SILENCE;
            let mut coded = [0; FRAME];
            limiter.apply(&mix.narrow, &mut sound);
            law::encode(law, &sound, &mut coded);
            coded
        })
    }

    /// The mix of everybody as this seat is spoken to at 16 kHz; the first one of its kind encodes it: the bytes, and the
    /// sound in them. `None` if there are too many kinds.
    pub fn wide<W: Wire>(
        &mut self,
        (seat, codec): (u32, Codec),
        (mix, limiter): (&Mix, &Limiter),
        leads: &mut Leads,
        legs: &mut Seats<W>,
    ) -> Option<(&[u8], &Wideband)> {
        let is_its =
            |kind: &Option<Payload>| kind.as_ref().is_some_and(|kind| kind.codec.encodes_like(codec));
        let kind = match self.kinds.iter().position(is_its) {
            Some(kind) => kind,
            None => {
                let kind = leads.lead(seat, codec, legs)?;
                let sound = self.sound.get_or_insert_with(|| {
                    let mut sound = [0; WIDE];
                    limiter.apply(&mix.wide, &mut sound);
                    sound
                });
                let mut bytes = [0; PAYLOAD_MAX];
                let len = legs
                    .get_mut(seat)
                    .map(|leg: &mut Leg<W>| leg.encode_wide(sound, &mut bytes))?;
                self.kinds[kind] = Some(Payload { codec, bytes, len });
                kind
            }
        };
        let payload = self.kinds[kind].as_ref()?;
        Some((payload.bytes.get(..payload.len)?, self.sound.as_ref()?))
    }
}
