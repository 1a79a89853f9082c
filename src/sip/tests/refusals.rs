//! What is not done, and the exact words for it.

use super::{Asked, OFFER, World, header, peer, status};
use crate::sip::{Event, HEADERS_MAX, Noted, Refusal, Refused};
use std::net::SocketAddr;

/// Says `text` to a new world: what it answers, if anything. An INVITE's refusal is acknowledged.
fn said(text: &str, why: Refused) -> Option<String> {
    let mut world = World::new();
    world.hears_from(peer(), text.as_bytes());
    let answer = (world.sent.len() == 1).then(|| world.sent());
    if let Some(answer) = answer.as_deref().filter(|_| text.starts_with("INVITE")) {
        world.hears(&Asked::new("ACK", 1, "i1").within(answer));
    }
    assert_eq!(world.ends().refused(why), 1, "{text}");
    answer
}

fn refused(text: &str, why: Refused, line: &str) -> String {
    let answer = said(text, why).unwrap_or_else(|| panic!("no answer to\n{text}"));
    assert_eq!(
        answer.lines().next(),
        Some(format!("SIP/2.0 {line}").as_str()),
        "{text}"
    );
    answer
}

#[test]
fn nobody_outside_the_served_networks_hears_a_word() {
    let mut world = World::new();
    let stranger: SocketAddr = "198.51.100.1:5060".parse().expect("address");
    world.hears_from(stranger, Asked::invite().text().as_bytes());
    world.hears_from(stranger, b"\xff\x00 nothing like SIP");
    world.hears_from(stranger, b"\r\n\r\n");
    let counters = world.ends();
    assert_eq!(counters.refused(Refused::Unserved), 3);
    assert_eq!(
        counters.refused_pairs().map(|(_, count)| count).sum::<u64>(),
        3,
        "it is not even parsed"
    );
}

#[test]
fn served_networks_can_change_while_running() {
    let mut world = World::new();
    world
        .ua
        .reload_served(vec!["198.51.100.0/24".parse().expect("network")]);
    world.hears(&Asked::new("OPTIONS", 1, "o1"));
    world.is_quiet();
    world.hears_from(
        "198.51.100.1:5070".parse().expect("address"),
        Asked::new("OPTIONS", 1, "o1").text().as_bytes(),
    );
    assert_eq!(world.answer(), 200);
    world.ends();
}

#[test]
fn options_say_what_we_can_do() {
    let mut world = World::new();
    world.hears(&Asked::new("OPTIONS", 1, "o1"));
    let ok = world.sent();
    assert_eq!(status(&ok), 200);
    assert_eq!(
        header(&ok, "Allow"),
        "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"
    );
    assert_eq!(header(&ok, "Accept"), "application/sdp");
    assert_eq!(header(&ok, "Supported"), "timer");
    world.ends();
}

#[test]
fn other_methods_get_405_or_501_with_allow() {
    for method in ["REGISTER", "SUBSCRIBE", "NOTIFY", "REFER", "MESSAGE", "PUBLISH"] {
        let text = Asked::new(method, 1, "x1").text();
        let answer = refused(&text, Refused::Method, "405 Method Not Allowed");
        assert!(header(&answer, "Allow").contains("BYE"));
    }
    // Never heard of: names are compared by case.
    for method in ["INVITEX", "invite", "HELLO"] {
        let text = Asked::new(method, 1, "x1").text();
        let answer = refused(&text, Refused::MethodUnknown, "501 Not Implemented");
        assert!(header(&answer, "Allow").contains("BYE"));
    }
}

#[test]
fn requests_of_unknown_dialogs_get_481() {
    for method in ["BYE", "INVITE", "OPTIONS", "INFO", "UPDATE"] {
        let asked = Asked {
            to_tag: ";tag=nobody".to_owned(),
            ..Asked::new(method, 1, "i1")
        };
        refused(
            &asked.text(),
            Refused::UnknownDialog,
            "481 Call/Transaction Does Not Exist",
        );
    }
    for method in ["BYE", "INFO", "UPDATE"] {
        refused(
            &Asked::new(method, 1, "i1").text(),
            Refused::UnknownDialog,
            "481 Call/Transaction Does Not Exist",
        );
    }
}

