//! The same for lines of 16 kHz: `cargo bench --bench echo -- wide`; with `bound` also what the best filter could do in each cell. With
//! RUNDRUF_WIDE_VOICES=FOLDER (script/echo-voices) with the voices there, else with the demo's, whose images make up what they have not
//! above 4 kHz.

use super::{Variant, best_of_passes, depths, grid, row, shares, table, variants};
use rundruf::media::echo::{self, Bands, Echo, State, pool};
use rundruf::media::{Counters, Wide};
use rundruf::media_api::Codec;
use rundruf::sim::echo::{
    Case, FiguresWide, Kind, LineWide, OPUS, Voices, bound_wide, levelled, run_wide, widened,
};
use std::path::{Path, PathBuf};

type Sound = [i16; 320];

const CODECS: [(&str, Codec); 2] = [("G.722", Codec::G722), ("Opus, 24 kbit/s", OPUS)];
const TRIPS_MS: [u32; 2] = [60, 400];
const KINDS: [Kind; 3] = [Kind::Tail(32), Kind::Tail(64), Kind::Tail(128)];

pub fn run(narrow: &[Vec<i16>], each: bool, bound: bool) {
    let voices = match std::env::var_os("RUNDRUF_WIDE_VOICES").map(PathBuf::from) {
        Some(folder) => from_folder(&folder),
        None => narrow.iter().map(|voice| widened(voice)).collect(),
    };
    faithful(&voices);
    cost(&voices);
    for (name, codec) in CODECS {
        for (what, plain) in variants().into_iter().filter(|(what, _)| COLUMNS.contains(what)) {
            println!("\n{name}, {what}");
            of_variant(&voices, codec, plain, each);
        }
        if bound {
            bounds(&voices, codec);
        }
        clean(&voices, codec);
    }
}

/// The columns of 8 kHz that are taken here, too.
const COLUMNS: [&str; 4] = [
    "the grid, another path after 18 s",
    "near talker 6 dB weaker",
    "near talker 12 dB weaker",
    "1 % of the frames lost each way",
];

fn of_variant(voices: &[Vec<i16>], codec: Codec, plain: Variant, each: bool) {
    let cells: Vec<(Case, FiguresWide)> = grid((&TRIPS_MS, &KINDS), voices, |case, voices| {
        let case = plain(case);
        let figures = run_wide(case, codec, voices, &mut |_, _| {});
        (case, figures.expect("a codec of 16 kHz"))
    });
    let part = |of: fn(&FiguresWide) -> super::Figures| -> Vec<_> {
        cells.iter().map(|(case, figures)| (*case, of(figures))).collect()
    };
    table(&part(|figures| figures.whole), each);
    row(
        "dB above 4 kHz from 4 s on",
        &|f: &FiguresWide| f.high,
        &mut cells.iter(),
    );
    row(
        "% of near frames cut above 4 kHz",
        &|f: &FiguresWide| f.high_cut_pct,
        &mut cells.iter(),
    );
    println!("all that comes back counts:");
    let all = part(|figures| figures.all);
    depths(&all);
    shares(&all);
}

/// How much the best filter of 160 ms could take away below 4 kHz.
fn bounds(voices: &[Vec<i16>], codec: Codec) {
    println!("the best filter alone, from 5 s on:");
    grid((&TRIPS_MS, &KINDS), voices, |case, voices| {
        let bound = bound_wide(case, codec, voices).expect("a codec of 16 kHz");
        let (loss, trip, kind) = (case.loss_db, case.trip_ms, case.kind.name());
        println!("{loss} dB, {trip} ms, {kind}: {bound:.1}");
    });
}

fn from_folder(folder: &Path) -> Vec<Vec<i16>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let reader = hound::WavReader::open(path).expect("a recording");
        assert_eq!(reader.spec().sample_rate, 16_000);
        let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
        levelled(&samples.expect("16 bit, mono"))
    };
    paths.iter().map(read).collect()
}

/// Calls of a minute in which both speak at once and nothing comes back.
fn clean(voices: &[Vec<i16>], codec: Codec) {
    let (mut found, calls) = (0, 24);
    for seed in 0..calls {
        let turned = |nth: usize| {
            let mut voice = voices[nth % voices.len()].clone();
            let by = (seed * 7_919) % voice.len();
            voice.rotate_left(by);
            voice
        };
        let (far, near) = (
            turned(seed),
            turned(seed + 1 + seed / voices.len() % (voices.len() - 1)),
        );
        let mut case = Case::new(Kind::Tail(64), 100.0, 60, seed as u64);
        (case.schedule.both, case.schedule.change, case.schedule.end) = (0, 3_000, 3_000);
        let voices = Voices {
            far: &far,
            near: &near,
        };
        let mut is_same = true;
        let figures = run_wide(case, codec, voices, &mut |sent, after| {
            is_same &= sent.sound == *after
        });
        found += usize::from(figures.is_none_or(|figures| figures.whole.detected_ms.is_some()) || !is_same);
    }
    println!("| {calls} calls of a minute without echo: found, or not to the bit | {found} |");
}

