//! Registrars that are silent, gone, or refuse.

use super::super::{World, header, local};
use super::{ID, SECOND, answer, first, kept, second, trunk};
use crate::sip::{Noted, Peer, TlsFault, Transport, Trouble, TrunkConfig, TrunkNews};
use std::time::Duration;

#[test]
fn a_silent_registrar_is_tried_later_and_later_and_the_second_address_at_once() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(second(), 20), (first(), 10)]);
    world.asked(first());
    world.passes(Duration::from_millis(3_999));
    assert_eq!(world.sent_count(), 3, "repeated after 0.5, 1.5 and 3.5 s");
    world.passes(Duration::from_millis(1));
    let request = world.asked(second());
    world.registrar_says(second(), &kept(&request, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
    assert_eq!(
        world.trunk().binding.map(|binding| binding.target),
        Some(Peer::udp(second()))
    );
    // The first one's answer is late, and changes nothing.
    world.passes(28 * SECOND);
    world.sent_count();

    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let request = world.asked(first());
        let begun = world.now;
        while world.trunk().next.is_none() {
            world.passes(SECOND);
            assert!(world.now.since(begun) < 60 * SECOND);
        }
        world.sent_count();
        pauses.push(world.trunk().next.expect("a next try").since(world.now).as_secs());
        // Nobody was ever there, so nobody is greeted as returned.
        while world.resolving.is_empty() {
            world.passes(SECOND);
        }
        world.sent_count();
        world.finds(&[(first(), 0)]);
        assert_eq!(header(&request, "Contact"), "<sip:+4930555@192.0.2.100:5060>");
    }
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Silent));
    assert!(world.events.is_empty(), "the same trouble is told once");
    for (pause, longest) in pauses.iter().zip([60, 120, 240, 480, 960, 1_800]) {
        assert!((longest / 2 - 1..=longest).contains(pause), "{pauses:?}");
    }
}

#[test]
fn a_registrar_that_returns_is_asked_within_five_seconds() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    // For an hour nobody is there.
    let mut last = String::new();
    let end = world.now + 3_600 * SECOND;
    while world.now < end {
        world.passes(SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        while let Some((_, to, text)) = world.sent.pop_front() {
            assert_eq!(to.addr, first());
            last = text;
        }
    }
    let back = world.now;
    // Now whatever it is asked is answered.
    while world.trunk().binding.is_none() {
        world.passes(Duration::from_millis(100));
        assert!(world.now.since(back) < 5 * SECOND, "{last}");
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        while let Some((_, _, text)) = world.sent.pop_front() {
            let reply = match text.starts_with("REGISTER") {
                true => kept(&text, 600),
                false => answer(&text, "404 Not Found", ""),
            };
            world.registrar_says(first(), &reply);
        }
    }
}

#[test]
fn a_registrar_that_no_longer_answers_is_left_for_the_second_within_ten_seconds() {
    let mut world = World::new();
    let config = TrunkConfig {
        keep_alive: Some(5 * SECOND),
        ..trunk()
    };
    world.registers(config, 600);
    for nth in 0..10 {
        world.passes(if nth == 0 { Duration::ZERO } else { 5 * SECOND });
        let (to, ping) = world.sent_to();
        assert!(
            to == first() && ping.starts_with("OPTIONS sip:pbx.example "),
            "{ping}"
        );
        world.registrar_says(first(), &answer(&ping, "200 OK", ""));
    }
    world.is_quiet();
    let silent = world.now;
    while world.trunk().binding.map(|binding| binding.target) != Some(Peer::udp(second())) {
        world.passes(Duration::from_millis(100));
        assert!(world.now.since(silent) < 10 * SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 10), (second(), 20)]);
        }
        while let Some((_, to, text)) = world.sent.pop_front() {
            if to.addr == second() {
                world.registrar_says(second(), &kept(&text, 600));
            }
        }
    }
    assert_eq!(world.ua.counters().noted(Noted::RegistrarSilent), 1);
}

#[test]
fn the_silence_of_one_that_never_answered_a_sign_of_life_means_nothing() {
    let mut world = World::new();
    let config = TrunkConfig {
        keep_alive: Some(20 * SECOND),
        ..trunk()
    };
    world.registers(config, 3_600);
    world.passes(600 * SECOND);
    assert_eq!(world.sent_count(), 31, "one at once and one every 20 s");
    assert_eq!(world.trunk().trouble, None);
}