#[test]
fn requests_that_ask_for_too_much_are_told_exactly_what() {
    let invite = Asked::invite().text();
    let extension = Asked::invite().with("Require: 100rel, replaces, gruu\r\n").text();
    let answer = refused(&extension, Refused::Extension, "420 Bad Extension");
    assert_eq!(header(&answer, "Unsupported"), "replaces, gruu");
    let text = invite.replace("application/sdp", "text/plain");
    let answer = refused(&text, Refused::ContentType, "415 Unsupported Media Type");
    assert_eq!(header(&answer, "Accept"), "application/sdp");
    let packed = Asked::invite().with("Content-Encoding: gzip\r\n").text();
    refused(&packed, Refused::ContentType, "415 Unsupported Media Type");
}

#[test]
fn malformed_requests_are_told_what_is_wrong() {
    let good = Asked::invite().text();
    let long = format!("Subject: {}\r\n", "x".repeat(5_000));
    let many = "X: y\r\n".repeat(HEADERS_MAX);
    for (old, new, why, line) in [
        (
            "INVITE sip:4930555@",
            "INVITE tel:4930555@",
            Refused::Scheme,
            "416 Unsupported URI Scheme",
        ),
        (
            "INVITE sip:",
            "INVITE sips:",
            Refused::Scheme,
            "416 Unsupported URI Scheme",
        ),
        (
            "INVITE sip:",
            "INVITE  sip:",
            Refused::Malformed,
            "400 Malformed Request-URI",
        ),
        (
            "INVITE sip:",
            "INVITE <sip:",
            Refused::Malformed,
            "400 Malformed Request-URI",
        ),
        (
            "sip:4930555@192.0.2.100 ",
            "sip:%zz@192.0.2.100 ",
            Refused::Malformed,
            "400 Malformed Request-URI",
        ),
        (
            "sip:4930555@192.0.2.100 ",
            "sip:a@b?Route=c ",
            Refused::Malformed,
            "400 Malformed Request-URI",
        ),
        (
            " SIP/2.0\r\nVia",
            " SIP/7.0\r\nVia",
            Refused::Version,
            "505 Version Not Supported",
        ),
        (
            " SIP/2.0\r\nVia",
            " HTTP/1.1\r\nVia",
            Refused::Malformed,
            "400 Malformed Request Line",
        ),
        (
            "CSeq: 1 INVITE",
            "CSeq: 1 BYE",
            Refused::Malformed,
            "400 CSeq Method Differs From Request Method",
        ),
        (
            "CSeq: 1 INVITE",
            "CSeq: 2147483648 INVITE",
            Refused::Malformed,
            "400 Malformed CSeq",
        ),
        (
            "Max-Forwards: 70",
            "Max-Forwards: many",
            Refused::Malformed,
            "400 Malformed Max-Forwards",
        ),
        (
            "Contact:",
            "X-Contact:",
            Refused::Malformed,
            "400 Missing Or Malformed Contact",
        ),
        (
            "Call-ID: call-1\r\n",
            "Call-ID: call-1\r\ni: 2\r\n",
            Refused::Malformed,
            "400 Header Field Allowed Only Once",
        ),
        ("To: <sip:", "To: <", Refused::Malformed, "400 Malformed To"),
        (
            "From: \"Erna\" <",
            "From: \"Erna\" ",
            Refused::Malformed,
            "400 Malformed From",
        ),
        (
            "Contact:",
            "Record-Route: nonsense\r\nContact:",
            Refused::Malformed,
            "400 Malformed Record-Route",
        ),
        (
            "Content-Length: ",
            "Content-Length: 9",
            Refused::Malformed,
            "400 Content-Length Exceeds Message Body",
        ),
        (
            "Contact:",
            "broken line\r\nContact:",
            Refused::Malformed,
            "400 Malformed Header Line",
        ),
        (
            "Contact:",
            &(long + "Contact:"),
            Refused::HeaderTooLong,
            "400 Header Field Too Long",
        ),
        (
            "Contact:",
            &(many + "Contact:"),
            Refused::HeadersTooMany,
            "400 Too Many Header Fields",
        ),
    ] {
        assert!(good.contains(old), "{old}");
        refused(&good.replacen(old, new, 1), why, line);
    }
    let huge = good + &"x".repeat(20_000);
    refused(&huge, Refused::DatagramTooLong, "513 Message Too Large");
}

