//! Owns what one person is being told, and what waits to be told after it. Decides nothing about the room.

use super::words::Notice;
use crate::units::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// Notices that may wait for one person.
const WAITING: usize = 4;
/// Longer than any notice: by then its end must have been told.
pub(super) const SAY: Duration = Duration::from_secs(90);

/// One person's ear.
#[derive(Debug, Default)]
pub(super) struct Ear {
    now: Option<(Notice, Time)>,
    waiting: VecDeque<Notice>,
}

impl Ear {
    /// `notice` takes the place of what is told. What waits is told after it: a key pressed too early must not cost a
    /// newcomer the word that nobody hears them.
    pub fn interrupt(&mut self, now: Time, notice: Notice) -> Notice {
        self.begin(now, notice)
    }

    /// `notice` is to be told as soon as there is silence: now, if it is returned. `Err` if too many wait.
    pub fn append(&mut self, now: Time, notice: Notice) -> Result<Option<Notice>, TooMany> {
        if self.now.is_none() {
            return Ok(Some(self.begin(now, notice)));
        }
        if self.waiting.len() == WAITING {
            return Err(TooMany);
        }
        self.waiting.push_back(notice);
        Ok(None)
    }

    /// What was told was heard: which notice it was, and what is told now.
    pub fn finish(&mut self, now: Time) -> (Option<Notice>, Option<Notice>) {
        let heard = self.now.take().map(|(notice, _)| notice);
        let next = self.waiting.pop_front().map(|notice| self.begin(now, notice));
        (heard, next)
    }

    /// Forgets the notices that became untrue. Whether one of them was being told: then what waits is to be begun by
    /// [`Ear::finish`].
    pub fn forget(&mut self, untrue: impl Fn(Notice) -> bool) -> bool {
        self.waiting.retain(|&notice| !untrue(notice));
        self.now.is_some_and(|(notice, _)| untrue(notice))
    }

    /// Whether nothing is told.
    pub fn is_silent(&self) -> bool {
        self.now.is_none()
    }

    /// When the end of what is told must have come.
    pub fn deadline(&self) -> Option<Time> {
        self.now.map(|(_, until)| until)
    }

    fn begin(&mut self, now: Time, notice: Notice) -> Notice {
        self.now = Some((notice, now + SAY));
        notice
    }
}

/// Too many notices wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_in_turn_and_an_answer_comes_before_it() {
        let (now, mut ear) = (Time::ZERO, Ear::default());
        assert_eq!(
            ear.append(now, Notice::LeaderWelcome),
            Ok(Some(Notice::LeaderWelcome))
        );
        assert_eq!(ear.append(now, Notice::Alone), Ok(None));
        assert_eq!(
            ear.finish(now),
            (Some(Notice::LeaderWelcome), Some(Notice::Alone))
        );
        assert_eq!(ear.append(now, Notice::MutedByLeader), Ok(None));
        assert_eq!(ear.interrupt(now, Notice::Muted), Notice::Muted);
        assert_eq!(
            ear.finish(now),
            (Some(Notice::Muted), Some(Notice::MutedByLeader))
        );
        assert!(ear.forget(|notice| notice == Notice::MutedByLeader));
        assert_eq!(ear.finish(now), (Some(Notice::MutedByLeader), None));
        assert!(ear.is_silent());
    }

    #[test]
    fn too_many_are_refused() {
        let mut ear = Ear::default();
        for _ in 0..=WAITING {
            assert!(ear.append(Time::ZERO, Notice::Help).is_ok());
        }
        assert_eq!(ear.append(Time::ZERO, Notice::Help), Err(TooMany));
    }
}
