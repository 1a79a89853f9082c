//! Owns what a connection does to bytes: loses none, keeps their order, and cuts them where it likes. Must never look into
//! them.

use super::chance::Chance;
use super::link::LinkPlan;
use crate::units::Time;
use std::time::Duration;

/// Cuts of what is sent at once.
const CUTS_MAX: u64 = 3;

/// One direction of a connection.
#[derive(Clone, Debug)]
pub struct Pipe {
    plan: LinkPlan,
    chance: Chance,
    /// When the last byte arrives.
    last: Time,
}

impl Pipe {
    /// Of the line's plan the delay and the jitter count: what is lost is sent again below.
    pub fn new(plan: LinkPlan, chance: Chance) -> Pipe {
        Pipe {
            plan,
            chance,
            last: Time::ZERO,
        }
    }

    /// Whether everything has arrived.
    pub fn is_empty(&self, now: Time) -> bool {
        self.last < now
    }

    /// When something that is sent now arrives.
    pub fn arrival(&mut self, now: Time) -> Time {
        let ms = self.plan.delay_ms + self.chance.below(self.plan.jitter_ms + 1);
        let soonest = self.last + Duration::from_micros(1);
        self.last = (now + Duration::from_millis(ms)).max(soonest);
        self.last
    }

    /// The pieces in which bytes that are sent now arrive.
    pub fn carry(&mut self, now: Time, bytes: &[u8]) -> Vec<(Time, Vec<u8>)> {
        let length = bytes.len() as u64;
        let cuts = self.chance.below(CUTS_MAX + 1);
        let mut ends: Vec<_> = (0..cuts)
            .map(|_| self.chance.below(length + 1) as usize)
            .collect();
        ends.push(bytes.len());
        ends.sort_unstable();
        let mut from = 0;
        let mut pieces = Vec::new();
        for end in ends.into_iter().filter(|end| *end > 0) {
            if end > from {
                pieces.push((self.arrival(now), bytes[from..end].to_vec()));
                from = end;
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order_and_in_pieces() {
        let plan = LinkPlan {
            delay_ms: 20,
            jitter_ms: 40,
            loss_ppm: 500_000,
            ..LinkPlan::default()
        };
        let mut pipe = Pipe::new(plan, Chance::seeded(1));
        let sent: Vec<u8> = (0..200).collect();
        let sends = (0..50).flat_map(|n| pipe.carry(Time::from_millis(n), &sent));
        let (times, pieces): (Vec<_>, Vec<_>) = sends.unzip();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(times[0] >= Time::from_millis(20) && pieces.len() > 60);
        assert_eq!(pieces.concat(), sent.repeat(50));
        assert!(!pipe.is_empty(times[times.len() - 1]));
        assert!(pipe.is_empty(Time::from_millis(200)));
    }
}
