//! Several hosts of one trunk: who takes over, and when the first one has it back; name servers that change their mind, or
//! fall silent.

use super::super::{Asked, World, status};
use super::{ID, SECOND, answer, first, kept, second, trunk};
use crate::sip::{Noted, Peer, Refused, Transport, TrunkConfig, TrunkNews, Whereabouts};
use std::net::SocketAddr;
use std::time::Duration;

/// Which of the two hosts answer, and how.
#[derive(Clone, Copy, PartialEq)]
enum Host {
    Serves,
    /// Nothing comes back.
    Silent,
    /// Answers questions, but registers nobody for so many seconds.
    Refuses(u32),
}

const BOTH: fn() -> [(SocketAddr, u16); 2] = || [(first(), 10), (second(), 20)];

impl World {
    /// Lets time pass while the two hosts are so, and name servers know both.
    fn lives(&mut self, time: Duration, hosts: [Host; 2]) {
        let end = self.now + time;
        while self.now < end {
            self.passes(Duration::from_millis(100));
            self.answers_all(hosts);
        }
    }

    /// Returns what went to the first host.
    fn answers_all(&mut self, hosts: [Host; 2]) -> Vec<String> {
        let mut to_first = Vec::new();
        if !self.resolving.is_empty() {
            self.finds(&BOTH());
        }
        while let Some((_, to, text)) = self.sent.pop_front() {
            if to.addr == first() {
                to_first.push(text.clone());
            }
            let host = hosts[usize::from(to.addr == second())];
            let reply = match (host, text.starts_with("REGISTER")) {
                (Host::Silent, _) => continue,
                (Host::Serves, true) => kept(&text, 600),
                (Host::Refuses(seconds), true) => {
                    let later = match seconds {
                        0 => String::new(),
                        seconds => format!("Retry-After: {seconds}\r\n"),
                    };
                    answer(&text, "503 Service Unavailable", &later)
                }
                (Host::Serves | Host::Refuses(_), false) => answer(&text, "200 OK", ""),
            };
            self.registrar_says(to.addr, &reply);
        }
        to_first
    }

    fn is_at(&self, host: SocketAddr) -> bool {
        self.trunk().binding.map(|binding| binding.target) == Some(Peer::udp(host))
    }

    /// How long it takes until it is registered at `host`, while the two are so.
    fn takes(&mut self, host: SocketAddr, most: Duration, hosts: [Host; 2]) -> Duration {
        let begun = self.now;
        while !self.is_at(host) {
            self.lives(Duration::from_millis(100), hosts);
            assert!(self.now.since(begun) < most, "{:?}", self.trunk());
        }
        self.now.since(begun)
    }
}

use Host::{Refuses, Serves, Silent};

fn kept_alive() -> TrunkConfig {
    TrunkConfig {
        keep_alive: Some(5 * SECOND),
        ..trunk()
    }
}

/// At the first of two hosts.
fn registered() -> World {
    let mut world = World::new();
    world.begins(vec![(ID, kept_alive())]);
    world.takes(first(), SECOND, [Serves, Serves]);
    assert_eq!(world.news(), TrunkNews::Registered);
    world.lives(20 * SECOND, [Serves, Serves]);
    assert_eq!(world.trunk().waits_for, None);
    world
}

#[test]
fn the_second_host_takes_over_within_ten_seconds_and_the_first_has_it_back_within_five() {
    let mut world = registered();
    world.takes(second(), 10 * SECOND, [Silent, Serves]);
    assert_eq!(world.news(), TrunkNews::Moved(Peer::udp(second())));
    assert_eq!(world.trunk().waits_for, Some(Peer::udp(first())));
    assert_eq!(world.trunk().trouble, None);
    for away_s in [1, 60, 3] {
        world.lives(away_s * SECOND, [Silent, Serves]);
        assert!(world.is_at(second()));
        world.takes(first(), 5 * SECOND, [Serves, Serves]);
        assert_eq!(world.news(), TrunkNews::Moved(Peer::udp(first())));
        assert_eq!(world.trunk().waits_for, None);
        world.lives(120 * SECOND, [Serves, Serves]);
        world.takes(second(), 10 * SECOND, [Silent, Serves]);
        world.news();
    }
    assert_eq!(world.ua.counters().noted(Noted::RegistrarMoved), 7);
}

