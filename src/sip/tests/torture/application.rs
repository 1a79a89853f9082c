//! RFC 4475 §3.3 and §3.4: messages in order whose wish cannot be met, and the old syntax.

use super::*;
use crate::sip::tests::Asked;

/// A REGISTER with its own To, From and Contact. A registrar would have to look closely; to us the method decides.
fn register(to: &str, from: &str, contact: &str, more: &str) -> String {
    let lines = [
        "REGISTER sip:example.com SIP/2.0",
        &format!("Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw{more}"),
        "Max-Forwards: 70",
        &format!("From: {from};tag=DkfVgjkrtMwaerKKpe"),
        &format!("To: {to}"),
        "Call-ID: cparam.70710@saturn.example.com",
        "CSeq: 2 REGISTER",
        &format!("Contact: {contact}"),
        "l: 0",
    ];
    wire(&lines, "")
}

fn not_a_registrar(message: String) {
    let answer = refused(message, "405 Method Not Allowed", Refused::Method);
    assert!(!header(&answer, "Allow").contains("REGISTER"));
}

/// Nothing breaks, and the peer hears 400 with as much as it said itself: a Via and a CSeq.
#[test]
fn s3_3_1_insuf_lacks_call_id_from_and_to() {
    let fields = sdp_fields();
    let lines = [
        "INVITE sip:user@example.com SIP/2.0",
        "CSeq: 193942 INVITE",
        "Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf",
        &fields,
    ];
    let answer = refused(
        wire(&lines, OFFER),
        "400 Missing From, To, Call-ID Or CSeq",
        Refused::Malformed,
    );
    assert_eq!(header(&answer, "CSeq"), "193942 INVITE");
    assert!(
        !["\r\nFrom:", "\r\nTo:", "\r\nCall-ID:"]
            .iter()
            .any(|name| answer.contains(name)),
        "{answer}"
    );
    let good = Asked::invite().text();
    for name in ["From: ", "To: ", "Call-ID: ", "CSeq: "] {
        let message = good.replacen(&format!("\r\n{name}"), &format!("\r\nX-{name}"), 1);
        refused(
            message,
            "400 Missing From, To, Call-ID Or CSeq",
            Refused::Malformed,
        );
    }
}

#[test]
fn s3_3_2_unkscm_has_a_target_of_no_known_scheme() {
    let message = Asked::new("OPTIONS", 1, "o1").text();
    let message = message.replacen(
        "sip:4930555@192.0.2.100 SIP",
        "nobodyKnowsThisScheme:totallyopaquecontent SIP",
        1,
    );
    refused(message, "416 Unsupported URI Scheme", Refused::Scheme);
}

#[test]
fn s3_3_3_novelsc_has_a_target_of_a_scheme_that_is_not_ours() {
    let message = Asked::new("OPTIONS", 1, "o1").text();
    let message = message.replacen(
        "sip:4930555@192.0.2.100 SIP",
        "soap.beep://192.0.2.103:3002 SIP",
        1,
    );
    refused(message, "416 Unsupported URI Scheme", Refused::Scheme);
}

#[test]
fn s3_3_4_unksm2_has_addresses_of_other_schemes() {
    let message = register(
        "isbn:2983792873",
        "<http://www.example.com>",
        "<name:John_Smith>",
        "",
    );
    not_a_registrar(message);
    // From and To are names, not ways: a call between such is one.
    let call = Asked::invite()
        .text()
        .replacen("<sip:4930555@192.0.2.100>", "isbn:2983792873", 1);
    assert_eq!(rings(call), "4930555");
}

#[test]
fn s3_3_5_bext01_requires_what_nobody_has() {
    let lines = [
        "OPTIONS sip:user@example.com SIP/2.0",
        "To: sip:j_user@example.com",
        "From: sip:caller@example.net;tag=242etr",
        "Max-Forwards: 6",
        "Call-ID: bext01.0ha0isndaksdj",
        "Require: nothingSupportsThis, nothingSupportsThisEither",
        "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis",
        "CSeq: 8 OPTIONS",
        "Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw",
        "Content-Length: 0",
    ];
    let answer = refused(wire(&lines, ""), "420 Bad Extension", Refused::Extension);
    // What proxies must have is no business of ours.
    assert_eq!(
        header(&answer, "Unsupported"),
        "nothingSupportsThis, nothingSupportsThisEither"
    );
}

#[test]
fn s3_3_6_invut_brings_a_body_of_no_known_type() {
    let body = "<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n";
    let asked = Asked {
        body: body.to_owned(),
        ..Asked::invite()
    };
    let message = asked
        .text()
        .replace("application/sdp", "application/unknownformat");
    let answer = refused(message, "415 Unsupported Media Type", Refused::ContentType);
    assert_eq!(header(&answer, "Accept"), "application/sdp");
}

#[test]
fn s3_3_7_regaut01_authorises_itself_by_no_known_scheme() {
    let more = "\r\nAuthorization: NoOneKnowsThisScheme opaque-data=here";
    not_a_registrar(register(
        "<sip:a@example.com>",
        "<sip:a@example.com>",
        "<sip:a@192.0.2.1>",
        more,
    ));
}

