//! IPv4 and IPv6, and more than one socket of ours.

use super::{Asked, OFFER, World, header, status};
use crate::sip::{EndReason, Event, Peer, Refused};
use std::net::SocketAddr;
use std::time::Duration;

const SIX_OFFER: &str = "v=0\r\no=- 1 1 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8\r\n";

fn address(text: &str) -> SocketAddr {
    text.parse().expect("address")
}

fn six(asked: Asked, body: &str) -> String {
    let via = format!(
        "SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bK{}{}",
        asked.method, asked.cseq
    );
    let asked = Asked {
        via,
        body: body.to_owned(),
        ..asked
    };
    asked
        .text()
        .replace("@192.0.2.1:5070", "@[2001:db8::1]:5070")
        .replace("@192.0.2.100 SIP", "@[2001:db8::100] SIP")
}

#[test]
fn a_call_over_ipv6_names_our_ipv6_address_everywhere() {
    let ours = "[2001:db8::100]:5060";
    let mut world = World::with(&[("192.0.2.100:5060", "192.0.2.100:5060"), (ours, ours)], 10);
    // rsip cannot read an IPv6 address in a URI.
    world.checks_grammar = false;
    let (peer, local) = (Peer::udp(address("[2001:db8::1]:5070")), address(ours));
    world.hears_by(peer, local, six(Asked::invite(), SIX_OFFER).as_bytes());
    let (from, to, trying) = world.sent_by();
    assert_eq!((from, to, status(&trying)), (local, peer, 100));
    assert!(header(&trying, "Via").ends_with(";rport=5070;received=2001:db8::1"));
    let Event::Invited { leg, spec, host, .. } = world.told() else {
        panic!("not invited");
    };
    assert_eq!(spec.remote, address("[2001:db8::9]:4000"));
    assert_eq!(host, local.ip());
    world.ua.accept(world.now, leg, SocketAddr::new(host, 20_000));
    world.drain();
    let ok = world.sent();
    assert_eq!(header(&ok, "Contact"), "<sip:[2001:db8::100]:5060>");
    assert!(ok.contains("c=IN IP6 2001:db8::100\r\n") && ok.contains("o=- ") && ok.contains(" IN IP6 "));
    let ack = six(Asked::new("ACK", 1, "").within(&ok), "");
    world.hears_by(peer, local, ack.as_bytes());
    world.told();
    world.hangs_up(leg);
    let (from, to, bye) = world.sent_by();
    assert_eq!((from, to), (local, peer));
    assert!(header(&bye, "Via").starts_with("SIP/2.0/UDP [2001:db8::100]:5060;rport;"));
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    let why = EndReason::HungUpUnanswered;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}

#[test]
fn media_of_the_other_family_is_taken_where_we_have_one_and_refused_where_not() {
    let both = [
        ("0.0.0.0:5060", "198.51.100.1:5060"),
        ("[::]:5060", "[2001:db8::100]:5060"),
    ];
    let invite = Asked {
        body: SIX_OFFER.to_owned(),
        ..Asked::invite()
    };
    let mut world = World::with(&both, 10);
    let local = address("0.0.0.0:5060");
    world.hears_by(Peer::udp(super::peer()), local, invite.text().as_bytes());
    world.sent();
    let Event::Invited { leg, host, .. } = world.told() else {
        panic!("not invited");
    };
    assert_eq!(host, address("[::]:0").ip());
    world.ua.accept(world.now, leg, SocketAddr::new(host, 20_000));
    world.drain();
    let (from, _, ok) = world.sent_by();
    assert_eq!(from, local, "as it is bound");
    assert_eq!(
        header(&ok, "Contact"),
        "<sip:198.51.100.1:5060>",
        "as it is shown"
    );
    assert!(ok.contains("c=IN IP6 2001:db8::100\r\n"));
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.told();
    // The socket of the leg is bound: its family stays.
    let back = Asked {
        body: OFFER.to_owned(),
        ..Asked::new("INVITE", 2, "i2").within(&ok)
    };
    world.hears(&back);
    assert_eq!(world.answer(), 488);
    world.hears(&Asked::new("ACK", 2, "i2").within(&ok));
    world.hears(&Asked::new("BYE", 3, "b3").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();

    let mut four = World::new();
    four.hears(&invite);
    let refused = four.sent();
    assert_eq!(status(&refused), 488);
    four.hears(&Asked::new("ACK", 1, "i1").within(&refused));
    assert_eq!(four.ends().refused(Refused::OfferUnusable), 1);
}

/// What the hop next to the telephone wrote down is believed: it is served. What the telephone's SDP says is its own business.
#[test]
fn where_a_telephone_is_behind_translation_is_what_the_hop_next_to_it_saw() {
    let own = "SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKi1";
    let behind = "SIP/2.0/UDP 10.0.0.7:5060;rport=4711;received=203.0.113.7;branch=z9hG4bKx";
    let plain = "SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bKx";
    for (via, also) in [
        (own.to_owned(), "192.0.2.1"),
        (format!("{own}, {behind}"), "203.0.113.7"),
        (format!("{own}\r\nVia: {plain}"), "192.0.2.1"),
    ] {
        for late in [false, true] {
            let mut world = World::new();
            let invite = Asked {
                via: via.clone(),
                body: if late { String::new() } else { OFFER.to_owned() },
                ..Asked::invite()
            };
            world.hears(&invite);
            world.sent();
            let Event::Invited { leg, spec, .. } = world.told() else {
                panic!("not invited");
            };
            world.accepts(leg);
            let ok = world.sent();
            let ack = Asked {
                via: via.clone(),
                body: if late { OFFER.to_owned() } else { String::new() },
                ..Asked::new("ACK", 1, "a1").within(&ok)
            };
            world.hears(&ack);
            let spec = match late {
                false => spec,
                true => match world.told() {
                    Event::Reinvited { spec, .. } => spec,
                    other => panic!("{other:?}"),
                },
            };
            assert_eq!(spec.also, also.parse().ok(), "{via}");
            assert_eq!(spec.remote, address("192.0.2.9:4000"));
        }
    }
}
