//! The running program, with callers over real sockets: what a bridge does that is started, killed, ended and asked.

mod running;

use rundruf::caller::measure::usual_dbfs;
use rundruf::caller::{CallerId, CallerSet, Ending, NUMBER, Pace, Voice};
use rundruf::media_api::Law;
use running::{Bridge, LOCALHOST, Room, eventually};
use std::net::UdpSocket;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(15);
const FAST: u64 = 50;

fn callers(bridge: &Bridge, count: usize) -> (CallerSet, Vec<CallerId>) {
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a socket");
    let ids = (0..count)
        .map(|n| set.add([Law::A, Law::Mu][n % 2]).expect("a tone of its own"))
        .collect();
    (set, ids)
}

/// Everybody dials and keys; whether `in_rooms` of them got in.
fn meet(bridge: &Bridge, set: &mut CallerSet, keys: &[(CallerId, String)], in_rooms: usize) -> bool {
    for (id, keys) in keys {
        set.dial(*id).expect("loopback");
        set.press(*id, keys, Pace::from_millis(FAST, FAST));
    }
    set.run_until(SOON, |_| bridge.status().in_rooms == in_rooms)
        .expect("loopback")
}

fn right(room: &Room) -> String {
    format!("{}#{}#", room.number, room.pin)
}

#[test]
fn a_kill_loses_no_room_and_a_restart_serves_it_at_once() {
    let mut bridge = Bridge::start();
    let room = bridge.book("Dienstagsgruppe");
    bridge.kill_and_restart();
    let (mut set, ids) = callers(&bridge, 1);
    assert!(
        meet(&bridge, &mut set, &[(ids[0], right(&room))], 1),
        "{}",
        bridge.log()
    );
    assert!(set.hang_up_all(SOON).expect("loopback"));
}

#[test]
fn the_end_by_sigterm_is_a_bye_to_everybody() {
    let mut bridge = Bridge::start();
    let room = bridge.book("Dienstagsgruppe");
    let (mut set, ids) = callers(&bridge, 3);
    let keys = [
        (ids[0], right(&room)),
        (ids[1], right(&room)),
        (ids[2], String::new()),
    ];
    assert!(meet(&bridge, &mut set, &keys, 2));
    bridge.terminate();
    let over = |set: &CallerSet| {
        ids.iter()
            .all(|&id| set.caller(id).ending() == Some(Ending::ByBridge))
    };
    assert!(set.run_until(SOON, over).expect("loopback"));
    assert!(bridge.ended_well(), "{}", bridge.log());
}

#[test]
fn a_booking_is_seen_at_once_and_a_cancelled_room_ends_its_calls() {
    let bridge = Bridge::start();
    let (mut set, ids) = callers(&bridge, 1);
    let room = bridge.book("spontan");
    assert!(meet(&bridge, &mut set, &[(ids[0], right(&room))], 1));
    bridge.ask(&["room", "cancel", &room.number, "--json"]);
    assert_eq!(bridge.status().in_rooms, 0);
    let told = |set: &CallerSet| set.caller(ids[0]).ending() == Some(Ending::ByBridge);
    assert!(set.run_until(Duration::from_secs(30), told).expect("loopback"));
}

#[test]
fn four_wrong_pins_end_in_a_spoken_sentence_and_bye() {
    let bridge = Bridge::start();
    let room = bridge.book("Dienstagsgruppe");
    let (mut set, ids) = callers(&bridge, 1);
    let wrong = if room.pin == "135790" {
        "246801#"
    } else {
        "135790#"
    };
    set.dial(ids[0]).expect("loopback");
    let keys = format!("{}#{}", room.number, wrong.repeat(4));
    set.press(ids[0], &keys, Pace::from_millis(FAST, FAST));
    assert!(
        set.run_until(SOON, |_| bridge.status().refused["wrong_room_or_pin"] == 4)
            .expect("loopback")
    );
    let before = set.ear(ids[0]).position();
    let told = |set: &CallerSet| set.caller(ids[0]).ending() == Some(Ending::ByBridge);
    assert!(set.run_until(Duration::from_secs(40), told).expect("loopback"));
    let goodbye = set.ear(ids[0]).since(before);
    let loud = goodbye
        .iter()
        .filter(|sample| sample.unsigned_abs() > 500)
        .count();
    assert!(
        loud > 8_000,
        "a sentence of some seconds, not {loud} samples of it"
    );
}

