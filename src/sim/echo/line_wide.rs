//! The telephone of a case on a line of 16 kHz: what is sent goes through the bridge's real coders and the telephone's, and back again.
//!
//! What a codec brings back cannot be taken apart. So each telephone has a twin, which says the same with the same noise and loses the
//! same frames, and to which nothing comes back: what the telephone says more than its twin is the echo. With G.722 that is the echo and
//! what the coder rounds otherwise because of it; Opus keeps the sound and not the wave, so there it is more than the echo: the twin's
//! noise as well, where the telephone's coder thought it inaudible beside the echo.

use super::case::{Case, Change, Voices};
use super::path::even;
use crate::media::{Counters, Wide};
use crate::media_api::{Codec, OpusSpec};
use crate::sim::Chance;
use crate::units::WIDE;

/// Samples of 16 kHz in a millisecond.
const PER_MS: usize = 16;
/// Opus as the bridge speaks it.
pub const OPUS: Codec = Codec::Opus(OpusSpec {
    payload_type: 111,
    fec: false,
    bitrate: 24_000,
});

/// A frame of 16 kHz.
pub type Sound = [i16; WIDE];
pub(super) type Part = [f32; WIDE];

/// A line of coders, one way.
#[derive(Debug)]
struct Way {
    mouth: Box<Wide>,
    ear: Box<Wide>,
    counters: Counters,
    codec: Codec,
    frame: u64,
}

impl Way {
    fn new(codec: Codec) -> Option<Way> {
        Some(Way {
            mouth: Wide::new(codec)?,
            ear: Wide::new(codec)?,
            counters: Counters::default(),
            codec,
            frame: 1_000,
        })
    }

    /// What is heard of it at the other end; and whether some of that was made up.
    fn carry(&mut self, sound: &Sound, is_lost: bool) -> (Sound, bool) {
        let mut payload = [0; 320];
        let len = self.mouth.encode(sound, &mut payload);
        let timestamp = (self.frame as u32).wrapping_mul(self.codec.clock() / 50);
        if !is_lost {
            self.ear
                .put(self.frame, (7, timestamp), &payload[..len], &mut self.counters);
        }
        self.ear.pull(self.frame, &mut self.counters);
        self.frame += 1;
        (self.ear.heard, self.ear.made_up() > 0)
    }
}

/// What a telephone sends in a frame, as it is heard.
#[derive(Clone, Debug)]
pub struct SentWide {
    pub sound: Sound,
    /// What would be heard if nothing came back: near voice and noise.
    pub bare: Sound,
    /// The near voice as it is said.
    pub near: Part,
    /// What was sent to it, and comes back in this frame.
    pub source: Part,
    /// Whether some of it was made up.
    pub lost: bool,
}

/// The telephone of a case and its line.
#[derive(Debug)]
pub struct LineWide<'a> {
    case: Case,
    voices: Voices<'a>,
    taps: [Vec<f32>; 2],
    /// To the telephone, from it, from its twin.
    ways: [Way; 3],
    /// What the telephone heard, and what it was sent.
    heard: Vec<f32>,
    sent: Vec<f32>,
    chance: Chance,
    /// What is lost has a chance of its own: so the noise is the same without.
    losses: Chance,
    frame: usize,
}

