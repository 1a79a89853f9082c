//! CANCEL in every phase of a call (RFC 3261 §9.2): it is answered each time, and ends only what has no final answer.

use super::{Asked, World, header, status, tag};
use crate::sip::{EndReason, Event, Refusal};
use std::time::Duration;

fn cancel() -> Asked {
    Asked::new("CANCEL", 1, "i1")
}

/// The CANCEL is answered by this status and by nothing else.
fn is_answered(world: &mut World, expected: u16) {
    world.hears(&cancel());
    let answer = world.sent();
    assert_eq!((status(&answer), header(&answer, "CSeq")), (expected, "1 CANCEL"));
    world.is_quiet();
}

#[test]
fn before_the_invite_it_cancels_nothing_and_the_invite_rings() {
    let mut world = World::new();
    is_answered(&mut world, 481);
    world.hears(&Asked::invite());
    assert_eq!(world.answer(), 100);
    let leg = world.invited();
    world.hangs_up(leg);
    let gone = world.sent();
    world.told();
    world.hears(&Asked::new("ACK", 1, "i1").within(&gone));
    world.ends();
}

#[test]
fn doubled_while_it_rings_it_is_answered_twice_and_ends_the_call_once() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.hears(&cancel());
    let (ok, terminated) = (world.sent(), world.sent());
    assert_eq!((status(&ok), status(&terminated)), (200, 487));
    let why = EndReason::Cancelled;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.hears(&cancel());
    assert_eq!(world.sent(), ok, "from memory");
    world.is_quiet();
    world.hears(&Asked::new("ACK", 1, "i1").within(&terminated));
    world.ends();
}

#[test]
fn after_a_refusal_it_changes_nothing() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.refuses(leg, Refusal::Busy);
    let busy = world.sent();
    world.told();
    is_answered(&mut world, 200);
    world.hears(&Asked::new("ACK", 1, "i1").within(&busy));
    is_answered_again(&mut world);
    world.ends();
}

/// The same CANCEL again: the transaction remembers its answer.
fn is_answered_again(world: &mut World) {
    world.hears(&cancel());
    assert_eq!(world.answer(), 200);
}

#[test]
fn crossing_the_200_or_long_after_it_the_call_stands() {
    for after_ack in [false, true] {
        let mut world = World::new();
        let (leg, ok) = world.answers();
        if after_ack {
            world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
            assert_eq!(world.told(), Event::Confirmed { leg });
            world.passes(Duration::from_secs(10));
        }
        world.hears(&cancel());
        let answer = world.sent();
        assert_eq!((status(&answer), tag(&answer)), (200, tag(&ok)));
        world.is_quiet();
        if !after_ack {
            world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
            assert_eq!(world.told(), Event::Confirmed { leg });
        }
        world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
        assert_eq!(world.answer(), 200);
        world.told();
        world.ends();
    }
}

#[test]
fn once_the_invite_is_forgotten_there_is_nothing_to_cancel() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.passes(Duration::from_secs(33));
    is_answered(&mut world, 481);
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();
}

#[test]
fn a_reinvite_is_answered_at_once_and_so_cannot_be_cancelled() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    let again = Asked {
        body: super::OFFER.to_owned(),
        ..Asked::new("INVITE", 2, "i2").within(&ok)
    };
    world.hears(&again);
    assert_eq!(world.answer(), 200);
    world.told();
    world.hears(&Asked::new("CANCEL", 2, "i2"));
    assert_eq!(world.answer(), 200);
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    world.hears(&Asked::new("BYE", 3, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();
}

#[test]
fn a_cancel_without_room_to_remember_it_still_ends_the_call() {
    let mut world = World::with_calls_max(2);
    let (_, ok) = world.talks();
    let other = |asked: Asked| Asked {
        call: "call-2",
        ..asked
    };
    world.hears(&other(Asked {
        via: Asked::new("", 0, "i9").via,
        ..Asked::invite()
    }));
    world.sent();
    let leg = world.invited();
    for number in 0..1_200 {
        world.hears(&Asked::new("INFO", 2, &format!("n{number}")).within(&ok));
    }
    world.sent_count();
    world.hears(&other(Asked::new("CANCEL", 1, "i9")));
    let (cancelled, terminated) = (world.sent(), world.sent());
    assert_eq!((status(&cancelled), status(&terminated)), (200, 487));
    let why = EndReason::Cancelled;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.hears(&other(Asked::new("ACK", 1, "i9").within(&terminated)));
    world.hears(&Asked::new("BYE", 3, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();
}
