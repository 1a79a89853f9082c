//! How far behind a buffer is, for who follows its changes.

use super::{Playout, Store};

impl<S: Store<CELL>, const F: usize, const CELL: usize> Playout<S, F, CELL> {
    /// How far what is played next lies behind tick `frame`, in samples; only how it changes means anything.
    pub fn depth(&self, frame: u64) -> Option<i64> {
        self.stream
            .map(|stream| Self::clock(frame) - i64::from(stream.due))
    }
}
