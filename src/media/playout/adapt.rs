//! How a buffer becomes shallower or deeper, unheard: by a pitch period, or by as much as is wanted where it is quiet.

use super::super::counters::{Counter, Counters};
use super::super::shed::Shed;
use super::super::stretch::{self, Joint};
use super::stream::{Stream, distance};
use super::{CALM, Playout, REST, Store};

impl<S: Store<CELL>, const F: usize, const CELL: usize> Playout<S, F, CELL> {
    /// Makes the buffer shallower or deeper, if it can be done unheard now; whether the frame is made.
    pub(super) fn adapt(
        &mut self,
        stream: &mut Stream,
        surplus: i64,
        linear: &mut [i16; F],
        counters: &mut Counters,
    ) -> bool {
        let gap = distance(stream.played_to, stream.due);
        if self.cells.is_empty() && gap >= Self::SILENT_AFTER {
            // Nothing is heard, nothing waits: it costs nothing.
            stream.due = stream.due.wrapping_add(surplus.max(-gap) as u32);
            return false;
        }
        if self.rest > 0 {
            self.rest -= 1;
            return false;
        }
        if surplus > 0 && self.calm < CALM {
            self.waited = 0;
            return false;
        }
        let mut coming = [[0; F]; 2];
        let coming = coming.as_flattened_mut();
        let most = F + surplus.clamp(0, F as i64) as usize;
        let (there, count) = self.cells.run(stream.due, most);
        if !there || count < F {
            return false;
        }
        let coming = &mut coming[..count];
        self.cells.read(stream.due, coming);
        if self.shed >= Shed::Stretching && !stretch::is_quiet(coming) {
            counters.count(Counter::StretchShed);
            self.rest = REST;
            return false;
        }
        self.waited = self.waited.saturating_add(1);
        let taken = if surplus > 0 {
            self.shorten(coming, linear, counters)
        } else {
            self.lengthen(coming, linear, counters)
        };
        if taken > 0 {
            self.rest = REST;
            self.took(stream, taken);
            self.concealer.take(linear);
        }
        taken > 0
    }

    /// Makes a frame out of more than one; how many samples were used.
    fn shorten(&self, coming: &[i16], linear: &mut [i16; F], counters: &mut Counters) -> usize {
        let fine = |joint: &Joint| joint.likeness >= self.likeness_needed(0.01);
        let Some(joint) = stretch::find_shorter::<F, CELL>(coming).filter(fine) else {
            return 0;
        };
        stretch::shorter(coming, joint.samples, linear);
        counters.count(Counter::Shrunk);
        F + joint.samples
    }

    /// Makes a frame out of less than one; how many samples were used.
    fn lengthen(&self, coming: &[i16], linear: &mut [i16; F], counters: &mut Counters) -> usize {
        let played = self.concealer.last();
        let Some(coming) = coming.first_chunk() else {
            return 0;
        };
        let fine = |joint: &Joint| joint.likeness >= self.likeness_needed(0.04);
        let Some(joint) = stretch::find_longer::<F, CELL>(&played, coming).filter(fine) else {
            return 0;
        };
        stretch::longer(&played, coming, joint.samples, linear);
        counters.count(Counter::Stretched);
        F - joint.samples
    }

    /// How alike two stretches must be to be laid over each other: less, the longer nothing was found.
    fn likeness_needed(&self, a_tick: f32) -> f32 {
        0.9 - a_tick * f32::from(self.waited)
    }
}
