//! No request is met with silence: whatever else is wrong with it, if its Via, From, To, Call-ID and CSeq can be used, it is
//! answered. ACK alone never is (RFC 3261 §17), nor anything from an address that is not served.

use super::{OFFER, World, header, local, our_rtp, peer};
use crate::sip::{Event, Peer, Transport};
use proptest::prelude::*;

/// How far the call has come in which the request arrives.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Nothing,
    Ringing,
    Answered,
    Confirmed,
    HungUpBeforeAck,
    HungUp,
    Over,
    Crowded,
}

/// A world in that phase, and our To tag if there is a dialog.
fn world_in(phase: Phase) -> (World, String) {
    use super::{Asked, tag};
    let mut world = World::with_calls_max(1);
    let mut our_tag = String::new();
    if !matches!(phase, Phase::Nothing) {
        world.hears(&Asked::invite());
        let leg = world.invited();
        world.sent_count();
        if !matches!(phase, Phase::Ringing) {
            world.accepts(leg);
            let ok = world.sent();
            our_tag = tag(&ok).to_owned();
            let hung_up_early = matches!(phase, Phase::HungUpBeforeAck);
            if hung_up_early {
                world.hangs_up(leg);
            } else if !matches!(phase, Phase::Answered) {
                world.hears(&Asked::new("ACK", 1, "a1").within(&ok));
            }
            match phase {
                Phase::HungUp => world.hangs_up(leg),
                Phase::Over => world.hears(&Asked::new("BYE", 2, "b1").within(&ok)),
                Phase::Crowded => {
                    for number in 0..1_100 {
                        world.hears(&Asked::new("INFO", 1, &format!("x{number}")).within(&ok));
                    }
                }
                _ => {}
            }
        }
    }
    world.checks_grammar = false;
    world.sent_count();
    (world, our_tag)
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        20 => prop::sample::select(vec![
            Phase::Nothing, Phase::Ringing, Phase::Answered, Phase::Confirmed, Phase::HungUpBeforeAck, Phase::HungUp,
            Phase::Over,
        ]),
        1 => Just(Phase::Crowded),
    ]
}

