//! What a leg's sound costs beside decoding: history, concealment. `cargo bench --bench sound`; figures in `docs/PERFORMANCE.md`.

use rundruf::media::{Concealer, Frame};
use std::hint::black_box;

fn main() {
    divan::main();
}

fn voice(at: usize) -> Frame {
    std::array::from_fn(|i| {
        let phase = ((at + i) % 73) as f32 / 73.0;
        (8_000.0 * (std::f32::consts::TAU * phase).sin() - 4_000.0 * phase) as i16
    })
}

fn listened() -> Concealer<160> {
    let mut concealer = Concealer::new();
    (0..3).for_each(|n| concealer.take(&mut voice(n * 160)));
    concealer
}

/// A frame that came in time.
#[divan::bench]
fn frame_kept(bencher: divan::Bencher) {
    let (mut concealer, mut frame) = (listened(), voice(480));
    bencher.bench_local(|| concealer.take(black_box(&mut frame)));
}

/// The first frame that is missing: the pitch is looked for.
#[divan::bench]
fn frame_concealed(bencher: divan::Bencher) {
    let (listened, mut frame) = (listened(), voice(480));
    bencher
        .with_inputs(|| listened.clone())
        .bench_local_refs(|concealer| concealer.fill(black_box(&mut frame), None));
}

/// The second frame that is missing.
#[divan::bench]
fn second_frame_concealed(bencher: divan::Bencher) {
    let (mut listened, mut frame) = (listened(), voice(480));
    listened.fill(&mut frame, None);
    bencher
        .with_inputs(|| listened.clone())
        .bench_local_refs(|concealer| concealer.fill(black_box(&mut frame), None));
}

/// The frame that comes after one was missing.
#[divan::bench]
fn frame_after_a_gap(bencher: divan::Bencher) {
    let (mut listened, mut frame) = (listened(), voice(480));
    listened.fill(&mut frame, None);
    bencher
        .with_inputs(|| listened.clone())
        .bench_local_refs(|concealer| concealer.take(black_box(&mut frame)));
}
