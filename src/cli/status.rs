//! `rundruf status`: what the running bridge does at the moment.

use super::invitation::grouped;
use super::out;
use super::settings::Place;
use super::watch;
use crate::bridge::status::{EchoStatus, LineStatus, Status, TrunkStatus};
use crate::io::control_socket::{self, Reply, Request};
use std::fmt::Display;

/// `rundruf status`
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    #[command(flatten)]
    place: Place,
    /// Print JSON for programs instead of text for people
    #[arg(long)]
    json: bool,
    /// Show it live in this terminal until q or Ctrl-C
    #[arg(long, conflicts_with = "json")]
    watch: bool,
}

/// Runs `rundruf status`.
pub fn run(args: StatusArgs) -> anyhow::Result<()> {
    let data = args.place.settings()?.config.store.data;
    if args.watch {
        return watch::run(data);
    }
    match control_socket::ask(&data, &Request::Status)? {
        Reply::Status(status) if args.json => out::print_json(&status),
        Reply::Status(status) => out::print(&table(&status)),
        Reply::Refused { why } => anyhow::bail!("the bridge refused: {why}"),
        _ => anyhow::bail!("the bridge gave no status: use the same version for both"),
    }
}

/// Each thread's load.
fn loads(pct: &[f64]) -> String {
    let loads: Vec<_> = pct.iter().map(|load| format!("{load:.1}")).collect();
    loads.join(", ")
}

fn table(status: &Status) -> String {
    let media = &status.media;
    let mut lines = vec![
        row(
            "Running for",
            format!("{}{}", duration(status.uptime_s), draining(status)),
        ),
        row("Calls in reception", status.in_reception),
        row("Calls in rooms", status.in_rooms),
        row("Calls at most", status.capacity.calls_max),
        row(
            "Media threads",
            format!(
                "{} % busy, longest slot {} of 1000 µs",
                loads(&media.loads_pct),
                media.slot_us_max
            ),
        ),
        row("Precedence", precedence(status)),
        row("Left out for want of time", left_out(media.left_out)),
        row("Late slots", media.late_slots),
        row("Skipped frames", media.skipped_frames),
    ];
    lines.extend(section("TRUNKS", status.trunks.iter().flat_map(trunk)));
    lines.extend(section(
        "ROOMS WITH SOMEBODY IN THEM",
        status.rooms.iter().map(|room| {
            (
                grouped(&room.room),
                format!(
                    "{} of {} seats{}",
                    room.count,
                    room.seats,
                    if room.lets_echo {
                        ", echoes let through"
                    } else {
                        ""
                    }
                ),
            )
        }),
    ));
    lines.extend(section("LINES", status.lines.iter().flat_map(line)));
    lines.extend(section("REFUSED, BY REASON", status.refused.iter()));
    lines.extend(section("COUNTED", status.counters.iter()));
    lines.extend(section("HELD NOW", status.held.iter()));
    lines.join("\n")
}

fn draining(status: &Status) -> &'static str {
    match status.draining {
        true => ", draining: no new calls",
        false => "",
    }
}

fn precedence(status: &Status) -> &'static str {
    match status.media.realtime {
        true => "voices come first (SCHED_FIFO)",
        false => "ordinary; `rundruf check` says what is missing",
    }
}

/// What is left out at this step ([`rundruf::media::Shed`]).
fn left_out(step: usize) -> String {
    const STEPS: [&str; 4] = [
        "looking for echoes, but in turns",
        "adjusting delays",
        "keys as tones in rooms",
        "pitch of lost pieces",
    ];
    match step {
        0 => "nothing".into(),
        step => STEPS[..step.min(STEPS.len())].join("; "),
    }
}

/// How a line does here, then there, then what is the matter with it.
fn line(line: &LineStatus) -> Vec<(String, String)> {
    let place = line.room.as_deref().map_or("in reception".into(), grouped);
    let mut rows = vec![(
        format!("line {} {place}", line.line),
        format!(
            "{}{}, {:.1} % lost, jitter {:.1} ms, buffer {} ms, {} ms made up{}",
            line.codec,
            told(line.encrypted.as_deref(), |suite| format!(" ({suite})")),
            line.loss_pct,
            line.jitter_ms,
            line.buffer_ms,
            line.concealed_ms,
            told(line.mos, |mos| format!(", MOS {mos:.1}"))
        ),
    )];
    let far = [
        told(line.far_loss_pct, |pct| format!("{pct:.1} % lost")),
        told(line.far_jitter_ms, |ms| format!("jitter {ms:.1} ms")),
        told(line.round_trip_ms, |ms| format!("round trip {ms:.0} ms")),
        told(line.delay_ms, |ms| format!("delay {ms:.0} ms")),
        told(line.far_mos, |mos| format!("MOS {mos:.1}")),
        told(line.said_goodbye.then_some(()), |()| "said goodbye".to_owned()),
    ];
    let far: Vec<_> = far.into_iter().filter(|figure| !figure.is_empty()).collect();
    if !far.is_empty() {
        rows.push(("  at the other end".to_owned(), far.join(", ")));
    }
    rows.extend(
        line.echo
            .as_ref()
            .map(|echo| ("  echo".to_owned(), told_echo(echo))),
    );
    rows.extend(line.one_way.clone().map(|why| ("  ONE WAY ONLY".to_owned(), why)));
    rows
}

