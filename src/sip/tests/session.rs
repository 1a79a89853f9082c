//! Session timers (RFC 4028) with either side as refresher, and peers that are gone without a word.

use super::{Asked, World, header, status};
use crate::ids::LegId;
use crate::sip::{EndReason, Event, Noted, Reason, Refused};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const PEER_REFRESHES: &str = "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n";
const WE_REFRESH: &str = "Supported: timer\r\nAllow: INVITE, UPDATE\r\nx: 1800 ; refresher=uas\r\n";

/// A call up to its ACK, whose INVITE says more: its leg and the 200.
fn talks(world: &mut World, more: &'static str) -> (LegId, String) {
    world.hears(&Asked::invite().with(more));
    assert_eq!(status(&world.sent()), 100);
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    assert_eq!(status(&ok), 200);
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    (leg, ok)
}

/// The peer's answer to a request of ours.
fn answers(world: &mut World, request: &str, line: &str, more: &str) {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
    let text = format!(
        "SIP/2.0 {line}\r\n{}{more}Content-Length: 0\r\n\r\n",
        copied.concat()
    );
    world.hears_from(super::peer(), text.as_bytes());
}

/// The call is given up: our BYE says why, and nothing is left.
fn given_up(mut world: World, leg: LegId, why: EndReason) {
    assert_eq!(world.told(), Event::Lost { leg });
    let bye = world.sent();
    assert!(bye.starts_with("BYE "), "{bye}");
    assert_eq!(
        header(&bye, "Reason"),
        "Q.850;cause=102;text=\"Recovery on timer expiry\""
    );
    answers(&mut world, &bye, "200 OK", "");
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}

#[test]
fn a_session_that_the_peer_refreshes_goes_on_and_ends_when_it_stops() {
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, PEER_REFRESHES);
    assert_eq!(header(&ok, "Session-Expires"), "1800;refresher=uac");
    assert_eq!(
        (header(&ok, "Require"), header(&ok, "Supported")),
        ("timer", "timer")
    );
    // An hour and a half, now by UPDATE, now by re-INVITE.
    for nth in 0..6 {
        world.passes(900 * SECOND);
        let (method, cseq) = (["UPDATE", "INVITE"][nth % 2], 2 + nth as u32);
        let refresh = Asked {
            body: [String::new(), super::OFFER.to_owned()][nth % 2].clone(),
            ..Asked::new(method, cseq, &format!("r{nth}"))
                .within(&ok)
                .with(PEER_REFRESHES)
        };
        world.hears(&refresh);
        let mut answer = world.sent();
        if status(&answer) == 100 {
            answer = world.sent();
        }
        assert_eq!(
            (status(&answer), header(&answer, "Session-Expires")),
            (200, "1800;refresher=uac")
        );
        if method == "INVITE" {
            world.hears(&Asked::new("ACK", cseq, &format!("ra{nth}")).within(&ok));
            assert!(matches!(world.told(), Event::Reinvited { .. }));
        }
    }
    world.is_quiet();
    world.passes(1_767 * SECOND);
    world.is_quiet();
    world.passes(SECOND);
    assert_eq!(world.ua.counters().noted(Noted::SessionExpired), 1);
    given_up(world, leg, EndReason::Expired);
}

#[test]
fn a_session_that_we_refresh_goes_on_for_twenty_minutes_and_more() {
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, WE_REFRESH);
    assert_eq!(header(&ok, "Session-Expires"), "1800;refresher=uas");
    assert!(!ok.contains("Require"), "{ok}");
    for _ in 0..4 {
        world.passes(900 * SECOND);
        let update = world.sent();
        assert!(
            update.starts_with("UPDATE sip:+4930123456@192.0.2.1:5070 SIP/2.0\r\n"),
            "{update}"
        );
        assert_eq!(header(&update, "Session-Expires"), "1800;refresher=uac");
        assert_eq!(header(&update, "Content-Length"), "0");
        assert!(header(&update, "From").contains(";tag=") && header(&update, "To").ends_with(";tag=peer"));
        answers(
            &mut world,
            &update,
            "200 OK",
            "Session-Expires: 1800;refresher=uac\r\n",
        );
        world.is_quiet();
    }
    assert_eq!(world.ua.counters().noted(Noted::SessionRefreshed), 4);
    world.passes(10 * SECOND);
    assert_eq!(world.waits_for(), Some(Reason::Refresh));
    world.hangs_up(leg);
    let bye = world.sent();
    assert_eq!(
        header(&bye, "Reason"),
        "Q.850;cause=16;text=\"Normal call clearing\""
    );
    answers(&mut world, &bye, "200 OK", "");
    world.told();
    world.ends();
}

