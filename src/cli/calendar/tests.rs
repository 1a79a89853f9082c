use super::*;
use icalendar::{CalendarComponent, Component};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// 2026-11-22, 23:30 in Germany.
const NOW: i64 = 1_795_386_600;

fn entry(appointment: &Appointment) -> Entry<'_> {
    Entry {
        uid: "1234567-w-tue-1900@rundruf.invalid",
        stamp: NOW,
        appointment,
        ends: None,
        summary: "Runde; ä, ß \\ „Grün“",
        location: Some("030 123456"),
        description: "Zeile eins, mit Komma\n\nSchöne Grüße aus Übersee, wo die Straßen länger sind als 75 Oktette: ÄÖÜäöüß",
    }
}

fn weekly(typed: &str) -> String {
    calendar(&entry(&Appointment::weekly(typed, NOW).expect("weekly")))
}

/// The rest of the first line that begins with `start`.
fn value<'a>(text: &'a str, start: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(start));
    line.unwrap_or_else(|| panic!("no {start} in {text}"))
}

/// A local time as the file writes it.
fn read(written: &str) -> DateTime {
    DateTime::strptime("%Y%m%dT%H%M%S", written).expect("a local time")
}

/// What the file's own rules say the offset from UTC is, in hours: its VTIMEZONE, read as a calendar program would.
fn offset_hours(text: &str, local: DateTime) -> i64 {
    let turn = |part: &str| {
        let part = text.split(part).nth(1).expect("both halves of the year");
        let rule = value(part, "RRULE:FREQ=YEARLY;BYMONTH=");
        let month: i8 = rule
            .strip_suffix(";BYDAY=-1SU")
            .expect("the last Sunday")
            .parse()
            .expect("a month");
        let last = Date::new(local.year(), month, 1).expect("a date").last_of_month();
        let back = i64::from(last.weekday().to_sunday_zero_offset());
        let hour = read(value(part, "DTSTART:")).time();
        let to: i64 = value(part, "TZOFFSETTO:+")[..2].parse().expect("hours");
        (
            last.checked_sub(back.days())
                .expect("in the year")
                .to_datetime(hour),
            to,
        )
    };
    let (forward, summer) = turn("BEGIN:DAYLIGHT");
    let (back, winter) = turn("BEGIN:STANDARD");
    if local >= forward && local < back {
        summer
    } else {
        winter
    }
}

/// The moment that the file means by `local`.
fn meant(text: &str, local: DateTime) -> Timestamp {
    let utc = local
        .checked_sub(offset_hours(text, local).hours())
        .expect("in range");
    utc.to_zoned(jiff::tz::TimeZone::UTC)
        .expect("in range")
        .timestamp()
}

#[test]
fn a_weekly_appointment_is_at_19_by_the_clock_across_both_changes() {
    let text = weekly("tue 19:00");
    assert_eq!(value(&text, "RRULE:FREQ=WEEKLY;"), "BYDAY=TU");
    let first = read(value(&text, "DTSTART;TZID=Europe/Berlin:"));
    let mut offsets = Vec::new();
    for week in 0..3 * 52 {
        let local = first.checked_add(week.weeks()).expect("in range");
        let there = meant(&text, local).to_zoned(when::zone());
        assert_eq!(there.datetime(), local);
        assert_eq!(
            (there.hour(), there.minute(), there.weekday()),
            (19, 0, Weekday::Tuesday)
        );
        offsets.push(there.offset());
    }
    offsets.dedup();
    assert!(offsets.len() > 5, "both changes were crossed");
}

#[test]
fn the_files_clocks_are_germanys_in_every_hour_of_twelve_years() {
    let text = weekly("tue 19:00");
    let mut local: DateTime = "2026-01-01T00:30:00".parse().expect("a time");
    while local.year() < 2038 {
        let there = local.to_zoned(when::zone()).expect("in range");
        // The hour that does not exist and the one that comes twice have no one answer.
        if !when::zone().to_ambiguous_zoned(local).is_ambiguous() {
            assert_eq!(meant(&text, local), there.timestamp(), "{local}");
        }
        local = local.checked_add(1.hour()).expect("in range");
    }
}

#[test]
fn lines_are_short_end_in_crlf_and_break_no_character() {
    let text = weekly("tue 19:00");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(
        text.split("\r\n").all(|line| line.len() <= LINE_OCTETS_MAX),
        "{text}"
    );
    assert!(text.contains("\r\n "), "something was folded");
}

#[test]
fn another_reader_understands_it() {
    let appointment = Appointment::once("2026-12-01 19:00", NOW).expect("once");
    let text = calendar(&entry(&appointment));
    let read: icalendar::Calendar = text.parse().expect("a calendar");
    let event = read
        .components
        .iter()
        .find_map(CalendarComponent::as_event)
        .expect("an event");
    let meant = entry(&appointment);
    assert_eq!(event.get_summary(), Some(meant.summary));
    assert_eq!(event.get_description(), Some(meant.description));
    assert_eq!(event.get_uid(), Some(meant.uid));
    assert_eq!(event.property_value("DTSTART"), Some("20261201T190000"));
    assert_eq!(event.property_value("DTSTAMP"), Some("20261122T223000Z"));
    assert_eq!(event.property_value("RRULE"), None);
}

#[test]
fn a_weekly_appointment_ends_with_its_room() {
    let appointment = Appointment::weekly("tue 19:00", NOW).expect("weekly");
    let text = calendar(&Entry {
        ends: Some(1_798_758_000),
        ..entry(&appointment)
    });
    assert_eq!(
        value(&text, "RRULE:FREQ=WEEKLY;"),
        "BYDAY=TU;UNTIL=20261231T225959Z"
    );
}
