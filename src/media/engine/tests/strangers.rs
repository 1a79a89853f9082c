//! Voices, keys and reports from a wrong source: nobody hears a sample of them, and they learn nothing.

use super::*;

/// Who has nothing to do with the call, although one of them has the caller's port and one is the caller's neighbour.
fn strangers() -> [SocketAddr; 3] {
    [
        SocketAddr::from(([203, 0, 113, 9], 4_000)),
        SocketAddr::from(([203, 0, 113, 9], 20_000)),
        SocketAddr::from(([127, 0, 0, 3], 4_000)),
    ]
}

/// What a stranger can know or guess of a stream: its source, its next packets, its events, its codec; and what a prober tries.
fn tried(sequence: u32) -> Vec<Vec<u8>> {
    let voice: Vec<u8> = (0..160).map(|n| (n * 37) as u8).collect();
    let mut tried = Vec::new();
    for ahead in 0..3 {
        let next = sequence + ahead;
        tried.push(rtp(8, next, next * 160, &voice));
        tried.push(rtp(0x80 | 101, next, next * 160, &[5, 0x8a, 3, 0x20]));
        tried.push(rtp(13, next, next * 160, &[30]));
    }
    let mut another = rtp(8, sequence, sequence * 160, &voice);
    another[11] = 99;
    tried.push(another);
    // RTCP BYE of the caller, STUN, SIP, nothing at all.
    tried.push(vec![0x81, 203, 0, 1, 0, 0, 0, 7]);
    tried.push([&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat());
    tried.push(b"OPTIONS sip:x SIP/2.0\r\n\r\n".to_vec());
    tried.push(Vec::new());
    tried
}

/// An evening in a room, with a caller who at first says nothing, speaks, falls silent for longer than a peer may, speaks
/// again, holds by `0.0.0.0` and comes back; with or without strangers who try all the time. What the other one hears, what is
/// sent to the caller, and the keys that count.
fn evening(are_there: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<Event>) {
    let mut world = World::new();
    let (caller_line, listener) = (world.call(0), world.call(1));
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    for frame in 0..900_u32 {
        let is_held = (600..750).contains(&frame);
        if frame == 600 || frame == 750 {
            let mut changed = spec(Codec::G711(Law::A));
            if is_held {
                changed.remote.set_ip([0, 0, 0, 0].into());
                (changed.send, changed.receive) = (false, false);
            }
            world.ask(Command::Update {
                seat: Seat(0),
                leg: LegId(0),
                spec: changed,
                fitting: None,
            });
        }
        if are_there {
            let sequence = caller_line.0.borrow().sent;
            let from = strangers()[frame as usize % 3];
            let all = tried(sequence).into_iter().map(|packet| (from, packet));
            caller_line.0.borrow_mut().to_bridge.extend(all);
        }
        // The strangers' packets lie before the caller's own.
        if matches!(frame, 100..250 | 400..600 | 760..900) {
            caller_line.say(1_000 + (frame % 50) as i16 * 100);
        }
        if frame == 500 {
            let key = rtp(0x80 | 101, 9_000, 500 * 160, &[3, 0x8a, 3, 0x20]);
            caller_line.0.borrow_mut().to_bridge.push_back((caller(), key));
        }
        world.run_ms(20);
    }
    let sent = |line: &Line| std::mem::take(&mut line.0.borrow_mut().to_caller);
    (sent(&listener), sent(&caller_line), world.rings.events)
}

#[test]
fn what_comes_from_a_wrong_source_changes_not_one_sample_of_what_the_room_hears() {
    let (alone, disturbed) = (evening(false), evening(true));
    assert_eq!(alone.0.len(), disturbed.0.len());
    for (nth, pair) in alone.0.iter().zip(&disturbed.0).enumerate() {
        assert_eq!(pair.0, pair.1, "the listener's packet {nth}");
    }
    assert_eq!(
        alone.1, disturbed.1,
        "what the caller hears, and how many packets"
    );
    assert_eq!(alone.2, disturbed.2, "keys and news");
    let pressed = |event: &&Event| matches!(event, Event::Key { .. });
    assert_eq!(alone.2.iter().filter(pressed).count(), 1, "the caller's own key");
    let is_loud = |packet: &&Vec<u8>| packet[12..].iter().any(|code| *code != 0xd5);
    assert!(
        alone.0.iter().filter(is_loud).count() > 400,
        "there was something to hear"
    );
}