#[test]
fn a_refresh_that_finds_nobody_ends_the_call() {
    for gone in ["481 Call/Transaction Does Not Exist", "408 Request Timeout", ""] {
        let mut world = World::new();
        let (leg, _) = talks(&mut world, WE_REFRESH);
        world.passes(900 * SECOND);
        let update = world.sent();
        if gone.is_empty() {
            world.passes(Duration::from_millis(31_999));
            assert_eq!(world.sent_count(), 10);
            world.is_quiet();
            world.passes(Duration::from_millis(1));
        } else {
            answers(&mut world, &update, gone, "");
        }
        given_up(world, leg, EndReason::PeerGone);
    }
}

#[test]
fn a_refresh_that_is_refused_for_now_is_tried_again() {
    let mut world = World::new();
    let (_, _) = talks(&mut world, WE_REFRESH);
    world.passes(900 * SECOND);
    let first = world.sent();
    answers(&mut world, &first, "491 Request Pending", "");
    world.waits_for_message(2 * SECOND);
    let second = world.sent();
    assert_ne!(header(&first, "CSeq"), header(&second, "CSeq"));
    answers(
        &mut world,
        &second,
        "422 Session Interval Too Small",
        "Min-SE: 3600\r\n",
    );
    world.passes(4 * SECOND);
    let third = world.sent();
    assert_eq!(header(&third, "Session-Expires"), "3600;refresher=uac");
    // Whoever forgets the timer has none any more.
    answers(&mut world, &third, "200 OK", "");
    world.passes(Duration::from_secs(36_000));
    world.is_quiet();
}

#[test]
fn what_a_peer_cannot_do_is_no_reason_to_lose_it() {
    for (more, answered) in [
        (
            "Supported: timer\r\nSession-Expires: 600\r\n",
            Some("600;refresher=uac"),
        ),
        // A proxy asks; the peer knows nothing of it, and takes an UPDATE or not.
        (
            "Session-Expires: 600\r\nAllow: UPDATE\r\n",
            Some("600;refresher=uas"),
        ),
        // The next best way is a re-INVITE, which everybody takes.
        ("Session-Expires: 600\r\n", Some("600;refresher=uas")),
        ("Session-Expires: 60\r\n", None),
        ("Session-Expires: soon\r\nSupported: timer\r\n", None),
        ("Supported: timer, 100rel\r\n", None),
    ] {
        let mut world = World::new();
        let (_, ok) = talks(&mut world, more);
        let found = ok.lines().find_map(|line| line.strip_prefix("Session-Expires: "));
        assert_eq!(found, answered, "{more}");
    }
    let mut world = World::new();
    let short = "Supported: timer\r\nSession-Expires: 60;refresher=uac\r\n";
    world.hears(&Asked::invite().with(short));
    let answer = world.sent();
    assert_eq!((status(&answer), header(&answer, "Min-SE")), (422, "90"));
    assert_eq!(world.ua.counters().refused(Refused::Interval), 1);
    // Who insists on both of these gets the 200 at once.
    let mut world = World::new();
    talks(&mut world, "Require: timer, 100rel\r\nSession-Expires: 1800\r\n");
}

#[test]
fn a_silent_peer_that_answers_stays_and_one_that_does_not_is_gone_within_half_a_minute() {
    let mut world = World::new();
    let (leg, _) = world.talks();
    for line in ["200 OK", "405 Method Not Allowed", "404 Not Found"] {
        world.ua.probe(world.now, leg);
        world.drain();
        let options = world.sent();
        assert!(
            options.starts_with("OPTIONS sip:+4930123456@192.0.2.1:5070 "),
            "{options}"
        );
        world.ua.probe(world.now, leg);
        world.drain();
        world.is_quiet();
        answers(&mut world, &options, line, "");
        world.passes(60 * SECOND);
        world.is_quiet();
    }
    world.ua.probe(world.now, leg);
    world.drain();
    world.passes(Duration::from_millis(11_999));
    assert_eq!(world.sent_count(), 6);
    world.passes(Duration::from_millis(1));
    assert_eq!(world.ua.counters().noted(Noted::PeerGone), 1);
    given_up(world, leg, EndReason::PeerGone);

    let mut world = World::new();
    let (leg, _) = world.talks();
    world.ua.probe(world.now, leg);
    world.drain();
    let options = world.sent();
    answers(&mut world, &options, "481 Unknown", "");
    given_up(world, leg, EndReason::PeerGone);
}

#[test]
fn a_peer_that_hangs_up_while_it_is_asked_has_hung_up() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.ua.probe(world.now, leg);
    world.drain();
    world.sent();
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    let why = EndReason::PeerHungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}
