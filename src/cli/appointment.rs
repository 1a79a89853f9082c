//! When a group meets: a date, or a day of the week, in Germany. Reads what an organiser typed, and writes it down for
//! the members.

use super::when;
use crate::ids::Language;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};

/// Minutes of a meeting unless said otherwise.
pub(super) const MINUTES: u32 = 90;
/// Most minutes of a meeting: a day.
pub(super) const MINUTES_MAX: u32 = 24 * 60;

/// Whether a meeting comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    Never,
    Weekly,
}

/// An appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Appointment {
    /// The first time, by the clocks in Germany.
    pub(super) start: DateTime,
    pub(super) repeats: Repeats,
    pub(super) minutes: u32,
}

/// The days from Monday on: how each may be typed, then its name in German and English.
const DAYS: [(&[&str], &str, &str); 7] = [
    (&["mo", "mon"], "Montag", "Monday"),
    (&["di", "tu", "tue", "tues"], "Dienstag", "Tuesday"),
    (&["mi", "we", "wed"], "Mittwoch", "Wednesday"),
    (&["do", "th", "thu", "thur", "thurs"], "Donnerstag", "Thursday"),
    (&["fr", "fri"], "Freitag", "Friday"),
    (&["sa", "sat", "sonnabend"], "Samstag", "Saturday"),
    (&["so", "su", "sun"], "Sonntag", "Sunday"),
];

impl Appointment {
    /// The one appointment written as `typed`, for example "2026-12-01 19:00".
    pub(super) fn once(typed: &str, now: i64) -> anyhow::Result<Appointment> {
        let no_time = || {
            anyhow::anyhow!(
                "--at {typed:?} is no date and time: write it as YYYY-MM-DD HH:MM, for example \"2030-12-01 19:00\""
            )
        };
        let (date, time) = typed.trim().split_once([' ', 'T']).ok_or_else(no_time)?;
        let date: Date = date
            .parse()
            .ok()
            .filter(|_| date.len() == "2030-12-01".len())
            .ok_or_else(no_time)?;
        let start = date.to_datetime(clock(time).ok_or_else(no_time)?);
        let zoned = start.to_zoned(when::zone())?;
        if zoned.datetime() != start {
            anyhow::bail!(
                "--at {typed} does not exist: the clocks go forward that night. Choose another time"
            );
        }
        if zoned.timestamp().as_second() <= now {
            anyhow::bail!("--at {typed} is in the past: choose a time to come");
        }
        Ok(Appointment {
            start,
            repeats: Repeats::Never,
            minutes: MINUTES,
        })
    }

    /// The weekly appointment written as `typed`, for example "tue 19:00" or "di 19:00", from its next time on.
    pub(super) fn weekly(typed: &str, now: i64) -> anyhow::Result<Appointment> {
        let read = |typed: &str| {
            let (day, time) = typed.trim().split_once(char::is_whitespace)?;
            Some((weekday(day)?, clock(time)?))
        };
        let (day, time) = read(typed).ok_or_else(|| {
            anyhow::anyhow!(
                "--every {typed:?} is no day and time: write a day of the week and HH:MM, for example \"tue 19:00\" or \
                 \"di 19:00\""
            )
        })?;
        let today = when::instant(now).to_zoned(when::zone());
        let ahead = i64::from(today.weekday().until(day));
        let mut start = today.date().checked_add(ahead.days())?.to_datetime(time);
        if start <= today.datetime() {
            start = start.checked_add(1.week())?;
        }
        Ok(Appointment {
            start,
            repeats: Repeats::Weekly,
            minutes: MINUTES,
        })
    }

    /// The first time, in seconds since 1970.
    pub(super) fn first(&self) -> anyhow::Result<i64> {
        Ok(self.start.to_zoned(when::zone())?.timestamp().as_second())
    }

    /// The appointment as it stands in a letter.
    pub(super) fn written(&self, language: Language) -> String {
        let (_, german, english) =
            DAYS[usize::from(self.start.weekday().to_monday_zero_offset().unsigned_abs())];
        let date = when::written(language, self.start.date());
        let time = time_written(language, self.start.time());
        match (language, self.repeats) {
            (Language::De, Repeats::Never) => format!("{german}, {date}, um {time}"),
            (Language::De, Repeats::Weekly) => format!("jeden {german} um {time}"),
            (Language::En, Repeats::Never) => format!("{english}, {date}, at {time} (German time)"),
            (Language::En, Repeats::Weekly) => format!("every {english} at {time} (German time)"),
        }
    }
}

