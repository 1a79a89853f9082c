//! The cancellers of a media thread: built before, lent to legs, given back.

use super::canceller::Canceller;

/// Cancellers that nobody has.
#[derive(Debug, Default)]
pub struct Pool {
    free: Vec<Box<Canceller>>,
    /// Nothing is lent meanwhile.
    closed: bool,
}

impl Pool {
    /// A pool of these. It has a place for as many as `free` has places.
    pub fn new(free: Vec<Box<Canceller>>) -> Pool {
        Pool { free, closed: false }
    }

    /// Takes one.
    pub fn take(&mut self) -> Option<Box<Canceller>> {
        if self.closed { None } else { self.free.pop() }
    }

    /// Takes it back; without a place for it, it stays where it is.
    pub fn give(&mut self, canceller: &mut Option<Box<Canceller>>) {
        if self.free.len() < self.free.capacity() {
            self.free.extend(canceller.take());
        }
    }

    /// Lends, or lends nothing for a while; takes back always.
    pub fn set_lending(&mut self, lending: bool) {
        self.closed = !lending;
    }

    /// Whether it would lend one if it had one.
    pub fn is_lending(&self) -> bool {
        !self.closed
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.free.len()
    }
}
