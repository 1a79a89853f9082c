//! Owns the table of a trial: one line a caller, the bars each of them has to clear, and the verdict. Pure.

use super::measure::median;
use super::set::{CallerId, CallerSet};
use super::trial::{Delays, FOREIGN_DB, HEARD_DB, Levels};
use std::fmt::Write;

/// What a caller may hear of itself at most, relative to what it sent.
pub const OWN_DB_MAX: f64 = -60.0;
/// How long the way from the last key into the room may take.
pub const ROOM_MS_MAX: f64 = 1_000.0;

/// What was measured at one caller.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// INVITE to 200.
    pub answer_ms: Option<f64>,
    /// Last key to the first sound of the room; nobody is there when the first caller comes.
    pub room_ms: Option<f64>,
    /// Whether somebody was in the room before it.
    pub is_first: bool,
    /// How many of the others in its room it heard, and how many there are.
    pub heard: usize,
    /// How many others are in its room.
    pub others: usize,
    /// How many of other rooms it heard.
    pub foreign: usize,
    /// Its own tone, relative to what it sent.
    pub own_db: f64,
    /// Median of the delays of the others' bursts.
    pub delay_ms: Option<f64>,
}

impl Row {
    /// Why this caller would complain; empty if it would not.
    pub fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.answer_ms.is_none() {
            all.push("was not answered".to_owned());
        }
        if self.heard < self.others {
            all.push(format!("heard {} of {} others", self.heard, self.others));
        }
        if self.foreign > 0 {
            all.push(format!("heard {} from another room", self.foreign));
        }
        if self.own_db > OWN_DB_MAX {
            all.push(format!(
                "heard itself at {:.1} dB (at most {OWN_DB_MAX:.0})",
                self.own_db
            ));
        }
        match self.room_ms {
            Some(ms) if ms > ROOM_MS_MAX => all.push(format!(
                "waited {ms:.0} ms for the room (at most {ROOM_MS_MAX:.0})"
            )),
            None if !self.is_first => all.push("never heard the room".to_owned()),
            _ => {}
        }
        all
    }
}

/// The rows of a trial; `rooms[i]` names the room of caller `i`.
pub fn rows(set: &CallerSet, rooms: &[usize], levels: &Levels, delays: &Delays) -> Vec<Row> {
    let same = |a: CallerId, b: CallerId| rooms.get(a.0) == rooms.get(b.0);
    set.ids()
        .map(|id| {
            let caller = set.caller(id);
            let (own_room, elsewhere): (Vec<_>, Vec<_>) = set
                .ids()
                .filter(|&other| other != id)
                .partition(|&other| same(id, other));
            let keyed = |id: CallerId| set.caller(id).marks().keyed;
            let is_first = own_room.iter().all(|&other| keyed(other) >= keyed(id));
            Row {
                answer_ms: caller.answer_time().map(|time| time.as_secs_f64() * 1e3),
                room_ms: caller
                    .room_time()
                    .map(|time| time.as_secs_f64() * 1e3)
                    .filter(|_| !is_first),
                is_first,
                heard: own_room
                    .iter()
                    .filter(|&&other| levels.together(id, other) >= HEARD_DB)
                    .count(),
                others: own_room.len(),
                foreign: elsewhere
                    .iter()
                    .filter(|&&other| levels.among_few(id, other) > FOREIGN_DB)
                    .count(),
                own_db: levels.among_few(id, id),
                delay_ms: delays.heard.get(id.0).and_then(|all| median(all)),
            }
        })
        .collect()
}

/// The rows as a table for a terminal.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "caller  INVITE→200   last key→room   heard     other rooms   own voice   added delay\n",
    );
    for (number, row) in (1..).zip(rows) {
        let answer = millis(row.answer_ms, 1);
        let room = if row.is_first {
            "first".to_owned()
        } else {
            millis(row.room_ms, 0)
        };
        let (heard, delay) = (
            format!("{} of {}", row.heard, row.others),
            millis(row.delay_ms, 1),
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{number:>6} {answer:>11} {room:>15}   {heard:<9} {:>11} {:>8.1} dB {delay:>13}",
            row.foreign, row.own_db
        );
    }
    text
}

/// The verdict in one line, and whether every caller is content.
pub fn verdict(rows: &[Row]) -> (bool, String) {
    let complaints: Vec<String> = (1..)
        .zip(rows)
        .flat_map(|(number, row)| {
            row.complaints()
                .into_iter()
                .map(move |why| format!("caller {number} {why}"))
        })
        .collect();
    if complaints.is_empty() {
        let line = "Good: everybody hears everybody else of the room, nobody else, and nobody hears itself.";
        return (true, line.to_owned());
    }
    (false, format!("Not good: {}.", complaints.join("; ")))
}

fn millis(value: Option<f64>, decimals: usize) -> String {
    value.map_or("–".to_owned(), |ms| format!("{ms:.decimals$} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Row {
        Row {
            answer_ms: Some(3.1),
            room_ms: Some(140.0),
            is_first: false,
            heard: 7,
            others: 7,
            foreign: 0,
            own_db: -70.0,
            delay_ms: Some(11.0),
        }
    }

    #[test]
    fn a_content_room_gets_a_good_verdict() {
        let rows = [
            Row {
                room_ms: None,
                is_first: true,
                ..content()
            },
            content(),
        ];
        assert!(verdict(&rows).0);
        let table = table(&rows);
        assert_eq!(table.lines().count(), 3);
        assert!(
            table.contains("first") && table.contains("7 of 7") && table.contains("11.0 ms"),
            "{table}"
        );
    }

    #[test]
    fn every_bar_that_is_missed_is_named() {
        let missed = [
            (
                Row {
                    answer_ms: None,
                    ..content()
                },
                "caller 1 was not answered",
            ),
            (
                Row {
                    heard: 6,
                    ..content()
                },
                "heard 6 of 7 others",
            ),
            (
                Row {
                    foreign: 1,
                    ..content()
                },
                "heard 1 from another room",
            ),
            (
                Row {
                    own_db: -59.9,
                    ..content()
                },
                "heard itself at -59.9 dB",
            ),
            (
                Row {
                    room_ms: Some(1_001.0),
                    ..content()
                },
                "waited 1001 ms",
            ),
            (
                Row {
                    room_ms: None,
                    ..content()
                },
                "never heard the room",
            ),
        ];
        for (row, why) in missed {
            let (good, line) = verdict(&[row]);
            assert!(!good && line.contains(why), "{line}");
        }
    }
}
