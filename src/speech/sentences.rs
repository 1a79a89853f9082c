//! Owns the sentences with a number in them: which clips, one straight after the other, say them. The usual numbers are
//! recorded as whole sentences, the others are joined.

use super::numbers::{Cardinal, Form};
use super::{Prompt, series};

/// How many people are in the room, the listener among them. "Mit Ihnen sind drei Personen im Raum."
pub fn members(count: u32) -> Vec<Prompt> {
    if let Some(whole) = whole(&series::MEMBERS, count) {
        return vec![whole];
    }
    match Cardinal::new(count) {
        // Nobody would be there to hear it.
        Some(number) if number.get() == 0 => vec![series::MEMBERS[0]],
        Some(number) => joined(Some(Prompt::MembersBegin), number, Prompt::MembersEnd),
        None => vec![Prompt::MembersMany],
    }
}

/// Which line causes an echo. "Das Echo kommt von Leitung vier. …"; from 1000 on digit by digit.
pub fn echo_line(line: u32) -> Vec<Prompt> {
    let number = match Cardinal::new(line) {
        Some(number) => number.prompts(Form::Counting),
        None => line
            .to_string()
            .bytes()
            .filter_map(|digit| Cardinal::new(u32::from(digit - b'0')))
            .flat_map(|digit| digit.prompts(Form::Counting))
            .collect(),
    };
    let end = [Prompt::Pause, Prompt::EchoLineEnd];
    [Prompt::EchoLineBegin]
        .into_iter()
        .chain(number)
        .chain(end)
        .collect()
}

/// A span of minutes. "eine Minute.", "fünf Minuten."; above 999 as 999.
pub fn minutes(count: u32) -> Vec<Prompt> {
    let most = count.min(Cardinal::MOST);
    match (whole(&series::MINUTES, most), Cardinal::new(most)) {
        (Some(whole), _) => vec![whole],
        (None, Some(number)) => joined(None, number, Prompt::MinutesEnd),
        (None, None) => Vec::new(),
    }
}

/// The call ends for maintenance. "… Für dieses Gespräch haben Sie noch fünf Minuten."; 0 is now.
pub fn maintenance(minutes_left: u32) -> Vec<Prompt> {
    match minutes_left {
        0 => vec![Prompt::Maintenance, Prompt::Pause, Prompt::CallLater],
        _ => [vec![Prompt::MaintenanceIn], minutes(minutes_left)].concat(),
    }
}

/// The sentence of a series that begins with 1.
fn whole(series: &[Prompt], number: u32) -> Option<Prompt> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    series.get(place).copied()
}

fn joined(begin: Option<Prompt>, number: Cardinal, end: Prompt) -> Vec<Prompt> {
    let number = number.prompts(Form::Feminine);
    begin.into_iter().chain(number).chain([end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Language;
    use crate::media_api::PLAYLIST_CLIPS;

    fn text(prompts: &[Prompt]) -> [String; 2] {
        Language::ALL.map(|language| {
            let words = prompts.iter().map(|prompt| prompt.text(language));
            words
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        })
    }

    #[test]
    fn people_are_counted_rightly() {
        for (count, german, english) in [
            (0, "Sie sind allein im Raum.", "You are alone in the room."),
            (1, "Sie sind allein im Raum.", "You are alone in the room."),
            (
                2,
                "Mit Ihnen sind zwei Personen im Raum.",
                "Including you, there are two people in the room.",
            ),
            (
                20,
                "Mit Ihnen sind zwanzig Personen im Raum.",
                "Including you, there are twenty people in the room.",
            ),
            (
                21,
                "Mit Ihnen sind einundzwanzig Personen im Raum.",
                "Including you, there are twenty-one people in the room.",
            ),
            (
                101,
                "Mit Ihnen sind hundert ein Personen im Raum.",
                "Including you, there are one hundred and one people in the room.",
            ),
            (
                2_000,
                "Mit Ihnen sind mindestens tausend Personen im Raum.",
                "Including you, there are at least a thousand people in the room.",
            ),
        ] {
            assert_eq!(text(&members(count)), [german, english]);
        }
    }

    #[test]
    fn a_line_is_named_by_its_number() {
        for (line, german, english) in [
            (1, "Leitung eins ", "line one "),
            (4, "Leitung vier ", "line four "),
            (101, "Leitung hundert eins ", "line one hundred and one "),
            (
                3_072,
                "Leitung drei null sieben zwei ",
                "line three zero seven two ",
            ),
        ] {
            let said = text(&echo_line(line));
            assert!(said[0].contains(german) && said[1].contains(english), "{said:?}");
            assert!(echo_line(line).len() <= PLAYLIST_CLIPS);
        }
    }

    #[test]
    fn minutes_are_counted_rightly() {
        for (count, german, english) in [
            (0, "null Minuten.", "zero minutes."),
            (1, "eine Minute.", "one minute."),
            (2, "zwei Minuten.", "two minutes."),
            (20, "zwanzig Minuten.", "twenty minutes."),
            (31, "einunddreißig Minuten.", "thirty-one minutes."),
            (120, "hundert zwanzig Minuten.", "one hundred and twenty minutes."),
        ] {
            assert_eq!(text(&minutes(count)), [german, english]);
        }
        assert_eq!(minutes(5_000), minutes(999));
    }

    #[test]
    fn maintenance_is_announced_with_its_minutes() {
        let [german, english] = text(&maintenance(1));
        assert!(
            german.ends_with("Für dieses Gespräch haben Sie noch eine Minute."),
            "{german}"
        );
        assert!(
            english.ends_with("This call will end in one minute."),
            "{english}"
        );
        assert!(text(&maintenance(0))[0].contains("jetzt"));
    }

    #[test]
    fn every_number_has_the_same_sentence_and_fits_into_a_playlist() {
        for count in 2..=999 {
            let number = Cardinal::new(count)
                .expect("small")
                .text(Language::De, Form::Feminine);
            let said = text(&members(count))[0].replace(' ', "");
            assert_eq!(said, format!("MitIhnensind{number}PersonenimRaum."));
            assert!(maintenance(count).len() <= PLAYLIST_CLIPS);
        }
    }
}