#[test]
fn s3_3_8_multi01_has_several_of_what_may_stand_once() {
    let fields = sdp_fields();
    let lines = [
        "INVITE sip:user@company.com SIP/2.0",
        "Contact: <sip:caller@host25.example.net>",
        "Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw",
        "Max-Forwards: 70",
        "CSeq: 5 INVITE",
        "Call-ID: multi01.98asdh@192.0.2.1",
        "CSeq: 59 INVITE",
        "Call-ID: multi01.98asdh@192.0.2.2",
        "From: sip:caller@example.com;tag=3413415",
        "To: sip:user@example.com",
        "To: sip:other@example.net",
        "From: sip:caller@example.net;tag=2923420123",
        &fields,
        "Contact: <sip:caller@host36.example.net>",
        "Max-Forwards: 5",
    ];
    refused(
        wire(&lines, OFFER),
        "400 Header Field Allowed Only Once",
        Refused::Malformed,
    );
}

#[test]
fn s3_3_9_mcl01_has_two_lengths() {
    let message = Asked::new("OPTIONS", 1, "o1")
        .with("Content-Length: 13\r\n")
        .text();
    refused(message, "400 Malformed Content-Length", Refused::Malformed);
}

/// It is sent in answer to nothing, through a Via that is not ours: dropped.
#[test]
fn s3_3_10_bcast_is_a_response_to_somebody_else() {
    let lines = [
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
        "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",
        "Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf",
        "CSeq: 35 INVITE",
        "From: sip:user@example.com;tag=11141343",
        "To: sip:user@example.edu;tag=2229",
        "Content-Length: 0",
    ];
    unreadable(wire(&lines, ""));
}

/// A proxy would answer 483; an endpoint answers the OPTIONS as if there were hops left.
#[test]
fn s3_3_11_zeromf_has_reached_its_end() {
    let last_hop = |text: String| text.replacen("Max-Forwards: 70", "Max-Forwards: 0", 1);
    let mut world = heard(last_hop(Asked::new("OPTIONS", 1, "o1").text()));
    assert_eq!(world.answer(), 200);
    assert_eq!(world.ends().noted(Noted::HopsUsedUp), 1);
    // A new call that used them all up has run in a circle: there we are as strict as a proxy.
    assert_eq!(heard(last_hop(Asked::invite().text())).answer(), 483);
}

#[test]
fn s3_3_12_cparam01_has_a_parameter_behind_its_contact() {
    not_a_registrar(register(
        "sip:a@example.com",
        "sip:a@example.com",
        "sip:+19725552222@gw1.example.net;unknownparam",
        "",
    ));
}

#[test]
fn s3_3_13_cparam02_has_a_parameter_in_its_contact() {
    not_a_registrar(register(
        "sip:a@example.com",
        "sip:a@example.com",
        "<sip:+19725552222@gw1.example.net;unknownparam>",
        "",
    ));
}

#[test]
fn s3_3_14_regescrt_has_a_header_field_in_its_contact() {
    let contact = "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>";
    not_a_registrar(register(
        "sip:user@example.com",
        "sip:user@example.com",
        contact,
        "",
    ));
}

/// The RFC allows 406 and 400. 406 says what is wrong: the only body that a 200 of ours can have is not wanted.
#[test]
fn s3_3_15_sdp01_takes_no_session_description_back() {
    for accept in ["text/nobodyKnowsThis", "", "application/pidf+xml, text/*"] {
        let field = format!("Max-Forwards: 70\r\nAccept: {accept}");
        let message = Asked::invite().text().replacen("Max-Forwards: 70", &field, 1);
        refused(message, "406 Not Acceptable", Refused::Accept);
    }
    for accept in [
        "application/sdp;level=1",
        "text/plain, Application / SDP",
        "application/*",
        "*/*;q=0.1",
    ] {
        let field = format!("Max-Forwards: 70\r\nAccept: {accept}");
        rings(Asked::invite().text().replacen("Max-Forwards: 70", &field, 1));
    }
}

/// No branch, no tag, no Max-Forwards, no Contact: who wants to serve elements of RFC 2543 takes the call, and we do. Our BYE names the
/// From address then, and goes where the INVITE came from.
#[test]
fn s3_4_1_inv2543_is_a_call() {
    let fields = sdp_fields();
    let lines = [
        "INVITE sip:UserB@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5070",
        "From: <sip:+13035551111@gateway.example.net;user=phone>",
        "To: sip:+16505552222@gateway.example.net;user=phone",
        "Call-ID: inv2543.1717@gateway.example.com",
        "CSeq: 56 INVITE",
        &fields,
    ];
    let invite = wire(&lines, OFFER);
    assert_eq!(rings(&invite), "UserB");
    let mut world = heard(&invite);
    world.sent();
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    let ack = invite
        .replacen("INVITE sip", "ACK sip", 1)
        .replacen("56 INVITE", "56 ACK", 1);
    let ack = ack.replacen(
        "To: sip:+16505552222@gateway.example.net;user=phone",
        &format!("To: {}", header(&ok, "To")),
        1,
    );
    world.hears_from(peer(), ack.as_bytes());
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.hangs_up(leg);
    let (to, bye) = world.sent_to();
    assert!(
        bye.starts_with("BYE sip:+13035551111@gateway.example.net;user=phone SIP/2.0\r\n"),
        "{bye}"
    );
    assert_eq!(to, peer());
}