fn told_echo(echo: &EchoStatus) -> String {
    let level = told(echo.loss_db, |db| format!(", {} dB", -db));
    let rest = told(echo.rest_db, |db| format!(" ({} dB)", -db));
    let heard = match echo.is_heard {
        true => format!("; STILL HEARD BY THE OTHERS{rest}"),
        false => String::new(),
    };
    let ducked = told(echo.is_ducked.then_some(()), |()| {
        "; the line is turned down while others speak".to_owned()
    });
    format!("after {} ms{level}, {}{heard}{ducked}", echo.delay_ms, echo.state)
}

/// Whether a trunk is registered, or answers, then what is the matter with it.
fn trunk(trunk: &TrunkStatus) -> Vec<(String, String)> {
    let calls = match trunk.calls {
        1 => "1 call".to_owned(),
        calls => format!("{calls} calls"),
    };
    let mut rows = vec![(trunk.name.clone(), format!("{}, {calls}", trunk_state(trunk)))];
    if let Some(trouble) = &trunk.trouble {
        let next = match trunk.next_s {
            Some(next) => format!("; next try in {}", duration(next)),
            None => "; being tried now".to_owned(),
        };
        rows.push(("  TROUBLE".to_owned(), format!("{trouble}{next}")));
    }
    rows.extend(trunk.waits_for.as_ref().map(|better| {
        let text = format!("{better} goes before it and is away: back there as soon as it answers");
        ("  second choice".to_owned(), text)
    }));
    rows.extend(trunk.seen_as.as_ref().map(|seen| {
        let text = match trunk.is_shown {
            true => {
                format!("it sees us at {seen}, and callers are told so (sip.advertise would overrule it)")
            }
            false => format!("it sees us at {seen}, but callers are told another address: sip.advertise"),
        };
        ("  translated".to_owned(), text)
    }));
    rows
}

/// In one half-sentence.
pub(super) fn trunk_state(trunk: &TrunkStatus) -> String {
    let place = told(trunk.target.as_ref(), |target| format!(" at {target}"));
    match (trunk.registered_s, trunk.expires_s) {
        (Some(since), _) if trunk.is_static => format!("has answered for {}{place}", duration(since)),
        (None, _) if trunk.is_static => "DOES NOT ANSWER".to_owned(),
        (Some(since), Some(expires)) => format!(
            "registered for {}{place}, {} more unless refreshed",
            duration(since),
            duration(expires)
        ),
        _ => "NOT REGISTERED".to_owned(),
    }
}

fn told<T>(figure: Option<T>, words: impl Fn(T) -> String) -> String {
    figure.map(words).unwrap_or_default()
}

fn row(label: impl Display, value: impl Display) -> String {
    format!("{label:<34}{value}")
}

/// A heading and its rows; nothing when there are none.
fn section<L: Display, V: Display>(heading: &str, rows: impl Iterator<Item = (L, V)>) -> Vec<String> {
    let rows: Vec<_> = rows
        .map(|(label, value)| row(format_args!("  {label}").to_string(), value))
        .collect();
    let heading = [String::new(), heading.to_owned()];
    if rows.is_empty() {
        rows
    } else {
        heading.into_iter().chain(rows).collect()
    }
}

pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::status::RoomStatus;

    #[test]
    fn the_table_has_counts_and_no_empty_sections() {
        let mut status = Status {
            uptime_s: 3_700,
            in_reception: 2,
            in_rooms: 3,
            ..Status::default()
        };
        assert!(!table(&status).contains("ROOMS") && !table(&status).contains("REFUSED"));
        status.rooms.push(RoomStatus {
            room: "1234567".into(),
            count: 3,
            seats: 8,
            lets_echo: true,
        });
        status.refused.insert("not a trunk".into(), 4);
        let text = table(&status);
        for wanted in [
            "1 h 1 min",
            "ROOMS WITH",
            "123 45 67",
            "3 of 8 seats, echoes let through",
            "not a trunk",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }

    #[test]
    fn a_line_tells_both_ends_and_what_is_the_matter() {
        let mut status = Status::default();
        status.lines.push(LineStatus {
            line: 3,
            codec: "G722".into(),
            mos: Some(4.36),
            ..LineStatus::default()
        });
        let quiet = table(&status);
        assert!(
            quiet.contains("line 3 in reception")
                && quiet.contains("G722, 0.0 % lost")
                && quiet.contains("MOS 4.4"),
            "{quiet}"
        );
        assert!(
            !quiet.contains("other end") && !quiet.contains("ONE WAY"),
            "{quiet}"
        );
        let line = &mut status.lines[0];
        line.far_loss_pct = Some(1.25);
        line.far_jitter_ms = Some(3.0);
        line.round_trip_ms = Some(41.6);
        line.far_mos = Some(4.2);
        line.said_goodbye = true;
        line.one_way = Some("nothing comes".into());
        line.echo = Some(EchoStatus {
            delay_ms: 180,
            loss_db: Some(18),
            state: "taken out".into(),
            rest_db: Some(44),
            ..EchoStatus::default()
        });
        let text = table(&status);
        assert!(
            text.contains("1.2 % lost, jitter 3.0 ms, round trip 42 ms, MOS 4.2, said goodbye"),
            "{text}"
        );
        assert!(text.contains("after 180 ms, -18 dB, taken out\n"), "{text}");
        let echo = status.lines[0].echo.as_mut().expect("just put there");
        (echo.rest_db, echo.is_heard, echo.is_ducked) = (Some(26), true, true);
        let wanted =
            "taken out; STILL HEARD BY THE OTHERS (-26 dB); the line is turned down while others speak";
        assert!(table(&status).contains(wanted), "{}", table(&status));
        assert!(
            text.lines()
                .any(|row| row.contains("ONE WAY ONLY") && row.ends_with("nothing comes"))
        );
    }

    #[test]
    fn a_trunk_without_registration_tells_whether_it_answers() {
        let mut status = Status::default();
        status.trunks.push(TrunkStatus {
            name: "easybell".into(),
            is_static: true,
            registered_s: Some(7_260),
            expires_s: Some(30),
            target: Some("192.0.2.1:5060 by UDP".into()),
            ..TrunkStatus::default()
        });
        let text = table(&status);
        let wanted = "has answered for 2 h 1 min at 192.0.2.1:5060 by UDP, 0 calls";
        assert!(text.contains(wanted) && !text.contains("registered"), "{text}");
        let trunk = &mut status.trunks[0];
        (trunk.registered_s, trunk.target) = (None, None);
        trunk.trouble = Some("it does not answer".into());
        let text = table(&status);
        assert!(
            text.contains("DOES NOT ANSWER, 0 calls") && text.contains("TROUBLE"),
            "{text}"
        );
    }

    #[test]
    fn a_trunk_tells_where_it_is_registered_or_why_it_is_not() {
        let mut status = Status::default();
        status.trunks.push(TrunkStatus {
            name: "sipgate".into(),
            registered_s: Some(7_260),
            expires_s: Some(95),
            target: Some("192.0.2.1:5060 by UDP".into()),
            calls: 3,
            next_s: Some(40),
            ..TrunkStatus::default()
        });
        let text = table(&status);
        let wanted =
            "registered for 2 h 1 min at 192.0.2.1:5060 by UDP, 1 min 35 s more unless refreshed, 3 calls";
        assert!(
            text.contains("TRUNKS") && text.contains(wanted) && !text.contains("TROUBLE"),
            "{text}"
        );
        assert!(!text.contains("second choice"), "{text}");
        let trunk = &mut status.trunks[0];
        trunk.waits_for = Some("192.0.2.9:5060 by UDP".into());
        let text = table(&status);
        let row = text.lines().find(|row| row.contains("second choice"));
        assert!(
            row.is_some_and(|row| row.contains("192.0.2.9:5060 by UDP goes before it")),
            "{text}"
        );
        let trunk = &mut status.trunks[0];
        (trunk.registered_s, trunk.expires_s, trunk.target, trunk.calls) = (None, None, None, 1);
        trunk.trouble = Some("it does not answer".into());
        let text = table(&status);
        assert!(
            text.contains("NOT REGISTERED, 1 call\n")
                && text.contains("it does not answer; next try in 40 s"),
            "{text}"
        );
    }

    #[test]
    fn durations_are_readable() {
        assert_eq!(
            [59, 61, 90_061].map(duration),
            ["59 s", "1 min 1 s", "1 d 1 h 1 min"]
        );
    }
}
