//! A telephone system at which we are logged in like a telephone wants a proof of everything that we ask, within calls as well.

use super::super::{Asked, OFFER, World, answer_within, header, status};
use super::{SECOND, first, password_is_safe, trunk};
use crate::ids::LegId;
use crate::sip::{EndReason, Event, Noted};

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n7\", qop=\"auth\", algorithm=SHA-256\r\n";
const OLD: &str = "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n8\", qop=\"auth\", algorithm=SHA-256, stale=true\r\n";

/// A call by way of a trunk, whose session we keep alive by `refresh`.
fn talks(world: &mut World, update: bool) -> LegId {
    world.registers(trunk(), 86_400);
    let more = match update {
        true => {
            "Supported: timer\r\nSession-Expires: 300;refresher=uas\r\nAllow: ACK, BYE, INVITE, UPDATE\r\n"
        }
        false => "Supported: timer\r\nSession-Expires: 300;refresher=uas\r\n",
    };
    world.hears_from(first(), Asked::invite().with(more).text().as_bytes());
    assert_eq!(status(&world.sent()), 100);
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    world.hears_from(first(), Asked::new("ACK", 1, "a1").within(&ok).text().as_bytes());
    assert_eq!(world.told(), Event::Confirmed { leg });
    leg
}

/// What goes out, which must be this.
fn asks(world: &mut World, method: &str) -> String {
    let request = world.sent();
    assert!(request.starts_with(method), "{method}: {request}");
    password_is_safe(&request);
    request
}

fn says(world: &mut World, request: &str, line: &str, more: &str, sdp: &str) {
    let text = answer_within(request, line, more, sdp);
    world.hears_from(first(), text.as_bytes());
}

/// A proof with this nonce, the so-manieth.
fn is_proved(request: &str, nonce: &str, count: u32) {
    let proof = header(request, "Authorization");
    let uri = request.split(' ').nth(1).expect("a Request-URI");
    for part in [
        format!("nonce=\"{nonce}\""),
        format!("uri=\"{uri}\""),
        format!("nc={count:08x}"),
        "username=\"auth-1\"".to_owned(),
    ] {
        assert!(proof.contains(&part), "{part}: {proof}");
    }
}

#[test]
fn a_challenged_reinvite_is_asked_again_and_the_bye_is_proved_at_once() {
    let mut world = World::new();
    let leg = talks(&mut world, false);
    world.passes(150 * SECOND);
    let plain = asks(&mut world, "INVITE");
    assert!(!plain.contains("Authorization"), "nobody asked for it");
    says(&mut world, &plain, "401 Unauthorized", CHALLENGE, "");
    asks(&mut world, "ACK");
    let proved = asks(&mut world, "INVITE");
    is_proved(&proved, "n7", 1);
    let number = |request: &str| -> u32 {
        let (number, _) = header(request, "CSeq").split_once(' ').expect("a number");
        number.parse().expect("digits")
    };
    assert_eq!(number(&proved), number(&plain) + 1);
    // It comes again, on its way for long: nobody asks a third time.
    says(&mut world, &plain, "401 Unauthorized", CHALLENGE, "");
    asks(&mut world, "ACK");
    let agreed = "Session-Expires: 300;refresher=uac\r\n";
    says(&mut world, &proved, "200 OK", agreed, OFFER);
    let ack = asks(&mut world, "ACK");
    assert_eq!(header(&ack, "Authorization"), header(&proved, "Authorization"));
    world.drain();
    world.hangs_up(leg);
    let bye = asks(&mut world, "BYE");
    is_proved(&bye, "n7", 2);
    // That nonce is too old by now.
    says(&mut world, &bye, "401 Unauthorized", OLD, "");
    let again = asks(&mut world, "BYE");
    is_proved(&again, "n8", 1);
    says(&mut world, &again, "200 OK", "", "");
    assert_eq!(world.ua.counters().noted(Noted::ProvedWithin), 2);
    assert_eq!(world.ua.counters().noted(Noted::OutOfTable), 0);
}

#[test]
fn a_challenged_update_and_a_question_are_asked_again() {
    let mut world = World::new();
    let leg = talks(&mut world, true);
    world.passes(150 * SECOND);
    let plain = asks(&mut world, "UPDATE");
    says(&mut world, &plain, "401 Unauthorized", CHALLENGE, "");
    let proved = asks(&mut world, "UPDATE");
    is_proved(&proved, "n7", 1);
    says(
        &mut world,
        &proved,
        "200 OK",
        "Session-Expires: 300;refresher=uac\r\n",
        "",
    );
    world.ua.probe(world.now, leg);
    world.drain();
    let question = asks(&mut world, "OPTIONS");
    is_proved(&question, "n7", 2);
    says(&mut world, &question, "401 Unauthorized", OLD, "");
    let again = asks(&mut world, "OPTIONS");
    is_proved(&again, "n8", 1);
    says(&mut world, &again, "200 OK", "", "");
    world.is_quiet();
    assert_eq!(world.ua.counters().noted(Noted::SessionRefreshed), 1);
}

#[test]
fn who_is_not_satisfied_is_not_asked_for_ever_and_the_call_ends_all_the_same() {
    let mut world = World::new();
    let leg = talks(&mut world, false);
    world.hangs_up(leg);
    let plain = asks(&mut world, "BYE");
    let by_proxy = CHALLENGE.replace("WWW-", "Proxy-");
    says(
        &mut world,
        &plain,
        "407 Proxy Authentication Required",
        &by_proxy,
        "",
    );
    let proved = asks(&mut world, "BYE");
    assert!(
        header(&proved, "Proxy-Authorization").contains("nonce=\"n7\""),
        "{proved}"
    );
    says(
        &mut world,
        &proved,
        "407 Proxy Authentication Required",
        &by_proxy,
        "",
    );
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    world.is_quiet();
}

#[test]
fn who_is_no_trunk_of_ours_gets_no_proof() {
    let mut world = World::new();
    let (leg, _) = world.talks();
    world.hangs_up(leg);
    let bye = asks(&mut world, "BYE");
    let text = answer_within(&bye, "401 Unauthorized", CHALLENGE, "");
    world.hears_from(super::super::peer(), text.as_bytes());
    let why = EndReason::HungUp;
    assert_eq!(world.told(), Event::Ended { leg, why });
    assert_eq!(world.ends().noted(Noted::ProvedWithin), 0);
}