impl<'a> LineWide<'a> {
    /// At its beginning, with voices of 16 kHz; none for a codec of 8.
    pub fn new(case: Case, codec: Codec, voices: Voices<'a>) -> Option<LineWide<'a>> {
        let path = |seed| match case.loss_db > 90.0 {
            true => vec![0.0],
            false => case.kind.response_wide(case.loss_db, seed),
        };
        Some(LineWide {
            case,
            voices,
            taps: [path(case.seed), path(case.seed + 1_000_003)],
            ways: [Way::new(codec)?, Way::new(codec)?, Way::new(codec)?],
            heard: Vec::new(),
            sent: Vec::new(),
            chance: Chance::seeded(case.seed),
            losses: Chance::seeded(!case.seed),
            frame: 0,
        })
    }

    /// What is given to the telephone's encoder in this frame.
    pub fn far(&self) -> Sound {
        let voice = self.voices.far;
        std::array::from_fn(|at| voice[(self.frame * WIDE + at) % voice.len()])
    }

    /// What comes from the telephone in this frame; then `far` is sent to it, and the next frame begins.
    pub fn next(&mut self, far: &Sound) -> SentWide {
        let (case, schedule) = (self.case, self.case.schedule);
        let is_changed = self.frame >= schedule.change;
        let later = match case.change {
            Change::Later(ms) if is_changed => ms,
            _ => 0,
        };
        let delay = WIDE + (case.trip_ms + later) as usize * PER_MS;
        let echo = self.echo(delay, is_changed && case.change == Change::Path);
        let at_frame = self.frame * WIDE;
        // What the codecs have of it still comes in the last frame.
        let is_speaking = (schedule.both..schedule.change - 1).contains(&self.frame);
        let near_scale = 10f32.powf(-case.weaker_db / 20.0) * f32::from(u8::from(is_speaking));
        let noise_peak = 32_768.0 * 10f32.powf((case.noise_dbm0 - 6.2) / 20.0) * 3f32.sqrt();
        let (mut said, mut alone) = ([0; WIDE], [0; WIDE]);
        let (mut near, mut source) = ([0.0; WIDE], [0.0; WIDE]);
        for at in 0..WIDE {
            let came = (at_frame + at).checked_sub(delay);
            source[at] = came.and_then(|n| self.sent.get(n)).copied().unwrap_or(0.0);
            near[at] = near_scale * f32::from(self.voices.near[(at_frame + at) % self.voices.near.len()]);
            let own = near[at] + noise_peak * even(&mut self.chance);
            said[at] = rounded(echo[at] + own);
            alone[at] = rounded(own);
        }
        let (is_lost_to, is_lost_back) = (self.loses(), self.loses());
        let (sound, lost) = self.ways[1].carry(&said, is_lost_back);
        let (bare, _) = self.ways[2].carry(&alone, is_lost_back);
        self.sent.extend(far.iter().map(|&s| f32::from(s)));
        self.heard
            .extend(self.ways[0].carry(far, is_lost_to).0.map(f32::from));
        self.frame += 1;
        SentWide {
            sound,
            bare,
            near,
            source,
            lost,
        }
    }

    /// What the telephone returns in this frame of what it heard.
    fn echo(&self, delay: usize, is_other: bool) -> Part {
        let taps = &self.taps[usize::from(is_other)];
        let mut echo = [0.0; WIDE];
        // What is heard in this frame after the direct way, and before that as much as the taps reach back.
        let mut heard = vec![0.0; taps.len() - 1 + WIDE];
        let from = (self.frame * WIDE) as isize - (delay + taps.len() - 1) as isize;
        for (at, to) in heard.iter_mut().enumerate() {
            let sample = usize::try_from(from + at as isize)
                .ok()
                .and_then(|n| self.heard.get(n));
            *to = sample.copied().unwrap_or(0.0);
        }
        for (back, tap) in taps.iter().enumerate() {
            let heard = &heard[taps.len() - 1 - back..][..WIDE];
            for (echo, heard) in echo.iter_mut().zip(heard) {
                *echo += tap * heard;
            }
        }
        echo
    }

    fn loses(&mut self) -> bool {
        self.case.lost_pct > 0 && self.losses.percent(self.case.lost_pct)
    }
}

fn rounded(sample: f32) -> i16 {
    sample.clamp(-32_768.0, 32_767.0).round() as i16
}

/// A voice of 8 kHz at 16: its images above 4 kHz stay in it, 10 dB weaker at 5 kHz.
pub fn widened(voice: &[i16]) -> Vec<i16> {
    let next = |at: usize| voice.get(at + 1).copied().unwrap_or(0);
    voice
        .iter()
        .enumerate()
        .flat_map(|(at, &sample)| [sample, sample.midpoint(next(at))])
        .collect()
}
