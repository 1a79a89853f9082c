use super::*;

const OK: &str = "SIP/2.0 200 OK\r\nVia: x\r\nTo: <sip:rundruf@127.0.0.1:5060>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:bridge@127.0.0.1:5062>\r\nRecord-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n\r\n";

fn caller() -> Uac {
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let mut uac = Uac::new(at(40_000), at(5_060), 0xfeed);
    uac.handle_dial(Time::ZERO, "v=0\r\n");
    uac
}

fn sent(uac: &mut Uac) -> Vec<String> {
    std::iter::from_fn(|| uac.poll_output()).collect()
}

fn hears(uac: &mut Uac, text: &str) {
    let message = Message::parse(text.as_bytes()).expect("a message");
    uac.handle_message(Time::ZERO, &message);
}

fn first_words(texts: &[String]) -> Vec<&str> {
    texts.iter().filter_map(|text| text.split(' ').next()).collect()
}

fn response(status: u16, cseq: &str) -> String {
    format!("SIP/2.0 {status} x\r\nVia: x\r\nTo: <sip:b>;tag=b\r\nCall-ID: c\r\nCSeq: {cseq}\r\n\r\n")
}

/// Lets every timer fire until none is left; returns how many messages went out.
fn wait_for_ever(uac: &mut Uac) -> usize {
    let mut count = 0;
    while let Some(due) = uac.poll_timeout() {
        uac.handle_timeout(due);
        count += sent(uac).len();
    }
    count
}

#[test]
fn an_unanswered_invite_is_sent_seven_times_then_given_up() {
    let mut uac = caller();
    assert_eq!(sent(&mut uac).len() + wait_for_ever(&mut uac), 7);
    assert_eq!(uac.ending(), Some(Ending::NoAnswer));
}

#[test]
fn an_unanswered_bye_is_sent_eleven_times_then_given_up() {
    let mut uac = caller();
    hears(&mut uac, OK);
    sent(&mut uac);
    uac.handle_hang_up(Time::ZERO);
    assert_eq!(sent(&mut uac).len() + wait_for_ever(&mut uac), 11);
    assert_eq!(uac.ending(), Some(Ending::NoAnswer));
}

#[test]
fn a_provisional_response_stops_the_repeats() {
    let mut uac = caller();
    sent(&mut uac);
    hears(&mut uac, &response(100, "1 INVITE"));
    assert_eq!(uac.poll_timeout(), Some(Time::from_millis(32_000)));
}

#[test]
fn every_200_is_acknowledged_to_the_contact_along_the_route() {
    let mut uac = caller();
    sent(&mut uac);
    hears(&mut uac, OK);
    hears(&mut uac, OK);
    let acks = sent(&mut uac);
    assert_eq!(acks.len(), 2);
    assert!(acks[0].starts_with("ACK sip:bridge@127.0.0.1:5062 SIP/2.0\r\n"));
    assert!(acks[0].contains("Route: <sip:p2;lr>\r\nRoute: <sip:p1;lr>\r\n"));
    assert!(acks[0].contains("CSeq: 1 ACK\r\n"));
    assert_eq!(uac.poll_timeout(), None);
}

#[test]
fn a_refusal_is_acknowledged_in_the_transaction_of_its_invite() {
    let mut uac = caller();
    let invite = sent(&mut uac).remove(0);
    hears(&mut uac, &response(486, "1 INVITE"));
    let ack = sent(&mut uac).remove(0);
    let via = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("Via"))
            .map(str::to_owned)
    };
    assert_eq!(via(&invite), via(&ack));
    assert_eq!(uac.ending(), Some(Ending::Refused(486)));
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut uac = caller();
    uac.handle_hang_up(Time::ZERO);
    assert_eq!(
        first_words(&sent(&mut uac)),
        ["INVITE"],
        "no CANCEL before a response"
    );
    hears(&mut uac, &response(100, "1 INVITE"));
    assert_eq!(first_words(&sent(&mut uac)), ["CANCEL"]);
    hears(&mut uac, &response(200, "1 CANCEL"));
    hears(&mut uac, OK);
    assert_eq!(first_words(&sent(&mut uac)), ["ACK", "BYE"]);
    hears(&mut uac, &response(200, "2 BYE"));
    assert_eq!(
        (uac.state(), uac.ending()),
        (Some(State::Over), Some(Ending::ByCaller))
    );
    assert_eq!(uac.poll_timeout(), None);
}

#[test]
fn a_bye_that_crosses_the_bridges_bye_still_ends_the_call_once() {
    let mut uac = caller();
    hears(&mut uac, OK);
    uac.handle_hang_up(Time::ZERO);
    sent(&mut uac);
    let bye = "BYE sip:caller SIP/2.0\r\nVia: y\r\nFrom: b\r\nTo: a\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n";
    hears(&mut uac, bye);
    hears(&mut uac, bye);
    let answers = sent(&mut uac);
    assert!(answers.iter().all(|answer| answer.starts_with("SIP/2.0 200 ")));
    assert_eq!((uac.ending(), uac.poll_timeout()), (Some(Ending::ByBridge), None));
}

#[test]
fn a_bye_for_no_call_is_told_so() {
    let mut uac = caller();
    sent(&mut uac);
    hears(
        &mut uac,
        "BYE sip:caller SIP/2.0\r\nVia: y\r\nFrom: b\r\nTo: a\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n",
    );
    assert!(sent(&mut uac)[0].starts_with("SIP/2.0 481 "));
    assert_eq!(uac.state(), Some(State::Calling));
}
