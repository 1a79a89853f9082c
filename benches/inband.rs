//! What one leg's ear for keys costs a frame of 20 ms: `cargo bench --bench inband`. A leg that has sent a telephone event has none.

use rundruf::media::Inband;
use std::f64::consts::TAU;

fn main() {
    divan::main();
}

/// Runs an ear over `sound`, a second of it in a circle, a frame an iteration.
fn frames(bencher: divan::Bencher, sound: impl Fn(usize) -> f64) {
    let samples: Vec<i16> = (0..50 * 160).map(|at| sound(at) as i16).collect();
    hear(bencher, &samples, 0);
}

/// Runs an ear over those frames of `samples` whose largest sample is so large, in a circle, a frame an iteration.
fn hear(bencher: divan::Bencher, samples: &[i16], peak_min: u16) {
    let frames: Vec<([i16; 160], u16)> = samples
        .as_chunks()
        .0
        .iter()
        .map(|frame| (*frame, frame.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)))
        .filter(|&(_, peak)| peak >= peak_min)
        .collect();
    let (mut ear, mut at) = (Inband::default(), 0);
    bencher.bench_local(|| {
        let (frame, peak) = &frames[at];
        at = (at + 1) % frames.len();
        ear.hear(divan::black_box(frame), *peak, false)
    });
}

fn wave(hertz: f64, at: usize) -> f64 {
    (TAU * hertz * at as f64 / 8_000.0).sin()
}

#[divan::bench]
fn silence(bencher: divan::Bencher) {
    frames(bencher, |_| 8.0);
}

/// A voice as far as the first look goes: many partials of 120 Hz.
#[divan::bench]
fn voice(bencher: divan::Bencher) {
    frames(bencher, |at| {
        (1..25)
            .map(|n| 3_000.0 / f64::from(n) * wave(120.0 * f64::from(n), at))
            .sum()
    });
}

/// The bridge's own recordings, their loud frames only: what a talker who is never quiet costs.
#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn speech_loud_frames(bencher: divan::Bencher) {
    hear(bencher, &recordings(), 1_400);
}

/// The same with their pauses.
#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn speech(bencher: divan::Bencher) {
    hear(bencher, &recordings(), 0);
}

fn recordings() -> Vec<i16> {
    rundruf::speech::clips()
        .flat_map(|clip| clip.samples().into_vec())
        .collect()
}

/// The `voice` of the tick's bench in which all are loud: a saw of 60 to 4,000 Hz, folded; another one each second.
#[divan::bench(sample_count = 1_000, sample_size = 100)]
fn saws(bencher: divan::Bencher) {
    let saw = |at: usize| (((at % 8_000 * (at / 8_000 * 37 + 11)) % 2_000) as i16 - 1_000) * 3;
    let samples: Vec<i16> = (0..200 * 8_000).map(saw).collect();
    hear(bencher, &samples, 0);
}

/// All the time, a key goes down: for 100 ms in 200.
#[divan::bench]
fn keys(bencher: divan::Bencher) {
    frames(bencher, |at| {
        if at % 1_600 < 800 {
            5_000.0 * (wave(770.0, at) + wave(1_336.0, at))
        } else {
            0.0
        }
    });
}

/// The dearest: two tones that pass the first look in every frame, and are no key.
#[divan::bench]
fn nearly_a_key(bencher: divan::Bencher) {
    frames(bencher, |at| {
        5_000.0 * (wave(770.0, at) + wave(1_336.0, at) + 0.6 * wave(1_060.0, at))
    });
}
