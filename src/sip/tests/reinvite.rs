//! Calls whose media change while they stand.

use super::{Asked, OFFER, World, header, peer, status};
use crate::media_api::{Codec, Law};
use crate::sip::{EndReason, Event, Refused};
use std::time::Duration;

fn again(cseq: u32, branch: &str, ok: &str, body: &str) -> Asked {
    let asked = Asked::new("INVITE", cseq, branch).within(ok);
    Asked {
        body: body.to_owned(),
        ..asked
    }
}

fn hangs_up_in_the_end(mut world: World, ok: &str) {
    world.hears(&Asked::new("BYE", 90, "bye").within(ok));
    assert_eq!(world.answer(), 200);
    assert!(matches!(
        world.told(),
        Event::Ended {
            why: EndReason::PeerHungUp,
            ..
        }
    ));
    world.ends();
}

/// `o=` without its version, and the version.
fn origin(ok: &str) -> (String, u64) {
    let words: Vec<&str> = ok
        .lines()
        .find(|line| line.starts_with("o="))
        .expect("o=")
        .split(' ')
        .collect();
    (words[1].to_owned(), words[2].parse().expect("version"))
}

#[test]
fn hold_and_resume_are_told_and_answered_with_the_same_address() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    let held = OFFER.to_owned() + "a=sendonly\r\n";
    world.hears(&again(2, "i2", &ok, &held));
    let hold = world.sent();
    let Event::Reinvited { leg: told, spec } = world.told() else {
        panic!("not told");
    };
    assert_eq!(
        (told, spec.send, spec.receive),
        (leg, false, false),
        "hold music stays outside"
    );
    assert!(hold.contains("m=audio 20000 RTP/AVP 8 101\r\n") && hold.contains("a=recvonly\r\n"));
    assert_eq!(origin(&hold), (origin(&ok).0, origin(&ok).1 + 1));
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    world.hears(&again(3, "i3", &ok, &held));
    assert_eq!(origin(&world.sent()), origin(&hold), "nothing changed");
    world.told();
    world.hears(&Asked::new("ACK", 3, "a3").within(&ok));
    world.is_quiet();
    world.hears(&again(4, "i4", &ok, OFFER));
    assert_eq!(origin(&world.sent()).1, origin(&ok).1 + 2);
    assert!(
        matches!(world.told(), Event::Reinvited { spec, .. } if spec.send && spec.codec == Codec::G711(Law::A))
    );
    world.hears(&Asked::new("ACK", 4, "a4").within(&ok));
    hangs_up_in_the_end(world, &ok);
}

#[test]
fn an_unusable_offer_gets_488_and_the_call_stands() {
    for (body, why) in [
        (OFFER.replace("8 0 101", "18"), Refused::OfferUnusable),
        ("nonsense".to_owned(), Refused::OfferMalformed),
    ] {
        let mut world = World::new();
        let (_, ok) = world.talks();
        world.hears(&again(2, "i2", &ok, &body));
        let refused = world.sent();
        assert_eq!(status(&refused), 488);
        assert!(header(&refused, "Warning").contains(" 192.0.2.100:5060 \""));
        world.hears(&Asked::new("ACK", 2, "i2").within(&ok));
        world.is_quiet();
        assert_eq!(world.ua.counters().refused(why), 1);
        hangs_up_in_the_end(world, &ok);
    }
}

#[test]
fn a_second_reinvite_before_the_ack_gets_491() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&again(2, "i2", &ok, OFFER));
    assert_eq!(world.answer(), 200);
    world.told();
    world.hears(&again(3, "i3", &ok, OFFER));
    assert_eq!(world.answer(), 491);
    world.hears(&Asked::new("ACK", 3, "i3").within(&ok));
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    world.is_quiet();
    hangs_up_in_the_end(world, &ok);
}

#[test]
fn a_lower_cseq_gets_500_with_retry_after_and_the_call_stands() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&Asked::new("OPTIONS", 7, "o7").within(&ok));
    assert_eq!(world.answer(), 200);
    world.hears(&again(6, "i6", &ok, OFFER));
    let refused = world.sent();
    assert_eq!(status(&refused), 500);
    assert!(header(&refused, "Retry-After").parse::<u32>().expect("seconds") <= 10);
    world.hears(&Asked::new("ACK", 6, "i6").within(&ok));
    hangs_up_in_the_end(world, &ok);
}

