//! RFC 5118: addresses of IPv6 wherever an address may stand.

use super::super::{local, our_rtp};
use super::*;
use crate::sip::Peer;
use std::net::SocketAddr;

const VIA: &str = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111";

fn request(method: &str, target: &str, via: &str, more: &str, body: &str) -> String {
    let length = format!("Content-Length: {}", body.len());
    let lines = [
        &format!("{method} {target} SIP/2.0"),
        "To: sip:user@example.com",
        "From: sip:user@example.com;tag=81x2",
        via,
        "Call-ID: SSG9559905523997077@hlau_4100",
        "Max-Forwards: 70",
        &format!("CSeq: 98176 {method}"),
        "Contact: \"Caller\" <sip:caller@[2001:db8::1]>",
        more,
        &length,
    ];
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    wire(&lines, body)
}

/// The target is read: REGISTER is told that it is not done here, OPTIONS is answered.
fn is_a_target(target: &str) {
    let register = request("REGISTER", target, VIA, "", "");
    refused(register, "405 Method Not Allowed", Refused::Method);
    let answer = answer(request("OPTIONS", target, VIA, "", ""));
    assert_eq!(status(&answer), 200);
    assert!(header(&answer, "Via").starts_with("SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"));
}

#[test]
fn s4_1_ipv6_good_has_an_address_in_brackets() {
    is_a_target("sip:[2001:db8::10]");
}

#[test]
fn s4_2_ipv6_bad_has_an_address_without_brackets() {
    let message = request("REGISTER", "sip:2001:db8::10", VIA, "", "");
    refused(message, "400 Malformed Request-URI", Refused::Malformed);
}

/// What stands in the brackets is the address, the last group included: there is no port.
#[test]
fn s4_3_port_ambiguous_has_no_port() {
    is_a_target("sip:[2001:db8::10:5070]");
    let uri = crate::sip::uri::read("sip:[2001:db8::10:5070]").expect("a URI");
    assert_eq!(uri.address(), "[2001:db8::10:5070]:5060".parse().ok());
}

#[test]
fn s4_4_port_unambiguous_has_its_port_behind_the_brackets() {
    is_a_target("sip:[2001:db8::10]:5070");
    let uri = crate::sip::uri::read("sip:[2001:db8::10]:5070").expect("a URI");
    assert_eq!(uri.address(), "[2001:db8::10]:5070".parse().ok());
}

/// `received` may come in brackets or without. What we write ourselves has none, as the grammar wants it; and it is the address that
/// the request really came from.
#[test]
fn s4_5_via_received_param_is_read_in_both_forms() {
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("Via: SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9hG4bKas3-111");
        let message = request("BYE", "sip:user@example.com", &via, "", "");
        let mut world = World::with(&[("[2001:db8::100]:5060", "[2001:db8::100]:5060")], 10);
        world.checks_grammar = false;
        let (from, local): (SocketAddr, SocketAddr) = (
            "[2001:db8::9:7]:5060".parse().expect("address"),
            "[2001:db8::100]:5060".parse().expect("address"),
        );
        world.hears_by(Peer::udp(from), local, message.as_bytes());
        let (to, answer) = world.sent_to();
        assert_eq!((to, status(&answer)), (from, 481));
        let expected = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111;received=2001:db8::9:7";
        assert_eq!(header(&answer, "Via"), expected);
    }
}

/// A world with sockets of both families that has heard an INVITE with this body: where its media goes.
fn media_of(via: &str, body: &str) -> (SocketAddr, String) {
    let both = [
        ("192.0.2.100:5060", "192.0.2.100:5060"),
        ("[2001:db8::100]:5060", "[2001:db8::100]:5060"),
    ];
    let mut world = World::with(&both, 10);
    world.checks_grammar = false;
    let message = request(
        "INVITE",
        "sip:user@example.com",
        via,
        "Content-Type: application/sdp",
        body,
    );
    world.hears_by(Peer::udp(peer()), local(), message.as_bytes());
    assert_eq!(status(&world.sent()), 100);
    let Event::Invited { leg, spec, host, .. } = world.told() else {
        panic!("not invited");
    };
    world
        .ua
        .accept(world.now, leg, SocketAddr::new(host, our_rtp().port()));
    world.drain();
    (spec.remote, world.sent())
}

#[test]
fn s4_6_ipv6_in_sdp_is_where_the_media_goes() {
    let body = "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live video feed for today's meeting\r\n\
        c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n\
        m=video 6024 RTP/AVP 107\r\na=rtpmap:107 H263-1998/90000\r\n";
    let (remote, ok) = media_of(VIA, body);
    assert_eq!(remote, "[2001:db8::20]:6000".parse().expect("address"));
    assert!(
        ok.contains("c=IN IP6 2001:db8::100\r\n") && ok.contains("m=video 0 RTP/AVP 107\r\n"),
        "{ok}"
    );
}

#[test]
fn s4_7_mult_ip_in_header_names_both_families() {
    let vias = "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\r\n\
        Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200";
    let message = request("BYE", "sip:user@host.example.net", vias, "", "");
    let answer = refused(
        message,
        "481 Call/Transaction Does Not Exist",
        Refused::UnknownDialog,
    );
    assert_eq!(
        super::vias(&answer)[2],
        "SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200"
    );
}

#[test]
fn s4_8_mult_ip_in_sdp_has_an_address_for_each_stream() {
    let body = "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n\
        c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n";
    let (remote, ok) = media_of(VIA, body);
    assert_eq!(remote, "192.0.2.1:22334".parse().expect("address"));
    assert!(
        ok.contains("c=IN IP4 192.0.2.100\r\n") && ok.contains("m=video 0 RTP/AVP 107\r\n"),
        "{ok}"
    );
}

/// An address of IPv4 in the clothes of IPv6 is one of IPv4: there the media goes, and from there it comes.
#[test]
fn s4_9_ipv4_mapped_ipv6_is_ipv4() {
    let via = "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\r\n\
        Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111";
    let body = "v=0\r\no=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2\r\ns=Call me soon, please!\r\n\
        c=IN IP6 ::ffff:192.0.2.2\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 0\r\nm=video 6024 RTP/AVP 107\r\n\
        a=rtpmap:107 H263-1998/90000\r\n";
    let (remote, ok) = media_of(via, body);
    assert_eq!(remote, "192.0.2.2:6000".parse().expect("address"));
    assert!(ok.contains("c=IN IP4 192.0.2.100\r\n"), "{ok}");
}

/// The colon too many is the grammar's fault, not the peer's: both forms are read.
#[test]
fn s4_10_ipv6_bug_abnf_3_colons_is_tolerated() {
    is_a_target("sip:user@[2001:db8:::192.0.2.1]");
    is_a_target("sip:user@[2001:db8::192.0.2.1]");
    let via = "Via: SIP/2.0/UDP [2001:db8:::192.0.2.1]:5070;branch=z9hG4bKas3-111";
    let mut world = heard(request("OPTIONS", "sip:user@example.com", via, "", ""));
    assert_eq!(world.sent_to().0.port(), 5070);
}
