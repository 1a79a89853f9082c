//! The bridge itself fails: a panic ends what it happened in, and nobody else notices.

use super::*;

fn say_for(world: &mut World, lines: &[Line], frames: u32) {
    for _ in 0..frames {
        lines.iter().for_each(|line| line.say(1_000));
        world.run_ms(20);
    }
}

fn heard(lines: &[Line]) -> Vec<usize> {
    lines.iter().map(|line| line.heard().1).collect()
}

/// Two rooms of two, who talk.
fn two_rooms() -> (World, Vec<Line>) {
    let mut world = World::new();
    let lines: Vec<_> = (0..4).map(|n| world.call(n)).collect();
    for room in [0, 1] {
        world.ask(Command::Open {
            room: Room::new(number(room), 8),
        });
    }
    (0..4).for_each(|n| world.join(n, n / 2));
    say_for(&mut world, &lines, 10);
    heard(&lines);
    (world, lines)
}

#[test]
fn a_panic_in_one_rooms_tick_ends_that_room_and_no_other() {
    let (mut world, lines) = two_rooms();
    world.rings.panics_at = Some(Seat(1));
    say_for(&mut world, &lines, 100);
    assert_eq!(
        world.rings.events,
        [Event::RoomFailed { number: number(0) }],
        "told once"
    );
    let counts = heard(&lines);
    assert!(
        counts[0] < 60 && counts[1] < 60,
        "nothing is said there: {counts:?}"
    );
    assert_eq!(counts[2..], [100, 100], "the other room goes on");

    // The control side closes it, and its callers hear their last sentence: all but the one at whose leg the bridge fails again.
    world.ask(Command::Close { number: number(0) });
    for n in [0, 1] {
        world.ask(Command::Play {
            seat: Seat(n),
            leg: LegId(u64::from(n)),
            clips: Playlist::new([ClipId(0)]),
            token: PlayToken(7),
        });
    }
    say_for(&mut world, &lines, 100);
    let counts = heard(&lines);
    assert!(counts[0] >= 99 && counts[2..] == [100, 100], "{counts:?}");
    let (token, leg) = (PlayToken(7), LegId(0));
    assert!(world.rings.events.contains(&Event::Played { leg, token }));
    let failed = Event::LegFailed { leg: LegId(1) };
    let told = world.rings.events.iter().filter(|&&event| event == failed);
    assert_eq!(told.count(), 1);
}

#[test]
fn a_panic_at_one_telephones_packets_ends_that_call_and_its_room_goes_on() {
    let (mut world, lines) = two_rooms();
    lines[1].0.borrow_mut().breaks = true;
    say_for(&mut world, &lines, 50);
    assert_eq!(world.rings.events, [Event::LegFailed { leg: LegId(1) }]);
    let counts = heard(&lines);
    assert_eq!((counts[0], &counts[2..]), (50, &[50, 50][..]));
    world.ask(Command::Remove {
        seat: Seat(1),
        leg: LegId(1),
    });
    world.run_ms(1);
    assert!(matches!(
        world.rings.finished[..],
        [Finished::Leg { seat: Seat(1), .. }]
    ));
}

#[test]
fn a_failure_that_finds_no_place_among_the_events_is_told_when_there_is_one() {
    let (mut world, lines) = two_rooms();
    world.rings.full = true;
    lines[2].0.borrow_mut().breaks = true;
    world.rings.panics_at = Some(Seat(0));
    say_for(&mut world, &lines, 60);
    assert_eq!(world.rings.events, []);
    world.rings.full = false;
    say_for(&mut world, &lines, 2);
    let failures = [
        Event::RoomFailed { number: number(0) },
        Event::LegFailed { leg: LegId(2) },
    ];
    assert!(
        world.rings.events.len() == 2 && failures.iter().all(|event| world.rings.events.contains(event)),
        "{:?}",
        world.rings.events
    );
}

#[test]
fn a_panic_at_what_is_asked_of_a_telephone_ends_that_call_and_nothing_else() {
    let (mut world, lines) = two_rooms();
    let control = SocketAddr::from(([127, 0, 0, 1], 4_001));
    let changed = |n: u32, remote: SocketAddr| Command::Update {
        seat: Seat(n),
        leg: LegId(u64::from(n)),
        spec: MediaSpec {
            remote,
            control: Some(control),
            ..spec(Codec::G711(Law::A))
        },
        fitting: None,
    };
    world.ask(changed(3, caller()));
    say_for(&mut world, &lines, 10);
    heard(&lines);
    // One moves: its socket cannot follow. Another one is asked to go: its goodbye cannot be said.
    for n in [1, 3] {
        lines[n].0.borrow_mut().breaks_asked = true;
    }
    world.ask(changed(1, SocketAddr::from(([127, 0, 0, 2], 4_000))));
    world.ask(Command::Remove {
        seat: Seat(3),
        leg: LegId(3),
    });
    say_for(&mut world, &lines, 50);
    assert_eq!(world.rings.events, [Event::LegFailed { leg: LegId(1) }]);
    assert!(matches!(
        world.rings.finished[..],
        [Finished::Leg { seat: Seat(3), .. }]
    ));
    let counts = heard(&lines);
    assert_eq!((counts[0], counts[2]), (50, 50));
    assert!(counts[1] <= 1 && counts[3] <= 1, "{counts:?}");
}
