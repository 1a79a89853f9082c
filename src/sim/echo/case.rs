//! One case: a telephone, its line, the voices, and when who speaks.

use super::moving::{Moving, between};
use super::path::{Kind, even};
use super::uneven::Jitter;
use crate::sim::Chance;
use audio_codec_algorithms::{decode_alaw, encode_alaw};

/// Samples of a frame.
pub const FRAME: usize = 160;
/// Speech's level while it is active: −26 dBov.
const ACTIVE: f32 = 1_642.0;

/// What changes at [`Schedule::change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// Another path, of the same loss and delay.
    Path,
    /// The same path, so many milliseconds later.
    Later(u32),
}

/// When who speaks, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From here on both speak.
    pub both: usize,
    /// From here on the far end alone speaks again, and what changes has changed.
    pub change: usize,
    /// The end.
    pub end: usize,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule {
            both: 500,
            change: 900,
            end: 1_300,
        }
    }
}

/// Both voices, levelled.
#[derive(Clone, Copy, Debug)]
pub struct Voices<'a> {
    /// Sent to the telephone.
    pub far: &'a [i16],
    /// Of who speaks into it.
    pub near: &'a [i16],
}

/// One case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    pub kind: Kind,
    /// How far below what was sent the echo comes back, in dB; nothing comes back above 90.
    pub loss_db: f32,
    /// Delay on top of the frame's length that every echo has.
    pub trip_ms: u32,
    /// Noise of the telephone, in dBm0.
    pub noise_dbm0: f32,
    /// How much the near voice is weaker than the far one, in dB.
    pub weaker_db: f32,
    /// Whether the loudspeaker distorts what is loud.
    pub clips: bool,
    /// How many frames of a hundred are lost each way: the telephone plays silence, the bridge repeats what came before.
    pub lost_pct: u64,
    pub jitter: Jitter,
    pub moving: Moving,
    pub change: Change,
    pub schedule: Schedule,
    pub seed: u64,
}

impl Case {
    /// A case of the grid, the rest plain.
    pub fn new(kind: Kind, loss_db: f32, trip_ms: u32, seed: u64) -> Case {
        Case {
            kind,
            loss_db,
            trip_ms,
            noise_dbm0: -60.0,
            weaker_db: 0.0,
            clips: false,
            lost_pct: 0,
            jitter: Jitter::None,
            moving: Moving::Still,
            change: Change::Path,
            schedule: Schedule::default(),
            seed,
        }
    }
}

/// Brings a voice to the level that all cases have while it is active.
pub fn levelled(voice: &[i16]) -> Vec<i16> {
    let powers = voice
        .chunks(FRAME)
        .map(|frame| power(frame.iter().map(|&s| f32::from(s))));
    let powers: Vec<f32> = powers.collect();
    let loudest = powers.iter().copied().fold(1.0, f32::max);
    let active: Vec<f32> = powers
        .into_iter()
        .filter(|&power| power > loudest / 300.0)
        .collect();
    let mean = active.iter().sum::<f32>() / active.len().max(1) as f32;
    let scale = ACTIVE / mean.sqrt();
    voice
        .iter()
        .map(|&s| (f32::from(s) * scale).clamp(-32_767.0, 32_767.0) as i16)
        .collect()
}

/// The mean power of samples.
pub fn power(samples: impl Iterator<Item = f32>) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0f32);
    for sample in samples {
        sum += sample * sample;
        count += 1.0;
    }
    sum / count.max(1.0)
}

/// What a telephone sends in a frame, and what that is made of.
#[derive(Clone, Debug)]
pub struct Sent {
    pub sound: [i16; FRAME],
    /// Everything but near voice and noise.
    pub echo: [f32; FRAME],
    pub near: [f32; FRAME],
    /// What was sent to it, and comes back in this frame.
    pub source: [f32; FRAME],
    /// Whether the frame did not come, and the one before was repeated for it.
    pub lost: bool,
}

/// The telephone of a case and its line.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    case: Case,
    voices: Voices<'a>,
    taps: [Vec<f32>; 2],
    /// All that was sent to it.
    far: Vec<f32>,
    /// The frame before.
    before: Option<Sent>,
    chance: Chance,
    frame: usize,
}

