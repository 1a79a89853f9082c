//! More than we can take: bounds that hold, an exact refusal above them, and nothing left when it is over.

use super::{Asked, OFFER, World, header, peer, status};
use crate::sip::{Census, Event, Refused};
use std::time::Duration;

/// INVITEs of as many calls as there are numbers.
fn invite(number: usize) -> String {
    let text = Asked {
        body: OFFER.to_owned(),
        ..Asked::new("INVITE", 1, &format!("f{number}"))
    }
    .text();
    text.replacen("Call-ID: call-1", &format!("Call-ID: flood-{number}"), 1)
}

#[test]
fn a_flood_of_calls_stays_within_every_bound_and_leaves_nothing() {
    let most = 4;
    let mut world = World::with_calls_max(most);
    let transactions_max = 1_024 + 32 * most;
    let mut refused = 0;
    for number in 0..3_000 {
        world.hears_from(peer(), invite(number).as_bytes());
        let answer = world.sent();
        match status(&answer) {
            100 => {}
            503 => {
                refused += 1;
                assert_eq!(header(&answer, "Retry-After"), "10");
            }
            other => panic!("{other}"),
        }
        let Census {
            calls,
            dialogs,
            server_transactions,
            ..
        } = world.ua.census();
        assert!(calls <= most && dialogs <= most && server_transactions <= transactions_max);
    }
    assert_eq!(refused, 3_000 - most);
    let counters = world.ua.counters();
    let counted = counters.refused(Refused::CallsMax) + counters.refused(Refused::TransactionsMax);
    assert_eq!(counted, refused as u64);
    // Nobody acknowledges anything, nobody is heard again.
    for _ in 0..most {
        let Event::Invited { leg, .. } = world.told() else {
            panic!("not invited");
        };
        world.ua.hang_up(world.now, leg);
        world.drain();
    }
    world.passes(Duration::from_secs(33));
    world.sent_count();
    (0..most).for_each(|_| assert!(matches!(world.told(), Event::Ended { .. })));
    world.ends();
}

/// A call that is being hung up still counts: its BYE may not have arrived.
#[test]
fn a_call_is_counted_until_its_end_is_told() {
    let mut world = World::with_calls_max(1);
    let (leg, ok) = world.talks();
    world.hangs_up(leg);
    world.sent();
    world.hears_from(peer(), invite(1).as_bytes());
    assert_eq!(world.answer(), 503);
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Ended { .. }));
    world.hears_from(peer(), invite(2).as_bytes());
    assert_eq!(world.answer(), 100);
    let leg = world.invited();
    world.hangs_up(leg);
    world.told();
    world.passes(Duration::from_secs(33));
    world.sent_count();
    world.ends();
}

/// A stranger's datagrams leave no trace but the count, however many they are.
#[test]
fn a_flood_of_strangers_keeps_nothing() {
    let mut world = World::new();
    let stranger = "198.51.100.1:5060".parse().expect("address");
    for number in 0..10_000 {
        world.hears_from(stranger, invite(number).as_bytes());
    }
    assert_eq!(world.ua.census(), Census::default());
    assert_eq!(world.ends().refused(Refused::Unserved), 10_000);
}
