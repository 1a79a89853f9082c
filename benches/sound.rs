//! What a leg's sound costs beside decoding: history, concealment. `cargo bench --bench sound`; figures in `docs/PERFORMANCE.md`.

use rundruf::media::{Concealer, Counters, Frame, Wide};
use rundruf::media_api::{Codec, OpusSpec};
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

fn wideband(n: usize) -> [i16; 320] {
    std::array::from_fn(|i| {
        let second = (n * 320 + i) as f32 / 16_000.0;
        let wave = |hertz: f32| (std::f32::consts::TAU * hertz * second).sin();
        (5_000.0 * wave(210.0) + 2_000.0 * wave(1_470.0) + 700.0 * wave(4_830.0)) as i16
    })
}

const WIDE: [Codec; 2] = [
    Codec::G722,
    Codec::Opus(OpusSpec {
        payload_type: 111,
        fec: true,
        bitrate: 24_000,
    }),
];

/// A frame of a line of 16 kHz is encoded.
#[divan::bench(args = WIDE)]
fn wide_encoded(bencher: divan::Bencher, codec: Codec) {
    let mut coder = Wide::new(codec).expect("it is wide");
    let sounds: Vec<_> = (0..50).map(wideband).collect();
    let (mut n, mut payload) = (0, [0; 320]);
    bencher.bench_local(|| {
        n = (n + 1) % sounds.len();
        coder.encode(black_box(&sounds[n]), &mut payload)
    });
}

/// A frame of a line of 16 kHz is taken and decoded, in time.
#[divan::bench(args = WIDE)]
fn wide_heard(bencher: divan::Bencher, codec: Codec) {
    let (mut mouth, mut ear) = (
        Wide::new(codec).expect("it is wide"),
        Wide::new(codec).expect("it is wide"),
    );
    let payloads: Vec<Vec<u8>> = (0..50)
        .map(|n| {
            let mut payload = [0; 320];
            let len = mouth.encode(&wideband(n), &mut payload);
            payload[..len].to_vec()
        })
        .collect();
    let (mut n, mut counters) = (0u32, Counters::default());
    bencher.bench_local(|| {
        let place = (7, n.wrapping_mul(codec.clock() / 50));
        let payload = &payloads[n as usize % payloads.len()];
        ear.put(n.into(), place, black_box(payload), &mut counters);
        ear.pull(n.into(), &mut counters);
        n = n.wrapping_add(1);
    });
}
