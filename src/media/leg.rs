//! One caller's line on the tick: what it says, what it hears, its socket and its stream.

mod control;
mod echoing;
mod hearing;
mod saying;
mod sealed;

use super::batch::Own;
use super::cells::G711;
use super::echo::Echo;
use super::events::Events;
use super::failure::Failure;
use super::fitting::Fitting;
use super::inband::Inband;
use super::latch::Latch;
use super::line::LineMeter;
use super::pace::Pace;
use super::player::{Music, Player};
use super::playout::{self, Scale};
use super::rtcp::{Session, Wall};
use super::rtp::Stream;
use super::shed::Shed;
use super::srtp::Srtp;
use super::talking::Talking;
use super::warm;
use super::ways::Ways;
use super::wide::{Wide, Wideband};
use super::wire::Wire;
use super::{Frame, SILENCE};
use crate::ids::{ClipId, LegId};
use crate::media_api::{Codec, Event, FarFigures, Law, LegFigures, MediaSpec, PlayToken, Playlist};
use crate::secret::Key;
use crate::units::{FRAME_MS, SAMPLE_RATE};

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

/// One leg. What every tick needs lies together, at the beginning, so that it can be fetched ahead ([`Leg::warm`]).
#[derive(Debug)]
#[repr(C)]
pub struct Leg<W> {
    /// The leg's name.
    pub id: LegId,
    last_frame: Option<u64>,
    /// Echoes are let through as they come.
    lets_echo: bool,
    /// For want of time nobody looks for an echo meanwhile.
    rests_echo: bool,
    /// None: nobody looks for an echo.
    echo: Option<Box<Echo>>,
    wire: W,
    /// What has come in this tick.
    came: Own,
    pace: Pace,
    on_turn: bool,
    /// Whether the bridge failed at it.
    pub(super) failure: Failure,
    /// What is left out for want of time.
    shed: Shed,
    muted: bool,
    silent: bool,
    /// The largest sample of what the caller said, muted or not.
    said_peak: u16,
    /// The largest sample of what the others hear of it.
    peak: u16,
    /// The key whose tones were noticed in this tick.
    tone_key: Option<Key>,
    stream: Stream,
    talking: Talking,
    music: Music,
    /// The coders of a line of 16 kHz: what comes goes through these then, not through `playout` and `heard`.
    wide: Option<Box<Wide>>,
    /// None: media travels in clear.
    srtp: Option<Box<Srtp>>,
    spec: MediaSpec,
    latch: Option<Latch>,
    meter: LineMeter,
    player: Player,
    ways: Ways,
    session: Session,
    events: Events,
    /// What the caller said in this tick.
    heard: Frame,
    playout: playout::Narrow,
    inband: Inband,
}

impl<W: Wire> Leg<W> {
    /// A leg, complete: nothing is allocated for it later.
    pub fn new(seed: LegSeed, wire: W) -> Leg<W> {
        let [a, b, c, d, e, f, g, h] = seed.random.to_be_bytes();
        let ssrc = u32::from_be_bytes([a, b, c, d]);
        let mut leg = Leg {
            id: seed.id,
            wire,
            spec: seed.spec,
            latch: None,
            playout: playout::Narrow::new(G711::new(), Scale::One),
            wide: Wide::new(seed.spec.codec),
            srtp: None,
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
            came: Own::default(),
            pace: Pace::default(),
            last_frame: None,
            on_turn: false,
            failure: Failure::None,
            shed: Shed::Nothing,
            lets_echo: false,
            rests_echo: false,
            echo: None,
        };
        leg.stream.set_steps(0, leg.steps());
        leg
    }

    /// The leg comes to a media thread that began so; all of them did, so one that comes from another is as it was.
    pub fn begin(&mut self, wall: Wall) {
        if self.last_frame.is_none() {
            self.session.begin(wall);
        }
    }

    /// Whether this tick is still to come for this leg: one that moved to a later slot has had it, one that failed has none.
    pub fn begin_tick(&mut self, frame: u64) -> bool {
        let last = self.last_frame.replace(frame);
        self.on_turn = last.is_none_or(|last| last < frame) && !self.failure.is_any();
        let left_out = last.map_or(0, |last| frame.saturating_sub(last + 1));
        if left_out > 0 {
            self.pass_over(left_out);
        }
        self.on_turn
    }

    /// Ticks were left out: what was to be heard in them is, too, and an echo knows that nothing was sent.
    fn pass_over(&mut self, frames: u64) {
        match &mut self.wide {
            Some(wide) => wide.pass_over(frames),
            None => self.playout.pass_over(frames),
        }
        self.pass_over_echo(frames);
    }

