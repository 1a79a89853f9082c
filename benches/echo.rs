//! The grid of echo cases, and what echo costs: `cargo bench --bench echo [-- grid|cells|cost|clean|wide [bound]]`; figures in `docs/SOUND.md` and
//! `docs/PERFORMANCE.md`. With RUNDRUF_VOICES=FOLDER (script/echo-voices) with the voices there, else with the demo's.
//!
//! Loss is of the far talker's own voice, without noise and comfort noise: see `rundruf::sim::echo`.

use rundruf::caller::sentences;
use rundruf::media::echo::{Echo, State, pool};
use rundruf::sim::echo::{
    Case, Change, Clean, Company, Figures, Jitter, Kind, Line, Moving, Sounds, Voices, judge, levelled,
    music, run,
};
use std::path::PathBuf;
use std::time::Instant;

#[path = "echo/wide.rs"]
mod wide;

type Frames = ([i16; 160], [i16; 160]);

fn main() {
    let voices = voices();
    let asked = |what: &str| std::env::args().any(|arg| arg == what);
    if asked("cost") {
        return cost(&voices);
    }
    if asked("wide") {
        return wide::run(&voices, asked("cells"), asked("bound"));
    }
    if asked("clean") {
        return clean(&voices, 10_000);
    }
    let variants = variants();
    let count = if asked("grid") { 1 } else { variants.len() };
    for (name, plain) in variants.into_iter().take(count) {
        println!("\n{name}");
        table(&cells(&voices, &[], plain), asked("cells"));
    }
    if !asked("grid") {
        println!("\nmusic as the far end");
        let pieces: Vec<_> = (0..4).map(|piece| levelled(&music(piece))).collect();
        table(&cells(&voices, &pieces, |case| case), asked("cells"));
        clean(&voices, 400);
        cost(&voices);
    }
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
        ("1 % of the frames lost each way", |case| Case {
            lost_pct: 1,
            ..case
        }),
        ("jitter of 60 ms, through the playout buffer", |case| Case {
            jitter: Jitter::Even(60),
            ..case
        }),
        ("jitter of 100 ms", |case| Case {
            jitter: Jitter::Even(100),
            ..case
        }),
        ("nothing comes in half of the ticks, then all at once", |case| {
            Case {
                jitter: Jitter::Waiting(50),
                ..case
            }
        }),
        ("a loudspeaker whose clock is slow by 100 millionths", |case| {
            Case {
                moving: Moving::Drifting(100),
                ..case
            }
        }),
        ("a delay that leaps by 20 ms every four seconds", |case| Case {
            moving: Moving::Leaping(200),
            change: Change::Nothing,
            ..case
        }),
    ]
}

/// All cells; if there are `pieces`, the far end plays those by turns.
fn cells(voices: &[Vec<i16>], pieces: &[Vec<i16>], plain: Variant) -> Vec<(Case, Figures)> {
    grid((&[0, 60, 150, 400], &Kind::ALL), voices, |case, voices| {
        let case = plain(case);
        let piece = pieces.iter().cycle().nth(case.seed as usize);
        let far = piece.map_or(voices.far, Vec::as_slice);
        (case, run(case, Voices { far, ..voices }).0)
    })
}

