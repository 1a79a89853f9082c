//! Owns the one rule by which a key press counts once, whatever the ways it came: as a telephone event, as a SIP INFO, as tones in the
//! voice. (A leg that sends events is not listened to for tones any more, `media/leg.rs`: that saves time, and decides nothing.)
//!
//! | the call's best way so far | what comes | |
//! |---|---|---|
//! | the same, or none | a press | counts, unless it was counted already (last row) |
//! | a better one | a press | never counts |
//! | a worse one | a press | this way is the best from now on; counts, unless it was counted already (last row) |
//! | | a press of which the same key came in a worse way within the last second, each such press once | was counted already |

use crate::secret::Key;
use crate::units::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// How a key press came, the better way the greater: an event says most exactly what was pressed, a tone may be a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// As two tones in the voice (ITU-T Q.23).
    Tone,
    /// As a SIP INFO (RFC 6086 and its predecessors).
    Info,
    /// As a telephone event among the voice (RFC 4733).
    Event,
}

/// Presses that come in two ways within this are one.
const SAME_PRESS: Duration = Duration::from_secs(1);
/// Presses remembered: nobody keys more in a second.
const REMEMBERED: usize = 16;

/// One call's keys.
#[derive(Debug, Default)]
pub struct Keys {
    best: Option<Way>,
    /// Counted presses that may come again in a better way, the oldest first.
    counted: VecDeque<(Time, Way, Key)>,
}

impl Keys {
    /// Whether this is a press of its own.
    pub fn is_new(&mut self, now: Time, way: Way, key: Key) -> bool {
        if self.best.is_some_and(|best| way < best) {
            return false;
        }
        self.best = Some(way);
        self.counted.retain(|&(at, ..)| now.since(at) < SAME_PRESS);
        let earlier = self
            .counted
            .iter()
            .position(|&(_, counted, earlier)| counted < way && earlier == key);
        if let Some(at) = earlier {
            // A third way may follow.
            self.counted[at].1 = way;
            return false;
        }
        if way < Way::Event && self.counted.len() < REMEMBERED {
            self.counted.push_back((now, way, key));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Way::{Event, Info, Tone};
    use super::*;

    /// The keys that count, of presses at these milliseconds.
    fn told(presses: &[(u64, Way, char)]) -> String {
        let mut keys = Keys::default();
        let key = |face| Key::from_char(face).expect("a key");
        let new = presses
            .iter()
            .filter(|&&(ms, way, face)| keys.is_new(Time::from_millis(ms), way, key(face)));
        new.map(|&(_, _, face)| face).collect()
    }

    #[test]
    fn one_way_alone_counts_every_press() {
        for way in [Tone, Info, Event] {
            assert_eq!(told(&[(0, way, '1'), (300, way, '1'), (600, way, '2')]), "112");
        }
    }

    #[test]
    fn a_press_counts_once_whichever_two_ways_it_comes() {
        for (worse, better) in [(Tone, Info), (Tone, Event), (Info, Event)] {
            let better_first = [
                (0, better, '1'),
                (20, worse, '1'),
                (300, better, '2'),
                (320, worse, '2'),
            ];
            assert_eq!(told(&better_first), "12", "{better:?} before {worse:?}");
            let worse_first = [
                (0, worse, '1'),
                (20, better, '1'),
                (300, worse, '1'),
                (310, better, '1'),
            ];
            assert_eq!(told(&worse_first), "11", "{worse:?} before {better:?}");
            let far_apart = [(0, worse, '1'), (2_000, better, '1')];
            assert_eq!(told(&far_apart), "11", "two presses, two seconds apart");
        }
    }

    #[test]
    fn a_gateway_that_lets_the_beginning_of_a_tone_through_before_the_event() {
        assert_eq!(
            told(&[
                (0, Tone, '4'),
                (15, Event, '4'),
                (250, Event, '4'),
                (500, Event, '7')
            ]),
            "447"
        );
    }

    #[test]
    fn infos_that_come_two_keys_later_than_their_tones_are_still_the_same_presses() {
        let presses = [
            (0, Tone, '1'),
            (200, Tone, '1'),
            (400, Tone, '2'),
            (450, Info, '1'),
            (600, Tone, '3'),
            (650, Info, '1'),
            (850, Info, '2'),
            (1_050, Info, '3'),
        ];
        assert_eq!(told(&presses), "1123");
    }

    #[test]
    fn all_three_ways_at_once_are_one_press_each() {
        let presses = [
            (0, Info, '9'),
            (40, Tone, '9'),
            (60, Event, '9'),
            (500, Info, '9'),
            (540, Tone, '9'),
            (560, Event, '9'),
        ];
        assert_eq!(told(&presses), "99");
        let tone_first = [(0, Tone, '9'), (10, Info, '9'), (20, Event, '9')];
        assert_eq!(told(&tone_first), "9");
    }
}
