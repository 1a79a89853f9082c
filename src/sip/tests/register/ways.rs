//! Who is served, who is left, and in which forms and families it is asked.

use super::super::{Asked, World, header, status};
use super::{ID, SECOND, answer, first, kept, second, trunk};
use crate::secret::Password;
use crate::sip::{Census, Login, Peer, Refused, TrunkConfig, TrunkId, TrunkNews};
use std::net::SocketAddr;

#[test]
fn who_registers_us_may_call_and_nobody_else() {
    let mut world = World::with(&[("192.0.2.100:5060", "192.0.2.100:5060")], 10);
    let (provider, route) = (first(), SocketAddr::from(([203, 0, 113, 9], 5_060)));
    let invite = |world: &mut World, from: SocketAddr, call: &'static str| {
        let asked = Asked {
            call,
            via: format!("SIP/2.0/UDP {from};rport;branch=z9hG4bK{call}"),
            ..Asked::invite()
        };
        world.hears_from(from, asked.text().as_bytes());
    };
    invite(&mut world, provider, "a");
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 1);
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(provider, 0)]);
    let request = world.asked(provider);
    let routed = format!(
        "Contact: {}\r\nService-Route: <sip:203.0.113.9;lr>\r\n",
        header(&request, "Contact")
    );
    world.registrar_says(provider, &answer(&request, "200 OK", &routed));
    assert_eq!(world.news(), TrunkNews::Registered);
    for (from, call) in [(provider, "b"), (route, "c")] {
        invite(&mut world, from, call);
        assert_eq!(status(&world.sent()), 100);
        world.invited();
    }
    assert_eq!(world.trunk().calls, 2);
    invite(&mut world, SocketAddr::from(([203, 0, 113, 10], 5_060)), "d");
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 2);
    // The operator's list changes; the registrar is still served.
    world.ua.reload_served(Vec::new());
    invite(&mut world, provider, "e");
    assert_eq!(status(&world.sent()), 100);
}

#[test]
fn a_drain_takes_the_registration_back_and_its_end_brings_it_again() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.ua.deregister(world.now);
    world.drain();
    let leave = world.asked(first());
    assert_eq!(
        (header(&leave, "Expires"), header(&leave, "Contact")),
        ("0", "<sip:+4930555@192.0.2.100:5060>")
    );
    assert!(header(&leave, "Authorization").contains("nc=00000002") && world.ua.is_deregistering());
    world.registrar_says(first(), &answer(&leave, "200 OK", ""));
    assert_eq!(world.news(), TrunkNews::Left);
    assert!(!world.ua.is_deregistering() && world.trunk().binding.is_none());
    // Settings that are read again meanwhile bring nothing back.
    world.begins(vec![(ID, trunk())]);
    world.is_quiet();
    world.passes(40 * SECOND);
    assert_eq!(world.ua.census(), Census::default());
    world.ua.register_again(world.now);
    world.drain();
    world.finds(&[(first(), 0)]);
    let again = world.asked(first());
    world.registrar_says(first(), &kept(&again, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
}

#[test]
fn a_block_of_numbers_is_registered_as_rfc_6140_has_it() {
    let mut world = World::new();
    let config = TrunkConfig {
        number_block: true,
        proxy: Some("sbc.example:5070".into()),
        display: String::new(),
        ..trunk()
    };
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    assert_eq!(header(&request, "Contact"), "<sip:192.0.2.100:5060;bnc>");
    assert_eq!(
        (header(&request, "Require"), header(&request, "Proxy-Require")),
        ("gin", "gin")
    );
    assert_eq!(header(&request, "Supported"), "path, gin");
    assert_eq!(header(&request, "Route"), "<sip:sbc.example:5070;lr>");
    assert!(header(&request, "From").starts_with("<sip:1234567e0@pbx.example>;tag="));
    world.registrar_says(first(), &kept(&request, 300));
    assert_eq!(
        world
            .trunk()
            .binding
            .map(|binding| binding.until.since(world.now)),
        Some(300 * SECOND)
    );
}

#[test]
fn an_address_as_domain_needs_no_name_server_and_translation_is_noticed() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.host = "198.51.100.1".into();
    config.domain = "pbx.example".into();
    world.begins(vec![(ID, config)]);
    let request = world.asked(first());
    let via = header(&request, "Via").replace(";rport", ";rport=40000;received=203.0.113.7");
    let reply = kept(&request, 600).replace(header(&request, "Via"), &via);
    world.registrar_says(first(), &reply);
    let seen_as = world.trunk().binding.and_then(|binding| binding.seen_as);
    assert_eq!(seen_as, "203.0.113.7:40000".parse().ok());
}

#[test]
fn trunks_come_and_go_with_the_settings() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    let other = TrunkConfig {
        name: "other".into(),
        user: "2".into(),
        ..trunk()
    };
    world.begins(vec![(ID, trunk()), (TrunkId(1), other.clone())]);
    assert_eq!(world.resolving.len(), 1, "the first one is left alone");
    world.finds(&[(second(), 0)]);
    let request = world.asked(second());
    world.registrar_says(second(), &kept(&request, 600));
    world.told();
    world.begins(vec![(TrunkId(1), other)]);
    let leave = world.asked(first());
    assert_eq!(header(&leave, "Expires"), "0");
    assert_eq!(world.ua.trunks().len(), 1);
    // A new password is tried at once, without taking the same registration back.
    let mut changed = world.ua.trunks();
    assert_eq!(changed.remove(0).0, "other");
    let newer = TrunkConfig {
        name: "other".into(),
        user: "2".into(),
        login: Some(Login {
            user: "auth-1".into(),
            password: Password::new("neu"),
        }),
        ..trunk()
    };
    world.begins(vec![(TrunkId(1), newer)]);
    world.finds(&[(second(), 0)]);
    assert_eq!(header(&world.asked(second()), "Expires"), "600");
}

#[test]
fn nothing_of_a_registration_goes_to_an_address_of_another_family() {
    let mut world = World::with(
        &[
            ("192.0.2.100:5060", "203.0.113.1:5060"),
            ("[2001:db8::100]:5060", "[2001:db8::100]:5060"),
        ],
        10,
    );
    world.begins(vec![(ID, trunk())]);
    let six = "[2001:db8::1]:5060".parse().expect("address");
    world.finds(&[(six, 0), (first(), 1)]);
    let (from, by, request) = world.sent_by();
    assert_eq!(
        (from, by),
        ("[2001:db8::100]:5060".parse().expect("address"), Peer::udp(six))
    );
    assert!(
        header(&request, "Contact").contains("@[2001:db8::100]:5060>"),
        "{request}"
    );
    world.passes(4 * SECOND);
    while world.sent.len() > 1 {
        world.sent_by();
    }
    let request = world.asked(first());
    assert!(
        header(&request, "Contact").contains("@203.0.113.1:5060>"),
        "as it is shown: {request}"
    );
}
