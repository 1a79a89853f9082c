//! A room with a telephone number of its own: who dials it keys the PIN and nothing else.

use super::world::{StoreMood, World};
use rundruf::ids::Language;
use rundruf::speech::{Prompt, clip};

const PIN: &str = "493817";

fn says(world: &World, n: usize, prompt: Prompt) -> bool {
    world.said.contains(&(n, clip(Language::De, prompt)))
}

#[test]
fn members_who_dial_the_rooms_own_number_key_the_pin_alone() {
    let mut world = World::new();
    world.book(4_711, Some(PIN), 8);
    world.call_directly(4_711);
    for keys in ["493817#", "493817", "111222#493817#"] {
        world.call_and_key(keys);
    }
    world.run_until_keyed();
    world.run_ms(12_000);
    assert_eq!(world.site.bridge.status().in_rooms, 3);
    assert_eq!(world.hears(0), [1, 2]);
    assert!(says(&world, 0, Prompt::Greeting) && says(&world, 0, Prompt::AskPin1));
    assert!(says(&world, 2, Prompt::PinWrong1) && !says(&world, 2, Prompt::Mismatch1));
    assert!(
        !world
            .said
            .iter()
            .any(|(_, said)| *said == clip(Language::De, Prompt::AskRoom1))
    );
    assert_eq!(world.site.bridge.status().counters["called_directly"], 3);
    (0..3).for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

#[test]
fn a_room_without_a_pin_is_entered_by_its_number_alone() {
    let mut world = World::new();
    world.book(7, None, 8);
    world.call_directly(7);
    let callers = [world.call(), world.call()];
    world.run_ms(3_000);
    assert_eq!(world.site.bridge.status().in_rooms, 2);
    callers.into_iter().for_each(|n| world.hang_up(n));
    world.assert_nothing_is_left();
}

#[test]
fn who_dials_another_number_is_asked_for_the_room() {
    let mut world = World::new();
    let room = world.book(4_711, Some(PIN), 8);
    world.call_and_key(&format!("{room}#{PIN}#"));
    world.run_until_keyed();
    world.run_ms(4_000);
    assert!(says(&world, 0, Prompt::AskRoom1));
    assert_eq!(world.site.bridge.status().in_rooms, 1);
    world.hang_up(0);
    world.assert_nothing_is_left();
}

#[test]
fn a_store_that_does_not_answer_costs_the_shortcut_and_not_the_call() {
    for mood in [StoreMood::Fails, StoreMood::NeverAnswers] {
        let mut world = World::new();
        world.book(4_711, Some(PIN), 8);
        world.call_directly(4_711);
        world.mood = mood;
        let n = world.call();
        world.run_ms(3_000);
        assert!(says(&world, n, Prompt::AskRoom1), "asked like everybody else");
        world.hang_up(n);
        world.assert_nothing_is_left();
    }
}
