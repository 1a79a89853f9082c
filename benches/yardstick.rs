//! The echo canceller beside WebRTC's (AEC3, in Rust: sonora) and beside none, on the same signals and by the same measure:
//! `cargo bench --features yardstick --bench yardstick`, with RUNDRUF_VOICES=FOLDER as in `echo.rs`. Figures in `docs/SOUND.md`.
//!
//! Nothing is known of another canceller but what goes in and what comes out. So loss is of everything that comes out, noise and
//! comfort noise included: with the noise of these cases (−70 dBm0) none can have more than about 50 dB. That is why these figures
//! are below those of `echo.rs`, which tell the echo apart.

use rundruf::caller::sentences;
use rundruf::media::echo::{Echo, Pool, pool};
use rundruf::sim::echo::{Case, Kind, Line, Voices, levelled};
use sonora::config::EchoCanceller;
use sonora::{AudioProcessing, Config, StreamConfig};
use std::path::PathBuf;
use std::time::Instant;

const FRAME: usize = 160;
const TEN_MS: usize = 80;
type Frame = [i16; FRAME];

/// Mean power of a sample of a frame that is speech: −46 dBov, as in `rundruf::sim::echo`.
const ACTIVE: f32 = 27_000.0;
/// What counts as cut: 10 dB.
const CUT: f32 = 0.1;
const SECOND: usize = 50;

/// What can be done about the echo of a leg.
trait Treatment {
    /// A frame came from the telephone.
    fn hear(&mut self, frame: &mut Frame);
    /// After that, a frame goes to it.
    fn sent(&mut self, frame: &Frame);
}

struct Off;

impl Treatment for Off {
    fn hear(&mut self, _: &mut Frame) {}
    fn sent(&mut self, _: &Frame) {}
}

struct Ours {
    leg: Box<Echo>,
    pool: Pool,
}

impl Treatment for Ours {
    fn hear(&mut self, frame: &mut Frame) {
        self.leg.hear(frame, false);
    }

    fn sent(&mut self, frame: &Frame) {
        self.leg.sent(frame);
        self.leg.judge(&mut self.pool);
    }
}

struct Theirs(Box<AudioProcessing>);

impl Treatment for Theirs {
    fn hear(&mut self, frame: &mut Frame) {
        for part in frame.as_chunks_mut::<TEN_MS>().0 {
            let source = *part;
            let done = self.0.process_capture_i16(&source, part);
            done.expect("8 kHz, 10 ms");
        }
    }

    fn sent(&mut self, frame: &Frame) {
        for part in frame.as_chunks::<TEN_MS>().0 {
            let done = self.0.process_render_i16(part, &mut [0; TEN_MS]);
            done.expect("8 kHz, 10 ms");
        }
    }
}

const NAMES: [&str; 3] = ["off", "ours", "sonora"];

/// Each of [`NAMES`].
fn treatment(nth: usize, seed: u32) -> Box<dyn Treatment> {
    match nth {
        0 => Box::new(Off),
        1 => Box::new(Ours {
            leg: Box::new(Echo::new(seed | 1)),
            pool: pool(1, 1),
        }),
        _ => {
            let config = Config {
                echo_canceller: Some(EchoCanceller::default()),
                ..Config::default()
            };
            let line = StreamConfig::new(8_000, 1);
            let built = AudioProcessing::builder().config(config);
            let built = built.capture_config(line).render_config(line).build();
            Box::new(Theirs(Box::new(built)))
        }
    }
}

/// Of one case: losses in dB, in the second after the first one of echo, from three seconds on, and from three seconds after another
/// path on; frames of the near voice that were cut, of a hundred.
type Figures = [f32; 4];
const ROWS: [&str; 4] = [
    "loss in the second second, dB",
    "loss from 3 s on, dB",
    "loss from 3 s after another path on, dB",
    "near frames cut, %",
];

fn power(samples: impl Iterator<Item = f32>) -> f32 {
    samples.map(|sample| sample * sample).sum::<f32>() / FRAME as f32
}

/// One frame: what was sent, what was left, the near voice, and how much of it was left at least.
struct Powers {
    source: f32,
    left: f32,
    near: f32,
    is_cut: bool,
}