#[test]
fn a_host_that_is_away_for_an_hour_is_asked_seldom_and_found_all_the_same() {
    let mut world = registered();
    world.takes(second(), 10 * SECOND, [Silent, Serves]);
    world.lives(3_600 * SECOND, [Silent, Serves]);
    let mut knocks = 0;
    let end = world.now + 120 * SECOND;
    while world.now < end {
        world.passes(Duration::from_millis(100));
        let asked = world.answers_all([Silent, Serves]);
        knocks += asked.iter().filter(|text| text.starts_with("OPTIONS")).count();
    }
    assert!((3..=5).contains(&knocks), "every half a minute, not {knocks}");
    world.takes(first(), 40 * SECOND, [Serves, Serves]);
}

#[test]
fn a_host_that_refuses_is_left_alone_as_long_as_it_says_although_it_answers_questions() {
    let mut world = registered();
    // At the next refresh.
    world.takes(second(), 490 * SECOND, [Refuses(300), Serves]);
    assert_eq!(world.trunk().trouble, None);
    let refused = world.now;
    let mut asked = Vec::new();
    while world.now.since(refused) < 290 * SECOND {
        world.passes(Duration::from_millis(100));
        asked.extend(world.answers_all([Serves, Serves]));
    }
    assert!(asked.is_empty(), "{asked:?}");
    world.takes(first(), 20 * SECOND, [Serves, Serves]);
}

#[test]
fn a_host_that_refuses_without_a_word_for_how_long_is_no_reason_to_hurry() {
    let mut world = registered();
    world.takes(second(), 490 * SECOND, [Refuses(0), Serves]);
    let mut registers = 0;
    let end = world.now + 600 * SECOND;
    while world.now < end {
        world.passes(Duration::from_millis(100));
        let asked = world.answers_all([Refuses(0), Serves]);
        registers += asked.iter().filter(|text| text.starts_with("REGISTER")).count();
        assert!(world.is_at(second()));
    }
    assert!((2..=12).contains(&registers), "{registers} in ten minutes");
}

#[test]
fn both_hosts_are_tried_when_both_have_failed() {
    let mut world = registered();
    world.lives(60 * SECOND, [Silent, Silent]);
    assert!(world.trunk().trouble.is_some());
    world.takes(second(), 6 * SECOND, [Silent, Serves]);
    world.takes(first(), 6 * SECOND, [Serves, Serves]);
}

#[test]
fn who_name_servers_name_is_served_as_soon_as_their_answer_is_old() {
    let mut world = World::with(&[("192.0.2.100:5060", "192.0.2.100:5060")], 10);
    world.begins(vec![(ID, trunk())]);
    world.finds_for(&[(first(), 0)], 45 * SECOND);
    let request = world.asked(first());
    world.registrar_says(first(), &kept(&request, 3_600));
    world.news();
    let invite = |world: &mut World, call: &'static str| {
        let asked = Asked {
            call,
            via: format!("SIP/2.0/UDP {};rport;branch=z9hG4bK{call}", second()),
            ..Asked::invite()
        };
        world.hears_from(second(), asked.text().as_bytes());
    };
    world.passes(44 * SECOND);
    assert!(world.resolving.is_empty());
    world.passes(SECOND);
    invite(&mut world, "a");
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 1);
    world.finds_for(&[(second(), 0)], 45 * SECOND);
    world.is_quiet();
    invite(&mut world, "b");
    assert_eq!(status(&world.sent()), 100);
    world.invited();
    assert!(
        world.is_at(first()),
        "a standing registration is no reason to hurry"
    );
    // Nobody answers: asked again after a minute.
    world.passes(45 * SECOND);
    world.resolving.pop_front().expect("asked");
    world.passes(59 * SECOND);
    assert!(world.resolving.is_empty());
    world.passes(SECOND);
    assert_eq!(world.resolving.len(), 1);
}

