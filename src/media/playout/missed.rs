//! Ticks that were left out: a machine that stood still, or a leg that went to a slot that had passed. Nothing is heard of them and nothing was
//! sent in them, so what would have been played in them is left out too. Kept, it would make every leg of the bridge later at the same instant, and all
//! would look for pitch periods to leave out when there is least time for it.

use super::super::counters::{Counter, Counters};
use super::stream::{Stream, distance};
use super::{Playout, Store};

/// Frames passed over at most: after 10 s without a tick the next packet begins a stream.
const FRAMES_MAX: u64 = 500;

impl<S: Store<CELL>, const F: usize, const CELL: usize> Playout<S, F, CELL> {
    /// So many ticks were left out since the last one.
    pub fn pass_over(&mut self, frames: u64) {
        if frames > FRAMES_MAX {
            self.stream = None;
        }
        let Some(stream) = self.stream.as_mut().filter(|stream| !stream.fresh) else {
            return;
        };
        let samples = frames as u32 * F as u32;
        let to = stream.due.wrapping_add(samples);
        self.cells.pass(stream.due, to);
        self.cells.cut();
        if stream.played_to == stream.due {
            stream.played_to = to;
        }
        stream.due = to;
        stream.passed_over = stream.passed_over.saturating_add(samples);
    }

    /// Whether a packet comes for a tick that was left out.
    pub(super) fn was_passed_over(
        &self,
        stream: &mut Stream,
        at: u32,
        cells: usize,
        counters: &mut Counters,
    ) -> bool {
        let samples = (cells * CELL) as u32;
        let is = stream.passed_over > 0 && distance(at, stream.due) >= i64::from(samples);
        if is {
            counters.count(Counter::PassedOver);
            stream.passed_over = stream.passed_over.saturating_sub(samples);
        }
        is
    }

    /// Whether this tick was the first after some that were left out in which anything came in time: how late that was tells nothing of
    /// the line.
    pub(super) fn has_caught_up(stream: &mut Stream) -> bool {
        std::mem::take(&mut stream.passed_over) > 0
    }
}
