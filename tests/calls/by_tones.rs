//! Keys that come as tones in the voice, alone and beside other ways: whole calls with invented time.

use super::tones;
use super::world::World;

const PIN: &str = "493817";

fn close(mut world: World) {
    (0..world.telephones.len()).for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

/// A call of which the telephone sends no events.
fn call_by_tones(world: &mut World, keys: &str) -> usize {
    let n = world.call();
    world.run_ms(1_000);
    world.telephones[n].key_by_tones(keys);
    n
}

#[test]
fn a_telephone_that_sends_tones_only_is_let_in_and_may_use_the_keys_in_the_room() {
    let mut world = World::new();
    let room = world.book(42, Some(PIN), 4);
    call_by_tones(&mut world, &format!("{room}#{PIN}#"));
    world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.telephones[0].speaks = true;
    world.run_ms(12_000);
    assert_eq!(world.site.bridge.status().in_rooms, 2);
    assert_eq!(world.hears(1), [0]);

    for hears in [vec![], vec![0]] {
        world.telephones[0].key_by_tones("*6");
        world.run_until_keyed();
        world.run_ms(6_000);
        assert_eq!(world.hears(1), hears, "*6 mutes, and gives back");
    }
    assert_eq!(world.site.bridge.status().counters["keys_doubled"], 0);
    close(world);
}

#[test]
fn tones_are_kept_from_the_others_but_for_their_first_30_ms() {
    let mut world = World::new();
    let room = world.book(42, None, 4);
    call_by_tones(&mut world, &room);
    world.call_and_key(&room);
    world.run_until_keyed();
    world
        .telephones
        .iter_mut()
        .for_each(|telephone| telephone.speaks = false);
    world.run_ms(20_000);
    world.telephones[1].sound.clear();
    // Bare digits mean nothing in a room: nothing is said over them.
    world.telephones[0].key_by_tones("555555");
    world.run_until_keyed();
    let sound = &world.telephones[1].sound;
    assert!(sound.len() >= 6 * 1_600);
    let loud = sound.iter().filter(|sample| sample.unsigned_abs() > 400).count();
    let ms = loud as f64 / 8.0;
    assert!(
        (6.0 * 5.0..=6.0 * 30.0).contains(&ms),
        "{ms} ms of six keys of 100 ms"
    );
    close(world);
}

#[test]
fn a_gateway_that_lets_a_tone_through_before_its_event_has_sent_one_key() {
    let mut world = World::new();
    // Every digit counts: a doubled one would make the entry wrong.
    let room = world.book(42, Some("11223344"), 4);
    let n = world.call();
    world.run_ms(1_000);
    world.telephones[n].leaks = 3;
    world.telephones[n].key(&format!("{room}#11223344#"));
    world.run_until_keyed();
    let status = world.site.bridge.status();
    assert_eq!(
        (status.in_rooms, status.counters["keys_doubled"]),
        (1, 1),
        "the first key came both ways"
    );
    close(world);
}

#[test]
fn a_telephone_that_sends_infos_and_tones_has_sent_each_key_once() {
    for info_first in [true, false] {
        let mut world = World::new();
        let room = world.book(42, Some("11223344"), 4);
        let n = world.call();
        world.run_ms(1_000);
        let keys = format!("{room}#11223344#");
        for (cseq, key) in (2..).zip(keys.chars()) {
            if info_first {
                world.key_by_info(n, cseq, key);
            }
            world.telephones[n].key_by_tones(&key.to_string());
            world.run_ms(150);
            if !info_first {
                world.key_by_info(n, cseq, key);
            }
            world.run_ms(100);
        }
        world.run_ms(1_000);
        let status = world.site.bridge.status();
        assert_eq!(status.in_rooms, 1, "INFO first: {info_first}");
        // The last # comes after the PIN's last digit has opened the room.
        let all = keys.len() as u64;
        assert_eq!(status.counters["keys_doubled"], all);
        let ignored = if info_first { all } else { all - 1 };
        assert_eq!(status.counters["tones_ignored"], ignored);
        close(world);
    }
}

#[test]
fn noise_like_speech_keys_nothing() {
    let mut world = World::new();
    world.book(42, None, 4);
    let n = world.call();
    world.telephones[n].babbles = true;
    world.run_ms(30_000);
    let status = world.site.bridge.status();
    assert_eq!((status.in_reception, status.in_rooms, world.keys_told), (1, 0, 0));
    assert!(
        (0..8_000).any(|at| tones::babble(at) > 9_000),
        "it was loud enough"
    );
    close(world);
}
