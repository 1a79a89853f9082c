//! Where a message ends, how long it may be, and how its fields may be written.

use super::{Asked, OFFER, World, header, local, peer, status};
use crate::sip::{Event, Peer, Refused};
use std::net::SocketAddr;

/// What an OPTIONS is answered, with this for its Content-Length line, over UDP and over TCP. `None`: the rest is waited for.
fn said(length: &str) -> (Option<u16>, Option<u16>) {
    let text = Asked::new("OPTIONS", 1, "o1")
        .text()
        .replacen("Content-Length: 0", length, 1);
    let text = text.replace("\r\n\r\n\r\n", "\r\n\r\n");
    let mut world = World::new();
    world.hears_from(peer(), text.as_bytes());
    let udp = world.statuses().first().copied();
    let mut world = World::new();
    let far: SocketAddr = "192.0.2.1:40000".parse().expect("address");
    let _ = world.ua.handle_connected(world.now, Peer::tcp(far), local());
    world.ua.handle_stream(world.now, far, text.as_bytes());
    world.drain();
    (udp, world.statuses().first().copied())
}

#[test]
fn a_length_is_read_however_it_is_written_and_refused_where_it_is_wrong() {
    for (length, udp, tcp) in [
        ("Content-Length: 0", Some(200), Some(200)),
        ("content-length:0", Some(200), Some(200)),
        ("L : 000", Some(200), Some(200)),
        ("Content-Length :\r\n\t0", Some(200), Some(200)),
        ("l: 0\r\nContent-Length: 0", Some(200), Some(200)),
        ("X: y", Some(200), Some(400)),
        ("l: 0\r\nContent-Length: 1", Some(400), Some(400)),
        ("Content-Length: -1", Some(400), Some(400)),
        ("Content-Length: +0", Some(400), Some(400)),
        ("Content-Length: 0, 0", Some(400), Some(400)),
        ("Content-Length: 0x0", Some(400), Some(400)),
        ("Content-Length: 0 0", Some(400), Some(400)),
        ("Content-Length:", Some(400), Some(400)),
        ("Content-Length: 99999999999999999999", Some(400), Some(400)),
        // More than has come: all there is of a datagram, and not yet all of a stream.
        ("Content-Length: 5", Some(400), None),
    ] {
        assert_eq!(said(length), (udp, tcp), "{length}");
    }
}

#[test]
fn what_is_too_long_is_told_which_part_of_it() {
    let line = Asked::invite()
        .text()
        .replacen("4930555@", &format!("{}@", "5".repeat(5_000)), 1);
    let value =
        Asked::invite()
            .text()
            .replacen("Max-Forwards: 70", &format!("Subject: {}", "x".repeat(5_000)), 1);
    let many = format!("Max-Forwards: 70\r\n{}X: y", "X: y\r\n".repeat(100));
    let count = Asked::invite().text().replacen("Max-Forwards: 70", &many, 1);
    let body = Asked {
        body: format!("{OFFER}{}", "a=x\r\n".repeat(1_700)),
        ..Asked::invite()
    };
    for (text, line, why) in [
        (line, "SIP/2.0 414 Request-URI Too Long", Refused::LineTooLong),
        (value, "SIP/2.0 400 Header Field Too Long", Refused::HeaderTooLong),
        (
            count,
            "SIP/2.0 400 Too Many Header Fields",
            Refused::HeadersTooMany,
        ),
        (
            body.text(),
            "SIP/2.0 413 Request Entity Too Large",
            Refused::BodyTooLong,
        ),
    ] {
        let mut world = World::new();
        world.hears_from(peer(), text.as_bytes());
        assert_eq!(world.sent().lines().next(), Some(line));
        world.is_quiet();
        assert_eq!(world.ua.counters().refused(why), 1, "{line}");
    }
}

