//! The grid of echo cases, and what echo costs: `cargo bench --bench echo [-- cells|cost]`; figures in `docs/SOUND.md` and
//! `docs/PERFORMANCE.md`. With RUNDRUF_VOICES=FOLDER (script/echo-voices) with the voices there, else with the demo's.
//!
//! Loss is of the far talker's own voice, without noise and comfort noise: see `rundruf::sim::echo`.

use rundruf::caller::sentences;
use rundruf::media::echo::{Echo, State, pool};
use rundruf::sim::echo::{Case, Change, Figures, Kind, Line, Voices, levelled, run};
use std::path::PathBuf;
use std::time::Instant;

type Frames = ([i16; 160], [i16; 160]);

fn main() {
    let voices = voices();
    let asked = |what: &str| std::env::args().any(|arg| arg == what);
    if asked("cost") {
        return cost(&voices);
    }
    if asked("clean") {
        return clean(&voices);
    }
    for (name, plain) in variants() {
        println!("\n{name}");
        table(&cells(&voices, plain), asked("cells"));
    }
    clean(&voices);
    cost(&voices);
}

fn voices() -> Vec<Vec<i16>> {
    let folder = std::env::var_os("RUNDRUF_VOICES").map(PathBuf::from);
    let read = match folder {
        Some(folder) => sentences::from_folder(&folder),
        None => sentences::built_in(),
    };
    let voices = read.expect("recordings of 8 kHz, mono, 16 bit");
    voices.iter().map(|voice| levelled(voice)).collect()
}

/// What is changed in each cell of the grid.
type Variant = fn(Case) -> Case;

fn variants() -> Vec<(&'static str, Variant)> {
    vec![
        ("the grid, another path after 18 s", |case| case),
        ("the grid, 90 ms later after 18 s", |case| Case {
            change: Change::Later(90),
            ..case
        }),
        ("near talker 6 dB weaker", |case| Case {
            weaker_db: 6.0,
            ..case
        }),
        ("near talker 12 dB weaker", |case| Case {
            weaker_db: 12.0,
            ..case
        }),
        ("loudspeaker distorts", |case| Case { clips: true, ..case }),
        ("noise −40 dBm0", |case| Case {
            noise_dbm0: -40.0,
            ..case
        }),
        ("noise −70 dBm0", |case| Case {
            noise_dbm0: -70.0,
            ..case
        }),
    ]
}

fn cells(voices: &[Vec<i16>], plain: Variant) -> Vec<(Case, Figures)> {
    let mut cells = Vec::new();
    for loss_db in [6.0, 12.0, 20.0, 30.0] {
        for trip_ms in [0, 60, 150, 400] {
            for kind in Kind::ALL {
                for pair in voices.as_chunks::<2>().0 {
                    let seed = cells.len() as u64 + 1;
                    let [far, near] = if seed.is_multiple_of(2) {
                        [&pair[0], &pair[1]]
                    } else {
                        [&pair[1], &pair[0]]
                    };
                    let case = plain(Case::new(kind, loss_db, trip_ms, seed));
                    cells.push((case, run(case, Voices { far, near }).0));
                }
            }
        }
    }
    cells
}

