//! What one leg's ear for keys costs a frame of 20 ms: `cargo bench --bench inband`. A leg that has sent a telephone event has none.

use rundruf::media::Inband;
use std::f64::consts::TAU;

fn main() {
    divan::main();
}

/// Runs an ear over `sound`, a second of it in a circle, a frame an iteration.
fn frames(bencher: divan::Bencher, sound: impl Fn(usize) -> f64) {
    let frames: Vec<([i16; 160], u16)> = (0..50)
        .map(|frame| {
            let samples = std::array::from_fn(|at| sound(frame * 160 + at) as i16);
            (
                samples,
                samples
                    .iter()
                    .map(|sample| sample.unsigned_abs())
                    .max()
                    .unwrap_or(0),
            )
        })
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
