//! Every kind of keypad on every kind of bad line, into a real leg: a key of which a packet arrived counts, and counts once.

use super::*;
use crate::ids::LegId;
use crate::media::{Counters, Inbox, Leg, LegSeed};
use crate::media_api::{Codec, EventSpec, Law, MediaSpec};
use crate::sim::caller::rtp;
use crate::sim::chance::Chance;
use crate::sim::link::{Link, LinkPlan};
use crate::sim::site::Line;
use crate::units::{FRAME_MS, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Presses of each kind in each cell.
const PRESSES: usize = 24;
/// What keeps a packet from arriving within the last one's time: none is on its way for longer.
const REST: u64 = 20;

/// What became of the presses of one keypad on one line.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    arrived: usize,
    missed: usize,
    twice: usize,
}

/// The cells of the table in `docs/SOUND.md`.
fn cells() -> Vec<LinkPlan> {
    let losses = [(0, 1), (1, 1), (3, 1), (5, 1), (1, 4), (3, 4), (5, 4)];
    let mut cells = Vec::new();
    for (percent, burst) in losses {
        for jitter_ms in [0, 30, 60, 100] {
            for hasty_ppm in [0, 50_000] {
                let ppm = percent * 10_000;
                cells.push(LinkPlan {
                    loss_ppm: if burst == 1 { ppm } else { 0 },
                    burst_ppm: if burst == 1 { 0 } else { ppm / burst },
                    burst_packets: burst - 1,
                    delay_ms: 100,
                    jitter_ms,
                    hasty_ppm,
                    ..LinkPlan::default()
                });
            }
        }
    }
    cells
}

fn telephone() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000))
}

/// A packet that was sent: which press it is of, if of any.
type Sent = (Option<usize>, Vec<u8>);

/// All that the keypad sends until its keys are pressed, by the millisecond in which it arrives.
fn sent(keypad: &mut Keypad, link: &mut Link) -> (BTreeMap<u64, Vec<Sent>>, u64) {
    let mut arrivals = BTreeMap::<u64, Vec<Sent>>::new();
    let (mut frame, mut sequence) = (0, 0u16);
    while !keypad.is_idle() {
        let now = Time::from_millis(frame * FRAME_MS + 5);
        let timestamp = frame as u32 * FRAME as u32;
        let packets = match keypad.frame(timestamp) {
            Some(events) => events
                .into_iter()
                .map(|event| {
                    let ssrc = 7 + u32::from(event.foreign);
                    let kind = event.payload_type | u8::from(event.marker) << 7;
                    let packet = rtp((kind, sequence, event.timestamp), ssrc, &event.payload);
                    sequence = sequence.wrapping_add(u16::from(event.sequence));
                    (Some(event.press), packet)
                })
                .collect(),
            None => {
                sequence = sequence.wrapping_add(1);
                vec![(None, rtp((8, sequence, timestamp), 7, &[0xd5; FRAME]))]
            }
        };
        for (press, packet) in packets {
            for at in link.carry(now).into_iter().flatten() {
                let sent = (press, packet.clone());
                arrivals.entry(at.as_millis()).or_default().push(sent);
            }
        }
        frame += 1;
    }
    (arrivals, frame + REST)
}

/// No two presses that are less than twelve apart are of the same key.
fn keys() -> String {
    "0123456789*#".chars().cycle().take(PRESSES).collect()
}

fn live_through(plan: LinkPlan, fault: KeyFault, press: (u64, u64), seed: u64) -> Count {
    let mut keypad = Keypad::new(fault, press);
    keypad.key(&keys());
    let (mut arrivals, frames) = sent(&mut keypad, &mut Link::new(plan, Chance::seeded(seed)));
    let line = Line::default();
    let mut leg = Leg::new(seed_of_the_leg(), line.clone());
    let (mut counters, mut arrived) = (Counters::default(), BTreeSet::new());
    let mut inbox = Inbox::new(1);
    let mut told = [0usize; 12];
    for frame in 1..frames {
        let later = arrivals.split_off(&(frame * FRAME_MS));
        for (press, packet) in std::mem::replace(&mut arrivals, later).into_values().flatten() {
            arrived.extend(press);
            line.arrives(telephone(), packet);
        }
        assert!(leg.begin_tick(frame));
        inbox.clear();
        leg.receive(frame, &mut inbox);
        for key in leg.listen(frame, &inbox, &mut counters).iter().flatten() {
            told[usize::from(key.event())] += 1;
        }
    }
    let mut expected = [0usize; 12];
    arrived.iter().for_each(|press| expected[press % 12] += 1);
    if !fault.counts() {
        expected = [0; 12];
    }
    let sum = |of: fn(usize, usize) -> usize| expected.iter().zip(&told).map(|(&e, &t)| of(e, t)).sum();
    Count {
        arrived: expected.iter().sum(),
        missed: sum(|expected, told| expected.saturating_sub(told)),
        twice: sum(|expected, told| told.saturating_sub(expected)),
    }
}

fn seed_of_the_leg() -> LegSeed {
    LegSeed {
        id: LegId(0),
        spec: MediaSpec {
            remote: telephone(),
            also: None,
            control: None,
            codec: Codec::G711(Law::A),
            events: Some(EventSpec {
                payload_type: EVENTS,
                clock: 8_000,
            }),
            send: true,
            receive: true,
            srtp: None,
        },
        random: 1,
    }
}

#[test]
fn a_key_of_which_a_packet_arrived_counts_once_on_any_bad_line() {
    let mut all = Count::default();
    let kinds = KeyFault::ALL.into_iter().chain([KeyFault::None]);
    for kind in kinds {
        let mut of_kind = Count::default();
        for (n, plan) in cells().into_iter().enumerate() {
            for press in [(2, 4), (5, 5)] {
                let press = match kind {
                    KeyFault::SixSeconds => (300, 10),
                    KeyFault::TwentyMs => (1, 5),
                    _ => press,
                };
                let count = live_through(plan, kind, press, n as u64);
                if count.missed + count.twice > 0 {
                    println!("{kind:?} {press:?} {plan:?}: {count:?}");
                }
                of_kind.arrived += count.arrived;
                of_kind.missed += count.missed;
                of_kind.twice += count.twice;
            }
        }
        println!(
            "| {kind:?} | {} | {} | {} |",
            of_kind.arrived, of_kind.missed, of_kind.twice
        );
        all.arrived += of_kind.arrived;
        all.missed += of_kind.missed;
        all.twice += of_kind.twice;
    }
    assert_eq!((all.missed, all.twice), (0, 0), "of {}", all.arrived);
}
