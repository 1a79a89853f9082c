//! A thread that is short of time leaves something out: who is in a room notices little, who keys a PIN nothing.

use super::*;
use crate::media_api::KeyForm;
use std::f32::consts::TAU;

/// So many frames of a sound made of tones of these frequencies, then as many of near silence.
fn sound(world: &mut World, line: &Line, (low, high): (f32, f32), frames: u32) {
    for frame in 0..2 * frames {
        let linear: Frame = std::array::from_fn(|at| {
            let time = (frame * FRAME as u32 + at as u32) as f32 / 8_000.0;
            let tone = |hertz: f32| (TAU * hertz * time).sin() * 6_000.0;
            if frame < frames {
                (tone(low) + tone(high)) as i16
            } else {
                16
            }
        });
        send(line, &linear);
        world.run_ms(20);
    }
}

fn send(line: &Line, linear: &Frame) {
    let mut coded = [0; FRAME];
    law::encode(Law::A, linear, &mut coded);
    let mut ends = line.0.borrow_mut();
    let packet = rtp(8, ends.sent, ends.sent * 160, &coded);
    ends.sent += 1;
    ends.to_bridge.push_back((caller(), packet));
}

/// Presses `5` for 100 ms; whether it was told.
fn five_is_heard(world: &mut World, line: &Line) -> bool {
    world.rings.events.clear();
    sound(world, line, (770.0, 1_336.0), 5);
    let tone = |event: &Event| matches!(event, Event::Key { key, form: KeyForm::Tone, .. } if key.digit() == Some(5));
    world.rings.events.iter().any(tone)
}

#[test]
fn tones_are_left_out_in_rooms_and_never_while_somebody_keys_the_pin() {
    let mut world = World::new();
    let line = world.call(0);
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    world.engine.leave_out(Shed::Pitch);
    assert!(five_is_heard(&mut world, &line), "in reception");
    world.join(0, 0);
    assert!(!five_is_heard(&mut world, &line), "in a room");
    assert!(world.engine.counters().get(Counter::TonesShed) >= 9);
    world.engine.leave_out(Shed::Stretching);
    assert!(five_is_heard(&mut world, &line), "there is time again");
}

#[test]
fn a_lost_frame_is_filled_without_a_look_for_the_pitch_and_counted() {
    let mut world = World::new();
    let lines = [world.call(0), world.call(1)];
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    let counts = |world: &World| {
        let counters = world.engine.counters();
        [Counter::Concealed, Counter::PitchShed].map(|case| counters.get(case))
    };
    for (shed, expected) in [(Shed::RoomTones, [1, 0]), (Shed::Pitch, [2, 1])] {
        world.engine.leave_out(shed);
        sound(&mut world, &lines[0], (400.0, 600.0), 5);
        lines[0].0.borrow_mut().sent += 1;
        sound(&mut world, &lines[0], (400.0, 600.0), 5);
        assert_eq!(counts(&world), expected, "{shed:?}");
    }
}
