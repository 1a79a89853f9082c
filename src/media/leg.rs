//! One caller's line on the tick: what it says, what it hears, its socket and its stream.

mod control;

use super::counters::{Counter, Counters};
use super::events::Events;
use super::inband::{Heard, Inband};
use super::latch::{Latch, Verdict};
use super::law::{self, Coded};
use super::line::LineMeter;
use super::player::{ClipBank, Music, Player};
use super::playout::{Playout, Pulled};
use super::rtcp::{Session, Wall};
use super::rtp::{self, PACKET, Received, Stream};
use super::talking::Talking;
use super::ways::Ways;
use super::wire::{DATAGRAM_MAX, Wire};
use super::{Frame, SILENCE};
use crate::ids::{ClipId, LegId};
use crate::media_api::{Law, LegFigures, MediaSpec, PlayToken, Playlist};
use crate::secret::Key;
use crate::units::FRAME;
use std::net::SocketAddr;

/// Datagrams taken from a leg's socket a tick at most; the rest waits.
const TAKEN_MAX: usize = 32;
/// Keys that one tick of packets can hold: one a packet.
pub type Keys = [Option<Key>; TAKEN_MAX];
/// Payload type of comfort noise (RFC 3389).
const COMFORT_NOISE: u8 = 13;
/// What digital silence decodes to: µ-law has a zero, A-law's smallest step is 8. Nothing else is left out of the sum.
const DIGITAL_SILENCE: [i16; 2] = [0, 8];

/// What a leg begins with: who it is, and randomness for its stream.
#[derive(Clone, Copy, Debug)]
pub struct LegSeed {
    /// The leg's name.
    pub id: LegId,
    /// What offer and answer agreed.
    pub spec: MediaSpec,
    /// 64 random bits: SSRC, first sequence number, first time stamp (RFC 3550 §5.1).
    pub random: u64,
}

/// One leg.
#[derive(Debug)]
pub struct Leg<W> {
    /// The leg's name.
    pub id: LegId,
    wire: W,
    spec: MediaSpec,
    latch: Option<Latch>,
    playout: Playout,
    events: Events,
    inband: Inband,
    /// The key whose tones were noticed in this tick.
    tone_key: Option<Key>,
    player: Player,
    music: Music,
    stream: Stream,
    meter: LineMeter,
    session: Session,
    ways: Ways,
    muted: bool,
    talking: Talking,
    /// What the caller said in this tick.
    heard: Frame,
    /// The largest sample of what the caller said, muted or not.
    said_peak: u16,
    /// The largest sample of what the others hear of it.
    peak: u16,
    silent: bool,
    last_frame: Option<u64>,
    on_turn: bool,
}

impl<W: Wire> Leg<W> {
    /// A leg, complete: nothing is allocated for it later.
    pub fn new(seed: LegSeed, wire: W) -> Leg<W> {
        let [a, b, c, d, e, f, g, h] = seed.random.to_be_bytes();
        let ssrc = u32::from_be_bytes([a, b, c, d]);
        Leg {
            id: seed.id,
            wire,
            spec: seed.spec,
            latch: None,
            playout: Playout::new(),
            events: Events::default(),
            inband: Inband::default(),
            tone_key: None,
            player: Player::default(),
            music: Music::default(),
            meter: LineMeter::default(),
            session: Session::new(ssrc, seed.random),
            ways: Ways::default(),
            muted: false,
            talking: Talking::default(),
            stream: Stream::new(
                ssrc,
                u16::from_be_bytes([e, f]),
                ssrc.rotate_left(7) ^ u32::from_be_bytes([g, h, e, f]),
            ),
            heard: SILENCE,
            said_peak: 0,
            peak: 0,
            silent: true,
            last_frame: None,
            on_turn: false,
        }
    }

    /// The leg comes to a media thread that began so.
    pub fn begin(&mut self, wall: Wall) {
        self.session.begin(wall);
    }

