//! The cancellers of a media thread: built before, lent to legs, given back.

use super::canceller::Canceller;

/// Cancellers that nobody has.
#[derive(Debug, Default)]
pub struct Pool {
    free: Vec<Box<Canceller>>,
}

impl Pool {
    /// A pool of these. It has a place for as many as `free` has places.
    pub fn new(free: Vec<Box<Canceller>>) -> Pool {
        Pool { free }
    }

    /// Takes one.
    pub fn take(&mut self) -> Option<Box<Canceller>> {
        self.free.pop()
    }

    /// Takes it back; without a place for it, it stays where it is.
    pub fn give(&mut self, canceller: &mut Option<Box<Canceller>>) {
        if self.free.len() < self.free.capacity() {
            self.free.extend(canceller.take());
        }
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.free.len()
    }
}