/// How faithful a wave the codecs carry: what is left of a voice when what went in is taken away from what comes out.
fn faithful(voices: &[Vec<i16>]) {
    println!("\n| dB, voice over what the codec adds | below 3 kHz | above 5 kHz |\n|---|---|---|");
    for (name, codec) in CODECS {
        let mut ratios = [[0.0f64; 2]; 2];
        for voice in voices {
            let (mut mouth, mut ear) = (Wide::new(codec).expect("wide"), Wide::new(codec).expect("wide"));
            let mut counters = Counters::default();
            let mut out = Vec::new();
            for (tick, frame) in voice.as_chunks::<320>().0.iter().take(500).enumerate() {
                let mut payload = [0; 320];
                let len = mouth.encode(frame, &mut payload);
                let time = tick as u32 * codec.clock() / 50;
                ear.put(tick as u64, (7, time), &payload[..len], &mut counters);
                ear.pull(tick as u64, &mut counters);
                out.extend(ear.heard.map(f64::from));
            }
            let error = |late: usize| -> Vec<f64> {
                let pairs = out[late..].iter().zip(voice);
                pairs.map(|(out, &was)| out - f64::from(was)).collect()
            };
            let late = (0..400).min_by(|&a, &b| power(&error(a)).total_cmp(&power(&error(b))));
            let error = error(late.unwrap_or(0));
            let was: Vec<f64> = voice[..error.len()].iter().map(|&s| f64::from(s)).collect();
            for (sums, sign) in ratios.iter_mut().zip([1.0, -1.0]) {
                sums[0] += power(&eight_times(&was, sign));
                sums[1] += power(&eight_times(&error, sign));
            }
        }
        let db = ratios.map(|[was, error]| 10.0 * (was / error).log10());
        println!("| {name} | {:.1} | {:.1} |", db[0], db[1]);
    }
}

fn power(sound: &[f64]) -> f64 {
    sound.iter().map(|s| s * s).sum()
}

/// Half the sum of neighbours, or half their difference, eight times: low or high.
fn eight_times(sound: &[f64], sign: f64) -> Vec<f64> {
    (0..8).fold(sound.to_vec(), |sound, _| {
        sound
            .windows(2)
            .map(|two| 0.5 * (two[1] + sign * two[0]))
            .collect()
    })
}

fn cost(voices: &[Vec<i16>]) {
    println!("\n| µs per 10 ms at 16 kHz, in turn | 1 leg | 100 | 400 |\n|---|---|---|---|");
    let case = Case::new(Kind::Tail(64), 12.0, 60, 3);
    let voices = Voices {
        far: &voices[0],
        near: &voices[1],
    };
    let mut line = LineWide::new(case, Codec::G722, voices).expect("wide");
    let frames: Vec<(Sound, Sound)> = (0..400)
        .map(|_| {
            let far = line.far();
            (far, line.next(&far).sound)
        })
        .collect();
    for (name, cancelled) in [("detector and bands", false), ("canceller as well", true)] {
        let of = |legs: usize| spent(&frames, legs, if cancelled { legs } else { 0 });
        println!("| {name} | {:.2} | {:.2} | {:.2} |", of(1), of(100), of(400));
    }
}

/// The best of some passes.
fn spent(frames: &[(Sound, Sound)], legs: usize, cancellers: usize) -> f64 {
    let mut pool = pool(cancellers, legs);
    let mut all: Vec<(Box<Echo>, Box<Bands>)> =
        (0..legs).map(|n| (echo::echo(n as u32), echo::bands())).collect();
    all.iter_mut().for_each(|(leg, _)| leg.speak(true, &mut pool));
    let mut tick = |frame: &(Sound, Sound), all: &mut [(Box<Echo>, Box<Bands>)]| {
        for (leg, bands) in all {
            leg.judge(&mut pool);
            leg.hear_wide(bands, &mut frame.1.clone(), false);
            leg.sent_wide(bands, &frame.0);
        }
    };
    frames.iter().for_each(|frame| tick(frame, &mut all));
    let on = all
        .iter()
        .filter(|(leg, _)| leg.state() == State::Cancelled)
        .count();
    assert_eq!(on, cancellers, "every leg is cancelled, or none");
    best_of_passes(frames, legs, |frame| tick(frame, &mut all))
}