fn table(cells: &[(Case, Figures)], each: bool) {
    if each {
        for (case, figures) in cells {
            println!(
                "{} dB, {} ms, {}: {figures:.1?}",
                case.loss_db,
                case.trip_ms,
                case.kind.name()
            );
        }
    }
    let row =
        |name: &str, of: &dyn Fn(&Figures) -> f32, cells: &mut dyn Iterator<Item = &(Case, Figures)>| {
            let mut values: Vec<f32> = cells.map(|(_, figures)| of(figures)).collect();
            values.sort_by(f32::total_cmp);
            let at = |share: f32| values[((values.len() - 1) as f32 * share).round() as usize];
            println!(
                "| {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
                at(0.0),
                at(0.1),
                at(0.5),
                at(0.9),
                at(1.0)
            );
        };
    let never = f32::INFINITY;
    println!(
        "| {} cells | least | p10 | median | p90 | most |\n|---|---|---|---|---|---|",
        cells.len()
    );
    row(
        "found after ms of speech",
        &|f| f.detected_ms.unwrap_or(never),
        &mut cells.iter(),
    );
    row("dB, 1–2 s of echo", &|f| f.after_1s, &mut cells.iter());
    row("dB, 1–2 s since found", &|f| f.after_found_1s, &mut cells.iter());
    row("dB from 3 s on", &|f| f.after_3s, &mut cells.iter());
    row(
        "dB by the filter alone from 5 s on",
        &|f| f.linear,
        &mut cells.iter(),
    );
    row(
        "dB from 2 s after the change on",
        &|f| f.changed,
        &mut cells.iter(),
    );
    row(
        "ms to 40 dB after the change, 35 kept",
        &|f| f.recovered_ms.unwrap_or(never),
        &mut cells.iter(),
    );
    for loss_db in [6.0, 12.0, 20.0, 30.0] {
        let mut of = cells.iter().filter(|(case, _)| case.loss_db == loss_db);
        row(
            &format!("% of near frames cut, {loss_db} dB return loss"),
            &|f| f.cut_pct,
            &mut of,
        );
    }
}

/// Calls of a minute without echo: every voice to every other one.
fn clean(voices: &[Vec<i16>]) {
    let (mut calls, mut found, mut highest) = (0, 0, 0.0f32);
    for (far, near) in voices
        .iter()
        .flat_map(|far| voices.iter().map(move |near| (far, near)))
    {
        for turn in 0..if std::ptr::eq(far, near) { 0 } else { 12 } {
            let of = |voice: &[i16], frame: usize, by: usize| {
                std::array::from_fn(|at| voice[(frame * 160 + at + turn * by) % voice.len()])
            };
            let (mut pool, mut leg) = (pool(1, 1), Echo::new(1));
            for frame in 0..3_000 {
                leg.hear(&mut of(near, frame, 23_757), false);
                leg.sent(&of(far, frame, 104_729));
                leg.judge(&mut pool);
                highest = highest.max(leg.detector_score());
            }
            calls += 1;
            found += usize::from(leg.state() != State::Clear);
        }
    }
    println!("\n{calls} calls of a minute without echo: {found} found; highest score {highest:.2}");
}

fn cost(voices: &[Vec<i16>]) {
    println!("\n| µs per 10 ms, in turn | 1 leg | 100 | 400 |\n|---|---|---|---|");
    let mut line = Line::new(
        Case::new(Kind::Tail(64), 12.0, 60, 3),
        Voices {
            far: &voices[0],
            near: &voices[1],
        },
    );
    let frames: Vec<Frames> = (0..400)
        .map(|_| {
            let far = line.far();
            (far, line.next(&far).sound)
        })
        .collect();
    for (name, cancelled) in [("detector", false), ("detector and canceller", true)] {
        let of = |legs: usize| spent(&frames, legs, if cancelled { legs } else { 0 });
        println!("| {name} | {:.2} | {:.2} | {:.2} |", of(1), of(100), of(400));
    }
}

/// The best of some passes.
fn spent(frames: &[Frames], legs: usize, cancellers: usize) -> f64 {
    let mut pool = pool(cancellers, legs);
    let mut all: Vec<_> = (0..legs).map(|n| Box::new(Echo::new(n as u32))).collect();
    let mut tick = |frame: &Frames, all: &mut [Box<Echo>]| {
        for leg in all {
            leg.judge(&mut pool);
            leg.hear(&mut frame.1.clone(), false);
            leg.sent(&frame.0);
        }
    };
    frames.iter().for_each(|frame| tick(frame, &mut all));
    let on = all.iter().filter(|leg| leg.state() == State::Cancelled).count();
    assert_eq!(on, cancellers, "every leg is cancelled, or none");
    let mut best = f64::INFINITY;
    for pass in 0..(8_000 / legs).clamp(8, 100) {
        let part = &frames[pass * 20 % 300..][..100];
        let begun = Instant::now();
        part.iter().for_each(|frame| tick(frame, &mut all));
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / (2 * part.len() * legs) as f64);
    }
    best
}