    /// Whether this tick is still to come for this leg: one that moved to a later slot has had it.
    pub fn begin_tick(&mut self, frame: u64) -> bool {
        self.on_turn = self.last_frame.is_none_or(|last| last < frame);
        self.last_frame = Some(frame);
        self.on_turn
    }

    /// Whether the leg takes part in the tick that began last.
    pub fn is_on_turn(&self) -> bool {
        self.on_turn
    }

    /// Receives what has come, and decodes this tick's frame. Returns the keys that were pressed.
    pub fn listen(&mut self, frame: u64, counters: &mut Counters) -> Keys {
        let mut keys = [None; TAKEN_MAX];
        let mut buffer = [0; DATAGRAM_MAX];
        for key in &mut keys {
            let Some(datagram) = self.wire.receive(&mut buffer) else {
                break;
            };
            *key = self.take(
                frame,
                datagram.from,
                &buffer[..datagram.len.min(DATAGRAM_MAX)],
                counters,
            );
        }
        if self.latch_mut(frame).handle_tick(frame) {
            self.wire.unsettle();
        }
        self.tend_control(frame, counters);
        self.pull(frame, counters);
        keys
    }

    fn take(&mut self, frame: u64, from: SocketAddr, packet: &[u8], counters: &mut Counters) -> Option<Key> {
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
        self.meter.packet(frame, &packet, matches!(kind, Kind::Audio(_)));
        match kind {
            Kind::Audio(law) => {
                let place = (packet.ssrc, packet.timestamp);
                self.playout.put(frame, place, law, packet.payload, counters);
                None
            }
            Kind::Event => {
                let told = self
                    .events
                    .handle_packet(frame, packet.marker, packet.timestamp, packet.payload);
                told.unwrap_or_else(|_| {
                    counters.count(Counter::BadEvent);
                    None
                })
            }
            Kind::Quiet => {
                let place = (packet.ssrc, packet.timestamp);
                self.playout.put_noise(place, packet.payload);
                None
            }
            Kind::Unknown => None,
        }
    }

    fn kind_of(&self, payload_type: u8) -> Kind {
        match payload_type {
            pt if Some(pt) == self.spec.event_payload_type => Kind::Event,
            pt if pt == Law::A.payload_type() => Kind::Audio(Law::A),
            pt if pt == Law::Mu.payload_type() => Kind::Audio(Law::Mu),
            COMFORT_NOISE => Kind::Quiet,
            _ => Kind::Unknown,
        }
    }

    fn settle(&mut self, peer: SocketAddr, counters: &mut Counters) {
        self.wire.settle(peer);
        if self.latch.as_ref().is_some_and(Latch::moved) {
            counters.count(Counter::Moved);
        }
    }

    fn latch_mut(&mut self, frame: u64) -> &mut Latch {
        self.latch
            .get_or_insert_with(|| Latch::new(self.spec.remote, frame))
    }

    fn pull(&mut self, frame: u64, counters: &mut Counters) {
        let pulled = self.playout.pull(frame, &mut self.heard, counters);
        match pulled {
            Pulled::Played => counters.count(Counter::Played),
            Pulled::Concealed => {
                counters.count(Counter::Concealed);
                self.meter.concealed(self.playout.made_up());
            }
            Pulled::Nothing => {}
        }
        if self.events.is_down(frame) || !self.spec.receive {
            self.heard = SILENCE;
            self.playout.forget();
        }
        self.said_peak = self
            .heard
            .iter()
            .map(|sample| sample.unsigned_abs())
            .max()
            .unwrap_or(0);
        self.hear_tones(pulled != Pulled::Played);
        if self.muted {
            self.heard = SILENCE;
        }
        let (low, high) = self
            .heard
            .iter()
            .fold((i16::MAX, i16::MIN), |(low, high), &s| (low.min(s), high.max(s)));
        self.peak = low.unsigned_abs().max(high.unsigned_abs());
        self.silent = low == high && DIGITAL_SILENCE.contains(&low);
    }

