//! The status as Prometheus reads it (OpenMetrics text). Counts only: rooms are summed up, never named; lines go by their small
//! numbers, which mean nothing outside the bridge.

use crate::bridge::status::{EchoStatus, LineStatus, Status};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

/// What the text is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Real = Gauge<f64, AtomicU64>;
type Label = [(&'static str, String); 1];

/// All figures.
pub fn text(status: &Status) -> String {
    let mut figures = Figures(Registry::with_prefix("rundruf"));
    calls(&mut figures, status);
    trunks(&mut figures, status);
    quality(&mut figures, &status.lines);
    let media = &status.media;
    figures.real(
        "media_load_ratio",
        "Share of the last second that the media thread worked, 0 to 1",
        media.load_pct / 100.0,
    );
    figures.real(
        "media_slot_max_seconds",
        "The longest slot of the last second; a slot has a millisecond",
        media.slot_us_max as f64 / 1e6,
    );
    figures.count(
        "media_late_slots",
        "Slots that began more than a millisecond late",
        media.late_slots,
    );
    figures.count(
        "media_skipped_frames",
        "Whole frames left out because the machine stood still",
        media.skipped_frames,
    );
    figures.real(
        "media_left_out_steps",
        "Steps of what is left out for want of time: delays' adjusting, keys as tones in rooms, pitch of lost pieces",
        media.left_out as f64,
    );
    figures.real(
        "media_realtime",
        "Whether voices have precedence over other programs",
        f64::from(u8::from(media.realtime)),
    );
    let mut text = String::new();
    encode(&mut text, &figures.0).expect("a String takes everything");
    text
}

fn calls(figures: &mut Figures, status: &Status) {
    let places = [("reception", status.in_reception), ("room", status.in_rooms)];
    figures.reals("calls", "Calls that stand, by place", "place", places.map(owned));
    figures.real(
        "calls_limit",
        "Most calls at the same time",
        f64::from(status.capacity.calls_max),
    );
    figures.real(
        "rooms_occupied",
        "Rooms with somebody in them",
        status.rooms.len() as f64,
    );
    figures.real(
        "draining",
        "Whether no new calls are taken",
        f64::from(u8::from(status.draining)),
    );
    figures.real(
        "uptime_seconds",
        "Seconds since the start",
        status.uptime_s as f64,
    );
    figures.counts(
        "refused",
        "Calls and requests refused, by reason",
        "reason",
        &status.refused,
    );
    figures.counts("events", "Every other counted case", "event", &status.counters);
    let held = status
        .held
        .iter()
        .map(|(name, count)| (name.clone(), *count as f64));
    figures.reals("held", "What is held at the moment", "what", held);
}

/// By the names that the operator gave them.
fn trunks(figures: &mut Figures, status: &Status) {
    if status.trunks.is_empty() {
        return;
    }
    let all = status.trunks.iter();
    let registered = all.clone().map(|trunk| {
        (
            trunk.name.clone(),
            f64::from(u8::from(trunk.registered_s.is_some())),
        )
    });
    figures.reals(
        "trunk_registered",
        "Whether the bridge is registered there; of a trunk without registration: whether it answers",
        "trunk",
        registered,
    );
    let calls = all.map(|trunk| (trunk.name.clone(), trunk.calls as f64));
    figures.reals("trunk_calls", "Calls that came by it and stand", "trunk", calls);
}

fn owned((name, count): (&str, usize)) -> (String, f64) {
    (name.to_owned(), count as f64)
}

/// One measure of a line; none if it is not known.
type Measure = fn(&LineStatus) -> Option<f64>;

/// Name, help and measure of what is worse the greater it is.
const MEASURES: [(&str, &str, Measure); 8] = [
    (
        "line_loss_ratio",
        "Packets lost on the callers' lines, 0 to 1",
        |line| Some(line.loss_pct / 100.0),
    ),
    (
        "line_jitter_seconds",
        "Interarrival jitter of the callers' lines",
        |line| Some(line.jitter_ms / 1e3),
    ),
    ("line_buffer_seconds", "What the jitter buffers hold", |line| {
        Some(f64::from(line.buffer_ms) / 1e3)
    }),
    (
        "line_concealed_seconds",
        "Speech made up for packets that lacked, since the call came",
        |line| Some(line.concealed_ms as f64 / 1e3),
    ),
    (
        "line_far_loss_ratio",
        "Packets of ours lost, by the peers' reports, 0 to 1",
        |line| line.far_loss_pct.map(|pct| pct / 100.0),
    ),
    (
        "line_far_jitter_seconds",
        "Interarrival jitter at the peers",
        |line| line.far_jitter_ms.map(|ms| ms / 1e3),
    ),
    ("line_round_trip_seconds", "To the peers and back", |line| {
        line.round_trip_ms.map(|ms| ms / 1e3)
    }),
    (
        "line_delay_seconds",
        "From the callers' mouths to the room, estimated",
        |line| line.delay_ms.map(|ms| ms / 1e3),
    ),
];
/// … and of what is worse the smaller it is.
const SCORES: [(&str, &str, Measure); 2] = [
    (
        "line_mos",
        "How the callers sound here (ITU-T G.107), 1 to 4.5",
        |line| line.mos,
    ),
    ("line_far_mos", "How the bridge sounds at the callers", |line| {
        line.far_mos
    }),
];

/// What is known of the echo of a line; told of those alone that have one.
const ECHOES: [(&str, &str, Measure); 3] = [
    (
        "line_echo_delay_seconds",
        "From what is sent to an echoing telephone until it comes back",
        |line| Some(f64::from(line.echo.as_ref()?.delay_ms) / 1e3),
    ),
    (
        "line_echo_loss_db",
        "How far below what is sent the echo comes back",
        |line| line.echo.as_ref()?.loss_db.map(f64::from),
    ),
    (
        "line_echo_rest_db",
        "How far below what is sent that lies which is left of the echo",
        |line| line.echo.as_ref()?.rest_db.map(f64::from),
    ),
];

/// Each line by its number, the worst and the middle of all. What is not known of a line is left out.
fn quality(figures: &mut Figures, lines: &[LineStatus]) {
    let known = |measure: Measure| -> Vec<(String, f64)> {
        let of_line = |line: &LineStatus| Some((line.line.to_string(), measure(line)?));
        lines.iter().filter_map(of_line).collect()
    };
    let summed = |values: Vec<(String, f64)>, worse: fn(f64, f64) -> f64| {
        let all = || values.iter().map(|(_, value)| *value);
        let mean = all().sum::<f64>() / values.len().max(1) as f64;
        let worst = all().reduce(worse).unwrap_or(0.0);
        let summed = [("mean".to_owned(), mean), ("worst".to_owned(), worst)];
        summed.into_iter().chain(values).collect::<Vec<_>>()
    };
    for (name, help, measure) in MEASURES {
        figures.reals(name, help, "line", summed(known(measure), f64::max));
    }
    // Of lines nobody was heard on yet there is no score: without any, it is left out whole.
    for (name, help, measure) in SCORES {
        let scores = known(measure);
        if !scores.is_empty() {
            figures.reals(name, help, "line", summed(scores, f64::min));
        }
    }
    figures.real(
        "lines_one_way",
        "Calls that are heard one way only",
        lines.iter().filter(|line| line.one_way.is_some()).count() as f64,
    );
    for (name, help, measure) in ECHOES {
        let echoes = known(measure);
        if !echoes.is_empty() {
            figures.reals(name, help, "line", echoes);
        }
    }
    let echoing = |is_it: fn(&EchoStatus) -> bool| {
        let counted = lines.iter().filter(|line| line.echo.as_ref().is_some_and(is_it));
        counted.count() as f64
    };
    figures.real(
        "lines_with_echo",
        "Calls whose telephone returns what it hears",
        echoing(|_| true),
    );
    figures.real(
        "lines_with_echo_heard",
        "Calls whose echo the others still hear",
        echoing(|echo| echo.is_heard),
    );
    figures.real(
        "lines_ducked",
        "Calls that are turned down while others speak, for their echo stays unbearable",
        echoing(|echo| echo.is_ducked),
    );
}

/// Figures that are read once.
struct Figures(Registry);

impl Figures {
    fn real(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Real::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    fn count(&mut self, name: &str, help: &str, value: u64) {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn reals(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = (String, f64)>,
    ) {
        let family = Family::<Label, Real>::default();
        for (which, value) in values {
            family.get_or_create(&[(label, which)]).set(value);
        }
        self.0.register(name, help, family);
    }

    fn counts(&mut self, name: &str, help: &str, label: &'static str, values: &BTreeMap<String, u64>) {
        let family = Family::<Label, Counter>::default();
        for (which, value) in values {
            family.get_or_create(&[(label, which.clone())]).inc_by(*value);
        }
        self.0.register(name, help, family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::status::RoomStatus;

    #[test]
    fn the_figures_are_there_and_no_room_is_named() {
        let line = |line, loss_pct| LineStatus {
            line,
            loss_pct,
            room: Some("1234567".into()),
            mos: Some(4.0 - loss_pct / 25.0),
            round_trip_ms: (line == 2).then_some(40.0),
            one_way: (line == 2).then(|| "nothing comes".into()),
            echo: (line == 2).then(|| EchoStatus {
                delay_ms: 180,
                rest_db: Some(26),
                is_heard: true,
                ..EchoStatus::default()
            }),
            ..LineStatus::default()
        };
        let mut status = Status {
            in_reception: 2,
            in_rooms: 3,
            lines: vec![line(1, 0.0), line(2, 50.0)],
            ..Status::default()
        };
        status.rooms.push(RoomStatus {
            room: "1234567".into(),
            count: 3,
            seats: 8,
            lets_echo: false,
        });
        status.refused.insert("unserved".into(), 4);
        status.media.late_slots = 7;
        let text = text(&status);
        for wanted in [
            "rundruf_calls{place=\"reception\"} 2.0\n",
            "rundruf_calls{place=\"room\"} 3.0\n",
            "rundruf_rooms_occupied 1.0\n",
            "rundruf_refused_total{reason=\"unserved\"} 4\n",
            "rundruf_media_late_slots_total 7\n",
            "rundruf_line_loss_ratio{line=\"worst\"} 0.5\n",
            "rundruf_line_loss_ratio{line=\"mean\"} 0.25\n",
            "rundruf_line_loss_ratio{line=\"2\"} 0.5\n",
            "rundruf_line_mos{line=\"worst\"} 2.0\n",
            "rundruf_line_round_trip_seconds{line=\"2\"} 0.04\n",
            "rundruf_lines_one_way 1.0\n",
            "rundruf_lines_with_echo 1.0\n",
            "rundruf_lines_with_echo_heard 1.0\n",
            "rundruf_lines_ducked 0.0\n",
            "rundruf_line_echo_delay_seconds{line=\"2\"} 0.18\n",
            "rundruf_line_echo_rest_db{line=\"2\"} 26.0\n",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(!text.contains("line_echo_loss"), "not known: {text}");
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("1234567"), "{text}");
        assert!(
            !text.contains("round_trip_seconds{line=\"1\"}"),
            "not known: {text}"
        );
    }
}
