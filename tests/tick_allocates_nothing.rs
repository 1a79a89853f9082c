//! With plain G.711 nothing on the tick allocates or frees: not to talk, not to join, leave, play or hang up.
#![allow(unsafe_code)]

#[path = "support/quiet_wire.rs"]
mod quiet_wire;

use quiet_wire::{Bench, number};
use rundruf::ids::{ClipId, LegId};
use rundruf::media::Counter;
use rundruf::media::echo::{self, State};
use rundruf::media_api::{Codec, Command, OpusSpec, PlayToken, Playlist, Seat, Suite};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Of this thread: what the test's runner does beside it is no tick.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is at its end counts nothing.
    CALLS.try_with(|calls| calls.set(calls.get() + 1)).ok();
}

// SAFETY: passes everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn counted(what: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    what();
    CALLS.get() - before
}

#[test]
fn talking_joining_leaving_playing_and_hanging_up() {
    let mut bench = Bench::new(64, 8);
    assert_eq!(counted(|| bench.run_frames(500)), 0, "ten seconds of talk");
    assert!(
        counted(|| drop(std::hint::black_box(Box::new(1)))) >= 2,
        "the counter counts"
    );

    // A frame of 20 ms holds 14 and 27 periods of them: one of the caller's keys is down all the time.
    let key = |_, at: u32| {
        let wave = |hertz: f32| (std::f32::consts::TAU * hertz * at as f32 / 8_000.0).sin();
        (5_000.0 * (wave(700.0) + wave(1_350.0))) as i16
    };
    let mut keying = Bench::with_voice(8, 8, key);
    assert_eq!(counted(|| keying.run_frames(500)), 0, "keys as tones");
    assert_eq!(keying.rings.events.len(), 8, "each was told once");

    let leg = |n: u32| (Seat(n), LegId(n.into()));
    let clips = Playlist::new([ClipId(0)]);
    let moves = |bench: &mut Bench| {
        for n in 0..32 {
            let (seat, leg) = leg(n);
            bench.ask(Command::Play {
                seat,
                leg,
                clips,
                token: PlayToken(n),
            });
            bench.ask(Command::Leave { seat, leg });
            bench.ask(Command::Join {
                seat,
                leg,
                number: number(n / 8),
            });
        }
        bench.run_frames(50);
        for n in 0..16 {
            let (seat, leg) = leg(n);
            bench.ask(Command::Remove { seat, leg });
        }
        (0..2).for_each(|n| bench.ask(Command::Close { number: number(n) }));
        bench.run_frames(20);
    };
    assert_eq!(
        counted(|| moves(&mut bench)),
        0,
        "joins, leaves, clips and hang-ups"
    );
    assert_eq!(
        bench.rings.finished.len(),
        18,
        "sixteen legs and two rooms came back to be freed"
    );
}

#[test]
fn finding_cancelling_looking_for_and_giving_up_echoes() {
    let mut bench = Bench::with_echo(16, 4, 6);
    let count = |bench: &Bench, case| bench.engine.counters().get(case);
    assert_eq!(
        counted(|| bench.run_frames(400)),
        0,
        "eight echoes, of which six are taken out"
    );
    let found =
        [Counter::EchoCancelled, Counter::EchoWaits, Counter::EchoHeard].map(|case| count(&bench, case));
    assert!(found[0] >= 6 && found[1] >= 2 && found[2] >= 1, "{found:?}");
    let shed = |bench: &mut Bench| {
        bench.engine.lend_cancellers(false);
        bench.engine.take_back_cancellers();
        for n in 0..4 {
            let (number, treats) = (number(n), n % 2 == 0);
            bench.ask(Command::SeekEcho { number });
            bench.ask(Command::TreatEcho { number, treats });
        }
        bench.run_frames(100);
    };
    assert_eq!(
        counted(|| shed(&mut bench)),
        0,
        "taken back, looked for, let through"
    );
    assert!(count(&bench, Counter::EchoShed) >= 1);
}

/// G.722 and Opus themselves allocate; what looks for their echoes does not.
#[test]
fn finding_and_cancelling_an_echo_of_16_khz() {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16 - 8_192
    };
    let sent: Vec<[i16; 320]> = (0..400).map(|_| std::array::from_fn(|_| random() / 2)).collect();
    let (mut pool, mut leg, mut bands) = (echo::pool(1, 1), echo::echo(1), echo::bands());
    let mut run = || {
        leg.speak(true, &mut pool);
        for frame in 3..400 {
            leg.judge(&mut pool);
            leg.hear_wide(&mut bands, &mut sent[frame - 3].map(|sample| sample / 4), false);
            leg.sent_wide(&mut bands, &sent[frame]);
        }
        assert_eq!(leg.state(), State::Cancelled);
        leg.yield_canceller();
        leg.hear_wide(&mut bands, &mut [0; 320], true);
        leg.judge(&mut pool);
        leg.skip_wide(&mut bands);
        assert_eq!(pool.free(), 1);
    };
    assert_eq!(counted(&mut run), 0);
}

#[test]
fn a_sealed_voice_allocates_nothing_more() {
    let heard = |bench: &Bench| {
        let counters = bench.engine.counters();
        [Counter::Played, Counter::ControlTaken].map(|case| counters.get(case))
    };
    let mut clear = Bench::new(8, 8);
    clear.run_frames(500);
    let [frames, reports] = heard(&clear);
    assert!(frames >= 8 * 500 && reports >= 8 * 10, "{frames} and {reports}");
    for suite in Suite::ALL {
        let mut bench = Bench::sealed(8, 8, suite);
        assert_eq!(counted(|| bench.run_frames(500)), 0, "{suite:?}");
        assert_eq!(heard(&bench), heard(&clear), "{suite:?}: everything was opened");
    }
}

#[test]
fn opus_allocates_nothing_either_and_g722_what_its_library_returns() {
    const LEG_FRAMES: u64 = 8 * 100;
    let of = |codec| {
        let mut bench = Bench::by_codec(8, 8, codec);
        counted(|| bench.run_frames(100))
    };
    let opus = OpusSpec {
        payload_type: 96,
        fec: true,
        bitrate: 24_000,
    };
    assert_eq!(of(Codec::Opus(opus)), 0);
    let mut listening = Bench::by_codec(8, 8, Codec::Opus(opus));
    let muted = counted(|| listening.mute_all_but_one(8, 8));
    assert_eq!(muted, 0, "those who listen share an encoding");
    let g722 = of(Codec::G722);
    // A frame has two cells to decode and one packet to encode; each comes in a Vec, which may grow.
    assert!(g722.is_multiple_of(LEG_FRAMES) && g722 > 0, "{g722}");
}
