//! Calls over TCP: what is not repeated, by which connection answers go, and when connections are closed.

use super::{Asked, World, header, local, peer, status};
use crate::ids::LegId;
use crate::sip::{
    Admission, CONNECTIONS_HOST_MAX, EndReason, Event, Noted, Peer, Reason, Refused, STREAM_BYTES_MAX,
};
use std::net::SocketAddr;
use std::time::Duration;

/// The peer's end of its connection.
fn far() -> SocketAddr {
    "192.0.2.1:40000".parse().expect("address")
}

fn over_tcp(asked: &Asked) -> String {
    asked.text().replace("SIP/2.0/UDP", "SIP/2.0/TCP")
}

impl World {
    fn connects(&mut self, from: SocketAddr) -> Admission {
        self.ua.handle_connected(self.now, Peer::tcp(from), local())
    }

    fn reads(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.ua.handle_stream(self.now, from, bytes);
        self.drain();
    }

    fn reads_request(&mut self, asked: &Asked) {
        self.reads(far(), over_tcp(asked).as_bytes());
    }

    fn loses(&mut self, peer: SocketAddr) {
        self.ua.handle_closed(self.now, peer);
    }

    /// The next message, which must go by this connection.
    fn sent_tcp(&mut self, to: SocketAddr) -> String {
        let (from, by, text) = self.sent_by();
        assert_eq!((from, by), (local(), Peer::tcp(to)));
        text
    }

    /// A call over TCP up to its ACK.
    fn talks_over_tcp(&mut self) -> (LegId, String) {
        assert_eq!(self.connects(far()), Admission::Welcome);
        self.reads_request(&Asked::invite());
        assert_eq!(status(&self.sent_tcp(far())), 100);
        let leg = self.invited();
        self.accepts(leg);
        let ok = self.sent_tcp(far());
        self.reads_request(&Asked::new("ACK", 1, "a1").within(&ok));
        assert_eq!(self.told(), Event::Confirmed { leg });
        (leg, ok)
    }

    /// The peer closes its connections; nothing is left.
    fn ends_closed(mut self) -> crate::sip::Counters {
        self.loses(far());
        self.ends()
    }
}

/// The peer's answer to our BYE.
fn answer_to(bye: &str) -> String {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(bye, name)));
    format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", copied.concat())
}

#[test]
fn a_call_over_tcp_says_so_and_repeats_nothing_but_its_200() {
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    world.reads_request(&Asked::invite());
    let trying = world.sent_tcp(far());
    assert!(header(&trying, "Via").starts_with("SIP/2.0/TCP 192.0.2.1:5070;"));
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent_tcp(far());
    assert_eq!(header(&ok, "Contact"), "<sip:192.0.2.100:5060;transport=tcp>");
    assert_eq!(world.waits_for(), Some(Reason::Answer));
    world.passes(Duration::from_millis(500));
    assert_eq!(world.sent_tcp(far()), ok, "a hop behind may be UDP");
    world.reads_request(&Asked::new("ACK", 1, "a1").within(&ok));
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hangs_up(leg);
    let bye = world.sent_tcp(far());
    assert!(header(&bye, "Via").starts_with("SIP/2.0/TCP 192.0.2.100:5060;"));
    world.passes(Duration::from_secs(10));
    world.is_quiet();
    world.reads(far(), answer_to(&bye).as_bytes());
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.passes(Duration::ZERO);
    assert_eq!(world.ua.census().client_transactions, 0, "timer K is zero");
    world.ends_closed();
}

