//! Owns how an evening is drawn: who calls when, with which character, on which line, and what is wrong with it. Must never
//! draw twice for one thing, or a seed would be another evening.

use super::{CallerPlan, Hold, KeyFault, RoomPlan, Scenario, SipFault, Step, StoreMood};
use crate::ids::RoomNumber;
use crate::media_api::Law;
use crate::sim::chance::Chance;
use crate::sim::link::LinkPlan;
use crate::sim::tones::CALLERS_MAX;
use crate::units::Time;

/// Everybody who calls has called by then.
const CALLED_BY_MS: u64 = 14_000;

impl Scenario {
    /// Draws an evening with `callers` callers.
    pub fn draw(chance: &mut Chance, callers: usize) -> Scenario {
        let mut aside = chance.aside();
        let mut rooms = Vec::new();
        (0..3).for_each(|_| rooms.push(room(chance, &rooms)));
        let moods = moods(chance);
        let locking: Vec<bool> = rooms.iter().map(|_| chance.percent(15)).collect();
        let mut callers: Vec<_> = (0..callers.min(CALLERS_MAX))
            .map(|_| caller(chance, &rooms, &locking))
            .collect();
        // Two who vanish from one room would keep each other company for ever: nothing finds a dead line yet.
        let vanishing = callers.iter_mut().flat_map(|caller| &mut caller.steps);
        let vanishing = vanishing.filter(|step| **step == Step::Vanish);
        vanishing.skip(1).for_each(|step| *step = Step::HangUp);
        let calm = rooms.iter().zip(&locking).map(|(room, &locks)| {
            let seats = room.seats as usize >= callers.len();
            seats && !locks && moods.is_empty()
        });
        let mut scenario = Scenario {
            calm: calm.collect(),
            rooms,
            callers,
            moods,
            changes: Vec::new(),
        };
        scenario.draw_ways(&mut aside);
        scenario.draw_changes(&mut aside);
        scenario.draw_codecs(&mut aside);
        scenario
    }
}

fn room(chance: &mut Chance, others: &[RoomPlan]) -> RoomPlan {
    let drawn = chance.below(u64::from(RoomNumber::COUNT)) as u32;
    // The next that is free: a store holds a number once.
    let numbers = (drawn..RoomNumber::COUNT)
        .chain(0..drawn)
        .filter_map(RoomNumber::nth);
    let mut free = numbers.filter(|number| others.iter().all(|other| other.number != *number));
    let number = free.next().expect("more numbers than rooms");
    let guarded = chance.percent(80);
    RoomPlan {
        number,
        pin: guarded.then(|| format!("3{}", chance.digits(5))),
        leader_pin: guarded.then(|| format!("7{}", chance.digits(5))),
        next_pin: None,
        ends: None,
        cancelled: false,
        seats: if chance.percent(15) { 3 } else { CALLERS_MAX as u32 },
    }
}

fn moods(chance: &mut Chance) -> Vec<(Time, Time, StoreMood)> {
    if !chance.percent(15) {
        return Vec::new();
    }
    let from = chance.between(2_000, 15_000);
    let until = from + chance.between(500, 6_000);
    let mood = chance.pick(&[StoreMood::Fails, StoreMood::NeverAnswers]);
    vec![(Time::from_millis(from), Time::from_millis(until), mood)]
}

fn caller(chance: &mut Chance, rooms: &[RoomPlan], locking: &[bool]) -> CallerPlan {
    let room = chance.below(rooms.len() as u64) as usize;
    let leads = rooms[room].leader_pin.is_some() && chance.percent(20);
    let faulty_keys = chance.percent(35);
    let keys = if faulty_keys {
        chance.pick(&KeyFault::ALL)
    } else {
        KeyFault::None
    };
    let sip = if chance.percent(30) {
        sip_fault(chance)
    } else {
        SipFault::None
    };
    let press = match keys {
        KeyFault::SixSeconds => (300, 10),
        KeyFault::TwentyMs => (1, chance.between(5, 20)),
        _ => (chance.between(3, 8), chance.between(3, 25)),
    };
    let mut plan = CallerPlan {
        calls_at: Time::from_millis(chance.between(10, CALLED_BY_MS)),
        law: chance.pick(&[Law::A, Law::Mu]),
        room,
        leads,
        press,
        keys,
        sip,
        signalling: signalling(chance),
        there: media(chance),
        back: media(chance),
        stream: None,
        info: None,
        updates: false,
        loud: false,
        wide: None,
        steps: Vec::new(),
        way_in: None,
    };
    if sip == SipFault::LateOffer {
        // Until its answer has come nobody knows where its voice comes from: nothing is keyed so early.
        plan.steps.push(Step::Wait(4_000));
    }
    enter(chance, &rooms[room], &mut plan);
    live(chance, locking[room], &mut plan);
    part(chance, &mut plan);
    plan
}

fn sip_fault(chance: &mut Chance) -> SipFault {
    match chance.below(11) {
        0 => SipFault::NoAck,
        1 => SipFault::DoubledAck,
        2 => SipFault::DoubledInvite,
        3 => SipFault::Merged,
        4 => SipFault::OldCSeq,
        5 => SipFault::ForeignTag,
        6 => SipFault::LateOffer,
        7 => SipFault::Cancels {
            after_ms: chance.below(60),
        },
        8 => SipFault::NoCodec,
        9 => SipFault::NoCodecNoAck,
        _ => SipFault::Requires,
    }
}