#[test]
fn what_a_status_means_is_told_in_words_and_retry_after_is_kept() {
    for (line, why, least_s) in [
        ("403 Forbidden", Trouble::Forbidden, 900),
        ("404 Not Found", Trouble::Unknown, 900),
        ("500 Oops", Trouble::Status(500), 30),
        ("302 Moved", Trouble::Status(302), 30),
    ] {
        let mut world = World::new();
        world.begins(vec![(ID, trunk())]);
        world.finds(&[(first(), 0)]);
        let request = world.asked(first());
        world.registrar_says(first(), &answer(&request, line, ""));
        assert_eq!(world.news(), TrunkNews::Failed(why));
        let next = world.trunk().next.expect("a next try").since(world.now);
        assert!(next >= least_s * SECOND, "{line} {next:?}");
    }
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    world.registrar_says(
        first(),
        &answer(&request, "503 Busy", "Retry-After: 700 (maintenance)\r\n"),
    );
    assert_eq!(
        world.trunk().next.map(|next| next.since(world.now)),
        Some(700 * SECOND)
    );
    assert_eq!(world.trunk().trouble, Some(Trouble::Status(503)));
    let request = answer(
        &request,
        "401 Unauthorized",
        "WWW-Authenticate: Basic realm=\"x\"\r\n",
    );
    world.registrar_says(first(), &request);
    assert_eq!(
        world.ua.counters().noted(Noted::StrayResponse),
        0,
        "it is repeated, and absorbed"
    );
}

#[test]
fn a_name_without_addresses_is_told_and_asked_for_again() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[]);
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Unresolved));
    world.passes_until_asked();
    let six = "[2001:db8::1]:5060".parse().expect("address");
    world.finds(&[(six, 0)]);
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Family));
    // And a name server that says nothing at all.
    world.passes_until_asked();
    world.resolving.pop_front().expect("asked again");
    world.passes(10 * SECOND);
    assert_eq!(world.trunk().trouble, Some(Trouble::Unresolved));
}

#[test]
fn a_registrar_that_does_not_answer_a_farewell_keeps_nobody() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.ua.deregister(world.now);
    world.drain();
    world.passes(32 * SECOND);
    assert!(world.sent_count() > 5 && !world.ua.is_deregistering());
    assert_eq!(world.news(), TrunkNews::Left);
    world.ends();
}

#[test]
fn a_registration_that_cannot_be_refreshed_is_over_in_its_own_time() {
    let mut world = World::new();
    world.registers(trunk(), 120);
    let mut lost = None;
    let begun = world.now;
    while lost.is_none() {
        world.passes(SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        world.sent_count();
        lost = world.trunk().binding.is_none().then_some(world.now);
    }
    assert_eq!(lost.map(|at| at.since(begun)), Some(120 * SECOND));
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Silent));
}

#[test]
fn a_connection_that_is_gone_is_opened_again_but_never_in_a_hurry() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tcp);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let (_, by, request) = world.sent_by();
        assert_eq!(by, Peer::tcp(first()));
        assert!(
            header(&request, "Contact").contains("@192.0.2.100:5060;transport=tcp>"),
            "{request}"
        );
        assert!(header(&request, "Via").starts_with("SIP/2.0/TCP "));
        let asked = world.now;
        assert_eq!(
            world.ua.handle_connected(world.now, Peer::tcp(first()), local()),
            crate::sip::Admission::Welcome
        );
        world
            .ua
            .handle_stream(world.now, first(), kept(&request, 600).as_bytes());
        world.drain();
        world.ua.handle_closed(world.now, first());
        world.drain();
        world.passes_until_sent(400 * SECOND);
        pauses.push(world.now.since(asked).as_secs());
    }
    assert_eq!(pauses, [3, 3, 6, 12, 24, 48]);
}

