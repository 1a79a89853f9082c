//! Telephones that return what they hear on lines of 16 kHz: what is sent goes through the bridge's real coders and the telephone's, and
//! back again. A codec like Opus keeps the sound and not the wave, so echo, near voice and noise cannot be told apart in what comes back;
//! while the far end speaks alone, all that comes back counts as echo, what the codecs add to it and the telephone's noise included.

use super::case::{Case, Change, Voices, power};
use super::path::even;
use super::run::{CUT, Figures, Powers, figures, loss};
use crate::media::echo::{Bands, Echo, PartsWide, Pool, TracerWide, bands, pool};
use crate::media::{Counters, Wide};
use crate::media_api::{Codec, OpusSpec};
use crate::sim::Chance;
use crate::units::WIDE;

/// Samples of 16 kHz in a millisecond.
const PER_MS: usize = 16;
/// How late a canceller is.
const LATE: usize = WIDE / 2 + 46;
/// Opus as the bridge speaks it.
pub const OPUS: Codec = Codec::Opus(OpusSpec {
    payload_type: 111,
    fec: false,
    bitrate: 24_000,
});

/// A frame of 16 kHz.
type Sound = [i16; WIDE];
type Part = [f32; WIDE];

/// What a case came to: as on a line of 8 kHz (the filter alone: below 4 kHz), and above 4 kHz alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct FiguresWide {
    pub whole: Figures,
    /// Loss above 4 kHz, from three seconds of echo on until both speak.
    pub high: f32,
    /// Frames of the near voice whose part above 4 kHz was cut, of a hundred, while both spoke.
    pub high_cut_pct: f32,
}

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

    /// What is heard of it at the other end.
    fn carry(&mut self, sound: &Sound) -> Sound {
        let mut payload = [0; 320];
        let len = self.mouth.encode(sound, &mut payload);
        let timestamp = (self.frame as u32).wrapping_mul(self.codec.clock() / 50);
        self.ear
            .put(self.frame, (7, timestamp), &payload[..len], &mut self.counters);
        self.ear.pull(self.frame, &mut self.counters);
        self.frame += 1;
        self.ear.heard
    }
}

/// What a telephone sends in a frame.
#[derive(Clone, Debug)]
pub struct SentWide {
    pub sound: Sound,
    pub near: Part,
    pub source: Part,
}

/// The telephone of a case and its line.
#[derive(Debug)]
pub struct LineWide<'a> {
    case: Case,
    voices: Voices<'a>,
    taps: [Vec<f32>; 2],
    ways: [Way; 2],
    /// What the telephone heard, and what it was sent.
    heard: Vec<f32>,
    sent: Vec<f32>,
    chance: Chance,
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
            ways: [Way::new(codec)?, Way::new(codec)?],
            heard: Vec::new(),
            sent: Vec::new(),
            chance: Chance::seeded(case.seed),
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
        let taps = &self.taps[usize::from(is_changed && case.change == Change::Path)];
        let later = match case.change {
            Change::Later(ms) if is_changed => ms,
            _ => 0,
        };
        let delay = WIDE + (case.trip_ms + later) as usize * PER_MS;
        let at_frame = self.frame * WIDE;
        // What the codecs have of it still comes in the last frame.
        let is_speaking = (schedule.both..schedule.change - 1).contains(&self.frame);
        let near_scale = 10f32.powf(-case.weaker_db / 20.0) * f32::from(u8::from(is_speaking));
        let noise_peak = 32_768.0 * 10f32.powf((case.noise_dbm0 - 6.2) / 20.0) * 3f32.sqrt();
        let (mut said, mut near, mut source) = ([0; WIDE], [0.0; WIDE], [0.0; WIDE]);
        for at in 0..WIDE {
            let came = |back: usize| (at_frame + at).checked_sub(delay + back);
            let echo: f32 = taps
                .iter()
                .enumerate()
                .map_while(|(back, tap)| Some(tap * self.heard.get(came(back)?)?))
                .sum();
            source[at] = came(0).and_then(|n| self.sent.get(n)).copied().unwrap_or(0.0);
            near[at] = near_scale * f32::from(self.voices.near[(at_frame + at) % self.voices.near.len()]);
            let sum = echo + near[at] + noise_peak * even(&mut self.chance);
            said[at] = sum.clamp(-32_768.0, 32_767.0).round() as i16;
        }
        let sound = self.ways[1].carry(&said);
        self.sent.extend(far.iter().map(|&s| f32::from(s)));
        self.heard.extend(self.ways[0].carry(far).map(f32::from));
        self.frame += 1;
        SentWide { sound, near, source }
    }
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

