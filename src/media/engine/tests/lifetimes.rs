//! Legs and rooms come and go; what is asked too late changes nothing.

use super::*;

#[test]
fn legs_and_rooms_come_back_to_be_freed_and_late_commands_are_void() {
    let mut world = World::new();
    let line = world.call(3);
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    world.join(3, 0);
    world.ask(Command::Close { number: number(0) });
    world.run_ms(20);
    assert!(matches!(
        world.rings.finished[..],
        [Finished::Room { .. }, Finished::Room { .. }]
    ));
    line.heard();
    world.run_ms(40);
    assert_eq!(
        line.heard().1,
        2,
        "a leg of a closed room is in reception and still hears something"
    );
    world.ask(Command::Remove {
        seat: Seat(3),
        leg: LegId(3),
    });
    world.run_ms(1);
    assert!(matches!(&world.rings.finished[2], Finished::Leg { seat: Seat(3), leg } if leg.id == LegId(3)));
    let void = world.engine.counters().get(Counter::Void);
    world.join(3, 0);
    world.ask(Command::Remove {
        seat: Seat(3),
        leg: LegId(3),
    });
    world.ask(Command::Stop {
        seat: Seat(99),
        leg: LegId(3),
    });
    world.run_ms(1);
    assert_eq!(world.engine.counters().get(Counter::Void), void + 3);
}

#[test]
fn a_full_room_takes_nobody_more_and_a_taken_seat_gives_the_leg_back() {
    let mut world = World::new();
    (0..3).for_each(|n| drop(world.call(n)));
    world.ask(Command::Open {
        room: Room::new(number(0), 2),
    });
    (0..3).for_each(|n| world.join(n, 0));
    world.run_ms(20);
    assert_eq!(world.engine.counters().get(Counter::Void), 1);
    world.call(2);
    world.run_ms(1);
    assert!(matches!(
        world.rings.finished[..],
        [Finished::Leg { seat: Seat(2), .. }]
    ));
}
