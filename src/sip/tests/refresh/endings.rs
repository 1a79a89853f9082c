//! Refreshes that are refused, never answered, or overtaken by the end of the call.

use super::super::{Asked, OFFER, World, header};
use super::{
    AGREED, FIVE_METHODS, SECOND, acknowledges, answers, given_up, hung_up_by_peer, hung_up_by_us, reinvite,
    talks,
};
use crate::sip::{EndReason, Event, Noted, Refused};
use std::time::Duration;

#[test]
fn a_refused_refresh_leaves_the_call_as_it_is_until_the_session_is_over() {
    let mut world = World::new();
    let (leg, _) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    answers(&mut world, &invite, "488 Not Acceptable Here", "", "");
    acknowledges(&mut world, &invite);
    // 268 s after it began: 32 s before the interval is over.
    world.passes(Duration::from_millis(117_999));
    world.is_quiet();
    world.passes(Duration::from_millis(1));
    given_up(world, leg, EndReason::Expired);
}

#[test]
fn a_peer_that_knows_nothing_of_the_call_has_none() {
    for gone in ["481 Call/Transaction Does Not Exist", "408 Request Timeout"] {
        let mut world = World::new();
        let (leg, _) = talks(&mut world, FIVE_METHODS, OFFER);
        world.passes(150 * SECOND);
        let invite = reinvite(&mut world);
        answers(&mut world, &invite, gone, "", "");
        acknowledges(&mut world, &invite);
        given_up(world, leg, EndReason::PeerGone);
    }
}

#[test]
fn a_peer_that_stays_at_work_for_ever_is_given_up_when_the_session_is_over() {
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    answers(&mut world, &invite, "100 Trying", "", "");
    world.passes(60 * SECOND);
    world.is_quiet();
    // Its keys count meanwhile, and its questions are answered.
    world.hears(&Asked::new("OPTIONS", 2, "o2").within(&ok));
    assert_eq!(world.answer(), 200);
    world.passes(58 * SECOND);
    given_up(world, leg, EndReason::Expired);
}

#[test]
fn whoever_hangs_up_while_our_reinvite_waits_has_hung_up_and_its_answer_is_acknowledged() {
    // The peer: its 487 comes after its BYE (RFC 3261 §15.1.2).
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    answers(&mut world, &invite, "100 Trying", "", "");
    world.hears(&Asked::new("BYE", 2, "b2").within(&ok));
    assert_eq!(world.answer(), 200);
    let why = EndReason::PeerHungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    answers(&mut world, &invite, "487 Request Terminated", "", "");
    acknowledges(&mut world, &invite);
    world.ends();
    // We: its 200 crosses our BYE.
    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    world.hangs_up(leg);
    assert!(world.sent().starts_with("BYE "));
    answers(&mut world, &invite, "200 OK", AGREED, OFFER);
    acknowledges(&mut world, &invite);
    world.is_quiet();
    hung_up_by_us(world, &ok, leg);
    // Nobody ever answers.
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    answers(&mut world, &invite, "100 Trying", "", "");
    hung_up_by_peer(world, &ok);
}

#[test]
fn an_answer_without_a_description_changes_nothing_and_one_that_takes_the_voice_away_ends_the_call() {
    let mut world = World::new();
    let (_, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    answers(&mut world, &invite, "200 OK", AGREED, "");
    acknowledges(&mut world, &invite);
    world.is_quiet();
    assert_eq!(world.ua.counters().noted(Noted::AnswerLeftOut), 1);
    hung_up_by_peer(world, &ok);

    let mut world = World::new();
    let (leg, ok) = talks(&mut world, FIVE_METHODS, OFFER);
    world.passes(150 * SECOND);
    let invite = reinvite(&mut world);
    let refused = OFFER.replace("m=audio 4000", "m=audio 0");
    answers(&mut world, &invite, "200 OK", AGREED, &refused);
    acknowledges(&mut world, &invite);
    let bye = world.sent();
    assert_eq!(
        header(&bye, "Reason"),
        "SIP;cause=488;text=\"Not Acceptable Here\""
    );
    assert_eq!(world.ua.counters().refused(Refused::AnswerUnusable), 1);
    answers(&mut world, &bye, "200 OK", "", "");
    let why = EndReason::AnswerMissing;
    assert_eq!(world.told(), Event::Ended { leg, why });
    drop(ok);
    world.ends();
}