    /// Listens for keys that come as tones, on a leg that never sent an event, and keeps them from the others.
    fn hear_tones(&mut self, lost: bool) {
        if self.events.is_seen() {
            return;
        }
        let Heard { key, tone } = self.inband.hear(&self.heard, self.said_peak, lost);
        self.tone_key = key;
        if tone {
            self.heard = SILENCE;
            self.said_peak = 0;
        }
    }

    /// The key whose tones were noticed in this tick.
    pub fn take_tone_key(&mut self) -> Option<Key> {
        self.tone_key.take()
    }

    /// What the caller said in this tick.
    pub fn heard(&self) -> &Frame {
        &self.heard
    }

    /// The largest sample of what the caller said.
    pub fn peak(&self) -> u16 {
        self.peak
    }

    /// Whether the caller adds anything to the room in this tick.
    pub fn contributes(&self) -> bool {
        self.on_turn && !self.silent
    }

    /// Whether a clip, or music, plays beside what the leg hears of its room.
    pub fn is_playing(&self) -> bool {
        self.player.is_playing() || self.music.is_playing()
    }

    /// Mutes the caller, or gives the voice back.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
        self.talking = Talking::default();
    }

    /// Whether the muted caller is found to speak in this tick.
    pub fn talks_while_muted(&mut self, frame: u64) -> bool {
        self.muted && self.talking.handle_frame(frame, self.said_peak)
    }

    /// Plays this clip for ever, under everything else, or ends it.
    pub fn set_music(&mut self, clip: Option<ClipId>) {
        self.music.set(clip);
    }

    /// How the line does.
    pub fn figures(&self) -> LegFigures {
        LegFigures {
            far: self.session.far(),
            fault: self.ways.fault(),
            ..self.meter.figures(self.playout.held())
        }
    }

    /// The law in which this leg is spoken to.
    pub fn law(&self) -> Law {
        self.spec.law
    }

    /// Adds the music to `sound`, then lays the next 20 ms of the playing clip over it, for which it steps back (−6 dB).
    pub fn play_over(&mut self, bank: &ClipBank, sound: &mut Frame) -> Option<PlayToken> {
        self.music.add(bank, sound);
        if !self.player.is_playing() {
            return None;
        }
        let mut clip = SILENCE;
        let ended = self.player.next(bank, &mut clip);
        for (sample, &over) in sound.iter_mut().zip(&clip) {
            *sample = (*sample / 2).saturating_add(over);
        }
        ended
    }

    /// Plays `clips`, instead of what plays now.
    pub fn play(&mut self, clips: Playlist, token: PlayToken) {
        self.player.play(clips, token);
    }

    /// Stops what plays.
    pub fn stop(&mut self) {
        self.player.stop();
    }

    /// Encodes and sends a frame.
    pub fn say(&mut self, frame: u64, sound: &Frame, counters: &mut Counters) {
        let mut coded = [0; FRAME];
        law::encode(self.spec.law, sound, &mut coded);
        self.say_coded(frame, &coded, counters);
    }

    /// Sends a frame that is encoded already, in this leg's law.
    pub fn say_coded(&mut self, frame: u64, coded: &Coded, counters: &mut Counters) {
        if !self.spec.send {
            return;
        }
        let mut packet = [0; PACKET];
        let len = self
            .stream
            .write(frame, self.spec.law.payload_type(), coded, &mut packet);
        let target = self.latch_mut(frame).target();
        if self.wire.send(target, &packet[..len]) {
            self.session.handle_sent(coded.len());
        } else {
            counters.count(Counter::SendFailed);
        }
    }

    /// The peer's side changed (re-INVITE).
    pub fn update(&mut self, frame: u64, spec: MediaSpec) {
        self.spec = spec;
        let elsewhere = self.latch_mut(frame).handle_update(frame, spec.remote);
        if elsewhere {
            self.wire.unsettle();
            self.session.forget_source();
        }
        self.ways.handle_update(frame, elsewhere, self.session.packets());
    }
}

/// What a payload type stands for on this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Audio(Law),
    Event,
    Quiet,
    Unknown,
}
