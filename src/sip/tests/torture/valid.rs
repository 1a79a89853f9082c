//! RFC 4475 §3.1.1: messages in order, however odd.

use super::*;
use crate::sip::EndReason;
use crate::sip::tests::Asked;

/// The head of the short tortuous INVITE, with `tag` behind its To.
fn tortuous(tag: &str) -> String {
    let to = format!(" sip:conf@desk.example.com ;   {tag}");
    let length = format!("Content-Length   : {}", OFFER.len());
    wire(
        &[
            "INVITE sip:conf@desk.example.com;unknownparam SIP/2.0",
            "TO :",
            &to,
            "from   : \"E Muster \\\\\\\"\"       <sip:erna@example.com>",
            "  ;",
            "  tag = 98asjd8",
            "MaX-fOrWaRdS: 0068",
            "Call-ID: tortuous.ndak@192.0.2.1",
            &length,
            "cseq: 0009",
            "  INVITE",
            "Via  : SIP  /   2.0",
            " /UDP",
            "    192.0.2.2;rport;branch=390skdjuw",
            "s :",
            "NewFangledHeader:   newfangled value",
            " continued newfangled value",
            "UnknownHeaderWithUnusualValue: ;;,,;;,;",
            "Content-Type: application/sdp",
            "Route:",
            " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
            "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
            "  branch  =   z9hG4bK9ikj8  ,",
            " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
            " z9hG4bK30239",
            "m:\"Quoted string \\\"\\\"\" <sip:erna@example.com> ; newparam =",
            "      newvalue ;",
            "  secondparam ; q = 0.33",
        ],
        OFFER,
    )
}

/// Well-formed, so it is judged as what it asks: it names a dialog (its To has a tag) that we do not have.
#[test]
fn s3_1_1_1_wsinv_is_read_to_the_last_blank() {
    let message = tortuous("tag    = 1918181833n");
    let answer = refused(
        message,
        "481 Call/Transaction Does Not Exist",
        Refused::UnknownDialog,
    );
    assert_eq!(vias(&answer).len(), 3, "{answer}");
    assert_eq!(header(&answer, "CSeq"), "0009 INVITE");
    assert_eq!(
        header(&answer, "To"),
        "sip:conf@desk.example.com ;   tag    = 1918181833n"
    );
    // The same as a new call.
    assert_eq!(rings(tortuous("x")), "conf");
}

#[test]
fn s3_1_1_2_intmeth_is_a_method_that_nobody_knows() {
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    let lines = [
        &format!(
            "{method} sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0"
        ),
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-.!%66*_+`'~",
        "To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
        "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\";tag=_token~1'+`*%!-.",
        "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
        &format!("CSeq: 139122385 {method}"),
        "Max-Forwards: 255",
        "extensionHeader-!.%*+_`'~:\u{feff}\u{5927}\u{505c}\u{96fb}",
        "Content-Length: 0",
    ];
    let answer = refused(wire(&lines, ""), "501 Not Implemented", Refused::MethodUnknown);
    assert!(
        answer.contains("\"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\""),
        "{answer}"
    );
    assert!(header(&answer, "Call-ID").ends_with("(><:\\/\"][?}{"));
}

#[test]
fn s3_1_1_3_esc01_is_a_call_to_an_escaped_user() {
    let fields = sdp_fields();
    let lines = [
        "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
        "To: sip:%75se%72@example.com",
        "From: <sip:I%20have%20spaces@example.net>;tag=938",
        "Max-Forwards: 87",
        "i: esc01.239409asdfakjkn23onasd0-3234",
        "CSeq: 234234 INVITE",
        "Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw",
        "C: application/sdp",
        "Contact:",
        "  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
        fields.trim_start_matches("Content-Type: application/sdp\r\n"),
    ];
    assert_eq!(rings(wire(&lines, OFFER)), "sips:user@example.com");
}

