//! Which dialog a message belongs to, and what becomes of those that come too early, too late, twice, or to another.

use super::{Asked, OFFER, World, header, local, peer, status};
use crate::sip::{EndReason, Event, Noted, Peer, Refused};
use std::time::Duration;

fn with_offer(asked: Asked) -> Asked {
    Asked {
        body: OFFER.to_owned(),
        ..asked
    }
}

/// The peer hangs up, and nothing is left.
fn ends(mut world: World, ok: &str) -> crate::sip::Counters {
    world.hears(&Asked::new("BYE", 90, "b90").within(ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends()
}

#[test]
fn another_to_tag_is_another_dialog_whatever_the_method() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (number, method) in ["INVITE", "BYE", "UPDATE", "INFO", "OPTIONS", "PRACK"]
        .into_iter()
        .enumerate()
    {
        let asked = Asked {
            to_tag: ";tag=of-another-fork".to_owned(),
            ..Asked::new(method, 2, &format!("f{number}"))
        };
        world.hears(&asked);
        assert_eq!(world.answer(), 481, "{method}");
        if method == "INVITE" {
            world.hears(&Asked {
                method: "ACK",
                ..asked
            });
        }
    }
    world.is_quiet();
    assert_eq!(ends(world, &ok).refused(Refused::UnknownDialog), 6);
}

#[test]
fn another_from_tag_is_another_dialog() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    let bye = Asked::new("BYE", 2, "b1")
        .within(&ok)
        .text()
        .replacen(";tag=peer", ";tag=other", 1);
    world.hears_from(peer(), bye.as_bytes());
    assert_eq!(world.answer(), 481);
    let ack = Asked::new("ACK", 1, "a2")
        .within(&ok)
        .text()
        .replacen(";tag=peer", ";tag=other", 1);
    world.hears_from(peer(), ack.as_bytes());
    assert_eq!(ends(world, &ok).noted(Noted::StrayAck), 1);
}

/// By three ways, the third long after the second was forgotten.
#[test]
fn a_merged_invite_is_known_as_long_as_the_first_lives() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    for way in ["second", "third"] {
        let asked = Asked {
            via: Asked::new("", 0, way).via,
            ..Asked::invite()
        };
        world.hears(&asked);
        let merged = world.sent();
        assert_eq!(status(&merged), 482, "{way}");
        world.hears(&Asked::new("ACK", 1, way).within(&merged));
        world.passes(Duration::from_secs(6));
    }
    world.hangs_up(leg);
    let gone = world.sent();
    world.hears(&Asked::new("ACK", 1, "i1").within(&gone));
    world.told();
    assert_eq!(world.ends().refused(Refused::Merged), 2);
}

/// §14.2: the next INVITE of a call waits for the answer to the one before it.
#[test]
fn an_invite_before_the_answer_to_the_last_gets_500_with_retry_after() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    let next = with_offer(Asked::new("INVITE", 2, "i2"));
    world.hears(&next);
    let early = world.sent();
    assert_eq!(status(&early), 500);
    assert!(header(&early, "Retry-After").parse::<u32>().expect("seconds") <= 10);
    world.hears(&Asked::new("ACK", 2, "i2").within(&early));
    world.is_quiet();
    // Another call of the same peer is another matter.
    let other = Asked {
        call: "call-2",
        ..with_offer(Asked::new("INVITE", 2, "i3"))
    };
    world.hears(&other);
    assert_eq!(world.answer(), 100);
    let second = world.invited();
    for (leg, branch, call) in [(leg, "i1", "call-1"), (second, "i3", "call-2")] {
        world.hangs_up(leg);
        let gone = world.sent();
        let cseq = if branch == "i1" { 1 } else { 2 };
        world.hears(
            &Asked {
                call,
                ..Asked::new("ACK", cseq, branch)
            }
            .within(&gone),
        );
        world.told();
    }
    // Answered, if with a refusal: the next one rings.
    world.hears(&with_offer(Asked::new("INVITE", 3, "i4")));
    assert_eq!(world.answer(), 100);
    let leg = world.invited();
    world.hangs_up(leg);
    let gone = world.sent();
    world.hears(&Asked::new("ACK", 3, "i4").within(&gone));
    world.told();
    assert_eq!(world.ends().refused(Refused::Unfinished), 1);
}