fn method() -> impl Strategy<Value = String> {
    let known = [
        "INVITE",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "INFO",
        "UPDATE",
        "PRACK",
        "REGISTER",
        "SUBSCRIBE",
        "NOTIFY",
        "REFER",
        "MESSAGE",
        "PUBLISH",
        "invite",
    ];
    prop_oneof![10 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[A-Z!%*_+`'~.-]{1,12}"]
        .prop_filter("ACK is never answered", |method| method != "ACK")
}

/// What stands behind the method: mostly a target, at times anything.
fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(" sip:4930555@192.0.2.100 SIP/2.0".to_owned()),
        1 => Just(" tel:4930555 SIP/2.0".to_owned()),
        1 => Just(" sip:a@b SIP/3.0".to_owned()),
        1 => "[ -~]{0,40}".prop_map(|rest| format!(" {rest}")),
        1 => (4_000..6_000_usize).prop_map(|long| format!(" sip:{}@b SIP/2.0", "x".repeat(long))),
    ]
}

/// A line behind the five that an answer needs.
fn more() -> impl Strategy<Value = Vec<u8>> {
    let names = [
        "Via",
        "v",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "m",
        "Max-Forwards",
        "Require",
        "Record-Route",
        "Route",
        "Content-Type",
        "Content-Length",
        "l",
        "Accept",
        "Content-Encoding",
        "Content-Disposition",
        "Timestamp",
        "P-Asserted-Identity",
        "X",
    ];
    let value = prop_oneof![
        "[ -~]{0,30}",
        "[0-9]{1,12}",
        Just(String::new()),
        Just("x".repeat(5_000))
    ];
    prop_oneof![
        6 => (prop::sample::select(names.to_vec()), value).prop_map(|(name, value)| format!("{name}: {value}").into_bytes()),
        1 => prop::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 1..60),
        1 => Just(b" folded".to_vec()),
        1 => Just(b"Contact: <sip:x@192.0.2.1>".to_vec()),
        1 => Just(b"Content-Type: application/sdp".to_vec()),
    ]
}

/// The five fields, in one of the ways in which they may be written.
fn fields(compact: bool, via: &str, tag: &str, cseq: &str) -> String {
    let to = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    match compact {
        false => format!(
            "Via: {via}\r\nFrom: \"Erna\" <sip:+4930123456@192.0.2.1>;tag=peer\r\nTo: <sip:4930555@192.0.2.100>{to}\r\n\
             Call-ID: call-1\r\nCSeq: {cseq}\r\nX: y\r\n"
        ),
        true => format!(
            "v : {via}\nf:\r\n \"\u{e4} \\\" <\" <tel:+4930123456> ;\r\n\ttag = peer\r\nt: sip:4930555@192.0.2.100 {to}\r\n\
             i:call-1\r\ncseq:\t{cseq}\r\nX: y\r\n"
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_that_can_be_answered_is(
        phase in phase(),
        method in method(),
        target in target(),
        more in prop::collection::vec(more(), 0..4),
        (compact, ours, cookie) in any::<(bool, u8, bool)>(),
        cseq in 0..4_u32,
        whole in prop::bool::weighted(0.9),
        body in prop_oneof![Just(OFFER.as_bytes().to_vec()), Just(Vec::new()), prop::collection::vec(any::<u8>(), 0..200),
            Just(vec![b'x'; 9_000]), Just(vec![b'x'; 20_000])],
    ) {
        let (mut world, our_tag) = world_in(phase);
        let tag = match ours % 3 { 0 => our_tag.as_str(), 1 => "foreign", _ => "" };
        let branch = if cookie { "z9hG4bKfresh" } else { "old" };
        let via = format!("SIP/2.0/UDP 192.0.2.1:5070;rport;branch={branch}");
        let cseq = format!("{cseq} {method}");
        let mut message = format!("{method}{target}\r\n{}", fields(compact, &via, tag, &cseq)).into_bytes();
        more.iter().for_each(|line| message.extend([line.as_slice(), b"\r\n"].concat()));
        if whole {
            message.extend(b"\r\n");
            message.extend(&body);
        }
        world.ua.handle_message(world.now, Peer::udp(peer()), local(), &message);
        world.drain();
        let answered = world.sent.iter().filter(|(_, to, text)| {
            to.addr == peer() && text.starts_with("SIP/2.0 ") && header(text, "CSeq") == cseq
        });
        prop_assert!(answered.count() > 0, "silence in {phase:?} to\n{}", String::from_utf8_lossy(&message));
    }

    /// The same over TCP, cut anywhere: a stream that says where its messages end is answered message by message.
    #[test]
    fn every_request_of_a_stream_is_answered(methods in prop::collection::vec(method(), 1..6), size in 1..700_usize) {
        let mut world = World::new();
        world.checks_grammar = false;
        let far = "192.0.2.1:40000".parse().expect("address");
        let _ = world.ua.handle_connected(world.now, Peer::tcp(far), local());
        let stream: String = methods.iter().enumerate().map(|(at, method)| {
            let via = format!("SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bK{at}");
            let fields = fields(at % 2 == 1, &via, "", &format!("{at} {method}"));
            format!("{method} sip:4930555@192.0.2.100 SIP/2.0\r\n{fields}m: <sip:x@192.0.2.1>\r\nl: 0\r\n\r\n")
        }).collect();
        for piece in stream.as_bytes().chunks(size) {
            world.ua.handle_stream(world.now, far, piece);
            world.drain();
        }
        for (at, method) in methods.iter().enumerate() {
            let cseq = format!("{at} {method}");
            let mut answers = world.sent.iter().filter(|(_, to, _)| to.transport == Transport::Tcp);
            prop_assert!(answers.any(|(_, _, text)| header(text, "CSeq") == cseq), "silence to {cseq} of\n{stream}");
        }
    }
}

/// What the first property leaves out: the five fields themselves. Only a Via that leads nowhere is met with silence.
#[test]
fn what_lacks_one_of_the_five_is_answered_as_far_as_its_via_leads() {
    let good = super::Asked::new("OPTIONS", 1, "o1").text();
    for field in ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "] {
        for written in ["X-Lacks: ", "\u{1}", "X: y\r\nContact: "] {
            let text = good.replacen(&format!("\r\n{field}"), &format!("\r\n{written}"), 1);
            let mut world = World::new();
            world.checks_grammar = false;
            world.hears_from(peer(), text.as_bytes());
            assert_eq!(world.sent_count(), usize::from(field != "Via: "), "{text}");
        }
    }
}

/// A call that is offered to the application is answered in the end, whatever the application does.
#[test]
fn an_invite_has_its_final_answer_or_its_caller_cancels() {
    for accepts in [true, false] {
        let mut world = World::new();
        world.hears(&super::Asked::invite());
        let Event::Invited { leg, .. } = world.told() else {
            panic!("not invited");
        };
        match accepts {
            true => world.ua.accept(world.now, leg, our_rtp()),
            false => world.ua.hang_up(world.now, leg),
        }
        world.drain();
        let expected = if accepts { 200 } else { 480 };
        assert_eq!(world.statuses(), [100, expected]);
    }
}
