//! INVITEs without an offer: ours goes out with the 200, the answer comes with the ACK.

use super::{Asked, OFFER, World, status};
use crate::ids::LegId;
use crate::media_api::{Codec, Law};
use crate::sip::{EndReason, Event, Noted, Refused};
use std::time::Duration;

/// The peer's answer to our offer.
const ANSWER: &str = "v=0\r\no=- 7 7 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn with(asked: Asked, body: &str) -> Asked {
    Asked {
        body: body.to_owned(),
        ..asked
    }
}

/// A call without an offer, up to our 200.
fn offered(world: &mut World) -> (LegId, String) {
    world.hears(&with(Asked::invite(), ""));
    assert_eq!(status(&world.sent()), 100);
    let Event::Invited { leg, spec, .. } = world.told() else {
        panic!("not invited");
    };
    assert!(!spec.send && !spec.receive, "nothing is agreed yet");
    world.accepts(leg);
    let ok = world.sent();
    assert!(ok.contains("m=audio 20000 RTP/AVP 96 9 8 0 101\r\n") && ok.contains("a=sendrecv\r\n"));
    (leg, ok)
}

/// Hung up by us because the ACK brought nothing.
fn ends_unanswered(mut world: World, leg: LegId, why: Refused) {
    assert!(world.sent().starts_with("BYE "));
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    let ended = Event::Ended {
        leg,
        why: EndReason::AnswerMissing,
    };
    assert_eq!(world.told(), ended);
    assert_eq!(world.ends().refused(why), 1);
}

#[test]
fn the_answer_in_the_ack_opens_the_media() {
    let mut world = World::new();
    let (leg, ok) = offered(&mut world);
    world.passes(Duration::from_millis(500));
    assert_eq!(world.sent(), ok, "repeated like any 200");
    // It sends events under the type that we offered, whatever it wants for itself (RFC 3264 §6.1).
    let answer = ANSWER.replace("0 101", "0 97").replace("rtpmap:101", "rtpmap:97");
    world.hears(&with(Asked::new("ACK", 1, "a1").within(&ok), &answer));
    let Event::Reinvited { spec, .. } = world.told() else {
        panic!("the media is not told");
    };
    assert_eq!(
        (spec.codec, spec.events.map(|events| events.payload_type)),
        (Codec::G711(Law::Mu), Some(101))
    );
    assert_eq!(spec.remote, "192.0.2.9:4000".parse().expect("address"));
    assert!(spec.send && spec.receive);
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hears(&Asked::new("BYE", 2, "b2").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    assert_eq!(world.ends().noted(Noted::LateOffer), 1);
}

#[test]
fn an_ack_without_a_usable_answer_ends_the_call() {
    for (body, why) in [
        (String::new(), Refused::AnswerMissing),
        (ANSWER.replace("0 101", "18"), Refused::AnswerUnusable),
        (ANSWER.replace("audio 4000", "audio 0"), Refused::AnswerUnusable),
        ("hello".to_owned(), Refused::AnswerUnusable),
    ] {
        let mut world = World::new();
        let (leg, ok) = offered(&mut world);
        world.hears(&with(Asked::new("ACK", 1, "a1").within(&ok), &body));
        ends_unanswered(world, leg, why);
    }
}

#[test]
fn a_reinvite_without_an_offer_gets_one_with_every_stream_so_far() {
    let mut world = World::new();
    world.hears(&with(
        Asked::invite(),
        &(OFFER.to_owned() + "m=video 4002 RTP/AVP 96\r\n"),
    ));
    world.sent();
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.told();
    world.hears(&Asked::new("INVITE", 2, "i2").within(&ok));
    let offer = world.sent();
    assert!(
        offer.contains("m=audio 20000 RTP/AVP 96 9 8 0 101\r\n")
            && offer.contains("m=video 0 RTP/AVP 96\r\n")
    );
    world.is_quiet();
    // While our offer is out, the peer's must not meet it.
    world.hears(&with(Asked::new("UPDATE", 3, "u3").within(&ok), OFFER));
    assert_eq!(world.answer(), 491);
    world.hears(&with(Asked::new("ACK", 2, "a2").within(&ok), ANSWER));
    assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.codec == Codec::G711(Law::Mu)));
    world.is_quiet();
    world.hears(&Asked::new("INVITE", 4, "i4").within(&ok));
    world.sent();
    world.hears(&Asked::new("ACK", 4, "a4").within(&ok));
    ends_unanswered(world, leg, Refused::AnswerMissing);
}

#[test]
fn a_late_offer_can_be_cancelled_refused_and_hung_up() {
    let mut world = World::new();
    world.hears(&with(Asked::invite(), ""));
    world.sent();
    let leg = world.invited();
    world.hears(&Asked::new("CANCEL", 1, "i1"));
    assert_eq!(status(&world.sent()), 200);
    let gone = world.sent();
    assert_eq!(status(&gone), 487);
    world.hears(&Asked::new("ACK", 1, "i1").within(&gone));
    let why = EndReason::Cancelled;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();

    let mut world = World::new();
    let (leg, ok) = offered(&mut world);
    world.hangs_up(leg);
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert!(world.sent().starts_with("BYE "));
    world.hears(&Asked::new("BYE", 2, "b2").within(&ok));
    world.sent();
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    assert_eq!(world.ends().refused(Refused::AnswerMissing), 1);
}
