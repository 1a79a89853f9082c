//! Sessions that we keep alive by re-INVITE (RFC 4028 §7.4, RFC 3261 §14.1): whose peer takes no UPDATE, as some providers do not.

mod endings;

use super::{Asked, OFFER, World, answer_within, header, status};
use crate::ids::LegId;
use crate::media_api::SrtpPolicy;
use crate::sip::{EndReason, Event, Noted, Refused};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// The provider that names five methods, and wants us to refresh every five minutes.
const FIVE_METHODS: &str =
    "Supported: timer\r\nAllow: ACK, BYE, INVITE, OPTIONS, REGISTER\r\nx: 300;refresher=uas\r\n";
/// Its answer to the refresh.
const AGREED: &str = "Session-Expires: 300;refresher=uac\r\nContact: <sip:+4930123456@192.0.2.1:5070>\r\n";

/// A call up to its ACK: its leg and the 200.
fn talks(world: &mut World, more: &'static str, offer: &str) -> (LegId, String) {
    let invite = Asked {
        body: offer.to_owned(),
        ..Asked::invite().with(more)
    };
    world.hears(&invite);
    assert_eq!(status(&world.sent()), 100);
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    assert_eq!(header(&ok, "Session-Expires"), "300;refresher=uas");
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    (leg, ok)
}

fn answers(world: &mut World, request: &str, line: &str, more: &str, sdp: &str) {
    let text = answer_within(request, line, more, sdp);
    world.hears_from(super::peer(), text.as_bytes());
}

/// The refresh that just went out.
fn reinvite(world: &mut World) -> String {
    let invite = world.sent();
    assert!(invite.starts_with("INVITE "), "{invite}");
    invite
}

/// The ACK that just went out, for `invite`.
fn acknowledges(world: &mut World, invite: &str) -> String {
    let ack = world.sent();
    assert!(ack.starts_with("ACK "), "{ack}");
    assert_eq!(
        header(&ack, "CSeq"),
        header(invite, "CSeq").replace("INVITE", "ACK")
    );
    ack
}

fn sdp(message: &str) -> &str {
    message.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// The call is over by our BYE, which says why.
fn given_up(mut world: World, leg: LegId, why: EndReason) {
    assert_eq!(world.told(), Event::Lost { leg });
    let bye = world.sent();
    assert!(bye.starts_with("BYE "), "{bye}");
    assert_eq!(
        header(&bye, "Reason"),
        "Q.850;cause=102;text=\"Recovery on timer expiry\""
    );
    answers(&mut world, &bye, "200 OK", "", "");
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}

fn hung_up_by_peer(mut world: World, ok: &str) {
    world.hears(&Asked::new("BYE", 90, "b90").within(ok));
    assert_eq!(world.answer(), 200);
    let why = EndReason::PeerHungUp;
    assert!(matches!(world.told(), Event::Ended { why: told, .. } if told == why));
    world.ends();
}

#[test]
fn twenty_minutes_by_reinvite_and_then_the_peer_falls_silent() {
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    for nth in 1..=8 {
        world.passes(150 * SECOND);
        let invite = reinvite(&mut world);
        assert!(invite.starts_with("INVITE sip:+4930123456@192.0.2.1:5070 SIP/2.0\r\n"));
        assert_eq!(header(&invite, "CSeq"), format!("{nth} INVITE"));
        assert_eq!(header(&invite, "Session-Expires"), "300;refresher=uac");
        assert_eq!(
            (header(&invite, "Supported"), header(&invite, "Min-SE")),
            ("timer", "90")
        );
        assert!(header(&invite, "Allow").contains("UPDATE"));
        assert_eq!(header(&invite, "Contact"), "<sip:192.0.2.100:5060>");
        assert_eq!(sdp(&invite), sdp(&ok), "nothing changes, the version included");
        answers(&mut world, &invite, "100 Trying", "", "");
        answers(&mut world, &invite, "200 OK", AGREED, OFFER);
        let ack = acknowledges(&mut world, &invite);
        assert!(ack.starts_with("ACK sip:+4930123456@192.0.2.1:5070 SIP/2.0\r\n"));
        assert_ne!(header(&ack, "Via"), header(&invite, "Via"), "an ACK of its own");
        assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.send && spec.receive));
        // The ACK was lost.
        world.passes(Duration::from_millis(500));
        answers(&mut world, &invite, "200 OK", AGREED, OFFER);
        assert_eq!(world.sent(), ack);
        world.passes(Duration::from_millis(500));
        world.is_quiet();
        world.now = crate::units::Time::from_millis(150_000 * nth);
    }
    assert_eq!(world.ua.counters().noted(Noted::SessionRefreshed), 8);
    world.passes(150 * SECOND);
    reinvite(&mut world);
    world.passes(Duration::from_millis(31_999));
    assert_eq!(
        world.sent_count(),
        6,
        "0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s after the first"
    );
    world.is_quiet();
    world.passes(Duration::from_millis(1));
    given_up(world, leg, EndReason::PeerGone);
}

