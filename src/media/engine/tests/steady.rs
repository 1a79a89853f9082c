//! Lines that bring a packet a tick: they are asked for one, and a key is told all the same.

use super::*;

/// A caller in a room who has been saying a frame a tick for longer than a second.
fn steady() -> (World, Line) {
    let mut world = World::new();
    let line = world.call(0);
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    world.join(0, 0);
    talk(&mut world, &line, 60);
    (world, line)
}

fn talk(world: &mut World, line: &Line, frames: u32) {
    for _ in 0..frames {
        line.say(1_000);
        world.run_ms(20);
    }
}

/// The first packet of a key (RFC 4733 §2.3), as the stream's next one or beside the voice of the same frame.
fn press(line: &Line, beside: bool) {
    let mut ends = line.0.borrow_mut();
    let packet = rtp(
        0x80 | 101,
        ends.sent,
        (ends.sent - u32::from(beside)) * 160,
        &[5, 10, 0, 160],
    );
    ends.sent += 1;
    ends.to_bridge.push_back((caller(), packet));
}

fn keys(world: &mut World) -> usize {
    let events = std::mem::take(&mut world.rings.events);
    let is_key = |event: &&Event| matches!(event, Event::Key { .. });
    events.iter().filter(is_key).count()
}

#[test]
fn a_steady_line_is_asked_once_a_tick_and_in_every_eighth_till_it_is_empty() {
    let (mut world, line) = steady();
    let before = line.0.borrow().asked;
    talk(&mut world, &line, 80);
    assert_eq!(line.0.borrow().asked - before, 80 + 10);
    // Two packets come at once, as when clocks differ: none is left over for long.
    line.say(1_000);
    talk(&mut world, &line, 8);
    assert!(line.0.borrow().to_bridge.is_empty());
}

#[test]
fn a_key_instead_of_voice_is_told_in_its_tick_and_one_beside_it_a_tick_later() {
    let (mut world, line) = steady();
    press(&line, false);
    world.run_ms(20);
    assert_eq!(keys(&mut world), 1);
    for phase in 0..8 {
        talk(&mut world, &line, 60 + phase);
        line.say(1_000);
        press(&line, true);
        world.run_ms(20);
        let at_once = keys(&mut world);
        talk(&mut world, &line, 1);
        assert_eq!(at_once + keys(&mut world), 1, "{phase}");
    }
}

#[test]
fn all_that_waits_behind_anything_unexpected_is_taken_at_once() {
    let (mut world, line) = steady();
    // A packet is lost, and two come.
    line.0.borrow_mut().sent += 1;
    line.say(1_000);
    line.say(1_000);
    world.run_ms(20);
    assert!(line.0.borrow().to_bridge.is_empty());
}
