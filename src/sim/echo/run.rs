//! Runs a case and measures it.

use super::case::{Case, Line, Voices, power};
use super::uneven::{Came, Jitter, Uneven};
use crate::media::echo::{Echo, Pool, Tracer};

/// Power of a frame that is speech: −46 dBov.
pub(super) const ACTIVE: f32 = 27_000.0;
/// Power of all frames of half a second together from which it is judged: 100 ms at −36 dBov. What A-law rounds of the noise, at −78
/// dBov, would be within 35 dB of less.
const JUDGED: f32 = 5.0 * 270_000.0;
/// What counts as cut: 10 dB.
pub(super) const CUT: f32 = 0.1;
/// Frames of a second.
pub(super) const SECOND: usize = 50;

/// What a case came to. Losses are in dB, of the far talker's own voice, without noise; times in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Speech that was sent to the telephone until the echo was found.
    pub detected_ms: Option<f32>,
    /// In the second after the first one of echo.
    pub after_1s: f32,
    /// In the second after the first one since the echo was found.
    pub after_found_1s: f32,
    /// From three seconds of echo on until both speak.
    pub after_3s: f32,
    /// The filter alone, from five seconds of echo on.
    pub linear: f32,
    /// From three seconds after the change on.
    pub changed: f32,
    /// From the change until half a second has 40 dB, and none of those that follow has less than 35.
    pub recovered_ms: Option<f32>,
    /// Frames of the near voice that were cut, of a hundred, while both spoke.
    pub cut_pct: f32,
    /// How much of the near voice went, in dB, while both spoke.
    pub near_db: f32,
}

/// What was sent, heard, and heard of the near voice alone.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub sent: Vec<i16>,
    pub before: Vec<i16>,
    pub after: Vec<i16>,
    /// The near voice as the telephone sent it.
    pub near: Vec<i16>,
}

/// Powers of one frame's parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Powers {
    pub source: f32,
    pub linear: f32,
    pub echo: f32,
    pub near: f32,
    pub near_out: f32,
}

/// Runs a case with a pool of its own.
pub fn run(case: Case, voices: Voices<'_>) -> (Figures, Heard) {
    let mut pool = crate::media::echo::pool(1, 1);
    run_with(case, voices, &mut pool)
}

fn run_with(case: Case, voices: Voices<'_>, pool: &mut Pool) -> (Figures, Heard) {
    let mut line = Line::new(case, voices);
    let mut leg = Echo::new(case.seed as u32 | 1);
    let mut tracer = Tracer::default();
    let (mut powers, mut heard) = (Vec::new(), Heard::default());
    let (mut found, mut near_before) = (None, [0.0; 80]);
    let mut uneven = (case.jitter != Jitter::None).then(|| Uneven::new(case.jitter, case.seed));
    for frame in 0..case.schedule.end {
        let far = line.far();
        let sent = line.next(&far);
        let came = match &mut uneven {
            Some(uneven) => uneven.pass(frame, &sent),
            None => Came::at_once(sent),
        };
        let sent = came.sent;
        let mut sound = sent.sound;
        leg.handle_depth(came.depth);
        let parts = match came.is_heard {
            true => tracer.hear(&mut leg, &mut sound, sent.lost, (&sent.echo, &sent.near)),
            false => tracer.skip(&mut leg),
        };
        heard.sent.extend(far);
        heard.before.extend(sent.sound);
        heard.after.extend(sound);
        heard.near.extend(sent.near.map(|s| s as i16));
        leg.sent(&far);
        leg.judge(pool);
        if found.is_none() && leg.delay().is_some() {
            found = Some(frame);
        }
        let late = near_before.iter().chain(&sent.near[..80]).copied();
        let near = if parts.late {
            power(late)
        } else {
            power(sent.near.into_iter())
        };
        near_before.copy_from_slice(&sent.near[80..]);
        powers.push(Powers {
            source: power(sent.source.into_iter()),
            linear: power(parts.linear.into_iter()),
            echo: power(parts.echo.into_iter()),
            near,
            near_out: power(parts.near.into_iter()),
        });
    }
    (figures(case, &powers, found), heard)
}

pub(super) fn figures(case: Case, powers: &[Powers], found: Option<usize>) -> Figures {
    let schedule = case.schedule;
    let first = powers.iter().position(|frame| frame.source > ACTIVE).unwrap_or(0);
    let whole = |from: usize, to: usize| {
        &powers[from.min(powers.len())..to.min(powers.len()).max(from.min(powers.len()))]
    };
    let spoken = |found: usize| {
        let trip = 1 + case.trip_ms as usize / 20;
        let frames = whole(0, found.saturating_sub(0).max(1));
        // What is heard back was sent before; what is under way counts too.
        let counted = frames.iter().filter(|frame| frame.source > ACTIVE).count();
        (counted + trip.min(found)) as f32 * 20.0
    };
    let after_found = found.unwrap_or(0).max(first);
    let both = whole(schedule.both, schedule.change)
        .iter()
        .filter(|frame| frame.near > ACTIVE);
    let both: Vec<_> = both.collect();
    let cut = both
        .iter()
        .filter(|frame| frame.near_out < CUT * frame.near)
        .count();
    let (near, near_out) = both
        .iter()
        .fold((1.0, 1.0), |(a, b), f| (a + f.near, b + f.near_out));
    Figures {
        detected_ms: found.map(spoken),
        after_1s: loss(whole(first + SECOND, first + 2 * SECOND), ACTIVE, |f| f.echo),
        after_found_1s: match found {
            Some(_) => loss(
                whole(after_found + SECOND, after_found + 2 * SECOND),
                ACTIVE,
                |f| f.echo,
            ),
            None => 0.0,
        },
        after_3s: loss(whole(first + 3 * SECOND, schedule.both), ACTIVE, |f| f.echo),
        linear: loss(whole(first + 5 * SECOND, schedule.both), ACTIVE, |f| f.linear),
        changed: loss(whole(schedule.change + 3 * SECOND, schedule.end), ACTIVE, |f| {
            f.echo
        }),
        recovered_ms: recovered(whole(schedule.change, schedule.end)),
        cut_pct: 100.0 * cut as f32 / both.len().max(1) as f32,
        near_db: 10.0 * (near / near_out).log10(),
    }
}

/// What was sent over what is left, in the frames in which it spoke.
pub(super) fn loss(frames: &[Powers], active: f32, left: impl Fn(&Powers) -> f32) -> f32 {
    let spoken = frames.iter().filter(|frame| frame.source > active);
    let (sent, left) = spoken.fold((1.0, 0.1), |(a, b), frame| (a + frame.source, b + left(frame)));
    10.0 * (sent / left).log10()
}

fn recovered(frames: &[Powers]) -> Option<f32> {
    let halves: Vec<f32> = frames
        .chunks(SECOND / 2)
        .map(|half| {
            let spoken = half
                .iter()
                .map(|frame| frame.source)
                .filter(|&source| source > ACTIVE);
            match spoken.sum::<f32>() > JUDGED {
                true => loss(half, ACTIVE, |frame| frame.echo),
                false => 99.0,
            }
        })
        .collect();
    let last_bad = halves
        .iter()
        .rposition(|&loss| loss < 35.0)
        .map_or(0, |at| at + 1);
    let first_good = halves[last_bad..].iter().position(|&loss| loss >= 40.0)?;
    Some((last_bad + first_good) as f32 * 500.0)
}