    /// Does something with it, unless the bridge failed at it already; if it does now, nobody else has anything of it.
    pub(super) fn guard(&mut self, act: impl FnOnce(&mut Leg<W>)) {
        if !self.failure.is_any() {
            self.failure = Failure::guard(|| act(self));
        }
    }

    /// Asks for what [`Leg::begin_tick`] and [`Leg::receive`] need.
    pub fn warm_wire(&self) {
        warm::between(&self.id, &self.wire);
    }

    /// Asks for what the rest of an ordinary tick needs.
    pub fn warm(&self) {
        warm::between(&self.came, &self.heard);
        self.playout.warm();
        self.warm_echo();
    }

    /// Leaves so much out from now on.
    pub fn leave_out(&mut self, shed: Shed) {
        if self.shed != shed {
            self.shed = shed;
            self.playout.leave_out(shed);
            if shed >= Shed::RoomTones {
                // When it listens again, what it heard before is no part of a key.
                self.inband = Inband::default();
            }
            if let Some(wide) = &mut self.wide {
                wide.leave_out(shed);
            }
        }
    }

    /// Tells once that the bridge failed at this leg.
    pub fn tell_failure(&mut self, tell: impl FnOnce(Event) -> bool) {
        let leg = self.id;
        self.failure.tell(|| tell(Event::LegFailed { leg }));
    }

    /// Whether the leg takes part in the tick that began last.
    pub fn is_on_turn(&self) -> bool {
        self.on_turn
    }

    /// The key whose tones were noticed in this tick.
    pub fn take_tone_key(&mut self) -> Option<Key> {
        self.tone_key.take()
    }

    /// What the caller of a line of 8 kHz said in this tick; of one of 16 kHz nothing.
    pub fn heard(&self) -> &Frame {
        &self.heard
    }

    /// What the caller of a line of 16 kHz said in this tick.
    pub fn heard_wide(&self) -> Option<&Wideband> {
        self.wide.as_ref().map(|wide| &wide.heard)
    }

    /// Whether it is a line of 16 kHz.
    pub fn is_wide(&self) -> bool {
        self.wide.is_some()
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
        let held = match &self.wide {
            Some(wide) => wide.held(),
            None => self.playout.held(),
        };
        let (line, far) = (self.meter.figures(held), self.session.far());
        // Both count in their RTP clock.
        let samples = |steps: u32| steps / (self.spec.codec.clock() / SAMPLE_RATE);
        LegFigures {
            jitter: samples(line.jitter),
            far: FarFigures {
                jitter: samples(far.jitter),
                ..far
            },
            fault: self.ways.fault(),
            echo: self.echo_figures(),
            ..line
        }
    }

    /// The law in which this leg is spoken to, if it is.
    pub fn law(&self) -> Option<Law> {
        match self.spec.codec {
            Codec::G711(law) => Some(law),
            Codec::G722 | Codec::Opus(_) => None,
        }
    }

    /// How this leg is spoken to.
    pub fn codec(&self) -> Codec {
        self.spec.codec
    }

    /// Steps of its RTP clock in a frame.
    fn steps(&self) -> u32 {
        self.spec.codec.clock() / (1_000 / FRAME_MS as u32)
    }

    /// Plays `clips`, instead of what plays now.
    pub fn play(&mut self, clips: Playlist, token: PlayToken) {
        self.player.play(clips, token);
    }

    /// Stops what plays.
    pub fn stop(&mut self) {
        self.player.stop();
    }

    /// The peer's side changed (re-INVITE), maybe to another codec or other keys, which `fitting` is for. What is needed no more
    /// is returned.
    pub fn update(&mut self, frame: u64, spec: MediaSpec, fitting: Option<Fitting>) -> Option<Fitting> {
        let Fitting { coder, srtp } = fitting.unwrap_or_default();
        let srtp = self.reseal(spec, srtp);
        let is_spoken =
            self.wide.as_ref().map(|wide| wide.codec()) == coder.as_ref().map(|coder| coder.codec());
        let unneeded = if is_spoken {
            coder
        } else {
            self.heard = SILENCE;
            self.playout.forget();
            std::mem::replace(&mut self.wide, coder)
        };
        self.stream.set_steps(frame, self.steps());
        let elsewhere = self.latch_mut(frame).handle_update(frame, spec.remote, spec.also);
        if elsewhere {
            self.wire.unsettle();
            self.session.forget_source();
        }
        self.ways.handle_update(frame, elsewhere, self.session.packets());
        let coder = unneeded;
        Fitting { coder, srtp }.some()
    }
}
