//! Trunks at which nobody registers: they only have to answer when they are asked by OPTIONS.

use super::super::{Asked, World, header, status};
use super::{ID, SECOND, answer, first, second, trunk};
use crate::sip::{Peer, Place, Transport, Trouble, TrunkConfig, TrunkNews};
use std::net::SocketAddr;
use std::time::Duration;

/// Asked every half minute.
fn static_trunk() -> TrunkConfig {
    TrunkConfig {
        login: None,
        user: "rundruf".into(),
        display: String::new(),
        expires: 30 * SECOND,
        ..trunk()
    }
}

/// The question that goes to `to`.
fn question(world: &mut World, to: SocketAddr) -> String {
    let (_, by, request) = world.sent_by();
    assert_eq!(by.addr, to, "{request}");
    assert!(
        request.starts_with("OPTIONS sip:pbx.example SIP/2.0\r\n"),
        "{request}"
    );
    assert!(header(&request, "From").starts_with("<sip:rundruf@pbx.example>;tag="));
    request
}

/// A trunk whose first host of two has answered.
fn answers(world: &mut World) {
    world.begins(vec![(ID, static_trunk())]);
    world.finds(&[(first(), 0), (second(), 1)]);
    let asked = question(world, first());
    world.registrar_says(first(), &answer(&asked, "200 OK", ""));
    assert_eq!(world.news(), TrunkNews::Answers);
    world.is_quiet();
}

/// Everything that waits to be sent is thrown away; how much of it was no OPTIONS.
fn others(world: &mut World) -> usize {
    let all = world.sent.drain(..);
    all.filter(|(_, _, text)| !text.starts_with("OPTIONS ")).count()
}

#[test]
fn whatever_it_answers_it_is_there_and_is_asked_again() {
    let mut world = World::new();
    answers(&mut world);
    for line in [
        "404 Not Found",
        "405 Method Not Allowed",
        "401 Unauthorized",
        "200 OK",
        "403 Forbidden",
    ] {
        let waited = world.passes_until_sent(33 * SECOND);
        assert!((27 * SECOND..=33 * SECOND).contains(&waited), "{waited:?}");
        let asked = question(&mut world, first());
        world.registrar_says(first(), &answer(&asked, line, ""));
        world.is_quiet();
        let view = world.trunk();
        assert!(!view.registers && view.trouble.is_none());
        assert_eq!(
            view.binding.map(|binding| binding.target),
            Some(Peer::udp(first()))
        );
    }
    // Calls come from it, without a word in `sip.trunks`.
    let call = Asked::invite();
    world.hears_from(first(), call.text().as_bytes());
    let (_, to, trying) = world.sent_by();
    assert_eq!((status(&trying), to.addr.ip()), (100, first().ip()));
    assert_eq!(world.trunk().calls, 1);
}

#[test]
fn one_that_falls_silent_is_said_so_and_is_back_within_five_seconds_of_its_return() {
    let mut world = World::new();
    world.begins(vec![(ID, static_trunk())]);
    world.finds(&[(first(), 0)]);
    let asked = question(&mut world, first());
    world.registrar_says(first(), &answer(&asked, "200 OK", ""));
    assert_eq!(world.news(), TrunkNews::Answers);
    world.passes(42 * SECOND);
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Silent));
    assert_eq!(
        (world.trunk().binding, world.trunk().trouble),
        (None, Some(Trouble::Silent))
    );
    // An hour of silence: a question every two seconds, and a name server now and then.
    for _ in 0..3_600 {
        world.passes(SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
    }
    assert_eq!(others(&mut world), 0);
    let begin = world.now;
    while world.trunk().binding.is_none() {
        world.passes(Duration::from_millis(100));
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        while let Some((_, _, request)) = world.sent.pop_front() {
            world.registrar_says(first(), &answer(&request, "200 OK", ""));
        }
    }
    assert!(
        world.now.since(begin) <= 5 * SECOND,
        "{:?}",
        world.now.since(begin)
    );
    assert_eq!(world.news(), TrunkNews::Answers);
    assert_eq!(world.trunk().trouble, None);
}

#[test]
fn another_host_takes_over_and_the_better_one_is_gone_back_to() {
    let mut world = World::new();
    answers(&mut world);
    world.passes_until_asked();
    world.finds(&[(first(), 0), (second(), 1)]);
    question(&mut world, first());
    world.passes(4 * SECOND);
    let asked = loop {
        let (_, to, request) = world.sent_by();
        if to.addr == second() {
            break request;
        }
    };
    world.registrar_says(second(), &answer(&asked, "200 OK", ""));
    assert_eq!(world.news(), TrunkNews::Moved(Peer::udp(second())));
    assert_eq!(world.trunk().waits_for, Some(Peer::udp(first())));
    others(&mut world);
    // It is there again: what it is asked, it answers.
    let begin = world.now;
    while world.trunk().waits_for.is_some() {
        world.passes(Duration::from_millis(100));
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0), (second(), 1)]);
        }
        while let Some((_, to, request)) = world.sent.pop_front() {
            world.registrar_says(to.addr, &answer(&request, "200 OK", ""));
        }
    }
    assert!(
        world.now.since(begin) <= 10 * SECOND,
        "{:?}",
        world.now.since(begin)
    );
    assert_eq!(
        world.trunk().binding.map(|binding| binding.target),
        Some(Peer::udp(first()))
    );
}

#[test]
fn one_that_is_out_of_service_is_passed_over_and_named_if_there_is_no_other() {
    let mut world = World::new();
    world.begins(vec![(ID, static_trunk())]);
    world.finds(&[(first(), 0), (second(), 1)]);
    let asked = question(&mut world, first());
    world.registrar_says(
        first(),
        &answer(&asked, "503 Service Unavailable", "Retry-After: 120\r\n"),
    );
    let asked = question(&mut world, second());
    world.registrar_says(second(), &answer(&asked, "500 Server Internal Error", ""));
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Status(500)));
    assert_eq!(world.trunk().binding, None);
}

#[test]
fn a_connection_that_is_refused_is_told_as_such() {
    let mut world = World::new();
    let place = Place {
        transport: Some(Transport::Tcp),
        ..static_trunk().place
    };
    world.begins(vec![(
        ID,
        TrunkConfig {
            place,
            ..static_trunk()
        },
    )]);
    world.finds(&[(first(), 0)]);
    question(&mut world, first());
    world.ua.handle_closed(world.now, first());
    world.drain();
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Disconnected));
}

#[test]
fn while_the_bridge_drains_it_is_not_asked_and_afterwards_it_is() {
    for is_asked in [false, true] {
        let mut world = World::new();
        answers(&mut world);
        if is_asked {
            world.passes_until_sent(33 * SECOND);
            question(&mut world, first());
        }
        world.ua.deregister(world.now);
        world.drain();
        assert_eq!(world.news(), TrunkNews::Left);
        assert!(!world.ua.is_deregistering());
        world.passes(600 * SECOND);
        world.is_quiet();
        world.ua.register_again(world.now);
        world.drain();
        world.finds(&[(first(), 0)]);
        let asked = question(&mut world, first());
        world.registrar_says(first(), &answer(&asked, "200 OK", ""));
        assert_eq!(world.news(), TrunkNews::Answers);
    }
}
