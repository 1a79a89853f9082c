//! What Asterisk-like and FreeSWITCH-like peers do beside the ways that most telephones go. (Lost and doubled ACKs, CANCEL and BYE
//! that cross, forks and unchanged versions stand in `calls`, `cancel`, `dialogs` and `reinvite`.)

use super::{Asked, OFFER, World, header, status};
use crate::sip::{EndReason, Event, Noted, Refused};
use std::time::Duration;

fn again(cseq: u32, ok: &str, body: &str) -> Asked {
    Asked {
        body: body.to_owned(),
        ..Asked::new("INVITE", cseq, &format!("again{cseq}")).within(ok)
    }
}

fn acks(world: &mut World, cseq: u32, ok: &str) {
    world.hears(&Asked::new("ACK", cseq, &format!("ack{cseq}")).within(ok));
}

fn ends(mut world: World, ok: &str) {
    world.hears(&Asked::new("BYE", 90, "bye").within(ok));
    assert_eq!(world.answer(), 200);
    let why = EndReason::PeerHungUp;
    assert!(matches!(world.told(), Event::Ended { why: told, .. } if told == why));
    world.ends();
}

/// FreeSWITCH asks for another way for its voice as soon as a call stands: in the same instant as its ACK.
#[test]
fn a_reinvite_right_after_the_ack_is_answered_at_once() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    acks(&mut world, 1, &ok);
    world.hears(&again(2, &ok, &OFFER.replace("m=audio 4000", "m=audio 4100")));
    let answer = world.sent();
    assert_eq!((status(&answer), header(&answer, "CSeq")), (200, "2 INVITE"));
    assert_eq!(world.told(), Event::Confirmed { leg });
    assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.remote.port() == 4_100));
    acks(&mut world, 2, &ok);
    world.passes(Duration::from_secs(40));
    world.is_quiet();
    ends(world, &ok);
}

/// Over UDP the re-INVITE may come before the ACK that it follows: it is asked to wait, and both calls go on.
#[test]
fn a_reinvite_that_overtakes_the_ack_is_told_to_wait_and_then_taken() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.hears(&again(2, &ok, OFFER));
    let early = world.sent();
    assert_eq!(status(&early), 491);
    world.hears(&Asked::new("ACK", 2, "again2").within(&ok));
    acks(&mut world, 1, &ok);
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.passes(Duration::from_secs(2));
    world.hears(&again(3, &ok, OFFER));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Reinvited { .. }));
    acks(&mut world, 3, &ok);
    assert_eq!(world.ua.counters().refused(Refused::Pending), 1);
    ends(world, &ok);
}

/// Asterisk hears a fax tone and offers T.38, beside the voice or instead of it.
#[test]
fn a_fax_is_refused_and_the_voice_goes_on() {
    let fax = "m=image 4010 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxRateManagement:transferredTCF\r\n";
    let (head, _) = OFFER.split_once("m=audio").expect("an offer of voice");
    let instead = format!("{head}{fax}");
    let switched_off = format!("{head}m=audio 0 RTP/AVP 8\r\n{fax}");
    for offer in [instead, switched_off] {
        let mut world = World::new();
        let (_, ok) = world.talks();
        world.hears(&again(2, &ok, &offer));
        let refused = world.sent();
        assert_eq!((status(&refused), header(&refused, "CSeq")), (488, "2 INVITE"));
        world.hears(&Asked::new("ACK", 2, "again2").within(&ok));
        world.passes(Duration::from_secs(40));
        world.is_quiet();
        assert_eq!(world.ua.counters().refused(Refused::OfferUnusable), 1);
        assert_eq!(world.ua.counters().noted(Noted::Reinvited), 0);
        // It goes back to what it had.
        world.hears(&again(3, &ok, OFFER));
        assert_eq!(world.answer(), 200);
        assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.send && spec.receive));
        acks(&mut world, 3, &ok);
        ends(world, &ok);
    }
}

/// Voice and fax offered side by side: the voice is taken, the fax is not (RFC 3264 §6).
#[test]
fn a_fax_beside_the_voice_is_left_out_of_the_answer() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&again(2, &ok, &format!("{OFFER}m=image 4010 udptl t38\r\n")));
    let answer = world.sent();
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("m=audio 20000 RTP/AVP 8 101\r\n") && answer.contains("m=image 0 udptl t38\r\n"));
    world.told();
    acks(&mut world, 2, &ok);
    ends(world, &ok);
}

#[test]
fn a_call_that_was_inactive_is_heard_again_with_sendrecv() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (cseq, attribute, both) in [
        (2, "a=inactive\r\n", false),
        (3, "a=sendrecv\r\n", true),
        (4, "a=inactive\r\n", false),
        (5, "", true),
    ] {
        world.hears(&again(cseq, &ok, &format!("{OFFER}{attribute}")));
        let answer = world.sent();
        assert_eq!(answer.contains("a=inactive\r\n"), !both, "{answer}");
        assert!(
            matches!(world.told(), Event::Reinvited { spec, .. } if (spec.send, spec.receive) == (both, both))
        );
        acks(&mut world, cseq, &ok);
    }
    ends(world, &ok);
}