fn time_written(language: Language, time: Time) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match (language, hour, minute) {
        (Language::De, _, 0) => format!("{hour} Uhr"),
        (Language::De, _, _) => format!("{hour}:{minute:02} Uhr"),
        (Language::En, 0, 0) => "midnight".to_owned(),
        (Language::En, 12, 0) => "noon".to_owned(),
        (Language::En, 0..12, _) => format!("{}:{minute:02} a.m.", (hour + 11) % 12 + 1),
        (Language::En, _, _) => format!("{}:{minute:02} p.m.", (hour + 11) % 12 + 1),
    }
}

/// "19:00", also "9:30".
fn clock(typed: &str) -> Option<Time> {
    let (hour, minute) = typed.trim().split_once(':')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn weekday(typed: &str) -> Option<Weekday> {
    let typed = typed.trim_end_matches(['.', ',']).to_lowercase();
    let is = |(short, german, english): &(&[&str], &str, &str)| {
        short.contains(&typed.as_str()) || typed == german.to_lowercase() || typed == english.to_lowercase()
    };
    let place = DAYS.iter().position(is)?;
    Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22, a Sunday, 23:30 in Germany.
    const NOW: i64 = 1_795_386_600;

    #[test]
    fn a_day_of_the_week_may_be_typed_in_many_ways() {
        for typed in [
            "tue 19:00",
            "Di 19:00",
            "di. 19:00",
            "DIENSTAG  19:00",
            " tuesday 19:00 ",
        ] {
            let appointment = Appointment::weekly(typed, NOW).expect(typed);
            assert_eq!(appointment.start.to_string(), "2026-11-24T19:00:00", "{typed}");
        }
        for (short, german, english) in DAYS {
            for day in short.iter().chain([&german, &english]) {
                assert!(Appointment::weekly(&format!("{day} 9:05"), NOW).is_ok(), "{day}");
            }
        }
    }

    #[test]
    fn the_next_time_is_today_if_it_is_still_to_come() {
        let first = |typed| Appointment::weekly(typed, NOW).expect(typed).start.to_string();
        assert_eq!(first("so 23:31"), "2026-11-22T23:31:00");
        assert_eq!(first("sun 23:30"), "2026-11-29T23:30:00");
        assert_eq!(first("mo 00:00"), "2026-11-23T00:00:00");
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_remedy() {
        for typed in [
            "",
            "tue",
            "19:00",
            "xyz 19:00",
            "tue 24:00",
            "tue 19",
            "tue 19:5",
            "tue +9:00",
        ] {
            let refused = Appointment::weekly(typed, NOW).expect_err(typed).to_string();
            assert!(refused.contains("\"tue 19:00\""), "{refused}");
        }
        for typed in [
            "",
            "2026-12-01",
            "1.12.2026 19:00",
            "2026-12-01 25:00",
            "2026-02-30 19:00",
        ] {
            let refused = Appointment::once(typed, NOW).expect_err(typed).to_string();
            assert!(refused.contains("\"2030-12-01 19:00\""), "{refused}");
        }
        let refused = |typed| Appointment::once(typed, NOW).expect_err(typed).to_string();
        assert!(refused("2026-11-22 23:30").contains("in the past"));
        assert!(refused("2027-03-28 02:30").contains("clocks go forward"));
    }

    #[test]
    fn an_appointment_reads_like_a_letter() {
        let once = |typed: &str| Appointment::once(typed, NOW).expect(typed);
        let german = once("2026-12-01 19:00").written(Language::De);
        assert_eq!(german, "Dienstag, 1. Dezember 2026, um 19 Uhr");
        for (time, said) in [
            ("00:00", "midnight"),
            ("00:05", "12:05 a.m."),
            ("9:30", "9:30 a.m."),
            ("12:00", "noon"),
            ("12:15", "12:15 p.m."),
            ("19:00", "7:00 p.m."),
        ] {
            let english = once(&format!("2026-12-01 {time}")).written(Language::En);
            assert_eq!(
                english,
                format!("Tuesday, 1 December 2026, at {said} (German time)")
            );
        }
        let weekly = Appointment::weekly("do 18:30", NOW).expect("weekly");
        assert_eq!(weekly.written(Language::De), "jeden Donnerstag um 18:30 Uhr");
    }
}