#[test]
fn a_prack_finds_nothing_that_waits_for_it() {
    let mut world = World::new();
    world.hears(&Asked::new("PRACK", 2, "p0").with("RAck: 1 1 INVITE\r\n"));
    assert_eq!(world.answer(), 481);
    let (_, ok) = world.talks();
    world.hears(
        &Asked::new("PRACK", 2, "p1")
            .within(&ok)
            .with("RAck: 1 1 INVITE\r\n"),
    );
    assert_eq!(world.answer(), 481);
    world.is_quiet();
    ends(world, &ok);
}

#[test]
fn an_ack_after_we_gave_up_changes_nothing() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10 + 1);
    for _ in 0..2 {
        world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    }
    world.is_quiet();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    let why = EndReason::AckMissing;
    assert_eq!(world.told(), Event::Ended { leg, why });
    assert_eq!(world.ends().noted(Noted::StrayAck), 2);
}

#[test]
fn a_doubled_ack_confirms_once() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.hears(&Asked::new("ACK", 1, "a9").within(&ok));
    world.is_quiet();
    assert_eq!(ends(world, &ok).noted(Noted::StrayAck), 2);
}

/// What answers our BYE is told by its branch and method. A foreign tag does no harm, a foreign branch no good.
#[test]
fn answers_to_our_bye_from_elsewhere_do_no_harm() {
    let mut world = World::new();
    let (leg, _) = world.talks();
    world.hangs_up(leg);
    let bye = world.sent();
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(&bye, name)));
    let answer = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", copied.concat());
    let branch = header(&bye, "Via").rsplit_once('=').expect("a branch").1;
    for stray in [
        answer.replace(branch, "z9hG4bKforeign"),
        answer.replace("1 BYE", "1 INVITE"),
        answer.replace("From: ", "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx\r\nFrom: "),
    ] {
        world.hears_from(peer(), stray.as_bytes());
        world.is_quiet();
    }
    let stranger = "198.51.100.9:5060".parse().expect("address");
    world.hears_by(Peer::udp(stranger), local(), answer.as_bytes());
    world.is_quiet();
    world.hears_from(peer(), answer.replacen(";tag=peer", ";tag=foreign", 1).as_bytes());
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    let counters = world.ends();
    assert_eq!(
        (
            counters.noted(Noted::StrayResponse),
            counters.refused(Refused::Unreadable)
        ),
        (2, 1)
    );
}

#[test]
fn a_late_offer_whose_ack_never_comes_ends_the_call() {
    let mut world = World::new();
    world.hears(&Asked {
        body: String::new(),
        ..Asked::invite()
    });
    world.sent();
    let leg = world.invited();
    world.accepts(leg);
    world.passes(Duration::from_secs(32));
    assert_eq!(
        world.sent_count(),
        1 + 10 + 1,
        "the 200, again and again, and BYE"
    );
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    let why = EndReason::AckMissing;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}

#[test]
fn what_insists_on_an_extension_within_a_call_is_told_so_and_the_call_stands() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (number, method) in ["OPTIONS", "INFO", "UPDATE"].into_iter().enumerate() {
        let asked = Asked::new(method, 2, &format!("r{number}")).within(&ok);
        world.hears(&asked.with("Require: replaces\r\n"));
        let answer = world.sent();
        assert_eq!(
            (status(&answer), header(&answer, "Unsupported")),
            (420, "replaces"),
            "{method}"
        );
    }
    // A BYE is obeyed whatever else it brings.
    world.hears(
        &Asked::new("BYE", 3, "b1")
            .within(&ok)
            .with("Require: replaces\r\n"),
    );
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();
}

/// RFC 3264 §8: the version did not grow, but what is described changed. What is described counts.
#[test]
fn an_offer_with_an_unchanged_version_is_read_all_the_same() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    let moved = OFFER.replace("m=audio 4000", "m=audio 4444");
    world.hears(&Asked {
        body: moved,
        ..Asked::new("INVITE", 2, "i2").within(&ok)
    });
    assert_eq!(world.answer(), 200);
    let Event::Reinvited { leg: told, spec } = world.told() else {
        panic!("not told");
    };
    assert_eq!((told, spec.remote.port()), (leg, 4444));
    world.hears(&Asked::new("ACK", 2, "a2").within(&ok));
    ends(world, &ok);
}