/// Within a call too: the request is refused, the call stands.
#[test]
fn a_body_too_long_within_a_call_is_refused_by_itself() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (number, method) in ["INVITE", "UPDATE", "INFO", "OPTIONS"].into_iter().enumerate() {
        let asked = Asked {
            body: "x".repeat(8_193),
            ..Asked::new(method, 2, &format!("l{number}")).within(&ok)
        };
        world.hears(&asked);
        assert_eq!(world.answer(), 413, "{method}");
        if method == "INVITE" {
            world.hears(&Asked::new("ACK", 2, "l0").within(&ok));
        }
    }
    world.hears(&Asked::new("BYE", 3, "b1").within(&ok));
    assert_eq!(world.answer(), 200);
    world.told();
    assert_eq!(world.ends().refused(Refused::BodyTooLong), 4);
}

#[test]
fn a_body_that_may_be_passed_over_is() {
    let strange = |more: &'static str| {
        let asked = Asked {
            body: "<x/>".to_owned(),
            ..Asked::invite()
        }
        .with(more);
        asked.text().replace("application/sdp", "application/x+xml")
    };
    let mut world = World::new();
    world.hears_from(
        peer(),
        strange("Content-Disposition: signal ; Handling=Optional\r\n").as_bytes(),
    );
    assert_eq!(world.answer(), 100, "a call without an offer");
    assert!(matches!(world.told(), Event::Invited { spec, .. } if !spec.send));
    let mut world = World::new();
    world.hears_from(
        peer(),
        strange("Content-Disposition: signal;handling=required\r\n").as_bytes(),
    );
    assert_eq!(world.answer(), 415);
    let mut world = World::new();
    let options = Asked {
        body: "<x/>".to_owned(),
        ..Asked::new("OPTIONS", 1, "o1")
    };
    world.hears_from(
        peer(),
        options
            .text()
            .replace("application/sdp", "application/x+xml")
            .as_bytes(),
    );
    let refused = world.sent();
    assert_eq!(
        (status(&refused), header(&refused, "Accept")),
        (415, "application/sdp")
    );
}

#[test]
fn names_in_any_script_come_back_as_they_were() {
    for name in [
        "\"J\u{f6}rg \\\"\u{df}\\\" \u{5927}\u{962a}\"",
        "Zo\u{eb} Schmidt",
        "\"a, b; <sip:c@d>\"",
        "\"\"",
    ] {
        let text = Asked::new("OPTIONS", 1, "o1")
            .text()
            .replacen("\"Erna\"", name, 1);
        let mut world = World::new();
        world.checks_grammar = false;
        world.hears_from(peer(), text.as_bytes());
        let answer = world.sent();
        assert_eq!(status(&answer), 200);
        assert_eq!(
            header(&answer, "From"),
            format!("{name} <sip:+4930123456@192.0.2.1>;tag=peer")
        );
    }
}

/// Values in one line or in many, empty ones between them: the same values.
#[test]
fn several_values_a_line_are_several_lines() {
    let mut answers = Vec::new();
    for (vias, routes) in [
        (
            "Via: SIP/2.0/UDP a.example;branch=z9hG4bK2\r\nVia: SIP/2.0/UDP [2001:db8::7]:99;branch=z9hG4bK3",
            "Record-Route: <sip:192.0.2.1;lr>\r\nRecord-Route: \"x, y\" <sip:192.0.2.2;lr>",
        ),
        (
            "v: SIP/2.0/UDP a.example;branch=z9hG4bK2 ,\r\n SIP/2.0/UDP [2001:db8::7]:99;branch=z9hG4bK3",
            "record-route: <sip:192.0.2.1;lr>,\r\n\t, \"x, y\" <sip:192.0.2.2;lr>",
        ),
    ] {
        let more = format!("Max-Forwards: 70\r\n{vias}\r\n{routes}");
        let text = Asked::invite().text().replacen("Max-Forwards: 70", &more, 1);
        let mut world = World::new();
        world.hears_by(Peer::udp(peer()), local(), text.as_bytes());
        world.sent();
        let leg = world.invited();
        world.accepts(leg);
        let ok = world.sent();
        assert_eq!(
            header(&ok, "Record-Route"),
            "<sip:192.0.2.1;lr>, \"x, y\" <sip:192.0.2.2;lr>"
        );
        answers.push(
            ok.lines()
                .filter(|line| line.starts_with("Via: "))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].len(), 3);
}
