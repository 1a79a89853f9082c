//! Calls from their INVITE to their end.

use super::{Asked, World, header, peer, status, tag};
use crate::sip::{EndReason, Event, Noted, Reason, Refusal, Refused};
use crate::units::Time;
use std::time::Duration;

const T1: Duration = Duration::from_millis(500);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The answer of the peer to our BYE.
fn answer_to(bye: &str, line: &str) -> String {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(bye, name)));
    format!("SIP/2.0 {line}\r\n{}Content-Length: 0\r\n\r\n", copied.concat())
}

#[test]
fn a_call_is_answered_confirmed_and_ended_by_the_peer() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    let trying = world.sent();
    assert_eq!(
        (status(&trying), header(&trying, "To")),
        (100, "<sip:4930555@192.0.2.100>")
    );
    let told = world.told();
    let Event::Invited {
        leg,
        ref called,
        spec,
        host,
        ..
    } = told
    else {
        panic!("{told:?}");
    };
    assert_eq!(called, "4930555");
    assert_eq!(host, super::local().ip());
    assert_eq!(spec.remote, "192.0.2.9:4000".parse().expect("address"));
    assert!(
        !format!("{told:?}").contains("30123456"),
        "the caller's number stays here"
    );
    world.accepts(leg);
    let ok = world.sent();
    assert_eq!(status(&ok), 200);
    assert_eq!(header(&ok, "Contact"), "<sip:192.0.2.100:5060>");
    assert!(ok.contains("m=audio 20000 RTP/AVP 8 101\r\n"));
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.passes(ms(600_000));
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::PeerHungUp
        }
    );
    assert_eq!(world.ends().noted(Noted::HungUpByPeer), 1);
}

#[test]
fn a_retransmitted_invite_gets_the_last_response_again() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    let trying = world.sent();
    let leg = world.invited();
    world.hears(&Asked::invite());
    assert_eq!(world.sent(), trying);
    world.accepts(leg);
    let ok = world.sent();
    world.hears(&Asked::invite());
    assert_eq!(world.sent(), ok);
    world.is_quiet();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.sent(), world.sent());
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::PeerHungUp
        }
    );
    assert_eq!(world.ends().noted(Noted::Repeated), 3);
}

#[test]
fn a_lost_200_is_repeated_until_its_ack_comes() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    assert_eq!(world.waits_for(), Some(Reason::Answer));
    for (pause, repeats) in [
        (499, 0),
        (1, 1),
        (999, 0),
        (1, 1),
        (2_000, 1),
        (4_000, 1),
        (4_000, 1),
    ] {
        world.passes(ms(pause));
        for _ in 0..repeats {
            assert_eq!(world.sent(), ok);
        }
        world.is_quiet();
    }
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.passes(ms(60_000));
    world.is_quiet();
    world.hangs_up(leg);
    let bye = world.sent();
    world.hears_from(peer(), answer_to(&bye, "200 OK").as_bytes());
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUp
        }
    );
    world.ends();
}

#[test]
fn a_lost_ack_ends_in_bye_after_32_seconds() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.accepts(leg);
    world.passes(ms(31_999));
    assert_eq!(world.sent_count(), 1 + 10);
    world.passes(ms(1));
    let (to, bye) = world.sent_to();
    assert!(bye.starts_with("BYE sip:+4930123456@192.0.2.1:5070 SIP/2.0\r\n"));
    assert_eq!(to, peer());
    world.hears_from(peer(), answer_to(&bye, "481 Gone").as_bytes());
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::AckMissing
        }
    );
    assert_eq!(world.ends().noted(Noted::AckMissing), 1);
}

#[test]
fn cancel_before_the_answer_ends_the_call_with_487() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.hears(&Asked::new("CANCEL", 1, "i1"));
    let (cancelled, terminated) = (world.sent(), world.sent());
    assert_eq!(
        (status(&cancelled), header(&cancelled, "CSeq")),
        (200, "1 CANCEL")
    );
    assert_eq!(
        (status(&terminated), header(&terminated, "CSeq")),
        (487, "1 INVITE")
    );
    assert_eq!(tag(&cancelled), tag(&terminated));
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::Cancelled
        }
    );
    world.passes(T1);
    assert_eq!(world.sent(), terminated);
    world.hears(&Asked::new("ACK", 1, "i1").within(&terminated));
    world.accepts(leg);
    world.ends();
}

