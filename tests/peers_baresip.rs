//! baresip, another people's telephone, against the running program: who hears whom, measured in its own recordings.

mod running;

use rundruf::bridge::status::LineStatus;
use rundruf::caller::Tone;
use rundruf::caller::measure::{lasting_dbfs, usual_dbfs};
use running::baresip::Baresip;
use running::hearing::{Faults, late};
use running::{Bridge, Room, eventually};
use std::time::Duration;

/// How long everybody stays once all are in: until the first of each room has been told that nobody else is there yet.
const STAY: Duration = Duration::from_secs(15);
/// What is measured of a recording: this long, ending this long before its end.
const WINDOW_SAMPLES: usize = 5 * 8_000;
const TAIL_SAMPLES: usize = 8_000;

fn window(recording: &[i16]) -> &[i16] {
    let end = recording.len().saturating_sub(TAIL_SAMPLES);
    let begin = end
        .checked_sub(WINDOW_SAMPLES)
        .expect("the recording is long enough");
    &recording[begin..end]
}

#[test]
fn three_members_hear_each_other_and_nobody_of_another_room() {
    let bridge = Bridge::start();
    let (monday, tuesday) = (bridge.book("Montag"), bridge.book("Dienstag"));
    let rooms: [&Room; 5] = [&monday, &monday, &monday, &tuesday, &tuesday];
    let mut members: Vec<Baresip> = (0..rooms.len())
        .filter_map(Tone::nth)
        .map(Baresip::start)
        .collect();
    for (member, room) in members.iter_mut().zip(rooms) {
        member.dial(bridge.address);
        member.press(&format!("{}#{}#", room.number, room.pin));
    }
    let all_in = || bridge.status().in_rooms == rooms.len();
    assert!(
        eventually(Duration::from_secs(10), all_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    std::thread::park_timeout(STAY);
    members.iter_mut().for_each(Baresip::hang_up);

    for (listener, ear) in members.iter().enumerate() {
        let heard = ear.heard();
        for (talker, mouth) in members.iter().enumerate() {
            let sent = usual_dbfs(window(&mouth.sent()), mouth.tone.hz);
            let hears = talker != listener && rooms[talker].number == rooms[listener].number;
            let measure = if hears { usual_dbfs } else { lasting_dbfs };
            let level = measure(window(&heard), mouth.tone.hz) - sent;
            let good = if hears { level.abs() < 6.0 } else { level <= -60.0 };
            assert!(good, "member {listener} hears member {talker} at {level:.1} dB");
        }
    }
    let nobody_left = || bridge.status().in_rooms + bridge.status().in_reception == 0;
    assert!(
        eventually(Duration::from_secs(5), nobody_left),
        "{:?}",
        bridge.status()
    );
}

#[test]
fn a_call_by_tcp_and_one_by_udp_hear_each_other() {
    let bridge = Bridge::start();
    let room = bridge.book("Montag");
    let mut members: Vec<Baresip> = (0..2).filter_map(Tone::nth).map(Baresip::start).collect();
    members[0].dial_by_tcp(bridge.address);
    members[1].dial(bridge.address);
    members.iter_mut().for_each(|member| member.press(&room.keys()));
    let both_in = || bridge.status().in_rooms == 2;
    assert!(
        eventually(Duration::from_secs(10), both_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    std::thread::park_timeout(STAY);
    members.iter_mut().for_each(Baresip::hang_up);

    let mut faults = Faults::default();
    for (who, listener, talker) in [("TCP hears UDP", 0, 1), ("UDP hears TCP", 1, 0)] {
        let heard = members[listener].heard();
        faults.must_hear(who, late(&heard), members[talker].tone);
        faults.must_not_hear("one's own voice", late(&heard), members[listener].tone);
    }
    faults.complain();
    let nobody_left = || bridge.status().in_rooms + bridge.status().in_reception == 0;
    assert!(
        eventually(Duration::from_secs(5), nobody_left),
        "{:?}",
        bridge.status()
    );
}

#[test]
fn status_shows_what_the_telephones_report() {
    let bridge = Bridge::start();
    let room = bridge.book("Montag");
    let mut members: Vec<Baresip> = (0..2).filter_map(Tone::nth).map(Baresip::start).collect();
    for member in &mut members {
        member.dial(bridge.address);
        member.press(&room.keys());
    }
    // Both sides report every 5 s on average, and each needs one of the other's to find the round trip.
    let measured = || {
        let lines = bridge.status().lines;
        let is_known = |line: &LineStatus| {
            line.round_trip_ms.is_some() && line.far_loss_pct.is_some() && line.far_mos.is_some()
        };
        lines.len() == 2 && lines.iter().all(is_known)
    };
    assert!(
        eventually(Duration::from_secs(30), measured),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    let status = bridge.status();
    for line in &status.lines {
        println!("{line:?}");
        let round_trip_ms = line.round_trip_ms.expect("measured");
        assert!(round_trip_ms < 250.0, "on one machine: {round_trip_ms} ms");
        let far_loss_pct = line.far_loss_pct.expect("reported");
        assert!(
            far_loss_pct < 5.0,
            "nothing is lost on one machine: {far_loss_pct} %"
        );
        assert_eq!(line.one_way, None);
    }
    assert_eq!(status.counters["rtcp_malformed"], 0, "{:?}", status.counters);
    assert_eq!(status.counters["rtcp_stranger"], 0, "{:?}", status.counters);
    members.iter_mut().for_each(Baresip::hang_up);
}
