//! Owns how numbers from 0 to 999 are said: as a text, and as prompts that say the same. Must not know what is counted.
//!
//! German counts "eins" and "hunderteins"; before a noun it says "eine Person", "ein Uhr", and keeps "hundertein Personen" in
//! the plural without an ending (Duden 9, "hundertein"). English joins hundreds and rest by "and".

use super::{Prompt, series};
use crate::ids::Language;

/// A number that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cardinal(u16);

/// What follows the number, on which the form of a German 1 depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing: a digit or a bare number. "eins"
    Counting,
    /// A feminine noun. "eine Person"
    Feminine,
    /// A noun without gender, as the hour. "ein Uhr"
    Bare,
}

/// Whether the noun that follows is one or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plurality {
    One,
    Many,
}

impl Cardinal {
    /// The largest.
    pub const MOST: u32 = 999;

    /// `number`, if it is not above [`Cardinal::MOST`].
    pub fn new(number: u32) -> Option<Cardinal> {
        let small = u16::try_from(number).ok();
        small.filter(|_| number <= Cardinal::MOST).map(Cardinal)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// "null Personen", "eine Person", "hundertein Personen": only 1 itself is one.
    pub const fn plurality(self) -> Plurality {
        match self.0 {
            1 => Plurality::One,
            _ => Plurality::Many,
        }
    }

    /// Hundreds and the rest below.
    fn parts(self) -> (usize, usize) {
        (usize::from(self.0) / 100, usize::from(self.0) % 100)
    }

    /// The clips that say it.
    pub fn prompts(self, form: Form) -> Vec<Prompt> {
        match self.parts() {
            (0, rest) => vec![below_hundred(rest, form)],
            (hundreds, 0) => vec![series::HUNDRED[hundreds - 1]],
            (hundreds, 1) if form != Form::Counting => {
                vec![series::HUNDRED_AND[hundreds - 1], Prompt::OneBare]
            }
            (hundreds, rest) => vec![
                series::HUNDRED_AND[hundreds - 1],
                below_hundred(rest, Form::Counting),
            ],
        }
    }

    /// What the clips say, written.
    pub fn text(self, language: Language, form: Form) -> String {
        let separator = match language {
            Language::De => "",
            Language::En => " ",
        };
        let words = self.prompts(form).into_iter().map(|prompt| prompt.text(language));
        words.collect::<Vec<_>>().join(separator)
    }
}

fn below_hundred(number: usize, form: Form) -> Prompt {
    match (number, form) {
        (1, Form::Feminine) => Prompt::OneFeminine,
        (1, Form::Bare) => Prompt::OneBare,
        (_, Form::Counting | Form::Feminine | Form::Bare) => series::NUMBER[number],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second speller: by subtraction and endings, not by tables of whole words.
    fn spelled_german(number: u16, one: &str) -> String {
        let units = [
            "null", one, "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf",
            "zwölf",
        ];
        // Before "zehn", "zig" and "und": sechzehn, siebzig, einundzwanzig.
        let stem = |unit: u16| match unit {
            1 => "ein",
            6 => "sech",
            7 => "sieb",
            _ => units[usize::from(unit)],
        };
        match number {
            0..=12 => units[usize::from(number)].to_owned(),
            13..=19 => format!("{}zehn", stem(number - 10)),
            20 => "zwanzig".to_owned(),
            30 => "dreißig".to_owned(),
            40 | 50 | 60 | 70 | 80 | 90 => format!("{}zig", stem(number / 10)),
            21..=99 => {
                let unit = number % 10;
                let unit_word = if unit == 1 {
                    "ein"
                } else {
                    units[usize::from(unit)]
                };
                format!("{unit_word}und{}", spelled_german(number - unit, one))
            }
            _ => {
                let hundreds = match number / 100 {
                    1 => String::new(),
                    many => spelled_german(many, one),
                };
                let rest = match number % 100 {
                    0 => String::new(),
                    // No ending after "hundert".
                    1 if one == "eine" => "ein".to_owned(),
                    rest => spelled_german(rest, one),
                };
                format!("{hundreds}hundert{rest}")
            }
        }
    }

    fn spelled_english(number: u16) -> String {
        let small = "zero one two three four five six seven eight nine ten eleven twelve";
        let word = |n: u16| small.split(' ').nth(usize::from(n)).expect("at most twelve");
        let stem = |unit: u16| match unit {
            2 => "twen",
            3 => "thir",
            5 => "fif",
            8 => "eigh",
            _ => word(unit),
        };
        match number {
            0..=12 => word(number).to_owned(),
            13..=19 => format!("{}teen", stem(number % 10)),
            20..=99 if number.is_multiple_of(10) => {
                format!("{}ty", stem(number / 10)).replace("fourty", "forty")
            }
            20..=99 => format!("{}-{}", spelled_english(number - number % 10), word(number % 10)),
            _ if number.is_multiple_of(100) => format!("{} hundred", word(number / 100)),
            _ => {
                let hundreds = spelled_english(number - number % 100);
                format!("{hundreds} and {}", spelled_english(number % 100))
            }
        }
    }

    fn said(language: Language, number: u32, form: Form) -> String {
        Cardinal::new(number).expect("small").text(language, form)
    }

    #[test]
    fn every_number_up_to_999_is_said_rightly_in_german() {
        for (form, one) in [
            (Form::Counting, "eins"),
            (Form::Feminine, "eine"),
            (Form::Bare, "ein"),
        ] {
            for number in 0..=999 {
                let expected = spelled_german(number, one);
                assert_eq!(said(Language::De, number.into(), form), expected, "{form:?}");
            }
        }
    }

    #[test]
    fn every_number_up_to_999_is_said_rightly_in_english() {
        for form in [Form::Counting, Form::Feminine, Form::Bare] {
            for number in 0..=999 {
                assert_eq!(
                    said(Language::En, number.into(), form),
                    spelled_english(number),
                    "{form:?}"
                );
            }
        }
    }

    #[test]
    fn the_numbers_that_grammar_is_about() {
        for (number, form, german, english) in [
            (0, Form::Counting, "null", "zero"),
            (1, Form::Counting, "eins", "one"),
            (1, Form::Feminine, "eine", "one"),
            (1, Form::Bare, "ein", "one"),
            (2, Form::Feminine, "zwei", "two"),
            (12, Form::Counting, "zwölf", "twelve"),
            (14, Form::Counting, "vierzehn", "fourteen"),
            (16, Form::Counting, "sechzehn", "sixteen"),
            (17, Form::Counting, "siebzehn", "seventeen"),
            (18, Form::Counting, "achtzehn", "eighteen"),
            (21, Form::Counting, "einundzwanzig", "twenty-one"),
            (21, Form::Feminine, "einundzwanzig", "twenty-one"),
            (30, Form::Counting, "dreißig", "thirty"),
            (40, Form::Counting, "vierzig", "forty"),
            (66, Form::Counting, "sechsundsechzig", "sixty-six"),
            (77, Form::Counting, "siebenundsiebzig", "seventy-seven"),
            (100, Form::Feminine, "hundert", "one hundred"),
            (101, Form::Counting, "hunderteins", "one hundred and one"),
            (101, Form::Feminine, "hundertein", "one hundred and one"),
            (111, Form::Feminine, "hundertelf", "one hundred and eleven"),
            (200, Form::Counting, "zweihundert", "two hundred"),
            (
                621,
                Form::Bare,
                "sechshunderteinundzwanzig",
                "six hundred and twenty-one",
            ),
            (701, Form::Bare, "siebenhundertein", "seven hundred and one"),
            (
                999,
                Form::Counting,
                "neunhundertneunundneunzig",
                "nine hundred and ninety-nine",
            ),
        ] {
            assert_eq!(said(Language::De, number, form), german);
            assert_eq!(said(Language::En, number, form), english);
        }
    }

    #[test]
    fn only_one_is_one_and_a_thousand_is_too_large() {
        let one = |number| Cardinal::new(number).map(Cardinal::plurality) == Some(Plurality::One);
        assert_eq!((0..=999).filter(|number| one(*number)).collect::<Vec<_>>(), [1]);
        assert_eq!(Cardinal::new(1_000), None);
        assert_eq!(Cardinal::new(66_536), None);
    }
}