#[test]
fn a_refusal_over_tcp_is_said_once() {
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    world.reads_request(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.hangs_up(leg);
    let refused = world.sent_tcp(far());
    world.told();
    world.passes(Duration::from_secs(20));
    world.is_quiet();
    world.reads_request(&Asked::new("ACK", 1, "i1").within(&refused));
    world.reads_request(&Asked::new("OPTIONS", 1, "o1"));
    assert_eq!(world.answer(), 200);
    world.passes(Duration::ZERO);
    assert_eq!(
        world.ua.census().server_transactions,
        0,
        "timers I and J are zero"
    );
    world.ends_closed();
}

#[test]
fn messages_are_read_however_they_are_cut_and_pings_answered() {
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    let both = [Asked::new("OPTIONS", 1, "o1"), Asked::new("OPTIONS", 2, "o2")]
        .map(|asked| over_tcp(&asked))
        .concat();
    world.reads(far(), both.as_bytes());
    assert_eq!((status(&world.sent()), status(&world.sent())), (200, 200));
    for byte in over_tcp(&Asked::invite()).as_bytes() {
        world.reads(far(), &[*byte]);
    }
    assert_eq!(world.answer(), 100);
    let leg = world.invited();
    world.reads(far(), b"\r\n\r\n");
    assert_eq!(world.sent_tcp(far()), "\r\n");
    world.reads_request(&Asked::new("CANCEL", 1, "i1"));
    assert_eq!(status(&world.sent()), 200);
    let gone = world.sent();
    world.reads_request(&Asked::new("ACK", 1, "i1").within(&gone));
    let why = EndReason::Cancelled;
    assert_eq!(world.told(), Event::Ended { leg, why });
    assert_eq!(world.ends_closed().noted(Noted::KeepAlive), 1);
}

#[test]
fn a_stream_that_does_not_say_where_a_message_ends_is_told_so_and_closed() {
    let endless = over_tcp(&Asked::invite()).replace("Content-Length: ", "X-Length: ");
    let huge = over_tcp(&Asked::invite()).replace("Content-Length: ", "Content-Length: 99999");
    for (text, line, why) in [
        (endless, "SIP/2.0 400 Missing Content-Length", Refused::Unframed),
        (huge, "SIP/2.0 513 Message Too Large", Refused::DatagramTooLong),
    ] {
        let mut world = World::new();
        assert_eq!(world.connects(far()), Admission::Welcome);
        world.reads(far(), text.as_bytes());
        assert_eq!(world.sent_tcp(far()).lines().next(), Some(line));
        assert_eq!(world.closed, [far()]);
        world.reads(far(), text.as_bytes());
        assert_eq!(world.ends().refused(why), 1);
    }
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    world.reads(far(), &vec![b'x'; STREAM_BYTES_MAX + 1]);
    assert_eq!(world.closed, [far()]);
    assert_eq!(world.ends().refused(Refused::Unreadable), 1);
}

#[test]
fn strangers_and_crowds_are_not_let_in() {
    let mut world = World::new();
    let stranger = "198.51.100.1:5060".parse().expect("address");
    assert_eq!(world.connects(stranger), Admission::Refused);
    world.reads(stranger, b"\r\n\r\n");
    for port in 0..CONNECTIONS_HOST_MAX as u16 {
        assert_eq!(
            world.connects(SocketAddr::new(far().ip(), 1_000 + port)),
            Admission::Welcome
        );
    }
    assert_eq!(world.connects(far()), Admission::Refused);
    assert_eq!(world.ua.census().connections, CONNECTIONS_HOST_MAX);
    world.passes(Duration::from_secs(180));
    let counters = world.ends();
    assert_eq!(counters.refused(Refused::Unserved), 2);
    assert_eq!(counters.refused(Refused::ConnectionsMaxHost), 1);
    assert_eq!(counters.noted(Noted::ClosedIdle), CONNECTIONS_HOST_MAX as u64);
}

#[test]
fn an_idle_connection_is_closed_unless_a_call_needs_it() {
    let mut world = World::new();
    let (leg, ok) = world.talks_over_tcp();
    world.passes(Duration::from_secs(1_000));
    assert!(world.closed.is_empty(), "the call stands");
    world.reads_request(&Asked::new("BYE", 2, "b2").within(&ok));
    assert_eq!(status(&world.sent_tcp(far())), 200);
    assert!(matches!(world.told(), Event::Ended { leg: ended, .. } if ended == leg));
    world.passes(Duration::from_secs(179));
    assert!(world.closed.is_empty());
    world.passes(Duration::from_secs(1));
    assert_eq!(world.closed, [far()]);
    assert_eq!(world.ends().noted(Noted::ClosedIdle), 1);
}

#[test]
fn half_a_message_is_not_waited_for_for_ever() {
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    for second in 0..40 {
        world.reads(
            far(),
            if second == 0 {
                b"OPTIONS sip:x SIP/2.0"
            } else {
                b"x"
            },
        );
        world.passes(Duration::from_secs(1));
        assert_eq!(world.closed.is_empty(), second < 29, "after {second} s");
    }
    assert_eq!(world.ends().noted(Noted::ClosedHalf), 1);
}

#[test]
fn an_answer_whose_connection_is_gone_goes_back_by_a_new_one() {
    let mut world = World::new();
    assert_eq!(world.connects(far()), Admission::Welcome);
    world.reads_request(&Asked::invite());
    world.sent();
    let leg = world.invited();
    world.loses(far());
    world.accepts(leg);
    let ok = world.sent_tcp(peer());
    assert_eq!(status(&ok), 200);
    // The peer goes on by that connection.
    assert_eq!(world.connects(peer()), Admission::Welcome);
    world.reads(
        peer(),
        over_tcp(&Asked::new("ACK", 1, "a1").within(&ok)).as_bytes(),
    );
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hangs_up(leg);
    let bye = world.sent_tcp(peer());
    world.reads(peer(), answer_to(&bye).as_bytes());
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.loses(peer());
    world.ends();
}

#[test]
fn our_bye_finds_the_peer_by_its_contact_or_is_counted() {
    for (contact, reached) in [("192.0.2.1:5070", true), ("198.51.100.7", false)] {
        let mut world = World::new();
        assert_eq!(world.connects(far()), Admission::Welcome);
        let invite = over_tcp(&Asked::invite()).replace(
            "192.0.2.1:5070>\r\nContent-T",
            &format!("{contact}>\r\nContent-T"),
        );
        world.reads(far(), invite.as_bytes());
        world.sent();
        let leg = world.invited();
        world.accepts(leg);
        let ok = world.sent();
        world.reads_request(&Asked::new("ACK", 1, "a1").within(&ok));
        world.told();
        world.loses(far());
        world.hangs_up(leg);
        if reached {
            assert!(world.sent_tcp(peer()).starts_with("BYE "));
        }
        world.passes(Duration::from_secs(32));
        let why = EndReason::HungUpUnanswered;
        assert_eq!(world.told(), Event::Ended { leg, why });
        assert_eq!(world.ends().noted(Noted::NoWayBack), u64::from(!reached));
    }
}

#[test]
fn a_peer_that_connects_anew_is_followed() {
    let mut world = World::new();
    let (leg, ok) = world.talks_over_tcp();
    world.loses(far());
    let anew = SocketAddr::new(far().ip(), 40_001);
    assert_eq!(world.connects(anew), Admission::Welcome);
    let asked = Asked::new("OPTIONS", 2, "o2").within(&ok);
    world.reads(anew, over_tcp(&asked).as_bytes());
    assert_eq!(status(&world.sent_tcp(anew)), 200);
    world.hangs_up(leg);
    let bye = world.sent_tcp(anew);
    world.reads(anew, answer_to(&bye).as_bytes());
    world.told();
    world.loses(anew);
    world.ends();
}
