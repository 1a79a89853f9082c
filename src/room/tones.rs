//! Owns when a room's tones sound: at most one in two seconds; those between are grouped into one.

use super::words::Tone;
use crate::ids::LegId;
use crate::units::Time;
use std::time::Duration;

/// From one tone to the next.
pub(super) const APART: Duration = Duration::from_secs(2);

/// A tone, and who does not need to hear it.
pub(super) type Sound = (Tone, Option<LegId>);

/// A room's tones.
#[derive(Debug, Default)]
pub(super) struct Tones {
    last: Option<Time>,
    pending: Option<Sound>,
}

impl Tones {
    /// Somebody came or went. What is returned sounds now.
    pub fn request(&mut self, now: Time, sound: Sound) -> Option<Sound> {
        // Somebody coming matters more to those who talk than somebody going.
        if let (Some((Tone::Join, _)), Tone::Leave) = (self.pending, sound.0) {
            return None;
        }
        self.pending = Some(match (self.pending, sound) {
            // One tone for several who came: each of them may hear that others came too.
            (Some((Tone::Join, _)), (Tone::Join, _)) => (Tone::Join, None),
            _ => sound,
        });
        self.take_due(now)
    }

    /// `leg` went before anybody heard it come: nobody needs to hear either. Whether that was so.
    pub fn cancel(&mut self, leg: LegId) -> bool {
        let unheard = self.pending == Some((Tone::Join, Some(leg)));
        if unheard {
            self.pending = None;
        }
        unheard
    }

    /// What sounds now.
    pub fn take_due(&mut self, now: Time) -> Option<Sound> {
        let due = self.last.is_none_or(|last| last + APART <= now);
        let sound = if due { self.pending.take() } else { None };
        if sound.is_some() {
            self.last = Some(now);
        }
        sound
    }

    /// When a grouped tone sounds.
    pub fn deadline(&self) -> Option<Time> {
        self.pending.and(self.last).map(|last| last + APART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    fn join(leg: u64) -> Sound {
        (Tone::Join, Some(LegId(leg)))
    }

    #[test]
    fn eight_who_come_at_once_make_two_tones() {
        let mut tones = Tones::default();
        let heard: usize = (0..8)
            .filter(|&leg| tones.request(at(leg * 100), join(leg)).is_some())
            .count();
        assert_eq!((heard, tones.deadline()), (1, Some(at(2_000))));
        assert_eq!(tones.take_due(at(1_999)), None);
        assert_eq!(tones.take_due(at(2_000)), Some((Tone::Join, None)));
        assert_eq!((tones.take_due(at(9_000)), tones.deadline()), (None, None));
    }

    #[test]
    fn coming_outweighs_going_and_who_was_never_heard_is_not_missed() {
        let mut tones = Tones::default();
        let leave = (Tone::Leave, None);
        assert_eq!(tones.request(at(0), leave), Some(leave));
        assert_eq!(tones.request(at(1), leave), None);
        assert_eq!(tones.request(at(2), join(1)), None);
        assert_eq!(tones.request(at(3), leave), None);
        assert!(!tones.cancel(LegId(2)) && tones.cancel(LegId(1)));
        assert_eq!(tones.take_due(at(5_000)), None);
    }
}
