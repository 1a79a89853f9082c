//! Owns who speaks G.722, and who changes codec in the middle of a call. Drawn aside and last of all, so that everything else of an
//! evening stays as it was.

use super::{CallerPlan, Scenario, Step};
use crate::sim::chance::Chance;

/// Evenings that have callers of G.722.
const PERCENT: u64 = 12;
/// Such callers of an evening.
const WIDE_MAX: u64 = 3;

/// How a caller speaks G.722.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WidePlan {
    /// From the first offer on; else it begins with its law.
    pub begins: bool,
    /// Offers G.722 without its law behind it.
    pub alone: bool,
}

impl Scenario {
    /// One evening in eight has callers of G.722, in one room: such an evening costs about twice as much as another.
    pub(super) fn draw_codecs(&mut self, chance: &mut Chance) {
        if !chance.percent(PERCENT) {
            return;
        }
        let room = chance.below(self.rooms.len() as u64) as usize;
        let comes = |caller: &&mut CallerPlan| caller.room == room && !caller.loud;
        let mut there: Vec<_> = self.callers.iter_mut().filter(comes).collect();
        for _ in 0..chance.between(1, WIDE_MAX) {
            if !there.is_empty() {
                let at = chance.below(there.len() as u64) as usize;
                make_wide(chance, there.swap_remove(at));
            }
        }
    }
}

/// Who begins with its law changes to G.722 later; some go to and fro.
fn make_wide(chance: &mut Chance, caller: &mut CallerPlan) {
    let wide = WidePlan {
        begins: chance.percent(70),
        alone: chance.percent(30),
    };
    caller.wide = Some(wide);
    for _ in 0..chance.between(u64::from(!wide.begins), 2) {
        let talks = |step: &Step| matches!(step, Step::Speak(true));
        let from = caller.steps.iter().position(talks).unwrap_or_default();
        let waits = |at: &usize| matches!(caller.steps[*at], Step::Wait(_));
        let after: Vec<_> = (from..caller.steps.len()).filter(waits).collect();
        if !after.is_empty() {
            let at = chance.pick(&after);
            caller.steps.insert(at + 1, Step::Switch);
        }
    }
}
