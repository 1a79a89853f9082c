//! Sealed media that is agreed while registering, as a provider for private lines wants it (RFC 3329, `mediasec`).

use super::super::{Asked, World, header, status};
use super::{CHALLENGE, ID, SECOND, answer, first, kept, trunk};
use crate::media_api::SrtpPolicy;
use crate::sip::{Event, Trouble, TrunkConfig, TrunkNews};

const THEIRS: &str =
    "Security-Server: msrp-tls;mediasec\r\nSecurity-Server: sdes-srtp;mediasec, dtls-srtp;mediasec\r\n";
const REPEATED: &str = "msrp-tls;mediasec, sdes-srtp;mediasec, dtls-srtp;mediasec";

fn sealed_trunk() -> TrunkConfig {
    TrunkConfig {
        srtp: SrtpPolicy::Optional,
        mediasec: true,
        ..trunk()
    }
}

/// Registered at a trunk that says what it can with its challenge.
fn registered(world: &mut World) {
    world.begins(vec![(ID, sealed_trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    assert_eq!(header(&plain, "Security-Client"), "sdes-srtp;mediasec");
    assert_eq!(
        (header(&plain, "Require"), header(&plain, "Proxy-Require")),
        ("mediasec", "mediasec")
    );
    assert!(!plain.contains("Security-Verify"), "{plain}");
    world.registrar_says(
        first(),
        &answer(&plain, "401 Unauthorized", &format!("{CHALLENGE}{THEIRS}")),
    );
    let proven = world.asked(first());
    assert_eq!(header(&proven, "Security-Verify"), REPEATED);
    assert_eq!(header(&proven, "Security-Client"), "sdes-srtp;mediasec");
    world.registrar_says(first(), &kept(&proven, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
}

#[test]
fn what_the_other_side_can_is_repeated_word_for_word_from_then_on() {
    let mut world = World::new();
    registered(&mut world);
    world.passes_until_sent(600 * SECOND);
    let refresh = world.asked(first());
    assert_eq!(header(&refresh, "Security-Verify"), REPEATED);
    // With a block of numbers both options are needed.
    let mut world = World::new();
    let config = TrunkConfig {
        number_block: true,
        ..sealed_trunk()
    };
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    assert_eq!(header(&world.asked(first()), "Proxy-Require"), "gin, mediasec");
}

#[test]
fn a_registrar_that_wants_it_first_is_answered_once() {
    let mut world = World::new();
    world.begins(vec![(ID, sealed_trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    world.registrar_says(
        first(),
        &answer(&plain, "494 Security Agreement Required", THEIRS),
    );
    let agreed = world.asked(first());
    assert_eq!(header(&agreed, "Security-Verify"), REPEATED);
    world.registrar_says(
        first(),
        &answer(&agreed, "494 Security Agreement Required", THEIRS),
    );
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Status(494)));
    assert!(Trouble::Status(494).to_string().contains("mediasec"));
    world.is_quiet();
}

#[test]
fn a_long_list_is_not_repeated_without_end() {
    let mut world = World::new();
    world.begins(vec![(ID, sealed_trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    let endless = format!(
        "{CHALLENGE}Security-Server: {}, {}\r\n",
        "x".repeat(200),
        vec!["a"; 99].join(", ")
    );
    world.registrar_says(first(), &answer(&plain, "401 Unauthorized", &endless));
    let proven = world.asked(first());
    assert_eq!(header(&proven, "Security-Verify"), ["a"; 8].join(", "));
}

#[test]
fn a_call_that_insists_on_it_is_taken_and_its_refresh_says_it() {
    let mut world = World::new();
    registered(&mut world);
    let more = "Require: mediasec\r\nSupported: timer\r\nSession-Expires: 300;refresher=uas\r\n";
    world.hears_from(first(), Asked::invite().with(more).text().as_bytes());
    assert_eq!(status(&world.sent()), 100);
    let leg = world.invited();
    world.accepts(leg);
    let ok = world.sent();
    assert_eq!(status(&ok), 200);
    world.hears_from(first(), Asked::new("ACK", 1, "a1").within(&ok).text().as_bytes());
    assert_eq!(world.told(), Event::Confirmed { leg });
    world.passes(150 * SECOND);
    let refresh = world.sent();
    assert!(refresh.starts_with("INVITE "), "{refresh}");
    assert_eq!(header(&refresh, "Security-Verify"), REPEATED);
    assert_eq!(
        (header(&refresh, "Require"), header(&refresh, "Proxy-Require")),
        ("mediasec", "mediasec")
    );
}

#[test]
fn where_it_is_not_set_nothing_is_said_of_it_and_who_insists_is_told_so() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.hears_from(
        first(),
        Asked::invite().with("Require: mediasec\r\n").text().as_bytes(),
    );
    let refused = world.sent();
    assert_eq!(
        (status(&refused), header(&refused, "Unsupported")),
        (420, "mediasec")
    );
    let ack = Asked::new("ACK", 1, "i1").within(&refused);
    world.hears_from(first(), ack.text().as_bytes());
    world.passes_until_sent(600 * SECOND);
    let refresh = world.asked(first());
    assert!(
        !refresh.contains("Security-") && !refresh.contains("mediasec"),
        "{refresh}"
    );
}
