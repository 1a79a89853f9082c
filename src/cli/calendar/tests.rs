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

/// When one half of a year begins, by the clock before it; hours before UTC from then on, and until then.
fn turn(text: &str, part: &str, year: i16) -> (DateTime, i64, i64) {
    let part = text.split(part).nth(1).expect("both halves of the year");
    let rule = value(part, "RRULE:FREQ=YEARLY;BYMONTH=");
    let month = rule.strip_suffix(";BYDAY=-1SU").expect("the last Sunday");
    let month = month.parse().expect("a month");
    let last = Date::new(year, month, 1).expect("a date").last_of_month();
    let back = i64::from(last.weekday().to_sunday_zero_offset());
    let sunday = last.checked_sub(back.days()).expect("in the year");
    let hours = |start| value(part, start)[..2].parse().expect("hours");
    let clock = read(value(part, "DTSTART:")).time();
    (
        sunday.to_datetime(clock),
        hours("TZOFFSETTO:+"),
        hours("TZOFFSETFROM:+"),
    )
}

fn at_offset(local: DateTime, hours: i64) -> Timestamp {
    let utc = local.checked_sub(hours.hours()).expect("in range");
    let utc = utc.to_zoned(jiff::tz::TimeZone::UTC);
    utc.expect("in range").timestamp()
}

/// The moment that the file means by `local`: its VTIMEZONE, read as a calendar program would.
fn meant(text: &str, local: DateTime) -> Timestamp {
    let (forward, summer, _) = turn(text, "BEGIN:DAYLIGHT", local.year());
    let (back, winter, _) = turn(text, "BEGIN:STANDARD", local.year());
    let in_summer = local >= forward && local < back;
    at_offset(local, if in_summer { summer } else { winter })
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
fn the_files_clocks_change_when_germanys_do() {
    let text = weekly("tue 19:00");
    let halves = |year| ["BEGIN:DAYLIGHT", "BEGIN:STANDARD"].map(|part| turn(&text, part, year));
    let told: Vec<_> = (2026..2038)
        .flat_map(halves)
        .map(|(local, to, from)| (at_offset(local, from), to * 3_600))
        .collect();
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let zone = when::zone();
    let changes = zone.following(start).take(told.len());
    let germanys: Vec<_> = changes
        .map(|change| (change.timestamp(), i64::from(change.offset().seconds())))
        .collect();
    assert_eq!(told, germanys);
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
