//! Requests that are too long for a datagram (RFC 3261 §18.1.1).

use super::super::{World, header, local};
use super::{ID, SECOND, answer, first, kept, password_is_safe, trunk};
use crate::sip::{Admission, Noted, Peer, Place, Target, TrunkConfig, TrunkNews, Whereabouts};
use std::time::Duration;

/// A domain that takes UDP and TCP, asked for its own choice.
fn auto() -> TrunkConfig {
    let place = Place {
        transport: None,
        ..trunk().place
    };
    TrunkConfig { place, ..trunk() }
}

/// Name servers say that it takes both on the same host.
fn finds_both(world: &mut World) {
    let (id, place) = world.resolving.pop_front().expect("name servers were asked");
    let target = |peer, priority| Target { peer, priority };
    let whereabouts = Whereabouts {
        targets: vec![target(Peer::udp(first()), 0), target(Peer::tcp(first()), 1)],
        ttl: 86_400 * SECOND,
        is_guess: false,
    };
    world.ua.handle_resolved(world.now, id, &place, &whereabouts);
    world.drain();
}

/// Up to the REGISTER that answers a challenge of a thousand characters: by whom it goes, and what it says.
fn challenged(world: &mut World, config: TrunkConfig) -> (Peer, String) {
    world.begins(vec![(ID, config)]);
    finds_both(world);
    let plain = world.asked(first());
    let nonce = "n".repeat(1_000);
    let challenge =
        format!("WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"{nonce}\", qop=\"auth\"\r\n");
    world.registrar_says(first(), &answer(&plain, "401 Unauthorized", &challenge));
    long(world)
}

/// The long REGISTER that was just sent.
fn long(world: &mut World) -> (Peer, String) {
    let (from, to, request) = world.sent_by();
    assert!(from == local() && request.len() > 1_300);
    assert!(request.starts_with("REGISTER ") && request.ends_with("\r\n\r\n"));
    password_is_safe(&request);
    (to, request)
}

#[test]
fn a_long_request_goes_by_tcp_and_its_answer_comes_so() {
    let mut world = World::new();
    let (to, request) = challenged(&mut world, auto());
    assert_eq!(to, Peer::tcp(first()));
    assert!(header(&request, "Via").starts_with("SIP/2.0/TCP 192.0.2.100:5060;"));
    let admission = world.ua.handle_connected(world.now, Peer::tcp(first()), local());
    assert_eq!(admission, Admission::Welcome);
    world.passes(3 * SECOND);
    world.is_quiet();
    let seen = kept(&request, 600).replace(";rport;", ";rport=40000;received=192.0.2.100;");
    world.ua.handle_stream(world.now, first(), seen.as_bytes());
    world.drain();
    assert_eq!(world.news(), TrunkNews::Registered);
    let binding = world.trunk().binding.expect("registered");
    assert_eq!(binding.target, Peer::udp(first()), "datagrams are still its way");
    assert_eq!(
        binding.seen_as, None,
        "the port of a connection is no translation"
    );
    assert_eq!(world.ua.counters().noted(Noted::LongRequest), 1);
}

#[test]
fn where_no_connection_is_to_be_had_it_goes_by_datagrams_after_all() {
    let mut world = World::new();
    let (_, by_tcp) = challenged(&mut world, auto());
    world.ua.handle_closed(world.now, first());
    world.drain();
    let (to, request) = long(&mut world);
    assert_eq!(to, Peer::udp(first()));
    assert_eq!(request, by_tcp.replace("SIP/2.0/TCP", "SIP/2.0/UDP"));
    // It may be lost, as any datagram.
    world.passes(Duration::from_millis(500));
    assert_eq!(long(&mut world).1, request);
    world.registrar_says(first(), &kept(&request, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
    assert_eq!(world.ua.counters().noted(Noted::TcpRefused), 1);
    // Minutes later it may be otherwise.
    world.passes_until_asked();
    finds_both(&mut world);
    assert_eq!(long(&mut world).0, Peer::tcp(first()));
}

#[test]
fn who_has_chosen_udp_gets_datagrams_however_long() {
    let mut world = World::new();
    let (to, request) = challenged(&mut world, trunk());
    assert_eq!(to, Peer::udp(first()));
    assert!(header(&request, "Via").starts_with("SIP/2.0/UDP "));
    assert_eq!(world.ua.counters().noted(Noted::LongRequest), 0);
}
