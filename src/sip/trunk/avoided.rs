//! Owns which hosts of a trunk are left alone for a while, because they were silent, could not be reached, or said so
//! (RFC 3263 §4.3, RFC 3261 §21.5.4). They are asked last, not never. Must never hold more than a round has targets.

use super::TARGETS_MAX;
use super::pace::AVOIDED;
use crate::sip::peer::Peer;
use crate::units::Time;
use std::time::Duration;

/// A host that is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    peer: Peer,
    until: Time,
    /// It was silent: any sign of life ends it. One that refused is taken at its word.
    is_silent: bool,
}

/// Those of one trunk.
#[derive(Clone, Debug, Default)]
pub struct Avoided {
    entries: Vec<Entry>,
}

impl Avoided {
    /// Nothing comes from it.
    pub fn silent(&mut self, now: Time, peer: Peer) {
        self.put(Entry {
            peer,
            until: now + AVOIDED,
            is_silent: true,
        });
    }

    /// It refuses to serve, for so long if it says so.
    pub fn refused(&mut self, now: Time, peer: Peer, retry_after: Duration) {
        let pause = if retry_after.is_zero() {
            AVOIDED
        } else {
            retry_after
        };
        self.put(Entry {
            peer,
            until: now + pause,
            is_silent: false,
        });
    }

    fn put(&mut self, entry: Entry) {
        self.served(entry.peer);
        if self.entries.len() == TARGETS_MAX {
            self.entries.remove(0);
        }
        self.entries.push(entry);
    }

    /// It gave a sign of life.
    pub fn answered(&mut self, peer: Peer) {
        self.entries
            .retain(|entry| entry.peer != peer || !entry.is_silent);
    }

    /// It does what it is asked.
    pub fn served(&mut self, peer: Peer) {
        self.entries.retain(|entry| entry.peer != peer);
    }

    /// Whether it is better asked after the others.
    pub fn contains(&self, now: Time, peer: Peer) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.peer == peer && now < entry.until)
    }

    /// Whether it said so itself.
    pub fn has_refused(&self, now: Time, peer: Peer) -> bool {
        let refused = |entry: &Entry| entry.peer == peer && !entry.is_silent && now < entry.until;
        self.entries.iter().any(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(last: u8) -> Peer {
        Peer::udp(([192, 0, 2, last], 5_060).into())
    }

    #[test]
    fn a_sign_of_life_ends_silence_and_no_refusal() {
        let (now, later) = (Time::ZERO, Time::ZERO + AVOIDED);
        let mut avoided = Avoided::default();
        avoided.silent(now, host(1));
        avoided.refused(now, host(2), 2 * AVOIDED);
        avoided.refused(now, host(3), Duration::ZERO);
        let left = |avoided: &Avoided, now| [1, 2, 3].map(|last| avoided.contains(now, host(last)));
        assert_eq!(left(&avoided, now), [true; 3]);
        assert_eq!(left(&avoided, later), [false, true, false]);
        assert!(!avoided.has_refused(now, host(1)) && avoided.has_refused(now, host(3)));
        (1..4).for_each(|last| avoided.answered(host(last)));
        assert_eq!(left(&avoided, now), [false, true, true]);
        avoided.served(host(2));
        assert_eq!(left(&avoided, now), [false, false, true]);
    }

    #[test]
    fn many_hosts_leave_no_more_than_a_round_has() {
        let mut avoided = Avoided::default();
        for last in 0..200 {
            avoided.silent(Time::ZERO, host(last));
            avoided.silent(Time::ZERO, host(last));
        }
        assert_eq!(avoided.entries.len(), TARGETS_MAX);
        assert!(avoided.contains(Time::ZERO, host(199)) && !avoided.contains(Time::ZERO, host(1)));
    }
}
