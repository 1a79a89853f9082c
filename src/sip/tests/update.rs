//! UPDATE (RFC 3311): the media or the target changes without a new INVITE.

use super::{Asked, OFFER, World, header, status};
use crate::sip::{Event, Noted};
use std::time::Duration;

fn update(cseq: u32, ok: &str, body: &str) -> Asked {
    Asked {
        body: body.to_owned(),
        ..Asked::new("UPDATE", cseq, &format!("u{cseq}")).within(ok)
    }
}

fn ends(mut world: World, ok: &str) -> crate::sip::Counters {
    world.hears(&Asked::new("BYE", 90, "b90").within(ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends()
}

#[test]
fn hold_and_resume_by_update_are_answered_at_once() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.hears(&update(2, &ok, &(OFFER.to_owned() + "a=sendonly\r\n")));
    let held = world.sent();
    assert_eq!((status(&held), header(&held, "CSeq")), (200, "2 UPDATE"));
    assert!(held.contains("a=recvonly\r\n"));
    let told = world.told();
    assert!(matches!(told, Event::Reinvited { leg: of, spec } if of == leg && !spec.send && !spec.receive));
    world.passes(Duration::from_secs(2));
    world.is_quiet();
    world.hears(&update(3, &ok, OFFER));
    world.sent();
    assert!(matches!(world.told(), Event::Reinvited { spec, .. } if spec.send && spec.receive));
    assert_eq!(ends(world, &ok).noted(Noted::Updated), 2);
}

#[test]
fn an_update_without_an_offer_moves_the_target_alone() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    let moved = update(2, &ok, "")
        .text()
        .replace("192.0.2.1:5070>\r\nContent-L", "192.0.2.77>\r\nContent-L");
    world.hears_from(super::peer(), moved.as_bytes());
    let answer = world.sent();
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Content-Length"), "0");
    assert_eq!(header(&answer, "Contact"), "<sip:192.0.2.100:5060>");
    world.is_quiet();
    world.hangs_up(leg);
    assert_eq!(world.sent_to().0, "192.0.2.77:5060".parse().expect("address"));
    world.hears(&update(3, &ok, OFFER));
    assert_eq!(world.answer(), 481, "we have hung up");
    world.hears(&Asked::new("BYE", 4, "b4").within(&ok));
    world.sent();
    world.told();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}

#[test]
fn an_update_is_refused_where_it_comes_too_early_too_late_or_unusable() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&update(5, &ok, &OFFER.replace("8 0 101", "18")));
    assert_eq!(world.answer(), 488);
    world.hears(&update(4, &ok, OFFER));
    let late = world.sent();
    assert_eq!(status(&late), 500);
    assert!(header(&late, "Retry-After").parse::<u32>().expect("seconds") <= 10);
    let insists = update(6, &ok, OFFER).with("Require: replaces\r\n");
    world.hears(&insists);
    assert_eq!(world.answer(), 420);
    world.is_quiet();
    ends(world, &ok);
}

#[test]
fn an_update_before_the_ack_is_answered_unless_we_hang_up() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.hears(&update(2, &ok, OFFER));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Reinvited { .. }));
    world.hangs_up(leg);
    world.hears(&update(3, &ok, OFFER));
    assert_eq!(world.answer(), 491);
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert!(world.sent().starts_with("BYE "));
    world.hears(&Asked::new("BYE", 4, "b4").within(&ok));
    world.sent();
    world.told();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}