#[test]
fn a_registration_outlives_its_name_servers() {
    let mut world = registered();
    // From the next refresh on nobody answers, or only that nothing is known.
    for is_silent in [true, false, true] {
        let begun = world.now;
        loop {
            world.passes(SECOND);
            assert!(world.now.since(begun) < 500 * SECOND);
            if is_silent {
                world.resolving.clear();
            } else if !world.resolving.is_empty() {
                world.finds(&[]);
            }
            let Some((_, to, text)) = world.sent.pop_front() else {
                continue;
            };
            if text.starts_with("REGISTER") {
                assert_eq!(to.addr, first());
                world.registrar_says(first(), &kept(&text, 600));
                break;
            }
            world.registrar_says(to.addr, &answer(&text, "200 OK", ""));
        }
    }
    assert_eq!(world.ua.counters().noted(Noted::NamesRemembered), 3);
    assert_eq!(world.trunk().trouble, None);
}

#[test]
fn a_guess_is_good_enough_for_who_knows_nothing_better() {
    let (guess, place) = (second(), trunk().place);
    let guessed = |world: &mut World| {
        let target = crate::sip::Target {
            peer: Peer::udp(guess),
            priority: 0,
        };
        let answer = Whereabouts {
            targets: vec![target],
            ttl: SECOND,
            is_guess: true,
        };
        world.resolving.pop_front().expect("asked");
        world.ua.handle_resolved(world.now, ID, &place, &answer);
        world.drain();
    };
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    guessed(&mut world);
    world.asked(second());
    let mut world = World::new();
    world.registers(trunk(), 120);
    while world.resolving.is_empty() {
        world.passes(SECOND);
    }
    guessed(&mut world);
    world.asked(first());
}

#[test]
fn an_answer_for_a_place_that_nobody_asks_for_any_more_changes_nothing() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    let (_, old) = world.resolving.pop_front().expect("asked");
    let mut changed = trunk();
    changed.place.host = "other.example".into();
    world.begins(vec![(ID, changed)]);
    let target = crate::sip::Target {
        peer: Peer::udp(first()),
        priority: 0,
    };
    let answer = Whereabouts {
        targets: vec![target],
        ttl: SECOND,
        is_guess: false,
    };
    world.ua.handle_resolved(world.now, ID, &old, &answer);
    world.drain();
    world.is_quiet();
    world.hears_from(first(), Asked::invite().text().as_bytes());
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 1);
}

#[test]
fn a_domain_that_offers_another_transport_is_asked_by_it() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = None;
    world.begins(vec![(ID, config.clone())]);
    let (id, place) = world.resolving.pop_front().expect("asked");
    let targets = [(Transport::Tcp, first(), 0), (Transport::Udp, second(), 1)];
    let target = |(transport, addr, priority)| crate::sip::Target {
        peer: Peer { transport, addr },
        priority,
    };
    let answer = Whereabouts {
        targets: targets.map(target).to_vec(),
        ttl: SECOND,
        is_guess: false,
    };
    world.ua.handle_resolved(world.now, id, &place, &answer);
    world.drain();
    let (_, by, request) = world.sent_by();
    assert!(
        by == Peer::tcp(first()) && request.contains("Via: SIP/2.0/TCP "),
        "{request}"
    );
    world.ua.handle_closed(world.now, first());
    world.drain();
    let (_, by, request) = world.sent_by();
    assert!(
        by == Peer::udp(second()) && !request.contains("transport=tcp"),
        "{request}"
    );
    // An address says nothing of transports: UDP.
    config.place.host = "198.51.100.1".into();
    let mut world = World::new();
    world.begins(vec![(ID, config)]);
    assert_eq!(world.sent_by().1, Peer::udp(first()));
}
