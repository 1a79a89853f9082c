//! A telephone in the room returns what it hears: who is told what, from the wire to the sentence and back, with invented time.

use super::world::World;
use rundruf::bridge::quality;
use rundruf::ids::{ClipId, Language};
use rundruf::media_api::{Codec, OpusSpec};
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

/// Two telephones of A-law, and two that return what they hear: one speaks G.722, the other Opus.
fn wide_meeting(cancellers: usize) -> World {
    let mut world = World::new();
    world.site.look_for_echo(cancellers);
    let room = world.book(43, Some(PIN), 4);
    let keys = format!("{room}#{PIN}#");
    for _ in 0..2 {
        let n = world.call_and_key(&keys);
        world.telephones[n].speaks = false;
    }
    let opus = Codec::Opus(OpusSpec {
        payload_type: 111,
        fec: false,
        bitrate: 24_000,
    });
    world.call_wide_and_key(Codec::G722, &keys);
    world.call_wide_and_key(opus, &keys);
    world.run_until_keyed();
    world.run_ms(12_000);
    world.telephones[2].returns = Some((4, 8));
    world.telephones[3].returns = Some((7, 8));
    world.said.clear();
    world
}

/// What `status` says of each line's echo, by the line's number.
fn echoes(world: &World) -> Vec<(u32, String)> {
    let echo = |(line, figures)| Some((line, quality::line(line, figures).echo?.state));
    world.site.figures().filter_map(echo).collect()
}

#[test]
fn telephones_of_16_khz_are_found_shown_and_whispered_to_like_the_others() {
    let mut world = wide_meeting(0);
    world.telephones[0].babbles = true;
    world.run_ms(9_000);
    assert_eq!(said(&mut world), [], "not while somebody speaks");
    assert_eq!(echoes(&world).len(), 2, "{:?}", echoes(&world));
    world.telephones[0].babbles = false;
    world.run_ms(3_000);
    let mut told = said(&mut world);
    told.sort_unstable_by_key(|(n, _)| *n);
    let whispered = [2, 3].map(|n| (n, sentence(Prompt::YourEcho)));
    assert_eq!(told, whispered);
}

#[test]
fn echoes_of_16_khz_are_taken_out_and_status_says_so() {
    let mut world = wide_meeting(2);
    world.telephones[0].babbles = true;
    world.run_ms(4_000);
    world.run_ms(4_000);
    let quiet = world.loudness_dbov(0);
    let states = echoes(&world);
    assert!(
        states.len() == 2 && states.iter().all(|(_, state)| state == "taken out"),
        "{states:?}"
    );
    let mut untreated = wide_meeting(0);
    untreated.telephones[0].babbles = true;
    untreated.run_ms(8_000);
    let loud = untreated.loudness_dbov(0);
    assert!(quiet < loud - 18.0, "{quiet:.1} of {loud:.1} dBov");
    world.telephones[0].babbles = false;
    world.run_ms(4_000);
    assert_eq!(said(&mut world), [], "nobody is whispered to");
}
