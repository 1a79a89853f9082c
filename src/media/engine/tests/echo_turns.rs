//! A thread that is short of time looks for echoes in turns where there was none so far.

use super::echo::Meeting;
use super::*;

/// So weak that nothing comes back.
const SILENT: i16 = i16::MAX;
/// Frames of a turn of looking.
const TURN: usize = 400;

/// A telephone without echo has been in a room for ten seconds, and time is short since. Its turn is over, as is the listener's after
/// it, and it begins to return what it hears. (The talker hears nothing that could come back.)
fn resting() -> Meeting {
    let mut meeting = Meeting::of(4, &[(3, SILENT)], None);
    meeting.run(500);
    meeting.world.engine.leave_out(Shed::Looking);
    run_until(&mut meeting, |resting| resting < 2);
    run_until(&mut meeting, |resting| resting == 2);
    meeting.telephones[0].weaker = 4;
    meeting
}

fn run_until(meeting: &mut Meeting, is_so: fn(u64) -> bool) {
    let is_reached = (0..9 * TURN).any(|_| is_so(rest_in_a_frame(meeting)));
    assert!(is_reached, "in no turn");
}

/// How many legs are not looked at in the next frame.
fn rest_in_a_frame(meeting: &mut Meeting) -> u64 {
    let [before] = meeting.counts([Counter::LookShed]);
    meeting.run(1);
    let [after] = meeting.counts([Counter::LookShed]);
    after - before
}

#[test]
fn an_echo_that_was_not_there_is_found_in_its_turn() {
    let mut meeting = resting();
    meeting.run(5 * TURN);
    assert_eq!(meeting.counts([Counter::EchoCancelled]), [0]);
    meeting.run(2 * TURN);
    assert_eq!(meeting.counts([Counter::EchoCancelled]), [1]);
    meeting.run(TURN);
    assert!(meeting.loss_db() > 40.0, "{} dB", meeting.loss_db());
}

#[test]
fn whoever_asks_has_it_looked_for_at_once() {
    let mut meeting = resting();
    meeting.world.ask(Command::SeekEcho { number: number(0) });
    meeting.run(100);
    assert_eq!(meeting.counts([Counter::EchoCancelled]), [1]);
}

#[test]
fn who_comes_is_looked_at_and_an_echo_that_is_known_stays_cancelled() {
    let mut meeting = Meeting::of(4, &[(3, 4)], None);
    meeting.world.engine.leave_out(Shed::Looking);
    meeting.run(150);
    assert_eq!(meeting.counts([Counter::EchoCancelled]), [1]);
    meeting.run(4 * TURN);
    meeting.run(4 * TURN);
    assert!(meeting.loss_db() > 40.0, "{} dB", meeting.loss_db());
    assert_eq!(
        meeting.counts([Counter::EchoCancelled, Counter::EchoGone]),
        [1, 0]
    );
}

#[test]
fn when_there_is_time_again_everybody_is_looked_at() {
    let mut meeting = resting();
    assert_eq!(rest_in_a_frame(&mut meeting), 2);
    meeting.world.engine.leave_out(Shed::Nothing);
    let before = meeting.counts([Counter::LookShed]);
    meeting.run(150);
    assert_eq!(meeting.counts([Counter::LookShed]), before);
    assert_eq!(meeting.counts([Counter::EchoCancelled]), [1]);
}
