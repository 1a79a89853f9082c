//! Runs a case on a line of 16 kHz and measures it. What the telephone says more than its twin counts as echo (`line_wide.rs`) and goes
//! through the filter and the gains that the whole had, as on a line of 8 kHz; in figures of their own, all that comes back while the
//! far end speaks alone counts, the telephone's noise included.

use super::case::{Case, Voices, power};
use super::line_wide::{LineWide, Part, SentWide, Sound};
use super::run::{CUT, Figures, Powers, figures, loss};
use crate::media::echo::{Bands, Echo, PartsWide, Pool, TracerWide, bands, pool};
use crate::media_api::Codec;
use crate::units::WIDE;

/// How late a canceller is.
const LATE: usize = WIDE / 2 + 46;

/// What a case came to: as on a line of 8 kHz (the filter alone: below 4 kHz), and above 4 kHz alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct FiguresWide {
    /// Of what the telephone says more than its twin.
    pub whole: Figures,
    /// The same of all that comes back; what became of the near voice is not told here.
    pub all: Figures,
    /// Loss above 4 kHz, from three seconds of echo on until both speak.
    pub high: f32,
    /// Frames of the near voice whose part above 4 kHz was cut, of a hundred, while both spoke.
    pub high_cut_pct: f32,
}

/// Runs a case with a pool of its own; none for a codec of 8 kHz. `heard`: what came, and what was let out.
pub fn run_wide(
    case: Case,
    codec: Codec,
    voices: Voices<'_>,
    heard: &mut dyn FnMut(&SentWide, &Sound),
) -> Option<FiguresWide> {
    let mut line = LineWide::new(case, codec, voices)?;
    let mut leg = Listener::new(case.seed as u32 | 1, 1);
    let mut split = Highs::default();
    let (mut powers, mut alls, mut highs) = (Vec::new(), Vec::new(), Vec::new());
    let mut nears = vec![0.0; LATE];
    let mut found = None;
    for frame in 0..case.schedule.end {
        let far = line.far();
        let sent = line.next(&far);
        let near = sent.bare.map(f32::from);
        let echo = std::array::from_fn(|at| f32::from(sent.sound[at]) - near[at]);
        let mut sound = sent.sound;
        let parts = leg.hear(&mut sound, sent.lost, (&echo, &near));
        heard(&sent, &sound);
        leg.sent(&far);
        if found.is_none() && leg.echo.delay().is_some() {
            found = Some(frame);
        }
        nears.extend(near);
        let from = frame * WIDE + if parts.late { 0 } else { LATE };
        let near: Part = std::array::from_fn(|at| nears[from + at]);
        highs.push(split.take(&sent.source, &parts, &near));
        let of = Powers {
            source: power(sent.source.into_iter()),
            linear: power(parts.linear.into_iter()),
            echo: power(parts.echo.into_iter()),
            near: power(near.into_iter()),
            near_out: power(parts.near.into_iter()),
        };
        powers.push(of);
        alls.push(Powers {
            linear: power(together(&parts.linear, &parts.near_low)),
            echo: power(together(&parts.echo, &parts.near)),
            ..of
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
        all: figures(case, &alls, found),
        high: loss(&highs[first..both], HIGH_ACTIVE, |high| high.echo),
        high_cut_pct: 100.0 * cut as f32 / spoken.count().max(1) as f32,
    })
}

fn together<const N: usize>(one: &[f32; N], other: &[f32; N]) -> impl Iterator<Item = f32> {
    one.iter().zip(other).map(|(one, other)| one + other)
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

    fn hear(&mut self, sound: &mut Sound, lost: bool, parts: (&Part, &Part)) -> PartsWide {
        self.tracer
            .hear((&mut self.echo, &mut self.bands), sound, lost, parts)
    }

    fn sent(&mut self, far: &Sound) {
        self.echo.sent_wide(&mut self.bands, far);
        self.echo.judge(&mut self.pool);
    }
}

#[cfg(test)]
mod tests;
