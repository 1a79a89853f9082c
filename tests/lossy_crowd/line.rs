//! A line that loses, delays, doubles and reorders, and what is under way on it.

use rundruf::sim::Chance;
use rundruf::units::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// Of a hundred messages so many are lost.
const LOST: u64 = 10;
const DOUBLED: u64 = 2;
const DELAY_MS: [u64; 2] = [2, 120];

/// What comes when.
pub struct Queue<T> {
    due: BTreeMap<(Time, u64), T>,
    count: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            due: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<T> Queue<T> {
    pub fn put(&mut self, at: Time, what: T) {
        self.count += 1;
        self.due.insert((at, self.count), what);
    }

    pub fn next(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn pop(&mut self) -> Option<T> {
        self.due.pop_first().map(|(_, what)| what)
    }

    pub fn len(&self) -> usize {
        self.due.len()
    }
}

/// When a message that is sent now arrives: never, once or twice.
pub fn arrivals(now: Time, chance: &mut Chance) -> [Option<Time>; 2] {
    let mut arrival = || now + Duration::from_millis(chance.between(DELAY_MS[0], DELAY_MS[1]));
    let both = [arrival(), arrival()];
    if chance.percent(LOST) {
        return [None; 2];
    }
    [Some(both[0]), chance.percent(DOUBLED).then_some(both[1])]
}
