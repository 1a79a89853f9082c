//! RFC 4475 §3.1.2 and §3.2: messages against the grammar, and one without a transaction identifier.

use super::*;
use crate::sip::tests::Asked;

/// An INVITE with a field of it (found by how it begins) written otherwise.
fn invite_with(field: &str, written: &str) -> String {
    let text = Asked::invite().text();
    let line = text
        .lines()
        .find(|line| line.starts_with(field))
        .expect("a field");
    text.replacen(line, written, 1)
}

#[test]
fn s3_1_2_1_badinv01_has_separators_that_separate_nothing() {
    for (field, written, line) in [
        (
            "Contact",
            "Contact: \"Joe\" <sip:joe@example.org>;;;;",
            "400 Missing Or Malformed Contact",
        ),
        ("Via", "Via: SIP/2.0/UDP 192.0.2.15;;,;,,", "400 Malformed Via"),
        (
            "Via",
            "Via: SIP/2.0/UDP 192.0.2.15;;branch=z9hG4bKx",
            "400 Malformed Via",
        ),
        (
            "Via",
            "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKx;,",
            "400 Malformed Via",
        ),
    ] {
        refused(invite_with(field, written), line, Refused::Malformed);
    }
}

#[test]
fn s3_1_2_2_clerr_promises_more_than_the_datagram_holds() {
    let message = invite_with("Content-Length", "Content-Length: 9999");
    refused(
        message,
        "400 Content-Length Exceeds Message Body",
        Refused::Malformed,
    );
}

#[test]
fn s3_1_2_3_ncl_has_a_negative_length() {
    let message = invite_with("Content-Length", "Content-Length: -999");
    refused(message, "400 Malformed Content-Length", Refused::Malformed);
}

/// It is the CSeq that makes it 400; Expires and the Contact's `expires` are a registrar's business. A Max-Forwards above 255 is
/// refused as well.
#[test]
fn s3_1_2_4_scalar02_has_numbers_that_are_too_large() {
    let message = |cseq: &str, hops: &str| {
        let lines = [
            "REGISTER sip:example.com SIP/2.0",
            "Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3",
            "To: <sip:user@example.com>",
            "From: <sip:user@example.com>;tag=239232jh3",
            &format!("CSeq: {cseq} REGISTER"),
            "Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32",
            &format!("Max-Forwards: {hops}"),
            "Expires: 1000000000000000000000000000000000000000000000000000000000000000",
            "Contact: <sip:user@host129.example.com>",
            "  ;expires=280297596632815",
            "Content-Length: 0",
        ];
        wire(&lines, "")
    };
    refused(
        message("36893488147419103232", "300"),
        "400 Malformed CSeq",
        Refused::Malformed,
    );
    refused(
        message("1", "300"),
        "400 Malformed Max-Forwards",
        Refused::Malformed,
    );
    refused(message("1", "255"), "405 Method Not Allowed", Refused::Method);
}

#[test]
fn s3_1_2_5_scalarlg_is_a_response_that_is_dropped() {
    let lines = [
        "SIP/2.0 503 Service Unavailable",
        "Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129",
        "To: <sip:user@example.com>",
        "From: <sip:other@example.net>;tag=2easdjfejw",
        "CSeq: 9292394834772304023312 OPTIONS",
        "Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r",
        "Retry-After: 949302838503028349304023988",
        "Warning: 1812 overture \"In Progress\"",
        "Content-Length: 0",
    ];
    unreadable(wire(&lines, ""));
}

#[test]
fn s3_1_2_6_quotbal_never_closes_its_quote() {
    let message = invite_with("To", "To: \"Mr. J. User <sip:j.user@example.com>");
    refused(message, "400 Malformed To", Refused::Malformed);
}

/// The RFC lets an element be liberal and drop the brackets. We are not: who writes that has told us about a bug of its own.
#[test]
fn s3_1_2_7_ltgtruri_has_its_target_in_brackets() {
    let message =
        Asked::invite()
            .text()
            .replacen("sip:4930555@192.0.2.100 SIP", "<sip:user@example.com> SIP", 1);
    refused(message, "400 Malformed Request-URI", Refused::Malformed);
}

#[test]
fn s3_1_2_8_lwsruri_has_a_blank_in_its_target() {
    let message =
        Asked::invite()
            .text()
            .replacen("sip:4930555@192.0.2.100 SIP", "sip:user@example.com; lr SIP", 1);
    refused(message, "400 Malformed Request-URI", Refused::Malformed);
}

/// The RFC lets an element be liberal; 400 is the verdict of the grammar.
#[test]
fn s3_1_2_9_lwsstart_has_too_many_blanks() {
    let message = Asked::invite().text().replacen(
        "INVITE sip:4930555@192.0.2.100 SIP",
        "INVITE  sip:user@example.com  SIP",
        1,
    );
    refused(message, "400 Malformed Request-URI", Refused::Malformed);
}

/// The RFC lets an element be liberal; 400 is the verdict of the grammar.
#[test]
fn s3_1_2_10_trws_has_blanks_behind_the_version() {
    let message = Asked::new("OPTIONS", 1, "o1")
        .text()
        .replacen(" SIP/2.0\r\n", " SIP/2.0  \r\n", 1);
    refused(message, "400 Malformed Request Line", Refused::Malformed);
}

/// The RFC lets an element drop the header fields in the target. They could make a request of ours go elsewhere: 400.
#[test]
fn s3_1_2_11_escruri_has_header_fields_in_its_target() {
    let target = "sip:user@example.com?Route=%3Csip:example.com%3E SIP";
    let message = Asked::invite()
        .text()
        .replacen("sip:4930555@192.0.2.100 SIP", target, 1);
    refused(message, "400 Malformed Request-URI", Refused::Malformed);
}