/// Nobody may pass for the provider, and what is wrong is said.
#[test]
fn a_registrar_over_tls_must_be_the_domain_and_is_tried_again_if_it_is_not() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tls);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    let (_, by, request) = world.sent_by();
    assert_eq!(by, Peer::tls(first()));
    assert!(
        header(&request, "Contact").contains(";transport=tls>"),
        "{request}"
    );
    assert!(header(&request, "Via").starts_with("SIP/2.0/TLS "));
    let expected = (Some(ID), "pbx.example".to_owned());
    assert_eq!(world.ua.expected_name(first()), expected);
    world.ua.handle_unproven(world.now, first(), TlsFault::Name);
    world.drain();
    let why = Trouble::Tls(TlsFault::Name);
    assert_eq!(world.news(), TrunkNews::Failed(why));
    assert!(why.to_string().contains("certificate is for another name"));
    let pause = world.trunk().next.map(|next| next.since(world.now).as_secs());
    assert!(pause.is_some_and(|pause| (29..=60).contains(&pause)), "{pause:?}");

    // A mere address: the port is that of TLS, and the domain is proven all the same.
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tls);
    config.place.host = "198.51.100.1".into();
    world.begins(vec![(ID, config)]);
    let (_, by, _) = world.sent_by();
    assert_eq!(by, Peer::tls(([198, 51, 100, 1], 5_061).into()));
    assert_eq!(world.ua.expected_name(by.addr), expected);
}

/// Who cannot prove who it is, is left alone for a while like one that is silent; the next host has to prove it as well.
#[test]
fn of_several_hosts_over_tls_the_next_takes_over_and_never_in_clear() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tls);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 10), (second(), 20)]);
    assert_eq!(world.sent_by().1, Peer::tls(first()));
    world.ua.handle_unproven(world.now, first(), TlsFault::Expired);
    world.drain();
    let (_, by, request) = world.sent_by();
    assert_eq!(by, Peer::tls(second()));
    let admission = world.ua.handle_connected(world.now, by, local());
    assert_eq!(admission, crate::sip::Admission::Welcome);
    world
        .ua
        .handle_stream(world.now, second(), kept(&request, 600).as_bytes());
    world.drain();
    assert_eq!(world.news(), TrunkNews::Registered);
    assert_eq!(world.trunk().waits_for, Some(Peer::tls(first())));
    world.passes(3 * SECOND);
    let (_, by, knock) = world.sent_by();
    assert!(
        by == Peer::tls(first()) && knock.starts_with("OPTIONS"),
        "{by:?} {knock}"
    );
}

/// Every sign of life hastens the next try, and none may put it off.
#[test]
fn a_registrar_that_answers_again_and_again_is_asked_all_the_same() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tcp);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    for gap_s in [3, 3, 6, 12] {
        assert!(world.sent().starts_with("REGISTER"));
        world.ua.handle_closed(world.now, first());
        world.drain();
        let asked = world.now;
        let admission = world.ua.handle_connected(world.now, Peer::tcp(first()), local());
        assert_eq!(admission, crate::sip::Admission::Welcome);
        world.drain();
        loop {
            world.passes_until_sent(20 * SECOND);
            let waiting = world
                .sent
                .front()
                .map(|(_, _, text)| text.clone())
                .unwrap_or_default();
            if waiting.starts_with("REGISTER") {
                break;
            }
            let pong = answer(&world.sent(), "200 OK", "");
            world.ua.handle_stream(world.now, first(), pong.as_bytes());
            world.drain();
        }
        assert_eq!(world.now.since(asked), gap_s * SECOND);
    }
}

#[test]
fn a_refused_connection_is_no_reason_to_wait_for_an_answer() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Some(Transport::Tcp);
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0), (second(), 1)]);
    assert_eq!(world.sent_by().1, Peer::tcp(first()));
    world.ua.handle_closed(world.now, first());
    world.drain();
    assert_eq!(world.sent_by().1, Peer::tcp(second()));
    world.ua.handle_closed(world.now, second());
    world.drain();
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Disconnected));
    // Every two seconds somebody knocks; who opens is asked.
    world.passes(2 * SECOND);
    assert_eq!(world.sent_by().1, Peer::tcp(first()));
    assert_eq!(
        world.ua.handle_connected(world.now, Peer::tcp(first()), local()),
        crate::sip::Admission::Welcome
    );
    world.sent_count();
    world.passes_until_sent(5 * SECOND);
    let (_, by, request) = world.sent_by();
    assert!(
        by == Peer::tcp(first()) && request.starts_with("REGISTER"),
        "{request}"
    );
}
