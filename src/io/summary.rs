//! When the log's line about how things are is due.

use crate::units::Time;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(15 * 60);

/// The time of the next line; none while there are no calls.
#[derive(Debug, Default)]
pub struct Summary {
    next: Option<Time>,
}

impl Summary {
    /// Whether the line is due; then the next one is so a quarter of an hour later.
    pub fn is_due(&mut self, now: Time, has_calls: bool) -> bool {
        if !has_calls {
            self.next = None;
            return false;
        }
        let next = *self.next.get_or_insert(now + EVERY);
        if now < next {
            return false;
        }
        self.next = Some(now + EVERY);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_bridge_says_nothing_and_a_busy_one_every_quarter_of_an_hour() {
        let mut summary = Summary::default();
        let mut minutes = Vec::new();
        for minute in 0..90_u64 {
            let has_calls = (10..60).contains(&minute);
            if summary.is_due(Time::from_millis(minute * 60_000), has_calls) {
                minutes.push(minute);
            }
        }
        assert_eq!(minutes, [25, 40, 55]);
    }
}