/// The RFC lets an element that has no use for Date pass over it. We have none: the call comes about.
#[test]
fn s3_1_2_12_baddate_is_in_a_time_zone_that_nobody_asked_for() {
    let message = invite_with(
        "Max-Forwards",
        "Max-Forwards: 70\r\nDate: Fri, 01 Jan 2010 16:00:00 EST",
    );
    assert_eq!(rings(message), "4930555");
}

/// Whose the question mark is cannot be told; a registrar would have to refuse it. To us the method decides first (RFC 3261
/// §8.2.1), and no Contact of a REGISTER is ever used.
#[test]
fn s3_1_2_13_regbadct_needs_brackets() {
    let lines = [
        "REGISTER sip:example.com SIP/2.0",
        "To: sip:user@example.com",
        "From: sip:user@example.com;tag=998332",
        "Max-Forwards: 70",
        "Call-ID: regbadct.k345asrl3fdbv@10.0.0.1",
        "CSeq: 1 REGISTER",
        "Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw",
        "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        "l: 0",
    ];
    refused(wire(&lines, ""), "405 Method Not Allowed", Refused::Method);
}

/// The RFC lets an element pass over the blanks, which change nothing: answered.
#[test]
fn s3_1_2_14_badaspec_has_blanks_in_its_brackets() {
    let lines = [
        "OPTIONS sip:user@example.org SIP/2.0",
        "Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234",
        "Max-Forwards: 70",
        "From: \"Bell, Alexander\" <sip:a.g.bell@example.com>;tag=433423",
        "To: \"Watson, Thomas\" < sip:t.watson@example.org >",
        "Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3",
        "Accept: application/sdp",
        "CSeq: 3923239 OPTIONS",
        "l: 0",
    ];
    assert_eq!(status(&answer(wire(&lines, ""))), 200);
}

/// The RFC lets an element take the comma as if it were quoted. From is only ever repeated by us, so nothing can go wrong: answered.
#[test]
fn s3_1_2_15_baddn_has_a_comma_in_a_bare_name() {
    let lines = [
        "OPTIONS sip:t.watson@example.org SIP/2.0",
        "Via:     SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw",
        "Max-Forwards:      70",
        "From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
        "To:      Watson, Thomas <sip:t.watson@example.org>",
        "Call-ID: baddn.31415@c.example.com",
        "Accept: application/sdp",
        "CSeq:    3923239 OPTIONS",
        "l: 0",
    ];
    let answer = answer(wire(&lines, ""));
    assert_eq!(status(&answer), 200);
    assert_eq!(
        header(&answer, "From"),
        "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"
    );
}

#[test]
fn s3_1_2_16_badvers_speaks_a_version_that_does_not_exist() {
    let message = Asked::new("OPTIONS", 1, "o1")
        .text()
        .replacen(" SIP/2.0\r\n", " SIP/7.0\r\n", 1);
    let message = message.replacen("Via: SIP/2.0/", "Via: SIP/7.0/", 1);
    refused(message, "505 Version Not Supported", Refused::Version);
}

#[test]
fn s3_1_2_17_mismatch01_names_two_methods() {
    let message = Asked::new("OPTIONS", 8, "o1")
        .text()
        .replacen("8 OPTIONS", "8 INVITE", 1);
    refused(
        message,
        "400 CSeq Method Differs From Request Method",
        Refused::Malformed,
    );
}

/// The RFC allows 400 and prefers 501: that the method is unknown says more.
#[test]
fn s3_1_2_18_mismatch02_names_two_methods_of_which_one_is_unknown() {
    let message = Asked::new("NEWMETHOD", 8, "o1")
        .text()
        .replacen("8 NEWMETHOD", "8 INVITE", 1);
    refused(message, "501 Not Implemented", Refused::MethodUnknown);
}

#[test]
fn s3_1_2_19_bigcode_is_a_response_that_is_dropped() {
    let lines = [
        "SIP/2.0 4294967301 better not break the receiver",
        "Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe",
        "Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i",
        "CSeq: 353494 INVITE",
        "From: <sip:user@example.com>;tag=39ansfi3",
        "To: <sip:user@example.edu>;tag=902jndnke3",
        "Content-Length: 0",
        "Contact: <sip:user@host105.example.com>",
    ];
    unreadable(wire(&lines, ""));
}

/// The RFC leaves the choice between 400 and telling transactions apart as RFC 2543 did. Ours is the second: the caller is served, and
/// two of its requests are not taken for one.
#[test]
fn s3_2_1_badbranch_has_the_cookie_and_nothing_else() {
    let asked = |cseq: u32| {
        let lines = [
            "OPTIONS sip:user@example.com SIP/2.0",
            "To: sip:user@example.com",
            "From: sip:caller@example.org;tag=33242",
            "Max-Forwards: 3",
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK",
            "Accept: application/sdp",
            "Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n",
            &format!("CSeq: {cseq} OPTIONS"),
            "l: 0",
        ];
        wire(&lines, "")
    };
    let mut world = heard(asked(8));
    assert_eq!(header(&world.sent(), "CSeq"), "8 OPTIONS");
    world.hears_from(peer(), asked(9).as_bytes());
    assert_eq!(header(&world.sent(), "CSeq"), "9 OPTIONS");
    world.hears_from(peer(), asked(8).as_bytes());
    assert_eq!(header(&world.sent(), "CSeq"), "8 OPTIONS");
    assert_eq!(world.ends().noted(Noted::Repeated), 1);
}
