//! Calls in which one does not hear the other: noticed within ten seconds, said to who can hear it, and never to who is
//! merely silent.

use super::world::World;
use rundruf::ids::Language;
use rundruf::media_api::Fault;
use rundruf::speech::{Prompt, clip};

const PIN: &str = "493827";

/// How often telephone `n` was told that nothing is heard of it.
fn told(world: &World, n: usize) -> usize {
    let sentence = clip(Language::De, Prompt::Unheard);
    world.said.iter().filter(|said| **said == (n, sentence)).count()
}

/// Two telephones that hear each other in a room.
fn two_in_a_room() -> World {
    let mut world = World::new();
    let room = world.book(0, Some(PIN), 8);
    for _ in 0..2 {
        world.call_and_key(&format!("{room}#{PIN}#"));
        world.run_until_keyed();
    }
    assert_eq!((world.hears(0), world.hears(1)), (vec![1], vec![0]));
    world
}

/// What was told of telephone `n`, and how many whole seconds after `since`.
fn news(world: &World, n: usize, since: u64) -> Vec<(u64, Option<Fault>)> {
    let of = world.one_way.iter().filter(|(_, who, _)| *who == n);
    of.map(|(ms, _, fault)| ((ms - since) / 1_000, *fault)).collect()
}

#[test]
fn a_caller_of_whom_nothing_comes_is_told_so_in_reception() {
    let mut world = World::new();
    let n = world.call();
    world.telephones[n].fate = |_| 0;
    world.run_ms(9_990);
    assert_eq!(news(&world, n, 0).len(), 1, "{:?}", world.one_way);
    assert_eq!(world.one_way[0].2, Some(Fault::NothingComes));
    assert_eq!(told(&world, n), 1);
    assert!(world.hears_something(n), "the sentence is heard");
    // The way opens; the call goes on as any other.
    world.telephones[n].fate = |_| 1;
    world.run_ms(2_000);
    assert_eq!(world.one_way.last().map(|news| news.2), Some(None));
    let room = world.book(0, None, 8);
    world.key(n, &format!("{room}#"));
    world.run_ms(500);
    assert_eq!(world.site.bridge.status().in_rooms, 1);
    assert_eq!(told(&world, n), 1, "once");
}

#[test]
fn a_voice_in_a_codec_that_was_not_agreed_is_named_and_its_caller_told_in_the_room() {
    let mut world = two_in_a_room();
    let begin = world.now().as_millis();
    world.telephones[1].payload_type = 111;
    world.run_ms(10_000);
    let at = news(&world, 1, begin);
    assert!(matches!(at[..], [(8..=9, Some(Fault::UnknownPayload))]), "{at:?}");
    assert_eq!((told(&world, 1), told(&world, 0)), (1, 0));
    world.telephones[1].payload_type = 8;
    world.run_ms(2_000);
    assert_eq!(world.one_way.last().map(|news| (news.1, news.2)), Some((1, None)));
    assert_eq!(world.hears(0), [1]);
    assert_eq!(news(&world, 0, begin), []);
}

#[test]
fn who_suppresses_silence_or_holds_is_not_called_unheard() {
    let mut world = two_in_a_room();
    world.telephones[1].fate = |_| 0;
    world.run_ms(30_000);
    assert_eq!((world.one_way.len(), told(&world, 1)), (0, 0));
    let hold = world.telephones[0].offer() + "a=sendonly\r\n";
    let invite = world.telephones[0].request("INVITE", 2, &hold);
    world.sip(0, &invite);
    world.telephones[0].fate = |_| 0;
    world.run_ms(30_000);
    assert_eq!((world.one_way.len(), told(&world, 0)), (0, 0));
}

#[test]
fn a_telephone_that_reports_that_nothing_arrives_is_believed() {
    let mut world = two_in_a_room();
    let begin = world.now().as_millis();
    let mut from = world.telephones[1].rtp();
    from.set_port(from.port() + 1);
    let port = world.telephones[1].media_port();
    // A receiver report that names no source.
    let nothing = [0x80, 201, 0, 1, 0, 0, 0, 1];
    for _ in 0..2 {
        world.run_ms(4_500);
        world.site.handle_rtcp(from, port, nothing.to_vec());
    }
    world.run_ms(1_000);
    let at = news(&world, 1, begin);
    assert!(matches!(at[..], [(4..=9, Some(Fault::NothingArrives))]), "{at:?}");
    assert_eq!(told(&world, 1), 0, "who hears nothing is told nothing");
    // The same from somebody else means nothing.
    let stranger = "192.0.2.77:9".parse().expect("an address");
    let port = world.telephones[0].media_port();
    for _ in 0..3 {
        world.site.handle_rtcp(stranger, port, nothing.to_vec());
        world.run_ms(4_500);
    }
    assert_eq!(news(&world, 0, begin), []);
}