#[test]
fn cancel_races_answer() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.hears(&Asked::new("CANCEL", 1, "i1"));
    let cancelled = world.sent();
    assert_eq!(
        (status(&cancelled), header(&cancelled, "CSeq")),
        (200, "1 CANCEL")
    );
    world.is_quiet();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::PeerHungUp
        }
    );
    world.ends();
}

#[test]
fn a_cancel_of_nothing_gets_481() {
    let mut world = World::new();
    world.hears(&Asked::new("CANCEL", 1, "i1"));
    assert_eq!(world.answer(), 481);
    world.ends();
}

#[test]
fn our_bye_is_repeated_and_at_last_given_up() {
    let mut world = World::new();
    let (leg, _) = world.talks();
    world.hangs_up(leg);
    world.hangs_up(leg);
    let bye = world.sent();
    assert_eq!(header(&bye, "CSeq"), "1 BYE");
    world.is_quiet();
    world.passes(ms(31_999));
    assert_eq!(world.sent_count(), 10);
    world.passes(ms(1));
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUpUnanswered
        }
    );
    assert_eq!(world.ends().noted(Noted::ByeUnanswered), 1);
}

#[test]
fn a_provisional_answer_slows_our_bye_down() {
    let mut world = World::new();
    let (leg, _) = world.talks();
    world.hangs_up(leg);
    let bye = world.sent();
    world.hears_from(peer(), answer_to(&bye, "100 Trying").as_bytes());
    world.passes(ms(500));
    assert_eq!(world.sent(), bye);
    world.passes(ms(3_999));
    world.is_quiet();
    world.passes(ms(1));
    assert_eq!(world.sent(), bye);
    world.hears_from(peer(), answer_to(&bye, "200 OK").as_bytes());
    world.hears_from(peer(), answer_to(&bye, "200 OK").as_bytes());
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUp
        }
    );
    world.ends();
}

#[test]
fn bye_crosses_bye() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.hangs_up(leg);
    let bye = world.sent();
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUp
        }
    );
    world.hears_from(
        peer(),
        answer_to(&bye, "481 Call/Transaction Does Not Exist").as_bytes(),
    );
    world.ends();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.hangs_up(leg);
    world.is_quiet();
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    let bye = world.sent();
    assert_eq!(
        header(&bye, "To"),
        "\"Erna\" <sip:+4930123456@192.0.2.1>;tag=peer"
    );
    assert_eq!(header(&bye, "From"), header(&ok, "To"));
    world.hears_from(peer(), answer_to(&bye, "200 OK").as_bytes());
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUp
        }
    );
    world.ends();
}

#[test]
fn hanging_up_or_refusing_before_the_200_is_a_refusal() {
    for (refusal, expected) in [
        (Some(Refusal::Busy), 486),
        (Some(Refusal::Full), 503),
        (Some(Refusal::Unavailable), 480),
        (None, 480),
    ] {
        let mut world = World::new();
        world.hears(&Asked::invite());
        world.sent();
        let leg = world.invited();
        match refusal {
            Some(why) => world.refuses(leg, why),
            None => world.hangs_up(leg),
        }
        let refused = world.sent();
        assert_eq!(status(&refused), expected);
        assert_eq!(refused.contains("\r\nRetry-After: "), expected == 503);
        let why = refusal.map_or(EndReason::HungUp, |_| EndReason::Refused);
        assert_eq!(world.told(), Event::Ended { leg, why });
        world.hears(&Asked::new("ACK", 1, "i1").within(&refused));
        world.ends();
    }
}

#[test]
fn a_refusal_without_ack_is_repeated_for_32_seconds_and_counted() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.refuses(leg, Refusal::Busy);
    world.told();
    world.passes(ms(33_000));
    assert_eq!(world.sent_count(), 1 + 10);
    let counters = world.ends();
    assert_eq!(counters.noted(Noted::RefusalUnacknowledged), 1);
    assert_eq!(counters.refused(Refused::Busy), 1);
}

#[test]
fn the_peer_hangs_up_before_its_ack_arrives() {
    let mut world = World::new();
    let (leg, ok) = world.answers();
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::PeerHungUp
        }
    );
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.ends().noted(Noted::StrayAck), 1);
}

#[test]
fn the_same_run_twice_says_the_same_bytes() {
    let run = || {
        let mut world = World::new();
        let (leg, ok) = world.talks();
        world.hangs_up(leg);
        (ok, world.sent(), world.now)
    };
    assert_eq!(run(), run());
    assert_eq!(run().2, Time::ZERO);
}
