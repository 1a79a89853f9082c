//! What the bench says, for people and for programs.

use super::load::Load;
use crate::caller::crowd::{Figures, Spread};
use serde::Serialize;
use std::fmt;

/// The bench's figures. Times are in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    rooms: u32,
    per_room: u32,
    /// Callers who were answered, and who then keyed everything.
    answered: usize,
    keyed: usize,
    /// Whether the bridge had a processor for itself.
    pinned: bool,
    seconds: f64,
    cores: f64,
    cores_per_1000: f64,
    memory_mib: f64,
    missing_pct: f64,
    pacing_ms: Quantiles,
    delay_ms: Quantiles,
    answer_ms: Quantiles,
    talker_heard_pct: f64,
    hear_themselves: usize,
    hear_another_room: usize,
    /// How late the bench itself was: figures of a machine that is late are no figures of the bridge.
    own_late_ms: Quantiles,
}

/// Half of all were below the first, 99 of 100 below the second.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Quantiles {
    p50: f64,
    p99: f64,
}

impl Quantiles {
    fn of(spread: &Spread) -> Quantiles {
        let at = |part| spread.quantile(part).unwrap_or_default();
        Quantiles {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} / {:.2} ms", self.p50, self.p99)
    }
}

impl Report {
    pub fn new(
        rooms: u32,
        per_room: u32,
        (answered, keyed): (usize, usize),
        figures: &Figures,
        (before, after): (Load, Load),
        pinned: bool,
    ) -> Report {
        let cores =
            (after.cpu_seconds - before.cpu_seconds) / after.at.duration_since(before.at).as_secs_f64();
        Report {
            rooms,
            per_room,
            answered,
            keyed,
            pinned,
            seconds: figures.span.as_secs_f64(),
            cores,
            cores_per_1000: cores * 1_000.0 / figures.up.max(1) as f64,
            memory_mib: after.memory_kib as f64 / 1_024.0,
            missing_pct: figures.missing_pct(),
            pacing_ms: Quantiles::of(&figures.times.pacing),
            delay_ms: Quantiles::of(&figures.times.delay),
            answer_ms: Quantiles::of(&figures.answer),
            talker_heard_pct: 100.0 * figures.heard as f64 / figures.looks.max(1) as f64,
            hear_themselves: figures.own,
            hear_another_room: figures.foreign,
            own_late_ms: Quantiles::of(&figures.own_late),
        }
    }

    /// Whether everybody came in, and heard what they should and nothing else.
    pub fn is_sound(&self) -> bool {
        self.keyed == (self.rooms * self.per_room) as usize
            && self.hear_themselves == 0
            && self.hear_another_room == 0
            && self.talker_heard_pct > 90.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.rooms * self.per_room;
        let row = |name: &str, value: String| format!("{name:<28}{value}\n");
        let pinned = match self.pinned {
            true => "the bridge on a processor of its own",
            false => "processors as the system likes",
        };
        let rows = [
            row(
                "Callers",
                format!("{all} in {} rooms of {}, {pinned}", self.rooms, self.per_room),
            ),
            row("Answered, keyed in", format!("{}, {}", self.answered, self.keyed)),
            row("Answered after", format!("{} (p50 / p99)", self.answer_ms)),
            row("Measured", format!("{:.0} s", self.seconds)),
            row(
                "Processors",
                format!("{:.3}, {:.3} per 1,000 callers", self.cores, self.cores_per_1000),
            ),
            row("Memory", format!("{:.1} MiB", self.memory_mib)),
            row("Packets missing", format!("{:.4} %", self.missing_pct)),
            row("Off 20 ms", format!("{}", self.pacing_ms)),
            row("Added delay", format!("{}", self.delay_ms)),
            row(
                "Talker heard",
                format!("in {:.1} % of looks", self.talker_heard_pct),
            ),
            row("Hear themselves", self.hear_themselves.to_string()),
            row("Hear another room", self.hear_another_room.to_string()),
            row("The bench itself was late", format!("{}", self.own_late_ms)),
        ];
        rows.iter().try_for_each(|row| f.write_str(row))
    }
}