impl<'a> Line<'a> {
    /// At its beginning.
    pub fn new(case: Case, voices: Voices<'a>) -> Line<'a> {
        let path = |seed| match case.loss_db > 90.0 {
            true => vec![0.0],
            false => case.kind.response(case.loss_db, seed),
        };
        Line {
            case,
            voices,
            taps: [path(case.seed), path(case.seed + 1_000_003)],
            far: Vec::new(),
            before: None,
            chance: Chance::seeded(case.seed),
            frame: 0,
        }
    }

    /// What is sent to the telephone in this frame, as A-law carries it.
    pub fn far(&self) -> [i16; FRAME] {
        let voice = self.voices.far;
        std::array::from_fn(|at| a_law(voice[(self.frame * FRAME + at) % voice.len()]))
    }

    /// What the telephone sends in this frame; then `far` is sent to it, and the next frame begins.
    pub fn next(&mut self, far: &[i16; FRAME]) -> Sent {
        let case = self.case;
        let is_changed = self.frame >= case.schedule.change;
        let nth_path = usize::from(is_changed && case.change == Change::Path);
        let later = match case.change {
            Change::Later(ms) if is_changed => ms,
            _ => 0,
        };
        let delay = FRAME + ((case.trip_ms + later) * 8) as usize;
        let at_frame = self.frame * FRAME;
        let is_speaking = (case.schedule.both..case.schedule.change).contains(&self.frame);
        let near_scale = 10f32.powf(-case.weaker_db / 20.0);
        // dBm0 lie 6.2 below dBov of a sine; an even distribution has a third of its peak's power.
        let noise_peak = 32_768.0 * 10f32.powf((case.noise_dbm0 - 6.2) / 20.0) * 3f32.sqrt();
        let mut sent = Sent {
            sound: [0; FRAME],
            echo: [0.0; FRAME],
            near: [0.0; FRAME],
            source: [0.0; FRAME],
            lost: false,
        };
        let echo = self.echo(&self.taps[nth_path], delay);
        for (at, echo) in echo.into_iter().enumerate() {
            sent.source[at] = self.played(at_frame + at, delay);
            let near = self.voices.near[(at_frame + at) % self.voices.near.len()];
            sent.near[at] = if is_speaking {
                f32::from(near) * near_scale
            } else {
                0.0
            };
            let noise = noise_peak * even(&mut self.chance);
            let sum = (echo + sent.near[at] + noise).clamp(-32_768.0, 32_767.0);
            sent.sound[at] = a_law(sum.round() as i16);
            sent.echo[at] = f32::from(sent.sound[at]) - sent.near[at] - noise;
        }
        match self.loses() {
            true => self.far.extend([0.0; FRAME]),
            false => self.far.extend(far.iter().map(|&s| f32::from(s))),
        }
        self.frame += 1;
        if self.loses() {
            let source = sent.source;
            sent = self.before.take().unwrap_or(sent);
            (sent.source, sent.lost) = (source, true);
        }
        self.before = Some(sent.clone());
        sent
    }

    /// What was sent to it, and is played `delay` samples after its time at a sample, and later yet by how the delay moves.
    fn played(&self, at: usize, delay: usize) -> f32 {
        let (later, part) = self.case.moving.later(at);
        let sent = |at: usize| self.far.get(at).copied().unwrap_or(0.0);
        between(part, |beside| {
            let place = at.checked_sub(delay + later);
            place
                .and_then(|at| at.checked_add_signed(beside))
                .map_or(0.0, sent)
        })
    }

    /// What comes back in this frame. Tap by tap over the whole frame: sample by sample it takes ten times as long.
    fn echo(&self, taps: &[f32], delay: usize) -> [f32; FRAME] {
        let mut played = vec![0.0; FRAME + taps.len()];
        for (n, sample) in played.iter_mut().enumerate() {
            let at = (self.frame * FRAME + n).checked_sub(taps.len());
            let came = at.map_or(0.0, |at| self.played(at, delay));
            *sample = if self.case.clips { clipped(came) } else { came };
        }
        let mut echo = [0.0; FRAME];
        for (back, tap) in taps.iter().enumerate() {
            for (sum, sample) in echo.iter_mut().zip(&played[taps.len() - back..]) {
                *sum += tap * sample;
            }
        }
        echo
    }

    fn loses(&mut self) -> bool {
        self.case.lost_pct > 0 && self.chance.percent(self.case.lost_pct)
    }
}

pub(super) fn a_law(sample: i16) -> i16 {
    decode_alaw(encode_alaw(sample))
}

/// A small loudspeaker at its limit, asymmetric as they are.
fn clipped(sample: f32) -> f32 {
    let x = sample / 6_000.0;
    6_000.0 * (x + 0.1 * x * x).tanh()
}
