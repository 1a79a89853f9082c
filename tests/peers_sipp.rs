//! SIPp against the running program: many calls at once. It keys with payload type 96 under an SSRC of its own, after some
//! twenty stray packets of type 97, and listens nowhere. Counts are asserted; times are printed, never asserted.

mod running;

use running::sipp::{Plan, Sipp, Totals};
use running::{Bridge, Room, eventually};
use std::time::Duration;

/// More calls than the shipped limit.
const SETTINGS: &str = "[calls]\nmax = 600\n";
const ROOMS: usize = 25;

fn tell(what: &str, totals: &Totals) {
    println!(
        "{what}: {} successful, {} failed; INVITE to 200: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        totals.successful,
        totals.failed,
        totals.percentile_ms(50),
        totals.percentile_ms(99),
        totals.percentile_ms(100),
    );
}

#[test]
fn two_hundred_calls_at_20_a_second_meet_in_25_rooms() {
    let bridge = Bridge::start_with(SETTINGS);
    let rooms: Vec<Room> = (0..ROOMS).map(|n| bridge.book(&format!("Gruppe {n}"))).collect();
    let keys: Vec<String> = rooms.iter().map(Room::keys).collect();
    let plan = Plan {
        scenario: "join",
        calls: 200,
        calls_per_s: 20,
        stay: Duration::from_secs(30),
        keys: &keys,
        tone: None,
    };
    let sipp = Sipp::start(bridge.address, &plan);
    let mut most = 0;
    let all_in = || {
        most = most.max(bridge.status().in_rooms);
        most == plan.calls
    };
    let came = eventually(Duration::from_secs(40), all_in);
    let status = bridge.status();
    assert!(
        came,
        "at most {most} in a room\n{status:?}\n{}",
        sipp.complaints()
    );
    assert_eq!(status.rooms.len(), ROOMS);
    assert!(
        status.rooms.iter().all(|room| room.count == plan.calls / ROOMS),
        "{:?}",
        status.rooms
    );

    let totals = sipp.finish(Duration::from_secs(60));
    tell("200 calls at 20/s", &totals);
    assert_eq!((totals.successful, totals.failed), (200, 0));
    let nobody_left = || bridge.status().in_rooms + bridge.status().in_reception == 0;
    assert!(
        eventually(Duration::from_secs(10), nobody_left),
        "{:?}",
        bridge.status()
    );
}

#[test]
fn five_hundred_calls_at_100_a_second_are_all_answered() {
    let bridge = Bridge::start_with(SETTINGS);
    let plan = Plan {
        scenario: "set_up",
        calls: 500,
        calls_per_s: 100,
        stay: Duration::from_secs(8),
        keys: &[String::new()],
        tone: None,
    };
    let totals = Sipp::start(bridge.address, &plan).finish(Duration::from_secs(60));
    tell("500 calls at 100/s", &totals);
    assert_eq!((totals.successful, totals.failed), (500, 0));
    assert_eq!(totals.answered_ms.len(), 500);
    let nobody_left = || bridge.status().in_reception == 0;
    assert!(
        eventually(Duration::from_secs(10), nobody_left),
        "{:?}",
        bridge.status()
    );
}