#[test]
fn what_the_answer_says_is_taken_as_after_a_reinvite_of_the_peers() {
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    let moved = OFFER
        .replace("m=audio 4000", "m=audio 4100")
        .replace("0 101", "101");
    let elsewhere = "Session-Expires: 300;refresher=uac\r\nContact: <sip:192.0.2.7:5090>\r\n";
    answers(&mut world, &invite, "200 OK", elsewhere, &moved);
    let (to, ack) = world.sent_to();
    assert!(ack.starts_with("ACK sip:192.0.2.7:5090 SIP/2.0\r\n"), "{ack}");
    assert_eq!(to, "192.0.2.7:5090".parse().expect("address"));
    let Event::Reinvited { leg: told, spec } = world.told() else {
        panic!("not told");
    };
    assert_eq!((told, spec.remote.port()), (leg, 4_100));
    assert_eq!(spec.events.map(|events| events.payload_type), Some(101));
    assert_eq!(spec.also, Some("192.0.2.1".parse().expect("host")));
    world.hangs_up(leg);
    let bye = world.sent();
    assert!(bye.starts_with("BYE sip:192.0.2.7:5090 "), "{bye}");
    hung_up_by_us(world, &ok, leg);
}

/// The peer's BYE crosses ours, which is never answered.
fn hung_up_by_us(mut world: World, ok: &str, leg: LegId) {
    world.hears(&Asked::new("BYE", 91, "b91").within(ok));
    assert_eq!(world.answer(), 200);
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.passes(40 * SECOND);
    world.sent_count();
    world.ends();
}

#[test]
fn a_held_call_stays_held_by_a_refresh() {
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, &(OFFER.to_owned() + "a=sendonly\r\n"));
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    assert!(sdp(&invite).contains("a=recvonly\r\n"), "{invite}");
    answers(
        &mut world,
        &invite,
        "200 OK",
        AGREED,
        &(OFFER.to_owned() + "a=sendonly\r\n"),
    );
    acknowledges(&mut world, &invite);
    assert!(matches!(world.told(), Event::Reinvited { spec, .. } if !spec.send && !spec.receive));
    hung_up_by_peer(world, &ok);
}

/// A key of 30 bytes.
const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";

#[test]
fn sealed_voices_keep_their_keys_unless_the_answer_brings_another() {
    let mut world = World::with_srtp(SrtpPolicy::Required);
    let sealed = OFFER.replace("RTP/AVP", "RTP/SAVP") + KEY;
    let (leg, ok) = talks(&mut world, FIVE_METHODS, &sealed);
    let first = world.ua.take_keys(leg).expect("sealed");
    let rekeyed = sealed.replace("inline:AAEC", "inline:BBEC");
    for (answer, is_fresh) in [(&sealed, false), (&rekeyed, true)] {
        world.passes(150 * SECOND);
        let invite = reinvite(&mut world);
        assert_eq!(sdp(&invite), sdp(&ok), "our key stands in it, the same one");
        answers(&mut world, &invite, "200 OK", AGREED, answer);
        acknowledges(&mut world, &invite);
        let Event::Reinvited { spec, .. } = world.told() else {
            panic!("not told");
        };
        let told = spec.srtp.expect("sealed");
        let keys = world.ua.take_keys(leg);
        assert_eq!(keys.is_some(), is_fresh);
        assert_eq!(told.send, first.spec.send, "what we send goes on counting");
        assert_eq!(told.receive != first.spec.receive, is_fresh);
    }
    hung_up_by_peer(world, &ok);
}

#[test]
fn a_refresh_keeps_what_was_agreed_whatever_else_the_answer_lists() {
    let mut world = World::new();
    let own_types = OFFER
        .replace("8 0 101", "8 96")
        .replace("rtpmap:101", "rtpmap:96");
    let (_, ok) = talks(&mut world, FIVE_METHODS, &own_types);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    assert!(
        sdp(&invite).contains("m=audio 20000 RTP/AVP 8 96\r\n"),
        "{invite}"
    );
    // It answers with all that it has: what we did not offer does not count.
    let much = own_types
        .replace("AVP 8 96", "AVP 9 8 97")
        .replace("rtpmap:96", "rtpmap:97");
    answers(&mut world, &invite, "200 OK", AGREED, &much);
    acknowledges(&mut world, &invite);
    let Event::Reinvited { spec, .. } = world.told() else {
        panic!("not told");
    };
    assert_eq!(spec.codec.payload_type(), 8);
    assert_eq!(spec.events.map(|events| events.payload_type), Some(96));
    hung_up_by_peer(world, &ok);
}

