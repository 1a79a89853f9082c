//! What the keys do in a room, heard through the real tick: whole calls with invented time.

use super::world::World;

const PIN: &str = "493817";
const LEADER: &str = "8261";

/// A leader (telephone 0) and two members in a room, all talking, all welcome sentences over.
fn meeting() -> World {
    let mut world = World::new();
    let room = world.book(42, Some(PIN), 4);
    world.appoint_leader(42, LEADER);
    world.call_and_key(&format!("{room}#{LEADER}#"));
    (0..2).for_each(|_| {
        world.call_and_key(&format!("{room}#{PIN}#"));
    });
    world.run_until_keyed();
    world.run_ms(12_000);
    assert_eq!(world.hears(0), [1, 2]);
    world
}

fn close(mut world: World) {
    for n in 0..world.telephones.len() {
        if world.signals(n, "BYE") == 0 {
            world.hang_up(n);
        }
    }
    world.assert_nothing_is_left();
}

#[test]
fn the_first_hears_that_nobody_is_there_yet_and_music_until_somebody_comes() {
    let mut world = World::new();
    let room = world.book(42, Some(PIN), 4);
    world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.run_ms(20_000);
    let music = world.loudness_dbov(0);
    assert!((-46.0..-32.0).contains(&music), "quiet music, {music:.1} dBov");
    let other = world.call_and_key(&format!("{room}#{PIN}#"));
    world.telephones[other].speaks = false;
    world.run_until_keyed();
    world.run_ms(3_000);
    let silence = world.loudness_dbov(0);
    assert!(
        silence < -70.0,
        "no music any more, and nobody speaks: {silence:.1} dBov"
    );
    close(world);
}

#[test]
fn star_six_mutes_and_unmutes_and_bare_digits_do_nothing() {
    let mut world = meeting();
    world.key(1, "1#667");
    assert_eq!(world.hears(2), [0, 1]);
    world.key(1, "*6");
    world.run_ms(6_000);
    assert_eq!(world.hears(2), [0]);
    assert_eq!(world.hears(1), [0, 2], "who is muted still hears");
    world.key(1, "*6");
    world.run_ms(6_000);
    assert_eq!(world.hears(2), [0, 1]);
    close(world);
}

#[test]
fn every_star_key_is_answered_privately() {
    let mut world = meeting();
    for n in 0..3 {
        world.telephones[n].speaks = false;
    }
    world.run_ms(2_000);
    for (keys, wait) in [("*2", 600), ("*1", 600), ("*", 4_600), ("*8", 600), ("*5", 600)] {
        world.key(1, keys);
        world.run_ms(wait);
        assert!(world.hears_something(1), "{keys} is answered");
        assert!(
            !world.hears_something(2) && !world.hears_something(0),
            "{keys} is nobody else's business"
        );
        world.run_ms(60_000);
    }
    close(world);
}

#[test]
fn the_leader_mutes_the_others_and_gives_back() {
    let mut world = meeting();
    world.key(0, "*0");
    world.run_ms(12_000);
    assert_eq!(world.hears(1), [0]);
    assert_eq!(world.hears(0), Vec::<usize>::new());
    world.key(0, "*0");
    world.run_ms(12_000);
    assert_eq!(world.hears(1), [0, 2]);
    close(world);
}

#[test]
fn a_locked_room_says_so_to_members_and_lets_leaders_in() {
    let mut world = meeting();
    let room = world.store.keys().next().expect("booked").to_string();
    world.key(0, "*5");
    let late = world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.run_ms(20_000);
    assert_eq!(world.signals(late, "BYE"), 1);
    assert_eq!(world.site.bridge.status().refused["room_locked"], 1);
    world.call_and_key(&format!("{room}#{LEADER}#"));
    world.run_until_keyed();
    assert_eq!(world.site.bridge.status().in_rooms, 4);
    close(world);
}

#[test]
fn the_leader_ends_the_talk_for_all_only_when_it_is_confirmed() {
    let mut world = meeting();
    world.key(0, "*##");
    world.run_ms(6_000);
    world.key(0, "2");
    world.run_ms(3_000);
    assert_eq!(world.site.bridge.status().in_rooms, 3);
    world.key(1, "*##");
    world.run_ms(500);
    world.key(1, "1");
    assert_eq!(world.site.bridge.status().in_rooms, 3, "members cannot");
    world.run_ms(8_000);
    world.key(0, "*##");
    world.run_ms(500);
    world.key(0, "1");
    world.run_ms(1_000);
    assert!((0..3).all(|n| world.hears_something(n)), "a goodbye to everybody");
    world.run_ms(20_000);
    assert!((0..3).all(|n| world.signals(n, "BYE") == 1));
    close(world);
}

