use super::*;
use proptest::prelude::*;

/// A packet on its way: when it is heard, its time stamp, and what it says.
#[derive(Clone, Copy, Debug)]
struct Packet {
    marker: bool,
    timestamp: u32,
    payload: [u8; 4],
}

fn packet(event: u8, timestamp: u32, duration: u16, ended: bool) -> Packet {
    let [high, low] = duration.to_be_bytes();
    Packet {
        marker: duration == 160,
        timestamp,
        payload: [event, 10 | if ended { 0x80 } else { 0 }, high, low],
    }
}

/// What a good sender sends for a press of `frames` × 20 ms: an update a frame, and the end three times.
fn press(event: u8, timestamp: u32, frames: u16) -> Vec<Packet> {
    let mut packets: Vec<_> = (1..frames)
        .map(|n| packet(event, timestamp, n * 160, false))
        .collect();
    packets.extend([packet(event, timestamp, frames * 160, true); 3]);
    packets
}

fn heard(packets: &[Packet]) -> String {
    heard_at(8_000, packets)
}

fn heard_at(clock: u32, packets: &[Packet]) -> String {
    let mut events = Events::default();
    let told = packets.iter().enumerate().filter_map(|(tick, packet)| {
        events
            .handle_packet(
                tick as u64,
                clock,
                (packet.marker, packet.timestamp),
                &packet.payload,
            )
            .expect("well-formed")
    });
    told.map(|key| char::from(b"0123456789*#ABCD"[usize::from(key.event())]))
        .collect()
}

#[test]
fn a_number_keyed_well_is_heard_as_keyed() {
    let packets: Vec<_> = [1, 1, 2, 11, 10]
        .iter()
        .zip(0..)
        .flat_map(|(&e, n)| press(e, n * 1600, 5))
        .collect();
    assert_eq!(heard(&packets), "112#*");
}

#[test]
fn a_key_held_for_long_is_remembered_when_its_last_packet_overtakes_the_next_key() {
    let mut packets: Vec<_> = (1..400).map(|n| packet(1, 0, n * 160, false)).collect();
    packets.extend(press(2, 70_000, 5));
    packets.push(packet(1, 0, 64_000, true));
    assert_eq!(heard(&packets), "12");
}

#[test]
fn only_the_last_end_packet_comes() {
    assert_eq!(heard(&[packet(7, 800, 800, true)]), "7");
}

#[test]
fn all_end_packets_are_lost_twice_for_the_same_key() {
    let mut packets = press(5, 0, 5);
    packets.truncate(4);
    packets.extend(press(5, 1_600, 5));
    assert_eq!(heard(&packets), "55");
}

#[test]
fn the_end_comes_before_the_beginning_and_after_the_next_key() {
    let (one, two) = (press(1, 0, 5), press(2, 1_600, 5));
    let mixed = [one[6], one[0], two[0], one[3], two[5], one[1], two[1]];
    assert_eq!(heard(&mixed), "12");
}

#[test]
fn a_time_stamp_that_moves_in_every_packet_is_one_press() {
    let packets: Vec<_> = (1..=6)
        .map(|n| Packet {
            marker: n == 1,
            ..packet(8, u32::from(n) * 160, n * 160, n == 6)
        })
        .collect();
    assert_eq!(heard(&packets), "8");
}

#[test]
fn a_press_longer_than_a_segment_is_one_press() {
    let mut packets = vec![packet(3, 0, 0xfff0, false), packet(3, 0, 0xffff, false)];
    packets.push(packet(3, 0xffff, 160, false));
    packets[2].marker = false;
    packets.push(packet(3, 0xffff, 320, true));
    assert_eq!(heard(&packets), "3");
}

/// A press of `frames` × 20 ms in segments of at most 65,535 steps (RFC 4733 §2.5.1.3), as a sender with this clock sends it.
fn long_press(event: u8, timestamp: u32, frames: u32, clock: u32) -> Vec<Packet> {
    let (longest, step) = (u32::from(u16::MAX), clock / 50);
    let mut packets = Vec::new();
    for at in (1..=frames).map(|n| n * step) {
        let segment = (at - 1) / longest;
        // A segment that is full ends before the next one begins.
        if (at - 1) % longest < step && segment > 0 {
            packets.push(packet(
                event,
                timestamp + (segment - 1) * longest,
                u16::MAX,
                false,
            ));
        }
        let duration = (at - segment * longest) as u16;
        packets.push(packet(
            event,
            timestamp + segment * longest,
            duration,
            at == frames * step,
        ));
    }
    packets[0].marker = true;
    packets
        .iter_mut()
        .skip(1)
        .for_each(|packet| packet.marker = false);
    packets
}

#[test]
fn a_long_press_is_one_press_at_every_clock_whichever_packet_is_lost() {
    for clock in [8_000, 16_000, 48_000] {
        // Six seconds: one segment at 8,000 Hz, two at 16,000, five at 48,000.
        let whole = long_press(9, 4_000_000, 300, clock);
        assert_eq!(heard_at(clock, &whole), "9", "{clock}");
        for lost in 0..whole.len() {
            let mut packets = whole.clone();
            packets.remove(lost);
            assert_eq!(heard_at(clock, &packets), "9", "{clock} Hz without packet {lost}");
        }
    }
}

