//! A telephone in the room returns what it hears: who is told what, from the wire to the sentence and back, with invented time.

use super::world::World;
use rundruf::ids::{ClipId, Language};
use rundruf::speech::{Prompt, clip};

const PIN: &str = "493817";
const LEADER: &str = "8261";

/// A leader (telephone 0) and two members in a room; what the last one hears comes back, and there is no canceller.
fn meeting() -> World {
    let mut world = World::new();
    world.site.look_for_echo(0);
    let room = world.book(42, Some(PIN), 4);
    world.appoint_leader(42, LEADER);
    for pin in [LEADER, PIN, PIN] {
        let n = world.call_and_key(&format!("{room}#{pin}#"));
        world.telephones[n].speaks = false;
    }
    world.run_until_keyed();
    world.run_ms(12_000);
    world.telephones[2].returns = Some((4, 8));
    world.said.clear();
    world
}

fn said(world: &mut World) -> Vec<(usize, ClipId)> {
    std::mem::take(&mut world.said)
}

fn sentence(prompt: Prompt) -> ClipId {
    clip(Language::De, prompt)
}

#[test]
fn whose_telephone_echoes_hears_so_in_a_pause_and_nobody_else_does() {
    let mut world = meeting();
    world.telephones[0].babbles = true;
    world.run_ms(9_000);
    assert_eq!(said(&mut world), [], "not while somebody speaks");
    world.telephones[0].babbles = false;
    world.run_ms(2_000);
    assert_eq!(said(&mut world), [(2, sentence(Prompt::YourEcho))]);
    for _ in 0..3 {
        world.telephones[0].babbles = true;
        world.run_ms(6_000);
        world.telephones[0].babbles = false;
        world.run_ms(6_000);
    }
    assert_eq!(said(&mut world), [], "once");
    let counters = world.site.bridge.status().counters;
    assert_eq!((counters["room_echo_told"], counters["room_unexpected"]), (1, 0));
}

#[test]
fn a_leader_has_the_line_named_and_mutes_it() {
    let mut world = meeting();
    world.telephones[0].babbles = true;
    world.telephones[1].key("*3");
    world.run_ms(12_000);
    let found = [Prompt::EchoSearch, Prompt::EchoFound].map(|prompt| (1, sentence(prompt)));
    assert_eq!(said(&mut world), found);
    world.telephones[0].key("*3");
    world.run_ms(5_000);
    let named: Vec<_> = said(&mut world)
        .into_iter()
        .map(|(n, clip)| (n, clip.0))
        .collect();
    let begin = (0, sentence(Prompt::EchoLineBegin).0);
    let end = (0, sentence(Prompt::EchoLineEnd).0);
    assert_eq!(
        (named.first(), named.last()),
        (Some(&begin), Some(&end)),
        "{named:?}"
    );
    let loud = world.loudness_dbov(0);
    world.telephones[0].key("1");
    world.run_ms(12_000);
    let muted = [
        (2, sentence(Prompt::EchoMuted)),
        (0, sentence(Prompt::EchoLineMuted)),
    ];
    assert_eq!(said(&mut world), muted);
    let quiet = world.loudness_dbov(0);
    assert!(quiet < -70.0 && loud > -50.0, "{loud:.1}, then {quiet:.1} dBov");
    world.telephones[2].key("*6");
    world.run_ms(9_000);
    assert_eq!(said(&mut world), [(2, sentence(Prompt::Unmuted))]);
}