#[test]
fn a_reinvite_whose_ack_never_comes_ends_the_call() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.hears(&again(2, "i2", &ok, OFFER));
    world.told();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 1 + 10 + 1);
    world.hears(&Asked::new("BYE", 3, "b3").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::AckMissing
        }
    );
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}

#[test]
fn a_reinvite_after_our_bye_gets_481() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.hangs_up(leg);
    world.sent();
    world.hears(&again(2, "i2", &ok, OFFER));
    assert_eq!(world.answer(), 481);
    world.hears(&Asked::new("ACK", 2, "i2").within(&ok));
    world.hears(&Asked::new("BYE", 3, "b3").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUp
        }
    );
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}

#[test]
fn a_reinvite_may_move_the_peer_and_a_refused_one_does_not() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    let moved = |asked: Asked, to: &str| {
        asked
            .text()
            .replace("192.0.2.1:5070>\r\nContent-T", &format!("{to}>\r\nContent-T"))
    };
    world.hears_from(peer(), moved(again(2, "i2", &ok, OFFER), "192.0.2.77").as_bytes());
    assert_eq!(world.answer(), 200);
    world.told();
    world.hears_from(peer(), moved(again(3, "i3", &ok, OFFER), "192.0.2.88").as_bytes());
    assert_eq!(world.answer(), 491);
    world.hears(&Asked::new("ACK", 3, "i3").within(&ok));
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    world.hangs_up(leg);
    let (to, bye) = world.sent_to();
    assert_eq!(to, "192.0.2.77:5060".parse().expect("address"));
    assert!(bye.starts_with("BYE sip:+4930123456@192.0.2.77 SIP/2.0\r\n"));
    world.hears(&Asked::new("BYE", 4, "b4").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}

#[test]
fn an_ack_of_another_invite_confirms_nothing() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&again(2, "i2", &ok, OFFER));
    let answer = world.sent();
    world.told();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.passes(Duration::from_millis(500));
    assert_eq!(world.sent(), answer, "still repeated");
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    hangs_up_in_the_end(world, &ok);
}

#[test]
fn a_reinvite_may_bring_a_new_address_law_and_payload_type() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    let moved = OFFER
        .replace("IP4 192.0.2.9\r\ns", "IP4 192.0.2.10\r\ns")
        .replace("c=IN IP4 192.0.2.9", "c=IN IP4 192.0.2.10")
        .replace("4000 RTP/AVP 8 0 101", "4040 RTP/AVP 0 96")
        .replace("rtpmap:101", "rtpmap:96");
    world.hears(&again(2, "i2", &ok, &moved));
    assert!(world.sent().contains("m=audio 20000 RTP/AVP 0 96\r\n"));
    let Event::Reinvited { leg: told, spec } = world.told() else {
        panic!("not told");
    };
    assert_eq!(told, leg);
    assert_eq!(spec.remote, "192.0.2.10:4040".parse().expect("address"));
    assert_eq!(
        (spec.codec, spec.events.map(|events| events.payload_type)),
        (Codec::G711(Law::Mu), Some(96))
    );
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    hangs_up_in_the_end(world, &ok);
}

#[test]
fn every_way_to_hold_silences_both_ways_and_a_refresh_changes_nothing() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (cseq, held) in [
        (2, OFFER.to_owned() + "a=inactive\r\n"),
        (3, OFFER.to_owned() + "a=sendonly\r\n"),
        (4, OFFER.replace("c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0")),
    ] {
        world.hears(&again(cseq, &format!("h{cseq}"), &ok, &held));
        assert_eq!(world.answer(), 200);
        assert!(matches!(world.told(), Event::Reinvited { spec, .. } if !spec.send && !spec.receive));
        world.hears(&Asked::new("ACK", cseq, "a").within(&ok));
    }
    world.hears(&again(5, "r5", &ok, OFFER));
    let resumed = world.sent();
    world.told();
    world.hears(&Asked::new("ACK", 5, "a5").within(&ok));
    world.hears(&again(6, "r6", &ok, OFFER));
    assert_eq!(origin(&world.sent()), origin(&resumed));
    assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.send && spec.receive));
    world.hears(&Asked::new("ACK", 6, "a6").within(&ok));
    hangs_up_in_the_end(world, &ok);
}