/// Runs a case with a pool of its own; none for a codec of 8 kHz. `heard`: the frames before and after.
pub fn run_wide(
    case: Case,
    codec: Codec,
    voices: Voices<'_>,
    heard: &mut dyn FnMut(&Sound, &Sound),
) -> Option<FiguresWide> {
    let mut line = LineWide::new(case, codec, voices)?;
    let mut leg = Listener::new(case.seed as u32 | 1, 1);
    let (mut powers, mut highs) = (Vec::new(), Vec::new());
    let mut split = Highs::default();
    let mut nears = vec![0.0; LATE];
    let mut found = None;
    for frame in 0..case.schedule.end {
        let far = line.far();
        let sent = line.next(&far);
        let echo = std::array::from_fn(|at| f32::from(sent.sound[at]) - sent.near[at]);
        let mut sound = sent.sound;
        let parts = leg.hear(&mut sound, (&echo, &sent.near));
        heard(&sent.sound, &sound);
        leg.sent(&far);
        if found.is_none() && leg.echo.delay().is_some() {
            found = Some(frame);
        }
        nears.extend(sent.near);
        let from = frame * WIDE + if parts.late { 0 } else { LATE };
        let near: Part = std::array::from_fn(|at| nears[from + at]);
        highs.push(split.take(&sent.source, &parts, &near));
        powers.push(Powers {
            source: power(sent.source.into_iter()),
            linear: power(parts.linear.into_iter()),
            echo: power(parts.echo.into_iter()),
            near: power(near.into_iter()),
            near_out: power(parts.near.into_iter()),
        });
    }
    let (first, both) = (case.schedule.both.min(150 + 50), case.schedule.both);
    let spoken = highs[both..case.schedule.change]
        .iter()
        .filter(|high| high.near > HIGH_ACTIVE);
    let cut = spoken
        .clone()
        .filter(|high| high.near_out < CUT * high.near)
        .count();
    Some(FiguresWide {
        whole: figures(case, &powers, found),
        high: loss(&highs[first..both], HIGH_ACTIVE, |high| high.echo),
        high_cut_pct: 100.0 * cut as f32 / spoken.count().max(1) as f32,
    })
}

/// Power of a frame above 4 kHz from which there is speech in it: −60 dBov.
const HIGH_ACTIVE: f32 = 1_000.0;

/// What there is above 4 kHz of each part.
#[derive(Clone, Debug, Default)]
struct Highs([Above; 4]);

impl Highs {
    fn take(&mut self, source: &Part, parts: &PartsWide, near: &Part) -> Powers {
        let [of_source, of_echo, of_near, of_near_out] = &mut self.0;
        Powers {
            source: of_source.power(source),
            linear: 0.0,
            echo: of_echo.power(&parts.echo),
            near: of_near.power(near),
            near_out: of_near_out.power(&parts.near),
        }
    }
}

/// A high pass by eight differences of neighbours: 24 dB down at 4 kHz, 13 at 5, 3 at 6.5, and 41 at 3.
#[derive(Clone, Debug, Default)]
struct Above([f32; 8]);

impl Above {
    fn power(&mut self, sound: &Part) -> f32 {
        power(sound.iter().map(|&sample| {
            let mut value = sample;
            for before in &mut self.0 {
                let difference = 0.5 * (value - *before);
                *before = value;
                value = difference;
            }
            value
        }))
    }
}

/// A leg of 16 kHz and what watches it.
struct Listener {
    echo: Box<Echo>,
    bands: Box<Bands>,
    pool: Pool,
    tracer: TracerWide,
}

impl Listener {
    fn new(random: u32, cancellers: usize) -> Listener {
        let (mut echo, mut pool) = (crate::media::echo::echo(random), pool(cancellers, 1));
        echo.speak(true, &mut pool);
        Listener {
            echo,
            bands: bands(),
            pool,
            tracer: TracerWide::default(),
        }
    }

    fn hear(&mut self, sound: &mut Sound, parts: (&Part, &Part)) -> PartsWide {
        self.tracer
            .hear((&mut self.echo, &mut self.bands), sound, false, parts)
    }

    fn sent(&mut self, far: &Sound) {
        self.echo.sent_wide(&mut self.bands, far);
        self.echo.judge(&mut self.pool);
    }
}

#[cfg(test)]
mod tests;
