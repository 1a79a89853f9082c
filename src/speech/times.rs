//! Owns how a time of day is said: as a text, and as prompts that say the same. Knows neither clock nor date.
//!
//! German: "neunzehn Uhr", "neunzehn Uhr dreißig", "ein Uhr eins". English: "noon", "seven p.m.", "seven oh five p.m.".

use super::{Prompt, series};
use crate::ids::Language;

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

impl TimeOfDay {
    /// From 0:00 to 23:59.
    pub fn new(hour: u8, minute: u8) -> Option<TimeOfDay> {
        (hour < 24 && minute < 60).then_some(TimeOfDay { hour, minute })
    }

    /// The clips that say it.
    pub fn prompts(self, language: Language) -> Vec<Prompt> {
        let (hour, minute) = (usize::from(self.hour), usize::from(self.minute));
        let minutes = match minute {
            0 => return vec![series::OCLOCK[hour]],
            1..=9 => series::PAST[minute - 1],
            _ => series::NUMBER[minute],
        };
        match language {
            Language::De => vec![series::OCLOCK[hour], minutes],
            Language::En => {
                let half = if hour < 12 {
                    Prompt::Forenoon
                } else {
                    Prompt::Afternoon
                };
                // 0 and 12 are both twelve.
                vec![series::NUMBER[(hour + 11) % 12 + 1], minutes, half]
            }
        }
    }

    /// What the clips say, written.
    pub fn text(self, language: Language) -> String {
        let words = self
            .prompts(language)
            .into_iter()
            .map(|prompt| prompt.text(language));
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::{Cardinal, Form};
    use super::*;

    fn said(hour: u8, minute: u8) -> [String; 2] {
        let time = TimeOfDay::new(hour, minute).expect("a time of day");
        Language::ALL.map(|language| time.text(language))
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        for (hour, minute, german, english) in [
            (0, 0, "null Uhr", "midnight"),
            (0, 5, "null Uhr fünf", "twelve oh five a.m."),
            (1, 0, "ein Uhr", "one a.m."),
            (1, 1, "ein Uhr eins", "one oh one a.m."),
            (9, 10, "neun Uhr zehn", "nine ten a.m."),
            (12, 0, "zwölf Uhr", "noon"),
            (12, 30, "zwölf Uhr dreißig", "twelve thirty p.m."),
            (13, 0, "dreizehn Uhr", "one p.m."),
            (19, 0, "neunzehn Uhr", "seven p.m."),
            (19, 30, "neunzehn Uhr dreißig", "seven thirty p.m."),
            (21, 21, "einundzwanzig Uhr einundzwanzig", "nine twenty-one p.m."),
            (
                23,
                59,
                "dreiundzwanzig Uhr neunundfünfzig",
                "eleven fifty-nine p.m.",
            ),
        ] {
            assert_eq!(said(hour, minute), [german, english]);
        }
    }

    #[test]
    fn every_minute_of_the_day_is_said_and_no_two_alike() {
        let word = |number: u8, form| {
            let number = Cardinal::new(number.into()).expect("below 60");
            number.text(Language::De, form)
        };
        let mut english = std::collections::BTreeSet::new();
        for hour in 0..24 {
            for minute in 0..60 {
                let [de, en] = said(hour, minute);
                let minutes = match minute {
                    0 => String::new(),
                    _ => format!(" {}", word(minute, Form::Counting)),
                };
                assert_eq!(de, format!("{} Uhr{minutes}", word(hour, Form::Bare)));
                let afternoon = en.ends_with("p.m.") || en == "noon";
                assert_eq!(afternoon, hour >= 12, "{en}");
                assert!(english.insert(en), "{hour}:{minute}");
            }
        }
    }

    #[test]
    fn there_is_no_hour_24_and_no_minute_60() {
        assert_eq!(TimeOfDay::new(24, 0), None);
        assert_eq!(TimeOfDay::new(0, 60), None);
    }
}
