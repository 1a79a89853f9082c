//! The rings of one media thread, as the control side has them: what a full ring refused waits here, in order.

use crate::io::media_thread::{FromMedia, MediaThread, Rings, ToMedia};
use crate::media_api::Event;
use rtrb::PushError;
use std::collections::VecDeque;

/// One media thread's.
pub struct Door {
    pub thread: MediaThread,
    rings: Rings,
    backlog: VecDeque<ToMedia>,
}

impl Door {
    /// The door to `thread`.
    pub fn new((thread, rings): (MediaThread, Rings)) -> Door {
        Door {
            thread,
            rings,
            backlog: VecDeque::new(),
        }
    }

    /// Whether a command would have to wait.
    pub fn is_full(&self) -> bool {
        self.is_waiting() || self.rings.commands.is_full()
    }

    /// Whether something waits.
    pub fn is_waiting(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Asks the thread, after all that it was asked before.
    pub fn send(&mut self, command: ToMedia) {
        self.backlog.push_back(command);
        self.flush();
    }

    /// Asks what waits.
    pub fn flush(&mut self) {
        while let Some(command) = self.backlog.pop_front() {
            if let Err(PushError::Full(command)) = self.rings.commands.push(command) {
                self.backlog.push_front(command);
                break;
            }
        }
    }

    /// The next thing that the thread is done with.
    pub fn finished(&mut self) -> Option<FromMedia> {
        self.rings.finished.pop().ok()
    }

    /// The next thing that it tells.
    pub fn event(&mut self) -> Option<Event> {
        self.rings.events.pop().ok()
    }
}
