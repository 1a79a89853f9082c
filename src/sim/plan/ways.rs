//! Owns how the ways differ by which callers reach the bridge: connection or datagrams, keys by INFO, changes by UPDATE,
//! loudspeakers, haste. Drawn aside, so that everything else of an evening stays as it was.

use super::{CallerPlan, KeyFault, Scenario, Step};
use crate::sim::chance::Chance;
use crate::sim::link::LinkPlan;
use crate::units::Time;

/// How a caller's connection fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// It breaks once everything that was sent has come, not before this moment; the next request opens another one.
    pub breaks_at: Option<Time>,
    /// The caller closes it after the call; else it stays until the bridge does.
    pub closes: bool,
}

/// The body in which an INFO brings a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfoBody {
    /// `application/dtmf-relay`
    Relay,
    /// `application/dtmf`
    Plain,
}

/// Loudspeakers of one room: the sound that goes round between three would never end.
const LOUD_MAX: usize = 2;

impl Scenario {
    pub(super) fn draw_ways(&mut self, chance: &mut Chance) {
        let mut loud = vec![0; self.rooms.len()];
        for caller in &mut self.callers {
            caller.stream = chance.percent(25).then(|| stream(chance));
            if caller.keys == KeyFault::None && chance.percent(20) {
                caller.info = Some(chance.pick(&[InfoBody::Relay, InfoBody::Plain]));
            }
            caller.updates = chance.percent(20);
            if loud[caller.room] < LOUD_MAX && chance.percent(10) {
                make_loud(caller);
                loud[caller.room] += 1;
            }
            if chance.percent(10) {
                hurry(caller);
            }
        }
    }
}

/// What it returns is many tones at once. A playout buffer that conceals or stretches those may make any tone of them, and
/// nobody could tell whose it is: its voice has a good line.
fn make_loud(caller: &mut CallerPlan) {
    caller.loud = true;
    caller.there = LinkPlan {
        delay_ms: caller.there.delay_ms,
        ..LinkPlan::default()
    };
}

fn stream(chance: &mut Chance) -> StreamPlan {
    let breaks_at = Time::from_millis(chance.between(15_000, 50_000));
    StreamPlan {
        breaks_at: chance.percent(40).then_some(breaks_at),
        closes: chance.percent(70),
    }
}

fn hurry(caller: &mut CallerPlan) {
    let talks = |step: &Step| matches!(step, Step::Speak(true));
    if let Some(at) = caller.steps.iter().position(talks) {
        caller.steps.insert(at + 1, Step::Twice);
    }
}
