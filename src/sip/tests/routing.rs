//! Where messages go, and how headers may be written.

use super::{Asked, OFFER, World, header, peer, status};
use crate::sip::{EndReason, Event};
use std::net::SocketAddr;
use std::time::Duration;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("address")
}

#[test]
fn answers_go_to_the_source_port_with_rport_and_to_the_via_port_without() {
    for (via, source, to, stamp) in [
        (
            "10.0.0.1:7000;rport",
            "192.0.2.1:40000",
            "192.0.2.1:40000",
            ";rport=40000;received=192.0.2.1",
        ),
        (
            "10.0.0.1:7000",
            "192.0.2.1:40000",
            "192.0.2.1:7000",
            ";received=192.0.2.1",
        ),
        (
            "trunk.example",
            "192.0.2.1:40000",
            "192.0.2.1:5060",
            ";received=192.0.2.1",
        ),
        ("192.0.2.1:7000", "192.0.2.1:40000", "192.0.2.1:7000", ""),
        ("192.0.2.1:0", "192.0.2.1:40000", "192.0.2.1:5060", ""),
        (
            "10.0.0.1;received=10.9.9.9;maddr=10.8.8.8",
            "192.0.2.1:9",
            "192.0.2.1:5060",
            ";received=192.0.2.1",
        ),
    ] {
        let mut world = World::new();
        let via = format!("SIP/2.0/UDP {via};branch=z9hG4bKo1");
        let asked = Asked {
            via: via.clone(),
            ..Asked::new("OPTIONS", 1, "")
        };
        world.hears_from(address(source), asked.text().as_bytes());
        let (sent_to, ok) = world.sent_to();
        assert_eq!(sent_to, address(to), "{via}");
        let expected = via.replace(";rport", "").replace(";received=10.9.9.9", "") + stamp;
        assert_eq!(header(&ok, "Via"), expected);
        world.ends();
    }
}