#[test]
fn a_time_stamp_that_moves_is_one_press_at_every_clock() {
    for clock in [8_000u32, 16_000, 48_000] {
        let step = clock / 50;
        let packets: Vec<_> = (1..=6)
            .map(|n| packet(8, n * step, (n * step) as u16, n == 6))
            .map(|moved| Packet {
                marker: false,
                ..moved
            })
            .collect();
        assert_eq!(heard_at(clock, &packets), "8", "{clock}");
    }
}

#[test]
fn events_that_are_no_keys_and_short_payloads_are_not_told() {
    let mut events = Events::default();
    assert_eq!(
        events.handle_packet(0, 8_000, (true, 0), &[16, 10, 0, 160]),
        Ok(None)
    );
    assert_eq!(
        events.handle_packet(1, 8_000, (true, 160), &[1, 10, 0]),
        Err(Malformed)
    );
    assert_eq!(events.handle_packet(1, 8_000, (true, 160), &[]), Err(Malformed));
}

#[test]
fn a_key_is_down_until_its_end_or_until_nothing_more_comes() {
    let mut events = Events::default();
    let first = packet(1, 0, 160, false);
    events
        .handle_packet(10, 8_000, (true, 0), &first.payload)
        .expect("well-formed");
    assert!(events.is_down(14) && !events.is_down(15));
    events
        .handle_packet(11, 8_000, (false, 0), &packet(1, 0, 320, true).payload)
        .expect("well-formed");
    assert!(!events.is_down(11));
}

proptest! {
    /// Lost, doubled and swapped with near neighbours: a press of which a packet comes is told once, in order of arrival.
    #[test]
    fn counted_once_whatever_is_lost_doubled_or_reordered(
        keys in prop::collection::vec(0u8..16, 1..6),
        fates in prop::collection::vec((0u8..4, 0usize..3), 60),
        start in any::<u32>(),
    ) {
        let sent: Vec<_> = keys.iter().zip(0u32..)
            .flat_map(|(&event, n)| press(event, start.wrapping_add(n * 1_600), 5))
            .collect();
        let mut arriving: Vec<(usize, Packet)> = Vec::new();
        for (at, (packet, (copies, delay))) in sent.iter().zip(fates).enumerate() {
            // A good sender leaves at least 40 ms between keys: swaps stay within a press.
            let press_end = (at / 7 + 1) * 7 - 1;
            arriving.extend(vec![((at + delay).min(press_end), *packet); usize::from(copies.min(2))]);
        }
        arriving.sort_by_key(|(at, _)| *at);
        let expected: Vec<_> = keys.iter().zip(0u32..)
            .filter(|(_, n)| arriving.iter().any(|(_, p)| p.timestamp == start.wrapping_add(n * 1_600)))
            .map(|(&event, _)| char::from(b"0123456789*#ABCD"[usize::from(event)]))
            .collect();
        let arriving: Vec<_> = arriving.into_iter().map(|(_, packet)| packet).collect();
        prop_assert_eq!(heard(&arriving), String::from_iter(expected));
    }
}

#[test]
fn a_time_stamp_that_moves_with_the_duration_is_one_press_in_any_order_and_over_any_gap() {
    let moving = |event, from: u32| -> Vec<Packet> {
        (1..=8u16)
            .map(|n| Packet {
                marker: n == 1,
                ..packet(event, from + u32::from(n - 1) * 160, n * 160, n == 8)
            })
            .collect()
    };
    let mut backwards = moving(5, 0);
    backwards.reverse();
    assert_eq!(heard(&backwards), "5");
    let ends = |press: &[Packet]| [press[0], press[7]];
    let twice = [ends(&moving(5, 0)), ends(&moving(5, 2_400))];
    assert_eq!(heard(twice.as_flattened()), "55", "two presses are two");
    let late = [&moving(5, 0)[1..], &moving(6, 2_400), &moving(5, 0)[..1]];
    assert_eq!(
        heard(&late.concat()),
        "56",
        "its first packet comes after the next press"
    );
}

#[test]
fn a_packet_that_names_another_key_under_a_presss_time_stamp_says_nothing_of_how_long_that_lasts() {
    let mut packets = press(1, 10_000, 3);
    packets.push(packet(10, 10_000, 640, false));
    // As late before the press as its end would be after it, had it lasted for 640.
    packets.push(packet(1, 9_520, 160, false));
    assert_eq!(heard(&packets), "11");
}

#[test]
fn a_press_stays_remembered_by_its_own_time_stamp_although_another_one_moved_to_it() {
    let mut events = Events::default();
    let mut hear = |tick: u64, event: u8, timestamp: u32, duration: u16| {
        let packet = packet(event, timestamp, duration, false);
        let told = events.handle_packet(tick, 8_000, (false, timestamp), &packet.payload);
        told.expect("well-formed").map(Key::event)
    };
    assert_eq!(hear(0, 7, 20_000, 160), Some(7));
    assert_eq!(hear(1, 4, 20_160, 160), Some(4));
    // The first one's time stamp moves with its duration, over the second one's.
    assert_eq!(hear(200, 7, 20_160, 320), None);
    assert_eq!(hear(210, 7, 20_320, 480), None);
    assert_eq!(hear(255, 9, 40_000, 160), Some(9));
    assert_eq!(hear(260, 4, 20_160, 320), None, "heard of 60 ticks ago");
}

#[test]
fn a_long_press_after_a_short_one_of_the_same_key_is_another_press() {
    let presses = [press(5, 0, 2), press(5, 1_000, 20)];
    assert_eq!(heard(&presses.concat()), "55");
}