/// Both sides ask at once: both refuse, the peer, whose Call-ID it is, waits for 2.1 s at least, we for 2 s at most.
#[test]
fn our_reinvite_that_crosses_the_peers_is_refused_as_theirs_is_and_ours_comes_first() {
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let first = reinvite(&mut world);
    let theirs = |cseq: u32| Asked {
        body: OFFER.to_owned(),
        ..Asked::new("INVITE", cseq, &format!("t{cseq}"))
            .within(&ok)
            .with(FIVE_METHODS)
    };
    world.hears(&theirs(2));
    assert_eq!(world.answer(), 491);
    world.hears(&Asked::new("ACK", 2, "t2").within(&ok));
    // An UPDATE with an offer would meet it as well.
    let update = Asked {
        body: OFFER.to_owned(),
        ..Asked::new("UPDATE", 3, "u3").within(&ok)
    };
    world.hears(&update);
    assert_eq!(world.answer(), 491);
    answers(&mut world, &first, "491 Request Pending", "", "");
    let ack = acknowledges(&mut world, &first);
    assert_eq!(
        header(&ack, "Via"),
        header(&first, "Via"),
        "of the same transaction"
    );
    // The refusal comes again, and so does its ACK.
    answers(&mut world, &first, "491 Request Pending", "", "");
    assert_eq!(world.sent(), ack);
    world.waits_for_message(2 * SECOND);
    let second = reinvite(&mut world);
    assert_ne!(header(&first, "CSeq"), header(&second, "CSeq"));
    answers(&mut world, &second, "200 OK", AGREED, OFFER);
    acknowledges(&mut world, &second);
    world.told();
    world.passes(Duration::from_millis(100));
    world.hears(&theirs(4));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Reinvited { .. }));
    world.hears(&Asked::new("ACK", 4, "ta4").within(&ok));
    let counters = world.ua.counters();
    assert_eq!(
        (counters.noted(Noted::Glare), counters.refused(Refused::Pending)),
        (1, 2)
    );
    hung_up_by_peer(world, &ok);
}

#[test]
fn the_pause_after_glare_is_that_of_who_did_not_choose_the_call_id() {
    let pauses: Vec<_> = (0..1_000).map(crate::sip::session::glare_pause).collect();
    let longest = pauses.iter().max().copied();
    assert_eq!(longest, Some(2 * SECOND));
    assert!(pauses.contains(&Duration::ZERO) && pauses.contains(&Duration::from_millis(10)));
}

#[test]
fn who_takes_no_update_after_all_gets_a_reinvite_at_once() {
    for refusal in [
        "405 Method Not Allowed",
        "501 Not Implemented",
        "488 Not Acceptable Here",
    ] {
        let mut world = World::new();
        let claims = "Supported: timer\r\nAllow: INVITE, UPDATE\r\nx: 300;refresher=uas\r\n";
        let (_, ok) = talks(&mut world, claims, OFFER);
        world.passes(150 * SECOND);
        let update = world.sent();
        assert!(update.starts_with("UPDATE "), "{update}");
        answers(&mut world, &update, refusal, "", "");
        for _ in 0..2 {
            let invite = reinvite(&mut world);
            answers(&mut world, &invite, "200 OK", AGREED, OFFER);
            acknowledges(&mut world, &invite);
            world.told();
            world.is_quiet();
            world.passes(150 * SECOND);
        }
        world.sent();
        hung_up_by_peer(world, &ok);
    }
}

#[test]
fn an_interval_that_is_too_short_for_the_way_is_raised() {
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let first = reinvite(&mut world);
    answers(
        &mut world,
        &first,
        "422 Session Interval Too Small",
        "Min-SE: 1800\r\n",
        "",
    );
    acknowledges(&mut world, &first);
    world.passes(4 * SECOND);
    let second = reinvite(&mut world);
    assert_eq!(header(&second, "Session-Expires"), "1800;refresher=uac");
    assert_eq!(header(&second, "Min-SE"), "1800");
    // It shall refresh itself from now on.
    answers(
        &mut world,
        &second,
        "200 OK",
        "Session-Expires: 1800;refresher=uas\r\n",
        OFFER,
    );
    acknowledges(&mut world, &second);
    world.told();
    world.passes(1_700 * SECOND);
    world.is_quiet();
    hung_up_by_peer(world, &ok);
}

#[test]
fn a_busy_peer_says_when_to_come_again() {
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let first = reinvite(&mut world);
    answers(
        &mut world,
        &first,
        "500 Server Internal Error",
        "Retry-After: 9 (just now)\r\n",
        "",
    );
    acknowledges(&mut world, &first);
    world.passes(Duration::from_millis(8_999));
    world.is_quiet();
    world.passes(Duration::from_millis(1));
    let second = reinvite(&mut world);
    answers(&mut world, &second, "200 OK", AGREED, OFFER);
    acknowledges(&mut world, &second);
    world.told();
    hung_up_by_peer(world, &ok);
}
