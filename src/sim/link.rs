//! Owns what a line does to packets: loses them (alone or in bursts), delays, doubles and reorders them, is cut and comes
//! back. Must never look into a packet.

use super::chance::Chance;
use crate::units::Time;
use std::time::Duration;

/// How one direction of a line behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkPlan {
    /// Lost alone, of a million.
    pub loss_ppm: u32,
    /// Packets after which a burst of losses begins, of a million.
    pub burst_ppm: u32,
    /// Packets that a burst swallows.
    pub burst_packets: u32,
    pub delay_ms: u64,
    /// Added to the delay, evenly between nothing and this.
    pub jitter_ms: u64,
    pub double_ppm: u32,
    /// Sent on at once, before those that are under way.
    pub hasty_ppm: u32,
    /// Nothing passes between these two moments.
    pub cut: Option<(Time, Time)>,
}

impl LinkPlan {
    /// Whether a packet that is sent now is swallowed for certain.
    pub fn is_cut(&self, now: Time) -> bool {
        self.cut.is_some_and(|(from, until)| now >= from && now < until)
    }

    /// Whether something was swallowed for certain within the last `span`.
    pub fn was_cut(&self, now: Time, span: Duration) -> bool {
        self.cut
            .is_some_and(|(from, until)| now >= from && now.since(until) < span)
    }
}

/// One direction of a line.
#[derive(Clone, Debug)]
pub struct Link {
    pub plan: LinkPlan,
    chance: Chance,
    swallows: u32,
}

impl Link {
    pub fn new(plan: LinkPlan, chance: Chance) -> Link {
        Link {
            plan,
            chance,
            swallows: 0,
        }
    }

    /// When a packet that is sent now arrives: never, once or twice.
    pub fn carry(&mut self, now: Time) -> [Option<Time>; 2] {
        let plan = self.plan;
        if self.swallows > 0 {
            self.swallows -= 1;
            return [None; 2];
        }
        if plan.is_cut(now) || self.chance.ppm(plan.loss_ppm) {
            return [None; 2];
        }
        if self.chance.ppm(plan.burst_ppm) {
            self.swallows = plan.burst_packets;
            return [None; 2];
        }
        let first = self.arrival(now);
        let second = self.chance.ppm(plan.double_ppm).then(|| self.arrival(now));
        [Some(first), second]
    }

    fn arrival(&mut self, now: Time) -> Time {
        let plan = self.plan;
        if self.chance.ppm(plan.hasty_ppm) {
            return now + Duration::from_millis(plan.delay_ms / 2);
        }
        let jitter_us = match plan.jitter_ms {
            0 => 0,
            ms => self.chance.below(ms * 1_000),
        };
        now + Duration::from_micros(plan.delay_ms * 1_000 + jitter_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(plan: LinkPlan) -> Vec<u64> {
        let mut link = Link::new(plan, Chance::seeded(1));
        let sent = (0..10_000).map(|n| Time::from_millis(n * 20));
        let arrived = sent.flat_map(|at| link.carry(at).into_iter().flatten());
        arrived.map(Time::as_millis).collect()
    }

    #[test]
    fn a_line_does_what_its_plan_says() {
        assert_eq!(arrivals(LinkPlan::default()).len(), 10_000);
        let lossy = LinkPlan {
            loss_ppm: 50_000,
            ..LinkPlan::default()
        };
        assert!((9_400..9_600).contains(&arrivals(lossy).len()));
        let bursty = LinkPlan {
            burst_ppm: 10_000,
            burst_packets: 9,
            ..LinkPlan::default()
        };
        assert!((8_900..9_300).contains(&arrivals(bursty).len()));
        let doubling = LinkPlan {
            double_ppm: 100_000,
            ..LinkPlan::default()
        };
        assert!((10_900..11_100).contains(&arrivals(doubling).len()));
        let cut = LinkPlan {
            cut: Some((Time::from_millis(1_000), Time::from_millis(2_000))),
            ..LinkPlan::default()
        };
        assert_eq!(arrivals(cut).len(), 10_000 - 50);
    }

    #[test]
    fn jitter_reorders_and_stays_within_its_bounds() {
        let plan = LinkPlan {
            delay_ms: 10,
            jitter_ms: 60,
            ..LinkPlan::default()
        };
        let times = arrivals(plan);
        assert!(times.windows(2).any(|pair| pair[1] < pair[0]));
        let late = times
            .iter()
            .enumerate()
            .map(|(n, at)| at - n as u64 * 20)
            .collect::<Vec<_>>();
        assert!(late.iter().all(|ms| (10..70).contains(ms)));
    }
}
