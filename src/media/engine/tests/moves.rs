//! A leg goes from one media thread to another, as it is: its stream goes on, and its line is the same.

use super::*;

/// What a telephone reads first of a packet: sequence number, time stamp, source.
fn heads(line: &Line) -> Vec<(u16, u32, u32)> {
    let packets = std::mem::take(&mut line.0.borrow_mut().to_caller);
    let head = |packet: &Vec<u8>| {
        let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().expect("four bytes"));
        (u16::from_be_bytes([packet[2], packet[3]]), word(4), word(8))
    };
    packets.iter().map(head).collect()
}

#[test]
fn a_leg_that_changes_its_thread_goes_on_with_its_stream_and_is_heard_there() {
    let (mut one, mut other) = (World::new(), World::new());
    other.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    let (moves, stays) = (one.call(0), other.call(1));
    other.join(1, 0);
    let say = |one: &mut World, other: &mut World| {
        moves.say(2_000);
        stays.say(4_000);
        one.run_ms(20);
        other.run_ms(20);
    };
    (0..5).for_each(|_| say(&mut one, &mut other));
    one.ask(Command::Take {
        seat: Seat(0),
        leg: LegId(0),
    });
    moves.say(2_000);
    one.run_ms(1);
    let Some(Finished::Taken { seat: Seat(0), leg }) = one.rings.finished.pop() else {
        panic!("the leg was not given");
    };
    assert_eq!(one.engine.legs(), 0);
    other.ask(Command::Add { seat: Seat(0), leg });
    other.join(0, 0);
    one.run_ms(19);
    other.run_ms(20);
    (0..5).for_each(|_| say(&mut one, &mut other));
    assert_eq!(other.engine.legs(), 2);
    assert!(near(moves.heard().0, 4_000), "it hears the room");
    assert!(near(stays.heard().0, 2_000), "the room hears it");
    (0..5).for_each(|_| say(&mut one, &mut other));
    let heads = heads(&moves);
    assert_eq!(heads.len(), 5);
    let goes_on = |pair: &[(u16, u32, u32)]| {
        pair[1].0 == pair[0].0 + 1 && pair[1].1 == pair[0].1 + 160 && pair[1].2 == pair[0].2
    };
    assert!(heads.windows(2).all(goes_on), "{heads:?}");
}

#[test]
fn the_stream_of_a_leg_that_moves_misses_a_frame_at_most_and_keeps_its_source() {
    let (mut one, mut other) = (World::new(), World::new());
    let line = one.call(0);
    for _ in 0..5 {
        one.run_ms(20);
        other.run_ms(20);
    }
    for turn in 0..40 {
        let (from, to) = if turn % 2 == 0 {
            (&mut one, &mut other)
        } else {
            (&mut other, &mut one)
        };
        // In another millisecond of the frame each time.
        from.run_ms(turn % 20);
        from.ask(Command::Take {
            seat: Seat(0),
            leg: LegId(0),
        });
        from.run_ms(1);
        let Some(Finished::Taken { seat, leg }) = from.rings.finished.pop() else {
            panic!("the leg was not given");
        };
        to.run_ms(turn % 20 + 1);
        to.ask(Command::Add { seat, leg });
        for world in [from, to] {
            world.run_ms(100 - turn % 20 - 1);
        }
    }
    let heads = heads(&line);
    let first = heads[0];
    for (nth, head) in heads.iter().enumerate() {
        assert_eq!((head.0, head.2), (first.0.wrapping_add(nth as u16), first.2));
    }
    let steps: Vec<_> = heads
        .windows(2)
        .map(|pair| pair[1].1.wrapping_sub(pair[0].1))
        .collect();
    assert!(steps.iter().all(|step| [160, 320].contains(step)), "{steps:?}");
}
