//! One bridge through many simulated evenings in a row (`src/sim/`), in one process: callers join, leave, move and vanish, and what
//! the bridge holds of memory, seats and ports when the last one has gone is the same each time. `RUNDRUF_HOURS` says how long.
use rundruf::sim::{CALLERS_MAX, Chance, World};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Bytes that this thread holds.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // A thread that is at its end counts nothing.
    HELD.try_with(|held| held.set(held.get() + bytes)).ok();
}

// SAFETY: passes everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What one more evening may add: tables keep the room that they once needed.
const SLACK: i64 = 64 * 1_024;

#[test]
fn evening_after_evening_nothing_of_it_is_left() {
    let hours = std::env::var("RUNDRUF_HOURS").map_or(0.15, |hours| hours.parse().expect("a number"));
    let lasts = (hours * 3_600_000.0) as u64;
    let (mut world, mut seed, mut joined) = (World::seeded(1, CALLERS_MAX), 1, 0);
    let mut held = Vec::new();
    loop {
        let evening = world
            .run()
            .unwrap_or_else(|failure| panic!("evening {seed}: {failure}"));
        joined += evening.joined;
        if world.now().as_millis() >= lasts {
            break;
        }
        seed += 1;
        // Of the evening before, the bridge alone is left; the next one has not begun.
        world = world.go_on(Chance::seeded(seed), 0);
        held.push(HELD.get());
        world = world.go_on(Chance::seeded(seed), CALLERS_MAX);
    }
    let settled = held.iter().take(10).copied().max().expect("some evenings");
    let most = held.iter().copied().max().expect("some evenings");
    println!(
        "{hours} hours, {seed} evenings, {joined} times somebody came into a room; held after an evening: {} bytes at first, {settled} \
         in the first ten at most, {most} in all, {} in the end",
        held[0],
        held[held.len() - 1],
    );
    assert!(most <= settled + SLACK, "{held:?}");
}