fn signalling(chance: &mut Chance) -> LinkPlan {
    LinkPlan {
        loss_ppm: chance.pick(&[0, 0, 0, 20_000, 50_000]),
        delay_ms: chance.pick(&[0, 5, 20, 80]),
        jitter_ms: chance.pick(&[0, 0, 10, 40]),
        double_ppm: chance.pick(&[0, 0, 0, 50_000]),
        ..LinkPlan::default()
    }
}

fn media(chance: &mut Chance) -> LinkPlan {
    let clean = LinkPlan {
        delay_ms: chance.pick(&[0, 5, 20, 80]),
        ..LinkPlan::default()
    };
    if chance.percent(40) {
        return clean;
    }
    LinkPlan {
        loss_ppm: chance.pick(&[0, 10_000, 30_000, 50_000]),
        burst_ppm: chance.pick(&[0, 0, 5_000]),
        burst_packets: chance.between(2, 8) as u32,
        jitter_ms: chance.pick(&[0, 10, 30, 60]),
        double_ppm: chance.pick(&[0, 0, 20_000]),
        hasty_ppm: chance.pick(&[0, 0, 20_000]),
        cut: chance.percent(10).then(|| {
            let from = chance.between(20_000, 45_000);
            let until = from + chance.between(200, 4_000);
            (Time::from_millis(from), Time::from_millis(until))
        }),
        ..clean
    }
}

/// The way into the room, or not.
fn enter(chance: &mut Chance, room: &RoomPlan, plan: &mut CallerPlan) {
    let pin = if plan.leads { &room.leader_pin } else { &room.pin };
    let number = room.number.to_string();
    let keyed_pin = pin.as_ref().map(|pin| format!("{pin}#")).unwrap_or_default();
    let steps = &mut plan.steps;
    match chance.below(10) {
        // A dial string: everything at once.
        0..=3 => {
            steps.push(Step::Wait(chance.between(20, 600)));
            let keys = format!("{number}#{keyed_pin}");
            plan.way_in = Some(keys.clone());
            steps.push(Step::Key(keys));
        }
        // At leisure, or slowly.
        4..=6 => {
            let pause = chance.pick(&[0, 0, 700]);
            steps.push(Step::Wait(chance.between(800, 4_000)));
            plan.way_in = Some(format!("{number}#{keyed_pin}"));
            let typed = |keys: &str| -> Vec<Step> {
                let one = |key: char| [Step::Key(key.to_string()), Step::Wait(pause)];
                keys.chars().flat_map(one).collect()
            };
            steps.extend(typed(&format!("{number}#")));
            steps.push(Step::Wait(chance.between(500, 3_000)));
            steps.extend(typed(&keyed_pin));
        }
        // A wrong PIN first, or a number that is cleared.
        7 => {
            steps.push(Step::Wait(1_000));
            steps.push(Step::Key(format!("12*{number}#")));
            steps.push(Step::Wait(1_500));
            if pin.is_some() {
                steps.push(Step::Key(format!("{}#", chance.digits(6))));
                steps.push(Step::Wait(3_000));
                steps.push(Step::Key(keyed_pin));
            }
        }
        // Guesses.
        8 => {
            steps.push(Step::Wait(500));
            let guess = chance.digits(7);
            steps.push(Step::Key(format!("{guess}#{}#", chance.digits(4))));
            steps.push(Step::Wait(4_000));
            steps.push(Step::Key(format!("{}#", chance.digits(6))));
        }
        // Says and keys nothing.
        _ => steps.push(Step::Wait(20_000)),
    }
    if plan.keys == KeyFault::SixSeconds || !plan.keys.counts() {
        plan.way_in = None;
    }
}

/// What somebody does who is in.
fn live(chance: &mut Chance, locks: bool, plan: &mut CallerPlan) {
    let steps = &mut plan.steps;
    steps.push(Step::Speak(true));
    for _ in 0..chance.between(2, 5) {
        steps.push(Step::Wait(chance.between(3_000, 7_000)));
        let doing = match chance.below(12) {
            0..=2 => vec![Step::Key("*6".to_owned())],
            3 => vec![Step::Key("*2".to_owned())],
            4 => vec![Step::Key("5#9".to_owned())],
            5 | 6 => {
                let how = chance.pick(&[Hold::SendOnly, Hold::Inactive, Hold::NoAddress]);
                let wait = Step::Wait(chance.between(3_000, 6_000));
                vec![
                    Step::Hold(how),
                    wait,
                    Step::EndMusic,
                    Step::Wait(500),
                    Step::Resume,
                ]
            }
            7 => vec![Step::Refresh {
                moves: chance.percent(50),
            }],
            8 => vec![Step::Options],
            9 => vec![Step::Speak(false), Step::Wait(3_000), Step::Speak(true)],
            10 if plan.leads => vec![Step::Key("*0".to_owned())],
            _ if plan.leads && locks => vec![Step::Key("*5".to_owned())],
            _ => vec![Step::Key("*1".to_owned())],
        };
        steps.extend(doing);
    }
}

/// How somebody goes.
fn part(chance: &mut Chance, plan: &mut CallerPlan) {
    plan.steps.push(Step::Wait(chance.between(1_000, 40_000)));
    match chance.below(10) {
        0 => plan.steps.push(Step::Vanish),
        // Stays, until the end of the evening.
        1..=3 => {}
        _ => plan.steps.push(Step::HangUp),
    }
}
