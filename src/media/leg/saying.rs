//! What a leg says to its caller: the mix, what plays over it, encoded and sent.

use super::super::batch::Outbox;
use super::super::counters::{Counter, Counters};
use super::super::law;
use super::super::player::ClipBank;
use super::super::rtp;
use super::super::wide::{PAYLOAD_MAX, Wideband};
use super::super::wire::Wire;
use super::super::{Frame, SILENCE};
use super::Leg;
use crate::media_api::PlayToken;
use crate::units::FRAME;

/// What plays beside the room.
struct Beside {
    sound: Frame,
    /// A clip plays: everything else steps back, by 6 dB.
    steps_back: bool,
    ended: Option<PlayToken>,
}

impl<W: Wire> Leg<W> {
    /// The next 20 ms of the music and of the playing clip.
    fn beside(&mut self, bank: &ClipBank) -> Beside {
        let mut sound = SILENCE;
        self.music.add(bank, &mut sound);
        let steps_back = self.player.is_playing();
        let mut ended = None;
        if steps_back {
            let mut clip = SILENCE;
            ended = self.player.next(bank, &mut clip);
            for (sample, &over) in sound.iter_mut().zip(&clip) {
                *sample = (*sample / 2).saturating_add(over);
            }
        }
        Beside {
            sound,
            steps_back,
            ended,
        }
    }

    /// Says `sound` with what plays laid over it; the clips that have ended.
    pub fn say(
        &mut self,
        (frame, seat): (u64, u32),
        bank: &ClipBank,
        sound: &mut Frame,
        outbox: &mut Outbox,
    ) -> Option<PlayToken> {
        let mut ended = None;
        if self.is_playing() {
            let beside = self.beside(bank);
            ended = beside.ended;
            for (sample, &over) in sound.iter_mut().zip(&beside.sound) {
                let back = if beside.steps_back { *sample / 2 } else { *sample };
                *sample = back.saturating_add(over);
            }
        }
        let mut coded = [0; FRAME];
        if let Some(law) = self.law() {
            law::encode(law, sound, &mut coded);
            self.say_coded((frame, seat), &coded, outbox);
        }
        ended
    }

    /// The same on a line of 16 kHz.
    pub fn say_wide(
        &mut self,
        (frame, seat): (u64, u32),
        bank: &ClipBank,
        sound: &mut Wideband,
        outbox: &mut Outbox,
    ) -> Option<PlayToken> {
        let beside = self.beside(bank);
        if beside.steps_back {
            sound.iter_mut().for_each(|sample| *sample /= 2);
        }
        let mut payload = [0; PAYLOAD_MAX];
        if let Some(wide) = &mut self.wide {
            wide.lay_over(&beside.sound, sound);
            let len = wide.encode(sound, &mut payload);
            self.say_coded((frame, seat), &payload[..len], outbox);
            self.remember_sent_wide(sound);
        }
        beside.ended
    }

    /// Whether this leg of 16 kHz can be spoken to with what others encode; see [`Wide::shares`].
    pub fn shares(&mut self, hears_the_same: bool) -> bool {
        self.wide.as_mut().is_some_and(|wide| wide.shares(hears_the_same))
    }

    /// From here on the leg hears something else than before.
    pub fn hear_anew(&mut self) {
        if let Some(wide) = &mut self.wide {
            wide.shares(false);
        }
    }

    /// Whether it was spoken to so in the last tick.
    pub fn is_settled(&self) -> bool {
        self.wide.as_ref().is_some_and(|wide| wide.is_settled())
    }

    /// Changes encoders with a leg that is spoken to in the same way.
    pub fn change_encoders(&mut self, other: &mut Leg<W>) {
        if let (Some(own), Some(others)) = (&mut self.wide, &mut other.wide) {
            own.change_encoders(others);
        }
    }

    /// Encodes a frame as this leg of 16 kHz is spoken to; how many bytes it takes.
    pub fn encode_wide(&mut self, sound: &Wideband, payload: &mut [u8; PAYLOAD_MAX]) -> usize {
        self.wide.as_mut().map_or(0, |wide| wide.encode(sound, payload))
    }

    /// Says a frame that is encoded already, as this leg is spoken to.
    pub fn say_coded(&mut self, (frame, seat): (u64, u32), coded: &[u8], outbox: &mut Outbox) {
        self.remember_sent(coded);
        if self.spec.send {
            let payload_type = self.spec.codec.payload_type();
            outbox.put(seat, |packet| {
                self.stream.write(frame, payload_type, coded, packet)
            });
        }
    }

    /// Sends what was said.
    pub fn send(&mut self, frame: u64, packet: &[u8], counters: &mut Counters) {
        let target = self.latch_mut(frame).target();
        let sent = match self.srtp {
            None => self.wire.send(target, packet),
            Some(_) => self.send_sealed(target, packet),
        };
        if sent {
            self.session.handle_sent(packet.len().saturating_sub(rtp::HEADER));
        } else {
            counters.count(Counter::SendFailed);
        }
    }
}