#[test]
fn four_minutes_alone_are_asked_about_and_any_key_stays() {
    let mut world = World::new();
    let room = world.book(42, None, 4);
    let n = world.call_and_key(&room);
    world.telephones[n].speaks = false;
    world.run_until_keyed();
    world.run_ms(245_000);
    world.key(n, "5");
    world.run_ms(120_000);
    assert_eq!(world.signals(n, "BYE"), 0, "it was answered");
    world.run_ms(240_000);
    assert_eq!(world.signals(n, "BYE"), 1, "it was not");
    close(world);
}

#[test]
fn a_room_that_is_widened_while_it_is_open_takes_more_at_once() {
    let mut world = World::new();
    let room = world.book(42, Some(PIN), 2);
    (0..2).for_each(|_| {
        world.call_and_key(&format!("{room}#{PIN}#"));
    });
    world.run_until_keyed();
    world.store.values_mut().for_each(|booking| booking.seats = 3);
    world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.run_ms(8_000);
    assert_eq!(world.hears(0), [1, 2]);
    assert_eq!(world.hears(2), [0, 1]);
    close(world);
}

#[test]
fn a_room_whose_end_comes_nearer_ends_then_with_a_sentence() {
    let mut world = meeting();
    let number = *world.store.keys().next().expect("booked");
    let end = world.now() + std::time::Duration::from_secs(60);
    world
        .site
        .bridge
        .handle_room_changed(world.now(), number, 4, Some(end));
    world.run_ms(59_000);
    assert_eq!(
        world.site.bridge.status().in_rooms,
        3,
        "who is inside stays until then"
    );
    world.run_ms(2_500);
    assert_eq!(world.site.bridge.status().in_rooms, 0);
    assert!(
        (0..3).all(|n| world.hears_something(n)),
        "and hears that the time is over"
    );
    world.run_ms(20_000);
    assert!((0..3).all(|n| world.signals(n, "BYE") == 1));
    close(world);
}

#[test]
fn who_keys_the_pin_while_the_booking_is_changed_does_not_bring_the_former_one_back() {
    let mut world = meeting();
    let (number, room) = {
        let number = *world.store.keys().next().expect("booked");
        (number, number.to_string())
    };
    // The room is found as it was booked first; then its end comes nearer; then the PIN is keyed.
    let late = world.call_and_key(&format!("{room}#"));
    world.run_until_keyed();
    let end = world.now() + std::time::Duration::from_secs(30);
    world
        .site
        .bridge
        .handle_room_changed(world.now(), number, 4, Some(end));
    world.key(late, &format!("{PIN}#"));
    world.run_ms(3_000);
    assert_eq!(world.site.bridge.status().in_rooms, 4);
    world.run_ms(30_000);
    assert_eq!(world.site.bridge.status().in_rooms, 0, "its time is over");
    world.run_ms(20_000);
    close(world);
}

#[test]
fn who_speaks_while_muted_is_told() {
    let mut world = meeting();
    world.telephones[1].speaks = false;
    world.key(1, "*6");
    world.run_ms(10_000);
    world.telephones[1].speaks = true;
    world.run_ms(8_000);
    assert_eq!(world.site.bridge.status().counters["room_muted_reminders"], 1);
    close(world);
}

#[test]
fn keys_by_info_work_and_count_once_beside_events() {
    let mut world = meeting();
    for (cseq, key) in [(2, '*'), (3, '6')] {
        world.key_by_info(1, cseq, key);
    }
    assert_eq!(world.signals(1, "200 INFO"), 2);
    assert_eq!(
        world.site.bridge.status().counters["keys_doubled"],
        2,
        "this telephone sends events: INFO counts for nothing"
    );
    close(world);
}

#[test]
fn hold_silences_at_once_and_resume_brings_the_voice_back() {
    let mut world = meeting();
    let hold = world.telephones[1].offer() + "a=sendonly\r\n";
    let bytes = world.telephones[1].request("INVITE", 2, &hold);
    world.sip(1, &bytes);
    assert_eq!(world.hears(2), [0]);
    world.run_ms(30_000);
    let resume = world.telephones[1].offer();
    let bytes = world.telephones[1].request("INVITE", 3, &resume);
    world.sip(1, &bytes);
    world.run_ms(1_000);
    assert_eq!(world.hears(2), [0, 1]);
    assert_eq!(world.hears(1), [0, 2]);
    close(world);
}
