//! Owns the budget of those who guess: how many tries failed in the last hour, by room keyed (whether it exists or not), by
//! caller and overall, and how long the answer to a wrong try is therefore held back. A right PIN is never delayed, so a
//! member is never locked out. Keeps no caller's number, only [`CallerTag`]s, and those for an hour.

use super::words::Reason;
use crate::ids::{CallerTag, RoomNumber};
use crate::units::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How much guessing is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessingPolicy {
    /// How long a failed try counts.
    pub window: Duration,
    /// Failed tries in one room, or by one caller, that cost nothing.
    pub free: u32,
    /// Failed tries overall that cost nothing: on a busy evening many mistype.
    pub free_overall: u32,
    /// The longest delay.
    pub delay_max: Duration,
    /// Failed tries that are remembered; beyond it the oldest is forgotten early.
    pub entries_max: usize,
}

impl Default for GuessingPolicy {
    fn default() -> GuessingPolicy {
        GuessingPolicy {
            window: Duration::from_secs(3_600),
            free: 3,
            free_overall: 300,
            delay_max: Duration::from_secs(20),
            entries_max: 10_000,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    at: Time,
    room: Option<RoomNumber>,
    caller: CallerTag,
}

/// Failed tries of the last hour.
#[derive(Debug, Default)]
pub struct Guessing {
    policy: GuessingPolicy,
    /// Oldest first.
    failures: VecDeque<Failure>,
    rooms: BTreeMap<RoomNumber, u32>,
    callers: BTreeMap<CallerTag, u32>,
    tries_failed: u64,
    forgotten_early: u64,
}

impl Guessing {
    /// Nobody has guessed yet.
    pub fn new(policy: GuessingPolicy) -> Guessing {
        Guessing {
            policy,
            ..Guessing::default()
        }
    }

    /// `caller` keyed a wrong PIN for `room`; `None` if what was keyed cannot be a room's number.
    pub fn handle_failure(&mut self, now: Time, room: Option<RoomNumber>, caller: CallerTag) {
        self.handle_timeout(now);
        self.tries_failed += 1;
        if let Some(room) = room {
            *self.rooms.entry(room).or_default() += 1;
        }
        *self.callers.entry(caller).or_default() += 1;
        self.failures.push_back(Failure {
            at: now,
            room,
            caller,
        });
        while self.failures.len() > self.policy.entries_max {
            self.forgotten_early += 1;
            self.forget_oldest();
        }
    }

    /// `caller` keyed the right PIN for `room`: what they mistyped there before is forgiven. Their failures at other rooms
    /// are not, so that nobody buys new tries with a room of their own.
    pub fn handle_success(&mut self, now: Time, room: RoomNumber, caller: CallerTag) {
        self.handle_timeout(now);
        if !self.callers.contains_key(&caller) || !self.rooms.contains_key(&room) {
            return;
        }
        let before = self.failures.len();
        self.failures
            .retain(|failure| failure.room != Some(room) || failure.caller != caller);
        let forgiven = before - self.failures.len();
        for _ in 0..forgiven {
            take_one(&mut self.rooms, room);
            take_one(&mut self.callers, caller);
        }
    }

    /// How long the answer to a wrong try is held back now. Counted where an answer really waits: by reception.
    pub fn delay(&mut self, now: Time, room: Option<RoomNumber>, caller: CallerTag) -> Duration {
        self.handle_timeout(now);
        let in_room = room.and_then(|room| self.rooms.get(&room)).copied().unwrap_or(0);
        let by_caller = self.callers.get(&caller).copied().unwrap_or(0);
        let overall = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        self.curve(in_room.max(by_caller), self.policy.free)
            .max(self.curve(overall, self.policy.free_overall))
    }

    /// Forgets what is old enough.
    pub fn handle_timeout(&mut self, now: Time) {
        while let Some((due, _)) = self.poll_timeout() {
            if due > now {
                return;
            }
            self.forget_oldest();
        }
    }

    /// When to wake, and why.
    pub fn poll_timeout(&self) -> Option<(Time, Reason)> {
        let oldest = self.failures.front()?;
        Some((oldest.at + self.policy.window, Reason::Forget))
    }

    /// The counters by the names under which `status` shows them. Rooms and callers: those that count at the moment.
    pub fn named(&self) -> [(&'static str, u64); 4] {
        [
            ("guesses_failed", self.tries_failed),
            ("guesses_forgotten_early", self.forgotten_early),
            ("guessing_rooms", self.rooms.len() as u64),
            ("guessing_identities", self.callers.len() as u64),
        ]
    }

    /// Nothing for the free ones, then one second, doubled by every further failure.
    fn curve(&self, failures: u32, free: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(free + 1) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        Duration::from_secs(u64::from(factor)).min(self.policy.delay_max)
    }

    fn forget_oldest(&mut self) {
        let Some(failure) = self.failures.pop_front() else {
            return;
        };
        if let Some(room) = failure.room {
            take_one(&mut self.rooms, room);
        }
        take_one(&mut self.callers, failure.caller);
    }
}

/// Counts one less; nothing is kept of what came to zero.
fn take_one<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3_600;

    fn at(s: u64) -> Time {
        Time::from_millis(s * 1_000)
    }

    fn room(index: u32) -> RoomNumber {
        RoomNumber::nth(index).expect("in range")
    }

    /// A wrong try, and the seconds until its answer.
    fn fail(guessing: &mut Guessing, s: u64, number: u32, caller: u64) -> u64 {
        let (room, caller) = (Some(room(number)), CallerTag(caller));
        guessing.handle_failure(at(s), room, caller);
        guessing.delay(at(s), room, caller).as_secs()
    }

    fn named(guessing: &Guessing, name: &str) -> u64 {
        let all = guessing.named();
        all.iter().find(|(n, _)| *n == name).expect("a counter").1
    }

    #[test]
    fn a_guesser_waits_longer_and_longer_and_an_hour_later_starts_anew() {
        let mut guessing = Guessing::default();
        let waits: Vec<_> = (0..10).map(|n| fail(&mut guessing, n, 1, 7)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(fail(&mut guessing, HOUR + 9, 1, 7), 0);
        assert_eq!(named(&guessing, "guesses_failed"), 11);
    }

    #[test]
    fn many_callers_at_one_room_are_slowed_and_so_is_one_caller_at_many_rooms() {
        let mut guessing = Guessing::default();
        let waits: Vec<_> = (0..5).map(|n| fail(&mut guessing, 0, 1, n)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2]);
        let waits: Vec<_> = (10..15).map(|n| fail(&mut guessing, 0, n, 99)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2]);
        assert_eq!(fail(&mut guessing, 0, 50, 50), 0, "nobody else is slowed");
        let found = ["guessing_rooms", "guessing_identities"].map(|name| named(&guessing, name));
        assert_eq!(found, [7, 7]);
    }

    #[test]
    fn a_flood_from_everywhere_slows_every_wrong_answer() {
        let mut guessing = Guessing::default();
        let waits = (0..400).map(|n| fail(&mut guessing, 0, n, u64::from(n)));
        assert_eq!(waits.filter(|wait| *wait > 0).count(), 100);
    }

    #[test]
    fn who_gets_in_is_forgiven_there_and_only_there() {
        let mut guessing = Guessing::default();
        for n in 0..3 {
            fail(&mut guessing, n, 1, 7);
            fail(&mut guessing, n, 2, 7);
        }
        guessing.handle_success(at(4), room(1), CallerTag(7));
        assert_eq!(
            fail(&mut guessing, 5, 3, 7),
            1,
            "three failures at room 2 still count"
        );
        guessing.handle_success(at(6), room(9), CallerTag(7));
        assert_eq!(fail(&mut guessing, 7, 3, 7), 2);
    }

    #[test]
    fn what_cannot_be_a_room_counts_for_the_caller_alone() {
        let (mut guessing, caller) = (Guessing::default(), CallerTag(7));
        for _ in 0..4 {
            guessing.handle_failure(at(0), None, caller);
        }
        assert_eq!(guessing.delay(at(0), None, caller), Duration::from_secs(1));
        assert_eq!(guessing.delay(at(0), None, CallerTag(8)), Duration::ZERO);
        assert_eq!(named(&guessing, "guessing_rooms"), 0);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_nothing_is_kept_beyond_the_hour(
            tries in prop::collection::vec((0..900_u64, 0..9_u32, 0..9_u64, any::<bool>()), 0..200),
        ) {
            let mut guessing = Guessing::new(GuessingPolicy { entries_max: 20, ..GuessingPolicy::default() });
            let mut now = 0;
            for (pause, number, caller, right) in tries {
                now += pause;
                if right {
                    guessing.handle_success(at(now), room(number), CallerTag(caller));
                } else {
                    fail(&mut guessing, now, number, caller);
                }
                let (in_rooms, by_callers): (u32, u32) =
                    (guessing.rooms.values().sum(), guessing.callers.values().sum());
                prop_assert!(guessing.failures.len() <= 20);
                prop_assert_eq!(in_rooms as usize, guessing.failures.len());
                prop_assert_eq!(by_callers as usize, guessing.failures.len());
            }
            guessing.handle_timeout(at(now + HOUR));
            prop_assert!(guessing.poll_timeout().is_none());
            prop_assert!(guessing.rooms.is_empty() && guessing.callers.is_empty());
        }
    }
}