/// Well-formed; to register is not what we do.
#[test]
fn s3_1_1_4_escnull_does_not_end_at_its_nulls() {
    let lines = [
        "REGISTER sip:example.com SIP/2.0",
        "To: sip:null-%00-null@example.com",
        "From: sip:null-%00-null@example.com;tag=839923423",
        "Max-Forwards: 70",
        "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd",
        "CSeq: 14398234 REGISTER",
        "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw",
        "Contact: <sip:%00@host5.example.com>",
        "Contact: <sip:%00%00@host5.example.com>",
        "L:0",
    ];
    let message = wire(&lines, "");
    let answer = refused(&message, "405 Method Not Allowed", Refused::Method);
    assert!(header(&answer, "To").starts_with("sip:null-%00-null@example.com;tag="));
    // Who calls such a user is in order too.
    let called = Asked::invite().text().replacen("sip:4930555@", "sip:%00x%ff@", 1);
    assert_eq!(rings(called), "");
}

/// `RE%47IST%45R` is a method of its own, not REGISTER: escapes mean nothing in a method.
#[test]
fn s3_1_1_5_esc02_is_not_register() {
    let lines = [
        "RE%47IST%45R sip:registrar.example.com SIP/2.0",
        "To: \"%Z%45\" <sip:resource@example.com>",
        "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23",
        "Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf",
        "Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234",
        "CSeq: 29344 RE%47IST%45R",
        "Max-Forwards: 70",
        "Contact: <sip:alias1@host1.example.com>",
        "C%6Fntact: <sip:alias2@host2.example.com>",
        "Contact: <sip:alias3@host3.example.com>",
        "l: 0",
    ];
    refused(wire(&lines, ""), "501 Not Implemented", Refused::MethodUnknown);
}

#[test]
fn s3_1_1_6_lwsdisp_needs_no_blank_before_the_bracket() {
    let lines = [
        "OPTIONS sip:user@example.com SIP/2.0",
        "To: sip:user@example.com",
        "From: caller<sip:caller@example.com>;tag=323",
        "Max-Forwards: 70",
        "Call-ID: lwsdisp.1234abcd@funky.example.com",
        "CSeq: 60 OPTIONS",
        "Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw",
        "l: 0",
    ];
    let answer = answer(wire(&lines, ""));
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "From"), "caller<sip:caller@example.com>;tag=323");
}

#[test]
fn s3_1_1_7_longreq_is_a_call_like_any_other() {
    let name = "amazinglylongcallername".repeat(5);
    let param = format!("unknownheaderparam{}={}", "name".repeat(20), "value".repeat(20));
    let hops = (1..=33)
        .rev()
        .map(|hop| format!("v: SIP/2.0/TCP sip{hop}.example.com"));
    let hops = hops.collect::<Vec<_>>().join("\r\n");
    let last = format!(
        "Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{}branchvalue",
        "long".repeat(50)
    );
    let (to, from) = (
        format!(
            "To: \"I have a user name of {} proportion\"<sip:user@example.com:6000;{param};v={name}>",
            "extreme".repeat(20)
        ),
        format!(
            "F: sip:{name}@example.net;tag=12{}424;{param};unknownheaderparam",
            "982".repeat(50)
        ),
    );
    let call = format!("Call-ID: longreq.one{}longcallid", "really".repeat(20));
    let unknown = format!(
        "Unknown-{}-Header: unknown-{}-value; {param}",
        "Long".repeat(20),
        "long".repeat(20)
    );
    let (uri, fields) = (
        format!("INVITE sip:{}@example.com SIP/2.0", "user".repeat(20)),
        sdp_fields(),
    );
    let contact = format!("Contact: <sip:{name}@host5.example.net>");
    let lines = [
        &uri,
        &to,
        &from,
        &call,
        "CSeq: 3882340 INVITE",
        &unknown,
        &last,
        &hops,
        "Max-Forwards: 70",
        &contact,
        &fields,
    ];
    let mut world = heard(wire(&lines, OFFER));
    assert_eq!(vias(&world.sent()).len(), 34);
    assert!(matches!(world.told(), Event::Invited { called, .. } if called.len() == 64));
}

/// What follows the message in its datagram is nothing (RFC 3261 §18.3): the INVITE behind it is no call.
#[test]
fn s3_1_1_8_dblreq_is_one_request() {
    let lines = [
        "REGISTER sip:example.com SIP/2.0",
        "To: sip:j.user@example.com",
        "From: sip:j.user@example.com;tag=43251j3j324",
        "Max-Forwards: 8",
        "I: dblreq.0ha0isndaksdj99sdfafnl3lk233412",
        "Contact: sip:j.user@host.example.com",
        "CSeq: 8 REGISTER",
        "Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492",
        "Content-Length: 0",
    ];
    let double = wire(&lines, "\r\n") + &Asked::invite().text();
    refused(double, "405 Method Not Allowed", Refused::Method);
}

