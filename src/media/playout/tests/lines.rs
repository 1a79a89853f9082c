//! Bad lines: loss, in bursts or alone, jitter, reordering, and what becomes of the delay.

use super::{Line, Pulled};
use crate::media::counters::Counter;
use std::collections::BTreeMap;

/// Half a minute of a bad line; half a minute of a clean one follows.
struct Weather {
    loss_percent: u32,
    burst: u32,
    jitter_ms: u32,
    reorder: bool,
}

const BAD: u64 = 1_500;

struct Outcome {
    /// Samples behind a clean line at most, in bad weather after its first second.
    behind_most: i64,
    /// Ticks after the end of the bad weather until it was as on a clean line, and stayed so.
    recovered: u64,
    made_up: u32,
}

/// When each frame comes, by tick.
fn arrivals(weather: &Weather, seed: u32) -> BTreeMap<u64, Vec<u64>> {
    let mut state = seed;
    let mut chance = |of: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % of
    };
    let mut arrivals = BTreeMap::<u64, Vec<u64>>::new();
    let mut swallows = 0;
    for n in 0..2 * BAD {
        let bad = n < BAD;
        if bad && swallows == 0 && chance(100 * weather.burst) < weather.loss_percent {
            swallows = weather.burst;
        }
        if swallows > 0 {
            swallows -= 1;
            continue;
        }
        // It takes 100 ms and some; what is hasty takes half of that. All are sent 5 ms before a tick.
        let jitter_us = if bad && weather.jitter_ms > 0 {
            chance(weather.jitter_ms * 1_000)
        } else {
            0
        };
        let hasty = bad && weather.reorder && chance(20) == 0;
        let way_us = if hasty { 50_000 } else { 100_000 + jitter_us };
        let tick = (n * 20_000 + 15_000 + u64::from(way_us)).div_ceil(20_000);
        arrivals.entry(tick).or_default().push(n);
    }
    arrivals
}

fn live_through(weather: &Weather, seed: u32) -> (Outcome, Line) {
    let mut line = Line::new(seed);
    let mut arrivals = arrivals(weather, seed);
    let mut outcome = Outcome {
        behind_most: 0,
        recovered: 0,
        made_up: 0,
    };
    for tick in 0..2 * BAD {
        for n in arrivals.remove(&tick).unwrap_or_default() {
            line.come(n * 160, 160);
        }
        outcome.made_up += u32::from(line.play() == Pulled::Concealed);
        // On a clean line a frame is played in the sixth tick after it was begun.
        if tick < 50 {
            continue;
        }
        let behind = line.behind((tick - 5) * 160);
        if tick < BAD {
            outcome.behind_most = outcome.behind_most.max(behind);
        } else if tick >= BAD + 6 && behind.abs() > 80 {
            outcome.recovered = tick + 1 - BAD - 6;
        }
    }
    (outcome, line)
}

#[test]
fn any_bad_line_keeps_its_delay_bounded_and_is_as_good_as_new_within_ten_seconds() {
    for (loss_percent, burst) in [(0, 1), (1, 1), (3, 1), (5, 1), (1, 4), (3, 4), (5, 4)] {
        for jitter_ms in [0, 30, 60, 100] {
            for reorder in [false, true] {
                let weather = Weather {
                    loss_percent,
                    burst,
                    jitter_ms,
                    reorder,
                };
                judge(&weather);
            }
        }
    }
}

fn judge(weather: &Weather) {
    let Weather {
        loss_percent,
        burst,
        jitter_ms,
        reorder,
    } = *weather;
    let (outcome, line) = live_through(weather, 1 + jitter_ms * 7 + loss_percent);
    let behind_ms = outcome.behind_most / 8;
    let made_up = f64::from(outcome.made_up) / BAD as f64 * 100.0;
    let of = |case| line.count(case);
    let name = format!(
        "| {loss_percent} % | {burst} | {jitter_ms} | {reorder} | {behind_ms} | {:.1} | {made_up:.1} | {} | {} | {} | {} |",
        outcome.recovered as f64 / 50.0,
        of(Counter::Grown),
        of(Counter::Stretched),
        of(Counter::Shrunk),
        of(Counter::Late)
    );
    println!("{name}");
    assert!(
        behind_ms <= i64::from(60 + 2 * jitter_ms),
        "{name} too far behind"
    );
    assert!(outcome.recovered <= 500, "{name} too long");
    let uneven = jitter_ms > 0 || reorder;
    let expected = f64::from(loss_percent) * 1.5 + if uneven { 4.0 } else { 1.0 };
    assert!(made_up <= expected, "{name} too much made up");
    assert_eq!(of(Counter::Jumped), 0, "{name}");
}
