//! Keys that come by INFO.

use super::{Asked, World, header, status};
use crate::secret::Key;
use crate::sip::{Event, Noted, Refused};

fn info(ok: &str, cseq: u32, kind: &str, body: &str) -> String {
    let asked = Asked {
        body: body.to_owned(),
        ..Asked::new("INFO", cseq, &format!("n{cseq}")).within(ok)
    };
    asked.text().replace("application/sdp", kind)
}

#[test]
fn keys_are_told_once_and_each_info_is_answered() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    for (cseq, kind, body, face) in [
        (2, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'),
        (3, "Application/DTMF-Relay", "Signal= *\nDuration= 250", '*'),
        (4, "application/dtmf-relay", "Duration=100\r\nSignal=11\r\n", '#'),
        (5, "application/dtmf-relay", "Signal=10\r\n", '*'),
        (6, "application/dtmf-relay", "signal=A\r\n", 'A'),
        (7, "application/dtmf", "0", '0'),
        (8, "application/dtmf;x=y", "11\r\n", '#'),
    ] {
        let text = info(&ok, cseq, kind, body);
        world.hears_from(super::peer(), text.as_bytes());
        world.hears_from(super::peer(), text.as_bytes());
        assert_eq!(status(&world.sent()), 200);
        assert_eq!(world.answer(), 200, "the same answer again");
        let key = Key::from_char(face).expect("a key");
        assert_eq!(world.told(), Event::Key { leg, key });
        world.is_quiet();
    }
    world.hears(&Asked::new("BYE", 9, "b9").within(&ok));
    world.sent();
    world.told();
    assert_eq!(world.ends().noted(Noted::KeyByInfo), 7);
}

#[test]
fn an_info_without_a_key_is_answered_by_what_it_is() {
    let mut world = World::new();
    let (_, ok) = world.talks();
    for (cseq, kind, body, expected) in [
        (2, "application/dtmf-relay", "", 200),
        (3, "application/dtmf-relay", "Signal=!\r\n", 400),
        (4, "application/dtmf-relay", "Duration=160\r\n", 400),
        (5, "application/dtmf", "17", 400),
        (6, "application/media_control+xml", "<x/>", 415),
    ] {
        world.hears_from(super::peer(), info(&ok, cseq, kind, body).as_bytes());
        let answer = world.sent();
        assert_eq!(status(&answer), expected, "{kind} {body}");
        if expected == 415 {
            assert_eq!(
                header(&answer, "Accept"),
                "application/dtmf-relay, application/dtmf"
            );
        }
        world.is_quiet();
    }
    world.hears(&Asked::new("BYE", 9, "b9").within(&ok));
    world.sent();
    world.told();
    let counters = world.ends();
    assert_eq!(counters.refused(Refused::Signal), 3);
    assert_eq!(counters.refused(Refused::ContentType), 1);
}

#[test]
fn a_key_after_we_hung_up_is_nobodys() {
    let mut world = World::new();
    let (leg, ok) = world.talks();
    world.hangs_up(leg);
    world.sent();
    world.hears_from(super::peer(), info(&ok, 2, "application/dtmf", "5").as_bytes());
    assert_eq!(world.answer(), 200);
    world.is_quiet();
    world.hears(&Asked::new("BYE", 9, "b9").within(&ok));
    world.sent();
    world.told();
    world.passes(std::time::Duration::from_secs(32));
    assert_eq!(world.sent_count(), 10);
    world.ends();
}