fn run(case: Case, voices: Voices<'_>, treatment: &mut dyn Treatment) -> Figures {
    let mut line = Line::new(case, voices);
    let mut powers: Vec<Powers> = Vec::new();
    let mut near_before = 0.0;
    for _ in 0..case.schedule.end {
        let far = line.far();
        let sent = line.next(&far);
        let mut sound = sent.sound;
        treatment.hear(&mut sound);
        treatment.sent(&far);
        let near = power(sent.near.into_iter());
        let left = power(sound.map(f32::from).into_iter());
        powers.push(Powers {
            source: power(sent.source.into_iter()),
            left,
            near,
            // It may come out a frame later.
            is_cut: left < CUT * near.min(near_before),
        });
        near_before = near;
    }
    let first = powers.iter().position(|frame| frame.source > ACTIVE).unwrap_or(0);
    let schedule = case.schedule;
    let loss = |from: usize, to: usize| {
        let spoken = powers[from..to].iter().filter(|frame| frame.source > ACTIVE);
        let (sent, left) = spoken.fold((1.0, 0.1), |(a, b), frame| (a + frame.source, b + frame.left));
        10.0 * (sent / left).log10()
    };
    let both = powers[schedule.both..schedule.change].iter();
    let both: Vec<_> = both.filter(|frame| frame.near > ACTIVE).collect();
    let cut = both.iter().filter(|frame| frame.is_cut).count();
    [
        loss(first + SECOND, first + 2 * SECOND),
        loss(first + 3 * SECOND, schedule.both),
        loss(schedule.change + 3 * SECOND, schedule.end),
        100.0 * cut as f32 / both.len().max(1) as f32,
    ]
}

fn main() {
    let folder = std::env::var_os("RUNDRUF_VOICES").map(PathBuf::from);
    let read = match folder {
        Some(folder) => sentences::from_folder(&folder),
        None => sentences::built_in(),
    };
    let voices = read.expect("recordings of 8 kHz, mono, 16 bit");
    let voices: Vec<Vec<i16>> = voices.iter().map(|voice| levelled(voice)).collect();
    let cells: Vec<(Case, Voices<'_>)> = cells(&voices);
    println!(
        "{} cells, noise −70 dBm0 and comfort noise included: least / lowest tenth / median / most",
        cells.len()
    );
    println!("\n| | {} |\n|---|---|---|---|", NAMES.join(" | "));
    let figures: Vec<Vec<Figures>> = (0..NAMES.len())
        .map(|nth| {
            let run = |(case, voices): &(Case, Voices<'_>)| {
                run(*case, *voices, treatment(nth, case.seed as u32).as_mut())
            };
            cells.iter().map(run).collect()
        })
        .collect();
    for (row, name) in ROWS.iter().enumerate() {
        let columns: Vec<String> = figures
            .iter()
            .map(|cells| spread(cells.iter().map(|cell| cell[row]).collect()))
            .collect();
        println!("| {name} | {} |", columns.join(" | "));
    }
    println!("\n| µs per 10 ms, in turn | 1 leg | 100 |\n|---|---|---|");
    for (nth, name) in NAMES.iter().enumerate().skip(1) {
        let [one, many] = [1, 100].map(|legs| spent(&voices, nth, legs));
        println!("| {name} | {one:.1} | {many:.1} |");
    }
}

fn spread(mut values: Vec<f32>) -> String {
    values.sort_by(f32::total_cmp);
    let at = |share: f32| values[((values.len() - 1) as f32 * share).round() as usize];
    format!(
        "{:.1} / {:.1} / {:.1} / {:.1}",
        at(0.0),
        at(0.1),
        at(0.5),
        at(1.0)
    )
}

/// The cells of `echo.rs`, with less noise.
fn cells(voices: &[Vec<i16>]) -> Vec<(Case, Voices<'_>)> {
    let mut cells = Vec::new();
    for loss_db in [6.0, 12.0, 20.0, 30.0] {
        for trip_ms in [0, 60, 150, 400] {
            for kind in Kind::ALL {
                for [one, other] in voices.as_chunks::<2>().0 {
                    let seed = cells.len() as u64 + 1;
                    let (far, near) = match seed.is_multiple_of(2) {
                        true => (one, other),
                        false => (other, one),
                    };
                    let case = Case {
                        noise_dbm0: -70.0,
                        ..Case::new(kind, loss_db, trip_ms, seed)
                    };
                    cells.push((case, Voices { far, near }));
                }
            }
        }
    }
    cells
}

/// The best of some passes, once the echo is known.
fn spent(voices: &[Vec<i16>], nth: usize, legs: usize) -> f64 {
    let voices = Voices {
        far: &voices[0],
        near: &voices[1],
    };
    let mut line = Line::new(Case::new(Kind::Tail(64), 12.0, 60, 3), voices);
    let frames: Vec<(Frame, Frame)> = (0..400)
        .map(|_| {
            let far = line.far();
            (far, line.next(&far).sound)
        })
        .collect();
    let mut all: Vec<_> = (0..legs).map(|n| treatment(nth, n as u32)).collect();
    let mut tick = |(far, heard): &(Frame, Frame)| {
        for leg in &mut all {
            leg.hear(&mut heard.clone());
            leg.sent(far);
        }
    };
    frames.iter().for_each(&mut tick);
    let passes = frames.chunks(50).map(|part| {
        let begun = Instant::now();
        part.iter().for_each(&mut tick);
        begun.elapsed().as_secs_f64() * 1e6 / (2 * part.len() * legs) as f64
    });
    passes.fold(f64::INFINITY, f64::min)
}
