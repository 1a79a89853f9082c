use super::super::read;
use super::*;

const MS: Duration = Duration::from_millis(1);
/// 10 March 2026, noon and a quarter of a second.
const NOON: Duration = Duration::from_millis(1_773_144_000_250);

fn session() -> Session {
    let mut session = Session::new(7, 42);
    session.begin(Wall::new(NOON, 99));
    session
}

/// What a report of ours says to a peer that sends as `peer`.
fn written(session: &mut Session, frame: u64, peer: u32) -> Heard {
    let mut buffer = [0; REPORT_MAX];
    let block = Block {
        ssrc: peer,
        ..Block::default()
    };
    let len = session.write(frame, frame as u32 * 160, Some(block), false, &mut buffer);
    read(&buffer[..len], peer).expect("our own reports are readable")
}

fn answer(last_report: u32, held: Duration) -> Heard {
    let block = Block {
        ssrc: 7,
        fraction_lost: 64,
        lost: -3,
        jitter: 80,
        last_report,
        since_last_report: (held.as_millis() * 65_536 / 1_000) as u32,
        ..Block::default()
    };
    Heard {
        reporter: Some(9),
        blocks: 1,
        about_us: Some(block),
        ..Heard::default()
    }
}

fn trip_ms(session: &Session) -> Option<u32> {
    session
        .far()
        .round_trip
        .map(|trip| (trip * 1_000 + 32_768) / 65_536)
}

#[test]
fn the_clock_of_a_sender_report_is_that_of_the_wall() {
    let mut session = session();
    session.handle_sent(160);
    let sender = written(&mut session, 150, 9).sender.expect("it has sent");
    // 3 s later; NTP counts from 1900.
    assert_eq!(sender.ntp >> 32, 1_773_144_003 + 2_208_988_800);
    assert_eq!(sender.ntp as u32, 1 << 30, "a quarter of a second");
    assert_eq!((sender.rtp, sender.packets, sender.octets), (24_000, 1, 160));
    assert_eq!(
        written(&mut session, 400, 9).sender,
        None,
        "nothing was sent since: RR"
    );
}

#[test]
fn a_round_trip_is_what_the_peer_did_not_hold() {
    let mut session = session();
    session.handle_sent(160);
    let asked = written(&mut session, 100, 9)
        .sender
        .expect("it has sent")
        .middle();
    assert_eq!(trip_ms(&session), None);
    // 1,220 ms after our report's tick, of which the answer lay 13 ms with us and 1,150 ms with the peer.
    session.handle_report(161, 13 * MS, &answer(asked, 1_150 * MS));
    assert_eq!(trip_ms(&session), Some(57));
    let far = session.far();
    assert_eq!((far.reports, far.lost, far.loss_256, far.jitter), (1, 0, 64, 80));
}

#[test]
fn an_answer_to_what_was_not_asked_and_an_impossible_one_change_nothing() {
    let mut session = session();
    session.handle_sent(160);
    let asked = written(&mut session, 100, 9)
        .sender
        .expect("it has sent")
        .middle();
    session.handle_report(150, Duration::ZERO, &answer(asked + 1, 500 * MS));
    session.handle_report(150, Duration::ZERO, &answer(0, Duration::ZERO));
    session.handle_report(150, Duration::ZERO, &answer(asked, 1_500 * MS));
    session.handle_report(1_000, Duration::ZERO, &answer(asked, Duration::ZERO));
    assert_eq!(trip_ms(&session), None);
    // A tick that began late: a little less than nothing is nothing.
    session.handle_report(150, Duration::ZERO, &answer(asked, 1_003 * MS));
    assert_eq!(trip_ms(&session), Some(0));
}

#[test]
fn the_peer_is_told_how_long_its_report_lay_here() {
    let mut session = session();
    let sender = Sender {
        ntp: 0x1234_5678_9abc_def0,
        rtp: 0,
        packets: 1,
        octets: 160,
    };
    let report = Heard {
        reporter: Some(9),
        sender: Some(sender),
        ..Heard::default()
    };
    assert_eq!(
        written(&mut session, 90, 9)
            .about_us
            .map(|block| block.last_report),
        Some(0)
    );
    session.handle_report(100, 15 * MS, &report);
    let block = written(&mut session, 150, 9).about_us.expect("a block");
    assert_eq!(block.last_report, 0x5678_9abc);
    let held_ms = block.since_last_report * 1_000 / 65_536;
    assert!((1_014..=1_015).contains(&held_ms), "{held_ms}");
}

#[test]
fn reports_are_2_5_to_7_5_s_apart_and_never_in_step() {
    let frames = |random| {
        let mut session = Session::new(7, random);
        session.begin(Wall::default());
        (1_000..100_000)
            .filter(|frame| session.is_due(*frame))
            .collect::<Vec<u64>>()
    };
    let (one, other) = (frames(1), frames(2));
    assert!(
        (1_062..=1_188).contains(&one[0]),
        "the first after half the time: {}",
        one[0]
    );
    let gaps: Vec<_> = one.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (125..=375).contains(gap)), "{gaps:?}");
    let (shortest, longest) = (gaps.iter().min(), gaps.iter().max());
    assert!(
        shortest < Some(&140) && longest > Some(&360),
        "{shortest:?} {longest:?}"
    );
    assert_ne!(one, other);
}

#[test]
fn a_name_is_of_one_call_and_tells_nothing() {
    let name = |leg: u64, thread| {
        let mut session = Session::new(7, leg);
        session.begin(Wall::new(NOON, thread));
        String::from_utf8(session.cname.to_vec()).expect("digits")
    };
    let names = [name(1, 1), name(2, 1), name(1, 2)];
    assert!(
        names
            .iter()
            .all(|name| name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
    );
    assert!(
        names[0] != names[1] && names[0] != names[2] && names[1] != names[2],
        "{names:?}"
    );
}

#[test]
fn a_goodbye_is_noted() {
    let mut session = session();
    assert!(!session.far().goodbye && !session.has_spoken());
    session.handle_report(
        10,
        Duration::ZERO,
        &Heard {
            goodbye: Some(9),
            ..Heard::default()
        },
    );
    assert!(session.far().goodbye);
}
