//! Behind address translation: what the registrar sees of us is what it and its callers are told, unless the operator says it.

use super::*;
use crate::sip::tests::{Asked, our_rtp, peer, status};

const OUTSIDE: &str = "203.0.113.7";

/// `reply`, from a registrar that saw the request come from `ip` and `port`.
fn saw(reply: String, ip: &str, port: u16) -> String {
    reply.replacen(";rport", &format!(";rport={port};received={ip}"), 1)
}

fn contact(request: &str) -> String {
    header(request, "Contact").to_owned()
}

impl World {
    /// The trunk's host calls, and is answered: the 200.
    fn is_called_by(&mut self, from: SocketAddr) -> String {
        let call = Asked {
            via: format!("SIP/2.0/UDP {from};rport;branch=z9hG4bKi{}", from.port()),
            ..Asked::invite()
        };
        self.hears_from(from, call.text().as_bytes());
        assert_eq!(status(&self.sent()), 100);
        let leg = self.invited();
        self.ua.accept(self.now, leg, our_rtp());
        self.drain();
        self.sent()
    }
}

#[test]
fn the_place_that_a_challenge_tells_of_stands_in_the_registration_and_in_calls() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    assert_eq!(contact(&plain), "<sip:+4930555@192.0.2.100:5060>");
    let challenge = saw(answer(&plain, "401 Unauthorized", CHALLENGE), OUTSIDE, 40_000);
    world.registrar_says(first(), &challenge);
    let proven = world.asked(first());
    assert_eq!(contact(&proven), "<sip:+4930555@203.0.113.7:40000>");
    world.registrar_says(first(), &saw(kept(&proven, 600), OUTSIDE, 40_000));
    assert_eq!(world.news(), TrunkNews::Registered);
    let trunk = world.trunk();
    let seen_as = trunk.binding.and_then(|binding| binding.seen_as);
    assert_eq!(seen_as, "203.0.113.7:40000".parse().ok());
    assert!(trunk.is_shown);
    assert!(
        trunk
            .next
            .is_some_and(|next| next.since(world.now) > 300 * SECOND),
        "it is refreshed in its time"
    );

    // A caller of that trunk is told the same; the port of media is our own.
    let ok = world.is_called_by(first());
    assert_eq!(contact(&ok), "<sip:203.0.113.7:40000>");
    assert!(ok.contains("\r\nc=IN IP4 203.0.113.7\r\n"), "{ok}");
    assert!(ok.contains("\r\nm=audio 20000 "), "{ok}");
    // One of the own network is not.
    let mut world = World::new();
    world.registers(self::trunk(), 600);
    let ok = world.is_called_by(peer());
    assert_eq!(contact(&ok), "<sip:192.0.2.100:5060>");
    assert!(ok.contains("\r\nc=IN IP4 192.0.2.100\r\n"), "{ok}");
}

#[test]
fn a_registrar_that_sees_us_elsewhere_than_before_is_told_so_within_seconds() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.passes_until_sent(480 * SECOND);
    let refresh = world.asked(first());
    // The router has a new address.
    world.registrar_says(first(), &saw(kept(&refresh, 600), OUTSIDE, 40_000));
    assert_eq!(world.passes_until_sent(10 * SECOND), 3 * SECOND);
    let corrected = world.asked(first());
    assert_eq!(contact(&corrected), "<sip:+4930555@203.0.113.7:40000>");
    world.registrar_says(first(), &saw(kept(&corrected, 600), OUTSIDE, 40_000));
    assert!(world.passes_until_sent(600 * SECOND) > 300 * SECOND);
    // And no translation any more.
    let refresh = world.asked(first());
    world.registrar_says(first(), &saw(kept(&refresh, 600), "192.0.2.100", 5_060));
    world.passes_until_sent(10 * SECOND);
    assert_eq!(contact(&world.asked(first())), "<sip:+4930555@192.0.2.100:5060>");
}

/// A router that gives each message another port is not chased.
#[test]
fn a_place_that_never_stays_is_told_more_and_more_seldom() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let mut pauses = Vec::new();
    for port in 40_000..40_008 {
        let request = world.asked(first());
        world.registrar_says(first(), &saw(kept(&request, 3_600), OUTSIDE, port));
        pauses.push(world.passes_until_sent(3_600 * SECOND).as_secs());
    }
    assert_eq!(pauses, [3, 3, 6, 12, 24, 48, 96, 192]);
}

#[test]
fn what_the_operator_says_is_told_whatever_is_seen() {
    let mut world = World::with(&[("192.0.2.100:5060", "198.51.100.77:5060")], 10);
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    world.registrar_says(first(), &saw(kept(&request, 600), OUTSIDE, 40_000));
    assert!(world.passes_until_sent(600 * SECOND) > 300 * SECOND);
    assert_eq!(
        contact(&world.asked(first())),
        "<sip:+4930555@198.51.100.77:5060>"
    );
    let trunk = world.trunk();
    assert!(!trunk.is_shown && trunk.binding.is_some_and(|binding| binding.seen_as.is_some()));
}

/// Over a connection its own port says nothing; where nobody could reach us is never told.
#[test]
fn only_what_can_be_true_is_told() {
    for (transport, ip, told) in [
        (Transport::Tcp, OUTSIDE, "203.0.113.7:5060;transport=tcp"),
        (Transport::Tls, OUTSIDE, "203.0.113.7:5060;transport=tls"),
        (Transport::Udp, "127.0.0.1", "192.0.2.100:5060"),
        (Transport::Udp, "0.0.0.0", "192.0.2.100:5060"),
        (Transport::Udp, "255.255.255.255", "192.0.2.100:5060"),
        (Transport::Udp, "239.1.2.3", "192.0.2.100:5060"),
        (Transport::Udp, "2001:db8::7", "192.0.2.100:5060"),
        (Transport::Udp, "nowhere", "192.0.2.100:5060"),
    ] {
        let mut world = World::new();
        let mut config = trunk();
        config.place.transport = Some(transport);
        world.begins(vec![(ID, config)]);
        world.finds(&[(first(), 0)]);
        let (_, peer, plain) = world.sent_by();
        let challenge = saw(answer(&plain, "401 Unauthorized", CHALLENGE), ip, 40_000);
        match transport {
            Transport::Udp => world.registrar_says(first(), &challenge),
            Transport::Tcp | Transport::Tls => {
                let admission = world.ua.handle_connected(world.now, peer, local());
                assert_eq!(admission, crate::sip::Admission::Welcome);
                world.ua.handle_stream(world.now, first(), challenge.as_bytes());
                world.drain();
            }
        }
        let (_, _, proven) = world.sent_by();
        assert_eq!(contact(&proven), format!("<sip:+4930555@{told}>"), "{ip}");
    }
}