/// A call with `fields`, hung up by us: where the BYE goes, and the BYE.
fn bye_of(fields: &'static str, contact: &str) -> (SocketAddr, String) {
    let mut world = World::new();
    let text = Asked::invite().with(fields).text();
    let text = text.replace("<sip:+4930123456@192.0.2.1:5070>\r\n", &format!("{contact}\r\n"));
    world.hears_from(peer(), text.as_bytes());
    world.sent();
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    if !fields.is_empty() {
        let recorded = fields
            .trim_end()
            .strip_prefix("Record-Route: ")
            .expect("Record-Route");
        assert_eq!(header(&ok, "Record-Route"), recorded);
    }
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    world.told();
    world.hangs_up(leg);
    let sent = world.sent_to();
    world.passes(Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    assert_eq!(
        world.told(),
        Event::Ended {
            leg,
            why: EndReason::HungUpUnanswered
        }
    );
    world.ends();
    sent
}

#[test]
fn a_bye_follows_loose_routes_in_their_order() {
    let routes = "Record-Route: <sip:192.0.2.50:5080;lr>, <sip:192.0.2.60;lr=on>\r\n";
    let (to, bye) = bye_of(routes, "<sip:x@192.0.2.7>");
    assert_eq!(to, address("192.0.2.50:5080"));
    assert!(bye.starts_with("BYE sip:x@192.0.2.7 SIP/2.0\r\n"));
    let routes: Vec<_> = bye.lines().filter(|line| line.starts_with("Route: ")).collect();
    assert_eq!(
        routes,
        ["Route: <sip:192.0.2.50:5080;lr>", "Route: <sip:192.0.2.60;lr=on>"]
    );
}

#[test]
fn a_strict_router_becomes_the_request_uri() {
    let (to, bye) = bye_of(
        "Record-Route: <sip:192.0.2.50>, <sip:192.0.2.60;lr>\r\n",
        "<sip:x@192.0.2.7>",
    );
    assert_eq!(to, address("192.0.2.50:5060"));
    assert!(bye.starts_with("BYE sip:192.0.2.50 SIP/2.0\r\n"));
    let routes: Vec<_> = bye.lines().filter(|line| line.starts_with("Route: ")).collect();
    assert_eq!(routes, ["Route: <sip:192.0.2.60;lr>", "Route: <sip:x@192.0.2.7>"]);
}

#[test]
fn a_contact_never_makes_us_send_elsewhere() {
    for (contact, to) in [
        ("<sip:x@192.0.2.7:5099>", "192.0.2.7:5099"),
        ("sip:x@192.0.2.7", "192.0.2.7:5060"),
        ("<sip:x@198.51.100.1>", "192.0.2.1:5070"),
        ("<sip:x@victim.example>", "192.0.2.1:5070"),
        ("<sip:x@192.0.2.7;maddr=198.51.100.1>", "192.0.2.1:5070"),
        ("<sip:x@192.0.2.7:0>", "192.0.2.1:5070"),
    ] {
        assert_eq!(bye_of("", contact).0, address(to), "{contact}");
    }
    let routed = bye_of("Record-Route: <sip:198.51.100.9;lr>\r\n", "<sip:x@192.0.2.7>");
    assert_eq!(routed.0, peer(), "nor does a Record-Route");
}

#[test]
fn compact_forms_and_folded_lines_make_a_call() {
    let text = format!(
        "INVITE sip:%34930555:secret@192.0.2.100;user=phone SIP/2.0\r\nv: SIP / 2.0 / UDP 192.0.2.5 : 5070 ;branch=z9hG4bKc1,\r\n \
         SIP/2.0/UDP 192.0.2.6;branch=z9hG4bKc0\r\nf: \"a;tag=no \\\" <\" <tel:+4930123456>\r\n ;tag=peer\r\n\
         t: sip:4930555@192.0.2.100\r\ni: call-1\r\nCSEQ: 00001\tINVITE\r\nm: \"x\" <sip:192.0.2.5:5070>;q=0.5, <sip:y@z>\r\n\
         C: Application/SDP;charset=utf-8\r\nk: timer\r\nL: {}\r\n\r\n{OFFER}trailing rubbish",
        OFFER.len()
    );
    let mut world = World::new();
    world.hears_from(peer(), text.as_bytes());
    world.sent();
    let told = world.told();
    let Event::Invited { leg, called, .. } = told else {
        panic!("{told:?}");
    };
    assert_eq!(called, "4930555");
    world.accepts(leg);
    let ok = world.sent();
    let vias: Vec<_> = ok.lines().filter(|line| line.starts_with("Via: ")).collect();
    assert_eq!(vias.len(), 2, "{ok}");
    assert_eq!(
        header(&ok, "From"),
        "\"a;tag=no \\\" <\" <tel:+4930123456> ;tag=peer"
    );
    world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    world.ends();
}

#[test]
fn a_peer_without_magic_cookie_is_understood() {
    let via = "SIP/2.0/UDP 192.0.2.1:5070;branch=1".to_owned();
    let old = |method, cseq| Asked {
        via: via.clone(),
        ..Asked::new(method, cseq, "")
    };
    let mut world = World::new();
    let invite = Asked {
        body: OFFER.to_owned(),
        ..old("INVITE", 1)
    };
    world.hears(&invite);
    world.hears(&invite);
    assert_eq!(world.sent(), world.sent());
    world.invited();
    world.hears(&old("CANCEL", 1));
    assert_eq!(status(&world.sent()), 200);
    let terminated = world.sent();
    assert_eq!(status(&terminated), 487);
    world.hears(&old("ACK", 1).within(&terminated));
    assert!(matches!(
        world.told(),
        Event::Ended {
            why: EndReason::Cancelled,
            ..
        }
    ));
    world.ends();
}

#[test]
fn the_time_stamp_comes_back_with_the_100() {
    let mut world = World::new();
    world.hears(&Asked::invite().with("Timestamp: 54\r\n"));
    assert_eq!(header(&world.sent(), "Timestamp"), "54");
    let leg = world.invited();
    world.hangs_up(leg);
    let gone = world.sent();
    assert!(!gone.contains("Timestamp"));
    world.hears(&Asked::new("ACK", 1, "i1").within(&gone));
    world.told();
    world.ends();
}
