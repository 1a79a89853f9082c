//! What a tick costs, by number of legs and by size of the rooms, sockets left out: `cargo bench --bench tick`.
//!
//! What is allocated and freed on it is counted and printed: nothing with plain G.711; with other codecs their libraries'.
//!
//! One iteration is one frame of 20 ms of all legs, each talking: receive, decode, sum, take out, encode, write RTP. The
//! arithmetic and the latest table stand in `docs/PERFORMANCE.md`.

#[path = "../tests/support/quiet_wire.rs"]
mod quiet_wire;

use quiet_wire::Bench;
use rundruf::media_api::{Codec, CodecName, Law, OpusSpec, Suite};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// Rooms of eight, the reference case.
#[divan::bench(args = [8, 64, 200, 1_000, 4_000])]
fn frame_rooms_of_8(bencher: divan::Bencher, legs: u32) {
    let mut bench = Bench::new(legs, 8);
    bencher
        .counter(divan::counter::ItemsCount::new(legs))
        .bench_local(|| bench.run_frames(1));
}

/// Rooms of eight in which nobody ever sent a telephone event and everybody talks loudly: every leg is listened to for keys as
/// tones, all the time. No evening is like that; it is the upper end.
#[divan::bench(args = [200])]
fn frame_rooms_of_8_loud_without_events(bencher: divan::Bencher, legs: u32) {
    let mut bench = Bench::with_voice(legs, 8, |n, at| {
        (((at * (n * 37 + 11)) % 2_000) as i16 - 1_000) * 3
    });
    bencher
        .counter(divan::counter::ItemsCount::new(legs))
        .bench_local(|| bench.run_frames(1));
}

/// Everybody in one room.
#[divan::bench(args = [8, 64, 200, 1_000, 4_000])]
fn frame_one_room(bencher: divan::Bencher, legs: u32) {
    let mut bench = Bench::new(legs, legs);
    bencher
        .counter(divan::counter::ItemsCount::new(legs))
        .bench_local(|| bench.run_frames(1));
}

/// By codec and size of the rooms; everybody talks, so nothing is encoded for two.
#[divan::bench(args = BY_CODEC)]
fn frame_of_200_by_codec(bencher: divan::Bencher, (name, per_room): (CodecName, u32)) {
    let mut bench = Bench::by_codec(200, per_room, codec(name));
    bencher
        .counter(divan::counter::ItemsCount::new(200u32))
        .bench_local(|| bench.run_frames(1));
}

/// The same where one in each room talks and the others are muted: they share an encoding.
#[divan::bench(args = BY_CODEC)]
fn frame_of_200_listening(bencher: divan::Bencher, (name, per_room): (CodecName, u32)) {
    let mut bench = Bench::by_codec(200, per_room, codec(name));
    bench.mute_all_but_one(200, per_room);
    bencher
        .counter(divan::counter::ItemsCount::new(200u32))
        .bench_local(|| bench.run_frames(1));
}

fn codec(name: CodecName) -> Codec {
    match name {
        CodecName::PcmA => Codec::G711(Law::A),
        CodecName::PcmU => Codec::G711(Law::Mu),
        CodecName::G722 => Codec::G722,
        CodecName::Opus => Codec::Opus(OpusSpec {
            payload_type: 96,
            fec: false,
            bitrate: 24_000,
        }),
    }
}

const BY_CODEC: [(CodecName, u32); 6] = [
    (CodecName::PcmA, 8),
    (CodecName::PcmA, 200),
    (CodecName::G722, 8),
    (CodecName::G722, 200),
    (CodecName::Opus, 8),
    (CodecName::Opus, 200),
];

/// All voices sealed. The telephones' own sealing is in it: as much as ours.
#[divan::bench(args = Suite::ALL)]
fn frame_of_200_sealed(bencher: divan::Bencher, suite: Suite) {
    let mut bench = Bench::sealed(200, 8, suite);
    bencher
        .counter(divan::counter::ItemsCount::new(200u32))
        .bench_local(|| bench.run_frames(1));
}

/// Half of the telephones return what they hear, and each of those has its canceller.
#[divan::bench(args = [200])]
fn frame_rooms_of_8_half_with_echo(bencher: divan::Bencher, legs: u32) {
    let mut bench = Bench::with_echo(legs, 8, legs as usize / 2);
    bench.run_frames(250);
    bencher
        .counter(divan::counter::ItemsCount::new(legs))
        .bench_local(|| bench.run_frames(1));
}

/// A frame in which nobody is there: 20 slots, each looked at.
#[divan::bench]
fn frame_of_nobody(bencher: divan::Bencher) {
    let mut bench = Bench::new(1, 1);
    bench.ask(rundruf::media_api::Command::Remove {
        seat: rundruf::media_api::Seat(0),
        leg: rundruf::ids::LegId(0),
    });
    bencher.bench_local(|| bench.run_frames(1));
}
