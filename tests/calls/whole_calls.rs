//! Whole calls through the pure cores: signalling, reception, rooms and the real tick, with invented time.

use super::world::{StoreMood, World};

const PIN: &str = "493817";

#[test]
fn three_members_meet_hear_each_other_and_part() {
    let mut world = World::new();
    let room = world.book(4_711, Some(PIN), 8);
    for _ in 0..3 {
        world.call_and_key(&format!("{room}#{PIN}#"));
    }
    world.run_until_keyed();
    world.run_ms(8_000);
    assert_eq!(world.hears(0), [1, 2]);
    assert_eq!(world.hears(1), [0, 2]);
    assert_eq!(world.hears(2), [0, 1]);
    let status = world.site.bridge.status();
    assert_eq!(
        (status.in_reception, status.in_rooms, status.rooms[0].count),
        (0, 3, 3)
    );

    world.hang_up(1);
    assert_eq!(world.hears(0), [2]);
    world.hang_up(0);
    world.hang_up(2);
    world.assert_nothing_is_left();
}

#[test]
fn two_rooms_do_not_hear_each_other() {
    let mut world = World::new();
    let rooms = [world.book(1, Some(PIN), 8), world.book(2, None, 8)];
    for n in 0..4 {
        let keys = if n % 2 == 0 {
            format!("{}#{PIN}#", rooms[0])
        } else {
            rooms[1].clone()
        };
        world.call_and_key(&keys);
    }
    world.run_until_keyed();
    world.run_ms(8_000);
    for (n, others) in [(0, [2]), (1, [3]), (2, [0]), (3, [1])] {
        assert_eq!(world.hears(n), others);
    }
    (0..4).for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

#[test]
fn a_dial_string_keyed_at_once_is_in_the_room_within_a_second() {
    let mut world = World::new();
    let room = world.book(77, Some(PIN), 8);
    let keys = format!("{room}#{PIN}#");
    for _ in 0..2 {
        let n = world.call();
        world.telephones[n].key(&keys);
        world.telephones[n].speaks = true;
    }
    // The last digit of the PIN opens the room; the `#` after it is swallowed.
    world.run_ms((keys.len() as u64 - 1) * 200 + 400);
    assert_eq!(world.site.bridge.status().in_rooms, 2);
    world.run_ms(400);
    assert!(world.hears(1).contains(&0));
    (0..2).for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

#[test]
fn digits_survive_lost_and_doubled_packets() {
    let mut world = World::new();
    let room = world.book(815, Some("11223344"), 8);
    let n = world.call();
    world.telephones[n].fate = |packet| [1, 0, 2, 1, 0][packet as usize % 5];
    world.telephones[n].key(&format!("{room}#11223344#"));
    world.run_until_keyed();
    assert_eq!(world.site.bridge.status().in_rooms, 1);
    world.hang_up(n);
    world.assert_nothing_is_left();
}

#[test]
fn four_wrong_pins_end_in_a_spoken_sentence_and_bye() {
    let mut world = World::new();
    let room = world.book(3, Some(PIN), 8);
    let n = world.call_and_key(&format!("{room}#"));
    for _ in 0..4 {
        assert_eq!(world.signals(n, "BYE"), 0);
        world.telephones[n].key("000000#");
        world.run_until_keyed();
    }
    world.run_ms(1_000);
    assert!(world.hears_something(n), "the goodbye is spoken");
    assert_eq!(world.signals(n, "BYE"), 0, "and heard to its end");
    world.run_ms(20_000);
    assert_eq!(world.signals(n, "BYE"), 1);
    assert_eq!(world.site.bridge.status().refused["wrong_room_or_pin"], 4);
    world.assert_nothing_is_left();
}

#[test]
fn nobody_learns_whether_a_room_exists() {
    let told = |exists: bool| {
        let mut world = World::new();
        let room = world.book(3, Some(PIN), 8);
        if !exists {
            world.store.clear();
        }
        let n = world.call_and_key(&format!("{room}#123456#{room}#98765432#"));
        world.run_until_keyed();
        world.run_ms(20_000);
        world.telephones[n].sound.clone()
    };
    assert!(told(true) == told(false), "every sample is the same");
}

#[test]
fn hanging_up_at_any_moment_leaves_nothing_behind() {
    let mut moments: Vec<u64> = (0..40).map(|n| n * 250).collect();
    moments.extend([11_000, 15_000, 22_000, 30_000, 45_000, 60_000, 80_000]);
    for keys in ["", "1", "1234567#", "1234567#0000#"] {
        for &moment in &moments {
            let mut world = World::new();
            let n = world.call();
            world.telephones[n].key(keys);
            world.run_ms(moment);
            world.hang_up(n);
            world.assert_nothing_is_left();
        }
    }
}

#[test]
fn who_says_nothing_is_asked_again_and_then_bid_goodbye() {
    let mut world = World::new();
    let n = world.call();
    world.run_ms(60_000);
    assert_eq!(world.signals(n, "BYE"), 0);
    world.run_ms(120_000);
    assert_eq!(world.signals(n, "BYE"), 1);
    world.assert_nothing_is_left();
}

#[test]
fn a_store_that_fails_or_never_answers_is_a_sentence_and_not_silence() {
    for mood in [StoreMood::Fails, StoreMood::NeverAnswers] {
        let mut world = World::new();
        world.mood = mood;
        let room = world.book(3, Some(PIN), 8);
        let n = world.call_and_key(&format!("{room}#"));
        world.run_until_keyed();
        world.run_ms(6_000);
        assert!(world.hears_something(n), "{mood:?}");
        world.run_ms(30_000);
        assert_eq!(world.signals(n, "BYE"), 1, "{mood:?}");
        world.assert_nothing_is_left();
    }
}

#[test]
fn a_full_room_says_so() {
    let mut world = World::new();
    let room = world.book(3, Some(PIN), 2);
    (0..3).for_each(|_| {
        world.call_and_key(&format!("{room}#{PIN}#"));
    });
    world.run_until_keyed();
    world.run_ms(500);
    let status = world.site.bridge.status();
    assert_eq!(
        (status.in_rooms, status.in_reception, status.refused["room_full"]),
        (2, 1, 1)
    );
    assert!(world.hears_something(2));
    world.run_ms(20_000);
    assert_eq!(world.signals(2, "BYE"), 1);
    (0..2).for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

#[test]
fn a_cancelled_room_tells_its_members_and_ends_their_calls() {
    let mut world = World::new();
    let room = world.book(3, Some(PIN), 8);
    (0..2).for_each(|_| {
        world.call_and_key(&format!("{room}#{PIN}#"));
    });
    world.run_until_keyed();
    let number = *world.store.keys().next().expect("booked");
    world.store.clear();
    world.site.bridge.handle_room_cancelled(world.now(), number);
    assert_eq!(world.hears(0), Vec::<usize>::new(), "the room is closed at once");
    world.run_ms(1_000);
    assert!(world.hears_something(0));
    world.run_ms(20_000);
    assert_eq!((world.signals(0, "BYE"), world.signals(1, "BYE")), (1, 1));
    world.assert_nothing_is_left();
}

#[test]
fn the_end_of_the_program_ends_every_call_by_bye() {
    let mut world = World::new();
    let room = world.book(3, Some(PIN), 8);
    world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.call();
    world.site.bridge.handle_shutdown(world.now());
    world.run_ms(10);
    assert_eq!((world.signals(0, "BYE"), world.signals(1, "BYE")), (1, 1));
    let late = world.call();
    assert_eq!(world.signals(late, "480 INVITE"), 1);
    world.assert_nothing_is_left();
}
