//! An appointment as a calendar file (iCalendar, RFC 5545) that telephones and mail programs open. Reads no clock: the
//! stamp is an argument.
//!
//! Written by hand: the `icalendar` crate (0.17) knows no VTIMEZONE, and puts a DTSTAMP from the clock and a random UID
//! into every component, which RFC 5545 §3.6.5 does not allow in that one. The tests read the result with it.

use super::appointment::{Appointment, Repeats};
use super::when;
use jiff::civil::{DateTime, Weekday};

/// What stands in the file.
pub(super) struct Entry<'a> {
    /// Names the entry for ever: a calendar that knows it replaces it.
    pub(super) uid: &'a str,
    /// When the file was written, in seconds since 1970.
    pub(super) stamp: i64,
    pub(super) appointment: &'a Appointment,
    /// From when on a weekly appointment is over, in seconds since 1970.
    pub(super) ends: Option<i64>,
    pub(super) summary: &'a str,
    /// The telephone number.
    pub(super) location: Option<&'a str>,
    pub(super) description: &'a str,
}

/// Octets of a line, its end not counted (RFC 5545 §3.1).
const LINE_OCTETS_MAX: usize = 75;

/// Germany's clocks since 1996: forward on the last Sunday of March, back on the last of October.
const TIMEZONE: [&str; 17] = [
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Berlin",
    "BEGIN:DAYLIGHT",
    "DTSTART:19970330T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// The whole file, each line ended by CR and LF.
pub(super) fn calendar(entry: &Entry) -> String {
    let mut lines: Vec<String> = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Rundruf//Rundruf//DE"]
        .into_iter()
        .chain(["CALSCALE:GREGORIAN", "METHOD:PUBLISH"])
        .chain(TIMEZONE)
        .map(str::to_owned)
        .collect();
    lines.extend(event(entry));
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

fn event(entry: &Entry) -> Vec<String> {
    let appointment = entry.appointment;
    let mut lines = vec![
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", entry.uid),
        format!("DTSTAMP:{}", in_utc(entry.stamp)),
        format!("DTSTART;TZID={}:{}", when::ZONE, local(appointment.start)),
        format!("DURATION:PT{}M", appointment.minutes),
    ];
    if appointment.repeats == Repeats::Weekly {
        let until = entry.ends.map(|ends| format!(";UNTIL={}", in_utc(ends - 1)));
        let day = day(appointment.start.weekday());
        lines.push(format!(
            "RRULE:FREQ=WEEKLY;BYDAY={day}{}",
            until.unwrap_or_default()
        ));
    }
    lines.push(format!("SUMMARY:{}", escaped(entry.summary)));
    lines.extend(
        entry
            .location
            .map(|number| format!("LOCATION:{}", escaped(number))),
    );
    lines.push(format!("DESCRIPTION:{}", escaped(entry.description)));
    lines.push("END:VEVENT".to_owned());
    lines
}

fn local(time: DateTime) -> String {
    time.strftime("%Y%m%dT%H%M%S").to_string()
}

fn in_utc(seconds: i64) -> String {
    when::instant(seconds).strftime("%Y%m%dT%H%M%SZ").to_string()
}

const fn day(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}

/// A TEXT value (RFC 5545 §3.3.11).
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            c if c.is_control() => {}
            c => written.push(c),
        }
    }
    written
}

/// The line, ended, and broken where it is too long, but never inside a character.
fn folded(line: &str) -> String {
    let mut written = String::with_capacity(line.len() + 8);
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > LINE_OCTETS_MAX {
            written.push_str("\r\n ");
            octets = 1;
        }
        written.push(c);
        octets += c.len_utf8();
    }
    written + "\r\n"
}

#[cfg(test)]
mod tests;
