//! Calls whose telephone is gone without a word, and calls that only look so.

use super::world::World;

/// Two telephones that hear each other in a room.
fn two_in_a_room() -> World {
    let mut world = World::new();
    let room = world.book(0, None, 8);
    for _ in 0..2 {
        world.call_and_key(&format!("{room}#"));
        world.run_until_keyed();
    }
    assert_eq!((world.hears(0), world.hears(1)), (vec![1], vec![0]));
    world
}

/// How many calls were given up because nobody was there.
fn peers_gone(world: &World) -> u64 {
    world.site.bridge.status().counters["peer_gone"]
}

#[test]
fn a_telephone_whose_plug_is_pulled_leaves_its_seat_within_a_minute() {
    let mut world = two_in_a_room();
    world.telephones[1].is_dead = true;
    let pulled = world.now();
    world.run_ms(29_000);
    assert_eq!(world.site.bridge.status().in_rooms, 2, "half a minute is nothing");
    while world.site.bridge.status().in_rooms == 2 {
        world.run_ms(1_000);
    }
    let gone_s = world.now().since(pulled).as_secs();
    assert!(gone_s <= 60, "gone after {gone_s} s");
    assert_eq!(peers_gone(&world), 1);
    // Who stays has the room, and the seat is somebody else's.
    let room = world.book(0, None, 8);
    let n = world.call_and_key(&format!("{room}#"));
    world.run_until_keyed();
    assert_eq!(world.hears(0), [n]);
    assert_eq!(world.site.bridge.status().in_rooms, 2);
    world.hang_up(0);
    world.hang_up(n);
    world.assert_nothing_is_left();
}

#[test]
fn who_says_nothing_or_holds_is_asked_and_stays() {
    let mut world = two_in_a_room();
    // Silence suppression: not a packet, but somebody is there.
    world.telephones[1].fate = |_| 0;
    let hold = world.telephones[0].offer() + "a=sendonly\r\n";
    let invite = world.telephones[0].request("INVITE", 2, &hold);
    world.sip(0, &invite);
    world.telephones[0].fate = |_| 0;
    world.run_ms(120_000);
    for n in [0, 1] {
        let asked = world.signals(n, "OPTIONS");
        assert!((2..=4).contains(&asked), "telephone {n} was asked {asked} times");
        assert_eq!(world.signals(n, "BYE"), 0);
    }
    assert_eq!(world.site.bridge.status().in_rooms, 2);
    assert_eq!(peers_gone(&world), 0);
    // They talk again as if nothing had been.
    let resume = world.telephones[0].request("INVITE", 3, &world.telephones[0].offer());
    world.sip(0, &resume);
    (world.telephones[0].fate, world.telephones[1].fate) = (|_| 1, |_| 1);
    world.run_ms(2_000);
    assert_eq!((world.hears(0), world.hears(1)), (vec![1], vec![0]));
}
