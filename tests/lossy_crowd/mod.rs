//! Many calls and many registrations in invented time, over lines that lose, delay and double messages: nothing may leak, every
//! transaction must end, and whoever registers must stay registered. `RUNDRUF_CALLS=100000` is the whole of it (a minute or two,
//! optimised); the inner loop has a smaller crowd.

mod caller;
mod line;
mod message;
mod registrar;
mod world;

use rundruf::sip::{Census, Noted};
use std::time::Duration;
use world::World;

/// How many calls there shall be.
fn calls() -> usize {
    let wanted = std::env::var("RUNDRUF_CALLS").ok();
    wanted.map_or(4_000, |text| text.parse().expect("a number of calls"))
}

#[test]
fn a_crowd_of_calls_over_bad_lines_leaves_nothing_behind() {
    let calls = calls();
    let mut world = World::new(1, 400);
    let mut begun = 0;
    while begun < calls {
        // After each thousand everybody goes home.
        let crowd = 1_000.min(calls - begun);
        world.calls_come(crowd);
        begun += crowd;
        world.runs_until_everybody_is_gone();
        assert_eq!(world.agent.census(), Census::default(), "after {begun} calls");
        world.judges();
    }
    let told = world.told;
    println!("{begun} calls in {:?} of invented time: {told:?}", world.lived());
    assert_eq!(told.invited, told.ended);
    assert!(told.confirmed > calls as u64 / 2, "{told:?}");
    let noted = |what| world.agent.counters().noted(what);
    assert_eq!(noted(Noted::OutOfTable), 0, "a table was asked what it refuses");
    for odd in [
        Noted::AckMissing,
        Noted::Cancelled,
        Noted::ByeUnanswered,
        Noted::Repeated,
        Noted::Retransmitted,
        Noted::StrayAck,
        Noted::Reinvited,
        Noted::SessionRefreshed,
        Noted::ReinviteSent,
        Noted::RefusalUnacknowledged,
    ] {
        assert!(noted(odd) > 0, "this crowd never meets {odd:?}");
    }
}

#[test]
fn a_thousand_registrations_stand_through_losses_and_silence_and_are_taken_back() {
    let (trunks, time) = match calls() {
        ..10_000 => (30, Duration::from_secs(1_800)),
        // Many more than the settings allow.
        _ => (1_000, Duration::from_secs(6 * 3_600)),
    };
    let mut world = World::new(2, 10);
    world.registers(trunks);
    world.runs(Duration::from_secs(120));
    assert_eq!(world.registered(), trunks, "lines that lose are no reason");
    world.registrars.fall_silent(Duration::from_secs(600));
    world.runs(time);
    assert_eq!(world.registered(), trunks);
    let (asked, most) = world.registrars.registers();
    println!("{trunks} trunks for {time:?}: {asked} REGISTERs, at most {most} of one trunk in a minute");
    assert!(most <= 30, "a registrar was run down");
    world.leaves();
    world.runs(Duration::from_secs(70));
    assert!(!world.agent.is_deregistering());
    assert_eq!(world.agent.census(), Census::default());
    assert_eq!(world.agent.counters().noted(Noted::OutOfTable), 0);
}
