//! Who is who, without saying it.

use super::{Asked, World};
use crate::ids::CallerTag;
use crate::sip::{Event, Peer};

/// The tag of a caller whose INVITE from `host` is changed so.
fn tag(world: &mut World, host: &str, change: impl Fn(String) -> String) -> CallerTag {
    let invite = change(Asked::invite().text());
    let from = Peer::udp(format!("{host}:5070").parse().expect("address"));
    world.hears_by(from, super::local(), invite.as_bytes());
    world.sent();
    let told = world.told();
    let Event::Invited { leg, identity, .. } = told else {
        panic!("{told:?}");
    };
    assert!(!format!("{told:?}").contains("30123456"));
    world.hangs_up(leg);
    world.passes(std::time::Duration::from_secs(40));
    world.sent_count();
    world.told();
    identity
}

#[test]
fn the_same_caller_has_the_same_tag_and_another_a_different_one() {
    let mut world = World::new();
    let caller = tag(&mut world, "192.0.2.1", |invite| invite);
    let elsewhere = tag(&mut world, "192.0.2.2", |invite| {
        invite.replace("@192.0.2.1>;tag=peer", "@trunk.example>;tag=peer")
    });
    assert_eq!(caller, elsewhere, "by whatever trunk");
    let asserted = tag(&mut world, "192.0.2.1", |invite| {
        let assertion = "P-Asserted-Identity: <tel:+4930123456>\r\nContact:";
        invite
            .replacen("Contact:", assertion, 1)
            .replace("From: \"Erna\" <sip:+4930123456@", "From: <sip:anonymous@")
    });
    assert_eq!(caller, asserted, "the network knows better");
    let other = tag(&mut world, "192.0.2.1", |invite| {
        invite.replace("From: \"Erna\" <sip:+4930123456@", "From: <sip:+4930123457@")
    });
    assert_ne!(caller, other);
}

#[test]
fn who_hides_the_number_is_told_by_the_trunk_alone() {
    let mut world = World::new();
    let anonymous = |invite: String| {
        invite.replace(
            "From: \"Erna\" <sip:+4930123456@192.0.2.1>",
            "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>",
        )
    };
    let one = tag(&mut world, "192.0.2.1", anonymous);
    assert_eq!(one, tag(&mut world, "192.0.2.1", anonymous));
    assert_ne!(one, tag(&mut world, "192.0.2.2", anonymous));
}