/// What each cell of a grid comes to: each return loss, round trip, path and pair of voices, which take turns.
fn grid<F>(
    (trips_ms, kinds): (&[u32], &[Kind]),
    voices: &[Vec<i16>],
    mut of: impl FnMut(Case, Voices<'_>) -> F,
) -> Vec<F> {
    let mut cells = Vec::new();
    for loss_db in [6.0, 12.0, 20.0, 30.0] {
        for &trip_ms in trips_ms {
            for &kind in kinds {
                for pair in voices.as_chunks::<2>().0 {
                    let seed = cells.len() as u64 + 1;
                    let [far, near] = if seed.is_multiple_of(2) {
                        [&pair[0], &pair[1]]
                    } else {
                        [&pair[1], &pair[0]]
                    };
                    let case = Case::new(kind, loss_db, trip_ms, seed);
                    cells.push(of(case, Voices { far, near }));
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
    depths(cells);
    shares(cells);
    for loss_db in [6.0, 12.0, 20.0, 30.0] {
        let mut of = cells.iter().filter(|(case, _)| case.loss_db == loss_db);
        row(
            &format!("% of near frames cut, {loss_db} dB return loss"),
            &|f: &Figures| f.cut_pct,
            &mut of,
        );
    }
}

fn depths(cells: &[(Case, Figures)]) {
    let never = f32::INFINITY;
    println!(
        "| {} cells | least | p10 | median | p90 | most |\n|---|---|---|---|---|---|",
        cells.len()
    );
    row(
        "found after ms of speech",
        &|f: &Figures| f.detected_ms.unwrap_or(never),
        &mut cells.iter(),
    );
    row("dB, 1–2 s of echo", &|f: &Figures| f.after_1s, &mut cells.iter());
    row(
        "dB, 1–2 s since found",
        &|f: &Figures| f.after_found_1s,
        &mut cells.iter(),
    );
    row("dB from 3 s on", &|f: &Figures| f.after_3s, &mut cells.iter());
    row(
        "dB by the filter alone from 5 s on",
        &|f: &Figures| f.linear,
        &mut cells.iter(),
    );
    row(
        "dB from 3 s after the change on",
        &|f: &Figures| f.changed,
        &mut cells.iter(),
    );
    row(
        "ms to 40 dB after the change, 35 kept",
        &|f: &Figures| f.recovered_ms.unwrap_or(never),
        &mut cells.iter(),
    );
}

/// Least, tenth, median, nine tenths and most of what the cells came to.
fn row<F>(name: &str, of: &dyn Fn(&F) -> f32, cells: &mut dyn Iterator<Item = &(Case, F)>) {
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
}

/// How many of the cells reach what is asked for.
fn shares(cells: &[(Case, Figures)]) {
    type Reached = fn(&Figures) -> bool;
    let rows: [(&str, Reached); 7] = [
        ("found within 2 s of speech", |f| {
            f.detected_ms.is_some_and(|ms| ms <= 2_000.0)
        }),
        ("30 dB, 1–2 s of echo", |f: &Figures| f.after_1s >= 30.0),
        ("30 dB, 1–2 s since found", |f: &Figures| {
            f.after_found_1s >= 30.0
        }),
        ("45 dB from 3 s on", |f: &Figures| f.after_3s >= 45.0),
        ("35 dB from 3 s on", |f: &Figures| f.after_3s >= 35.0),
        ("25 dB by the filter alone", |f: &Figures| f.linear >= 25.0),
        ("40 dB within 3 s of the change, 35 kept", |f| {
            f.recovered_ms.is_some_and(|ms| ms <= 3_000.0)
        }),
    ];
    for (name, reached) in rows {
        let count = cells.iter().filter(|(_, figures)| reached(figures)).count();
        println!(
            "| {name} | {:.1} % of the cells |",
            100.0 * count as f32 / cells.len() as f32
        );
    }
}

/// Calls of a minute without echo; the detector must find none.
fn clean(voices: &[Vec<i16>], calls: u64) {
    let sounds = Sounds::new(voices.to_vec());
    println!("\n| calls of a minute without echo | calls | found | highest score |\n|---|---|---|---|");
    for company in Company::ALL {
        let (mut found, mut highest) = (0, 0.0f32);
        for seed in 0..calls / Company::ALL.len() as u64 {
            let (is_found, score) = judge(Clean::new(company, &sounds, seed));
            found += u32::from(is_found);
            highest = highest.max(score);
        }
        println!("| {company:?} | {} | {found} | {highest:.2} |", calls / 4);
    }
}

fn cost(voices: &[Vec<i16>]) {
    println!("\n| µs per 10 ms, in turn | 1 leg | 100 | 400 |\n|---|---|---|---|");
    let (clean, echo) = (both_speak(voices), returned(voices));
    for (name, frames, cancels, state) in [
        ("detector, no echo", &clean, false, State::Clear),
        (
            "detector and finder, an echo that is let through",
            &echo,
            false,
            State::Waiting,
        ),
        ("detector, finder and canceller", &echo, true, State::Cancelled),
    ] {
        let of = |legs: usize| spent(frames, legs, (if cancels { legs } else { 0 }, state));
        println!("| {name} | {:.2} | {:.2} | {:.2} |", of(1), of(100), of(400));
    }
}

/// What is sent and what is heard, where nothing of it comes back.
fn both_speak(voices: &[Vec<i16>]) -> Vec<Frames> {
    let [far, near] = [&voices[0], &voices[1]].map(|voice| voice.as_chunks().0.iter().cycle());
    far.copied().zip(near.copied()).take(400).collect()
}

/// The same with an echo.
fn returned(voices: &[Vec<i16>]) -> Vec<Frames> {
    let mut line = Line::new(
        Case::new(Kind::Tail(64), 12.0, 60, 3),
        Voices {
            far: &voices[0],
            near: &voices[1],
        },
    );
    let mut frame = || {
        let far = line.far();
        (far, line.next(&far).sound)
    };
    (0..400).map(|_| frame()).collect()
}

/// The best of some passes, with so many cancellers, while each leg's echo is in that state.
fn spent(frames: &[Frames], legs: usize, (cancellers, state): (usize, State)) -> f64 {
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
    assert!(all.iter().all(|leg| leg.state() == state), "all are {state:?}");
    best_of_passes(frames, legs, |frame| tick(frame, &mut all))
}

/// µs per 10 ms and leg in the best of some passes over 100 frames each.
fn best_of_passes<F>(frames: &[F], legs: usize, mut tick: impl FnMut(&F)) -> f64 {
    let mut best = f64::INFINITY;
    for pass in 0..(8_000 / legs).clamp(8, 100) {
        let part = &frames[pass * 20 % 300..][..100];
        let begun = Instant::now();
        part.iter().for_each(&mut tick);
        best = best.min(begun.elapsed().as_secs_f64() * 1e6 / (2 * part.len() * legs) as f64);
    }
    best
}