#[test]
fn rooms_on_three_media_threads_hear_their_own_and_nobody_else() {
    let bridge = Bridge::start_with("media.threads = 3\n");
    let rooms: Vec<_> = (0..3).map(|_| bridge.book("Dienstagsgruppe")).collect();
    let (mut set, ids) = callers(&bridge, 6);
    let keys: Vec<_> = ids.iter().map(|&id| (id, right(&rooms[id.0 / 2]))).collect();
    for &id in &ids {
        let tone = set.caller(id).tone();
        set.say(id, Voice::Tone(tone));
    }
    assert!(meet(&bridge, &mut set, &keys, 6), "{}", bridge.log());
    set.run_for(Duration::from_secs(3)).expect("loopback");
    for &listener in &ids {
        let heard = set.ear(listener).latest(8_000).to_vec();
        for &talker in &ids {
            let tone = set.caller(talker).tone();
            let level = usual_dbfs(&heard, tone.hz) - tone.dbfs;
            let together = listener != talker && listener.0 / 2 == talker.0 / 2;
            let right = if together { level > -3.0 } else { level < -40.0 };
            assert!(right, "{talker:?} is heard by {listener:?} at {level:.1} dB");
        }
    }
    let status = bridge.status();
    assert_eq!(status.media.loads_pct.len(), 3);
    assert_eq!((status.counters["commands_void"], status.lines.len()), (0, 6));
    assert!(set.hang_up_all(SOON).expect("loopback"));
    assert!(eventually(SOON, || bridge.status().held["legs"] == 0));
}

#[test]
fn afterwards_nothing_is_held_and_no_secret_was_logged() {
    let bridge = Bridge::start();
    let room = bridge.book("Dienstagsgruppe");
    let wrong = ["918273", "645546"];
    let before = bridge.descriptors();
    let (mut set, ids) = callers(&bridge, 2);
    let keys = [
        (ids[0], right(&room)),
        (ids[1], format!("{}#{}#{}#", room.number, wrong[0], wrong[1])),
    ];
    assert!(meet(&bridge, &mut set, &keys, 1));
    assert!(
        set.run_until(SOON, |set| ids.iter().all(|&id| set.caller(id).keypad_is_idle()))
            .expect("loopback")
    );
    assert!(set.hang_up_all(SOON).expect("loopback"));
    let is_empty = || {
        let status = bridge.status();
        status.in_reception + status.in_rooms == 0
            && status.held["legs"] == 0
            && bridge.descriptors() == before
    };
    assert!(
        eventually(SOON, is_empty),
        "{:?}, {} descriptors",
        bridge.status(),
        bridge.descriptors()
    );

    let log = bridge.log();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG"),
        "the finest level was logged"
    );
    let number = NUMBER.trim_start_matches('+');
    for secret in [
        room.number.as_str(),
        room.pin.as_str(),
        wrong[0],
        wrong[1],
        number,
        &number[2..],
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret was logged");
    }
}

/// Whoever looks for open doors: from an address that is not served, at every port that the bridge may have.
#[test]
fn no_port_answers_a_prober_and_the_call_beside_it_goes_on() {
    let bridge = Bridge::start_with("sip.trunks = [\"127.0.0.1\"]\n");
    let room = bridge.book("Dienstagsgruppe");
    let (mut set, ids) = callers(&bridge, 2);
    let keys = [(ids[0], right(&room)), (ids[1], right(&room))];
    assert!(meet(&bridge, &mut set, &keys, 2), "{}", bridge.log());
    let prober = UdpSocket::bind(("127.0.0.2", 0)).expect("loopback has many addresses");
    let voice = [&[0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7][..], &[0x2a; 160]].concat();
    let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    let stun = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let asks = b"OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKp\r\nMax-Forwards: 70\r\n\
        From: <sip:p@127.0.0.2>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: p\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    for port in (24_000..26_000).chain([bridge.address.port()]) {
        for probe in [&voice[..], &report, &stun, asks, b"\r\n\r\n", b""] {
            prober
                .send_to(probe, (bridge.address.ip(), port))
                .expect("loopback");
        }
    }
    let refused = || bridge.status().refused["unserved"];
    assert!(eventually(SOON, || refused() >= 5), "the bridge has seen it");
    // Everybody talks for a second more: whatever waited at a port has been read.
    set.run_until(Duration::from_secs(1), |_| false)
        .expect("loopback");
    prober.set_nonblocking(true).expect("a socket");
    let mut buffer = [0; 2_048];
    let answer = prober.recv_from(&mut buffer);
    assert!(
        answer.is_err(),
        "{answer:?} {}",
        String::from_utf8_lossy(&buffer[..64])
    );
    assert_eq!(bridge.status().in_rooms, 2);
    assert!(set.hang_up_all(SOON).expect("loopback"));
}

#[test]
fn a_bridge_for_many_calls_begins_anew_with_large_pages_as_the_same_process() {
    let offered = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let are_offered = offered.is_ok_and(|offered| !offered.contains("[never]"));
    for (calls_max, expected) in [(999, false), (1_000, are_offered)] {
        let bridge = Bridge::start_with(&format!("calls.max = {calls_max}\n"));
        let environment = bridge.environment();
        assert_eq!(
            environment.contains("GLIBC_TUNABLES=glibc.malloc.hugetlb=1"),
            expected,
            "{calls_max}"
        );
        // Its settings came along.
        assert!(bridge.log().contains(&format!("calls_max={calls_max}")));
    }
}