#[test]
fn what_cannot_be_answered_is_only_counted() {
    let good = Asked::invite().text();
    for bad in [
        good.replacen("Via: ", "X-Via: ", 1),
        good.replacen("Via: SIP/2.0/UDP 192.0.2.1:5070", "Via: nonsense", 1),
    ] {
        assert_eq!(said(&bad, Refused::Unreadable), None, "{bad}");
    }
    let ack = Asked::new("ACK", 1, "a1")
        .text()
        .replace("Max-Forwards: 70", "Max-Forwards: x");
    assert_eq!(said(&ack, Refused::Malformed), None, "an ACK is never answered");
    let mut world = World::new();
    world.hears_from(peer(), b"SIP/2.0 500 Oh\r\nVia: x\r\n\r\n");
    world.hears_from(peer(), b"\r\n\r\n");
    let stray = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.100;branch=z9hG4bKx\r\nCSeq: 1 BYE\r\n\r\n";
    world.hears_from(peer(), stray.as_bytes());
    world.hears(&Asked::new("ACK", 1, "a1"));
    let counters = world.ends();
    assert_eq!(counters.refused(Refused::Unreadable), 1);
    for noted in [Noted::KeepAlive, Noted::StrayResponse, Noted::StrayAck] {
        assert_eq!(counters.noted(noted), 1, "{noted:?}");
    }
}

#[test]
fn an_invite_that_took_two_ways_is_merged() {
    let mut world = World::new();
    world.hears(&Asked::invite());
    world.sent();
    let leg = world.invited();
    let other = Asked {
        via: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKother".to_owned(),
        ..Asked::invite()
    };
    world.hears(&other);
    let merged = world.sent();
    assert_eq!(status(&merged), 482);
    world.hears(
        &Asked {
            via: other.via,
            ..Asked::new("ACK", 1, "")
        }
        .within(&merged),
    );
    world.hangs_up(leg);
    let gone = world.sent();
    world.hears(&Asked::new("ACK", 1, "i1").within(&gone));
    world.told();
    world.ends();
}

#[test]
fn one_call_too_many_is_asked_to_come_back_later() {
    let mut world = World::with_calls_max(1);
    let (leg, ok) = world.talks();
    let second = Asked {
        call: "call-2",
        via: Asked::new("", 0, "i9").via,
        ..Asked::invite()
    };
    world.hears(&second);
    let full = world.sent();
    assert_eq!(status(&full), 503);
    assert_eq!(header(&full, "Retry-After"), "10");
    world.hears(
        &Asked {
            call: "call-2",
            ..Asked::new("ACK", 1, "i9")
        }
        .within(&full),
    );
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    world.sent();
    assert!(matches!(world.told(), Event::Ended { leg: ended, .. } if ended == leg));
    assert_eq!(world.ends().refused(Refused::CallsMax), 1);
}

#[test]
fn a_flood_of_questions_leaves_room_for_calls() {
    let mut world = World::with_calls_max(2);
    let (leg, ok) = world.talks();
    for number in 0..1_500 {
        world.hears(&Asked::new("OPTIONS", 1, &format!("o{number}")));
        let strange = Asked::new("PUBLISH", 1, &format!("p{number}"));
        world.hears(&strange);
    }
    assert_eq!(world.sent_count(), 3_000, "each is answered");
    let transactions = world.ua.census().server_transactions;
    assert!(
        (500..600).contains(&transactions),
        "{transactions} are remembered"
    );
    world.hears(&Asked {
        call: "call-2",
        body: OFFER.to_owned(),
        ..Asked::new("INVITE", 1, "i2")
    });
    assert_eq!(world.answer(), 100);
    let second = world.invited();
    world.refuses(second, Refusal::Busy);
    assert_eq!(world.answer(), 486);
    world.hears(&Asked {
        call: "call-2",
        ..Asked::new("ACK", 1, "i2")
    });
    assert!(matches!(world.told(), Event::Ended { leg, .. } if leg == second));
    world.hears(&Asked::new("BYE", 2, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Ended { leg: ended, .. } if ended == leg));
    assert_eq!(world.ends().refused(Refused::TransactionsMax), 0);
}

#[test]
fn a_flood_within_a_call_finds_its_limit_and_the_call_can_still_end() {
    let mut world = World::with_calls_max(2);
    let (leg, ok) = world.talks();
    for number in 0..1_500 {
        world.hears(&Asked::new("INFO", 2 + number, &format!("n{number}")).within(&ok));
    }
    assert_eq!(world.sent_count(), 1_500, "each is answered");
    let transactions = world.ua.census().server_transactions;
    assert!(
        (1_000..1_100).contains(&transactions),
        "{transactions} are remembered"
    );
    world.hears(&Asked {
        call: "call-2",
        body: OFFER.to_owned(),
        ..Asked::new("INVITE", 1, "i2")
    });
    assert_eq!(world.answer(), 503);
    world.hears(&Asked::new("BYE", 2_000, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    assert!(matches!(world.told(), Event::Ended { leg: ended, .. } if ended == leg));
    assert_eq!(world.ends().refused(Refused::TransactionsMax), 1);
}
