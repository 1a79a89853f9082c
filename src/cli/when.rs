//! Dates as an organiser means them: the last day of a room is a day in Germany, to its end.

use crate::ids::Language;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub(super) const ZONE: &str = "Europe/Berlin";
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The organisers' time zone; its rules are in the program, for a machine without tzdata.
pub(super) fn zone() -> TimeZone {
    TimeZone::get(ZONE).expect("the zone is built into the program")
}

/// From when on nobody may enter a room whose last day is written as `typed`, in seconds since 1970.
pub(super) fn expiry(typed: &str, now: i64) -> anyhow::Result<i64> {
    let last: Date = typed
        .parse()
        .ok()
        .filter(|_| typed.len() == "2030-12-31".len())
        .ok_or_else(|| {
            anyhow::anyhow!(
                "--until {typed:?} is no date: write the last day as YYYY-MM-DD, for example 2030-12-31"
            )
        })?;
    let today = day(now);
    if last < today {
        anyhow::bail!(
            "--until {typed} is in the past: choose {today} or a later day, or leave it out for a room without an end"
        );
    }
    let next = last.tomorrow().and_then(|day| day.to_zoned(zone()));
    let next = next.map_err(|_| {
        anyhow::anyhow!("--until {typed} is too far ahead: leave it out for a room without an end")
    })?;
    Ok(next.timestamp().as_second())
}

/// The last day of a room that nobody may enter from `expires` on.
pub(super) fn last_day(expires: i64) -> Date {
    day(expires - 1)
}

/// The day in Germany.
pub(super) fn day(seconds: i64) -> Date {
    Zoned::new(instant(seconds), zone()).date()
}

/// The point in time for programs, RFC 3339 in UTC.
pub(super) fn rfc3339(seconds: i64) -> String {
    instant(seconds).to_string()
}

/// The date as it is written in a letter: "31. Dezember 2026", "31 December 2026".
pub(super) fn written(language: Language, date: Date) -> String {
    let month = usize::from(date.month().unsigned_abs()) - 1;
    match language {
        Language::De => format!("{}. {} {}", date.day(), MONTHS_DE[month], date.year()),
        Language::En => format!("{} {} {}", date.day(), MONTHS_EN[month], date.year()),
    }
}

pub(super) fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22, 23:30 in Germany.
    const NOW: i64 = 1_795_386_600;

    #[test]
    fn the_last_day_lasts_to_its_end_in_germany() {
        for (typed, end) in [
            ("2026-11-22", "2026-11-22T23:00:00Z"),
            ("2026-12-31", "2026-12-31T23:00:00Z"),
            ("2027-03-28", "2027-03-28T22:00:00Z"),
            ("2027-07-01", "2027-07-01T22:00:00Z"),
        ] {
            let expires = expiry(typed, NOW).expect(typed);
            assert_eq!(rfc3339(expires), end);
            assert_eq!(last_day(expires).to_string(), typed);
        }
    }

    #[test]
    fn the_past_and_no_dates_are_refused_with_a_remedy() {
        let refused = |typed| expiry(typed, NOW).expect_err(typed).to_string();
        assert!(refused("2026-11-21").contains("choose 2026-11-22 or a later day"));
        for typed in [
            "",
            "31.12.2026",
            "2026-02-30",
            "2026-12",
            "20261231",
            "2026-12-31T10:00",
        ] {
            assert!(refused(typed).contains("YYYY-MM-DD"), "{typed}");
        }
        assert!(refused("9999-12-31").contains("too far ahead"));
    }

    #[test]
    fn a_letter_spells_the_month() {
        assert_eq!(written(Language::De, day(NOW)), "22. November 2026");
        let march = "2027-03-01".parse().expect("a date");
        assert_eq!(written(Language::De, march), "1. März 2027");
        assert_eq!(written(Language::En, march), "1 March 2027");
    }
}