#[test]
fn s3_1_1_9_semiuri_has_its_parameter_in_the_user_part() {
    let message = |method: &str, body: &str| {
        let fields = if body.is_empty() {
            "l: 0".to_owned()
        } else {
            sdp_fields()
        };
        let lines = [
            &format!("{method} sip:user;par=u%40example.net@example.com SIP/2.0"),
            "To: sip:j_user@example.com",
            "From: sip:caller@example.org;tag=33242",
            "Max-Forwards: 3",
            "Call-ID: semiuri.0ha0isndaksdj",
            &format!("CSeq: 8 {method}"),
            "Contact: <sip:caller@example.org>",
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw",
            &fields,
        ];
        wire(&lines, body)
    };
    assert_eq!(status(&answer(message("OPTIONS", ""))), 200);
    assert_eq!(rings(message("INVITE", OFFER)), "user;par=u@example.net");
}

#[test]
fn s3_1_1_10_transports_may_be_any() {
    let lines = [
        "OPTIONS sip:user@example.com SIP/2.0",
        "To: sip:user@example.com",
        "From: <sip:caller@example.com>;tag=323",
        "Max-Forwards: 70",
        "Call-ID:  transports.kijh4akdnaqjkwendsasfdj",
        "Accept: application/sdp",
        "CSeq: 60 OPTIONS",
        "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw",
        "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf",
        "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj",
        "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en",
        "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee",
        "l: 0",
    ];
    let answer = answer(wire(&lines, ""));
    assert_eq!((status(&answer), vias(&answer).len()), (200, 5));
}

/// The body is binary and signed, and stays unread: to send messages is not what we do.
#[test]
fn s3_1_1_11_mpart01_is_framed_whatever_its_bytes() {
    let mut body = b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\n\
        Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        .to_vec();
    body.extend((0..=255u8).chain((0..=255u8).rev()));
    body.extend(b"\r\n--7a9cbec02ceef655--\r\n");
    let length = format!("Content-Length: {}", body.len());
    let lines = [
        "MESSAGE sip:kumiko@example.org SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport",
        "Max-Forwards: 70",
        "Route: <sip:127.0.0.1:5080>",
        "From: <sip:fluffy@example.com>;tag=2fb0dcc9",
        "To: <sip:kumiko@example.org>",
        "Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..",
        "CSeq: 1 MESSAGE",
        "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
        "MIME-Version: 1.0",
        "User-Agent: SIPimp.org/0.2.5 (curses)",
        &length,
    ];
    let mut message = wire(&lines, "").into_bytes();
    message.extend(body);
    refused(message, "405 Method Not Allowed", Refused::Method);
}

/// A BYE of ours, answered with this status line: the call must end by it.
fn ends_by(line: &str) {
    let mut world = World::new();
    let (leg, _) = world.talks();
    world.hangs_up(leg);
    let bye = world.sent();
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(&bye, name)));
    let response = format!("{line}\r\n{}Content-Length: 0\r\n\r\n", copied.concat());
    world.hears_from(peer(), response.as_bytes());
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.ends();
}

/// A response of somebody else's, with this status line.
fn foreign(line: &str) -> String {
    let lines = [
        line,
        "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
        "Call-ID: unreason.1234ksdfak3j2erwedfsASdf",
        "CSeq: 35 INVITE",
        "From: sip:user@example.com;tag=11141343",
        "To: sip:user@example.edu;tag=2229",
        "Content-Length: 0",
    ];
    wire(&lines, "")
}

#[test]
fn s3_1_1_12_unreason_is_an_answer_whatever_its_reason() {
    let line = "SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e} \u{434}\u{435}\u{432}\u{44f}\u{43d}\u{43e}\u{441}\u{442}\u{43e} - \u{43f}\u{440}\u{43e}\u{441}\u{442}\u{43e}\u{435}";
    stray(foreign(line));
    ends_by(line);
}

#[test]
fn s3_1_1_13_noreason_is_an_answer_without_a_reason() {
    stray(foreign("SIP/2.0 100 "));
    ends_by("SIP/2.0 200 ");
}
