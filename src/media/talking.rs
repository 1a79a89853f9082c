//! Finds out that a muted caller speaks: loud frames for half a second out of one, told at most every ten seconds.

/// A frame whose largest sample reaches this (about −36 dBov) may be speech.
const LOUD: u16 = 512;
/// What a loud frame adds, what any other takes away, and where it is speech: 25 loud frames within a second or so.
const RISE: u8 = 2;
const FALL: u8 = 1;
const SPEECH: u8 = 50;
/// Ticks until it is told again: 10 s.
const PAUSE: u64 = 500;

/// One leg's finder.
#[derive(Clone, Debug, Default)]
pub struct Talking {
    level: u8,
    told: Option<u64>,
}

impl Talking {
    /// A frame with this largest sample was said; whether that is to be told.
    pub fn handle_frame(&mut self, frame: u64, peak: u16) -> bool {
        self.level = if peak >= LOUD {
            (self.level + RISE).min(SPEECH)
        } else {
            self.level.saturating_sub(FALL)
        };
        let due = self.told.is_none_or(|told| frame >= told + PAUSE);
        let tell = due && self.level >= SPEECH;
        if tell {
            self.told = Some(frame);
        }
        tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_told_and_again_after_a_while_and_a_cough_is_not() {
        let mut talking = Talking::default();
        let cough =
            (0..400).filter(|&frame| talking.handle_frame(frame, if frame % 100 < 12 { 9_000 } else { 40 }));
        assert_eq!(cough.count(), 0);
        let speech = (400..1_400)
            .filter(|&frame| talking.handle_frame(frame, if frame % 10 < 6 { 3_000 } else { 100 }));
        let told: Vec<_> = speech.collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0] < 520);
    }
}
