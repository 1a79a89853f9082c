//! What was measured of a crowd. Pure.

use super::ears::{Ears, Times};
use std::time::Duration;

/// Steps of a [`Spread`]: each 5 % above the one before, from a microsecond to beyond ten seconds.
const STEPS: usize = 340;
const RATIO: f64 = 1.05;

/// How times are spread, within 5 %.
#[derive(Clone, Debug)]
pub struct Spread {
    steps: Vec<u32>,
    count: u64,
}

impl Default for Spread {
    fn default() -> Spread {
        Spread {
            steps: vec![0; STEPS],
            count: 0,
        }
    }
}

impl Spread {
    /// One more, in nanoseconds.
    pub fn add(&mut self, nanos: u64) {
        let step = ((nanos as f64 / 1_000.0).max(1.0).ln() / RATIO.ln()) as usize;
        self.steps[step.min(STEPS - 1)] += 1;
        self.count += 1;
    }

    /// The time below which this part of all lies, in milliseconds; none of nothing.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = (part * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let step = self.steps.iter().position(|&count| {
            seen += u64::from(count);
            seen >= wanted
        })?;
        Some(RATIO.powi(step as i32 + 1) / 1_000.0)
    }
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Figures {
    /// For how long.
    pub span: Duration,
    /// Callers who were connected at the end.
    pub up: usize,
    /// Packets that should have come, and that came.
    pub expected: u64,
    pub received: u64,
    /// Of all callers.
    pub times: Times,
    /// From INVITE to 200.
    pub answer: Spread,
    /// How late our own ticks were.
    pub own_late: Spread,
    /// Looks at what a caller hears, and how many of them found the talker.
    pub looks: u64,
    pub heard: u64,
    /// Callers who heard themselves, and who heard another room.
    pub own: usize,
    pub foreign: usize,
}

impl Figures {
    pub(super) fn new(span: Duration, own_late: Spread, times: Times) -> Figures {
        Figures {
            span,
            up: 0,
            expected: 0,
            received: 0,
            times,
            answer: Spread::default(),
            own_late,
            looks: 0,
            heard: 0,
            own: 0,
            foreign: 0,
        }
    }

    pub(super) fn add(&mut self, is_up: bool, ears: &Ears, answer: Option<Duration>) {
        if let Some(time) = answer {
            self.answer.add(time.as_nanos() as u64);
        }
        if !is_up {
            return;
        }
        self.up += 1;
        // The window's edges cut one packet off.
        let expected = (self.span.as_millis() as u64 / 20).saturating_sub(1);
        self.expected += expected;
        self.received += u64::from(ears.packets).min(expected);
        self.looks += u64::from(ears.looks);
        self.heard += u64::from(ears.heard);
        let (own, foreign) = ears.complaints();
        self.own += usize::from(own);
        self.foreign += usize::from(foreign);
    }

    /// Packets that did not come, in percent.
    pub fn missing_pct(&self) -> f64 {
        100.0 * (self.expected - self.received) as f64 / self.expected.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_a_step() {
        let mut spread = Spread::default();
        (1..=1_000).for_each(|n| spread.add(n * 10_000));
        for (part, millis) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let found = spread.quantile(part).unwrap_or_default();
            assert!((millis..millis * 1.06).contains(&found), "{part}: {found}");
        }
        assert_eq!(Spread::default().quantile(0.5), None);
    }
}
