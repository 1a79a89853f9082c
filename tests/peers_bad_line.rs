//! Two telephones behind bad lines, over real sockets: loss, jitter, reordering and doubling between network namespaces. The relay
//! between them knows what it did to each packet, and the simulated world lives through the same lines, so the bridge's own
//! figures are held against the truth and against the simulation (docs/SOUND.md).

mod running;

use rundruf::bridge::status::{LineStatus, Status};
use rundruf::caller::Tone;
use rundruf::caller::measure::loudness_dbfs;
use rundruf::sim::LinkPlan;
use rundruf::units::{FRAME, FRAME_MS};
use running::baresip::Baresip;
use running::hearing::{Faults, between};
use running::relay::{Relay, Truth, Way};
use running::simulated_line::{Picture, live_through};
use running::{Bridge, Room, eventually};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// From the last key until what is said and heard is the talk alone, the buffers know their lines, and the figures are all told.
const SETTLE: Duration = Duration::from_secs(5);
/// What is measured.
const TALK: Duration = Duration::from_secs(14);
/// How old a published figure may be (a second), on a busy machine.
const FIGURES_AGE: Duration = Duration::from_millis(1_500);
/// Packets that a published figure may be off by: those under way, and those lost before the first arrived.
const PACKETS_OFF: f64 = 4.0;
/// The same of what the telephones have reported, every 5 s on average: a report may be lost.
const REPORT_AGE: Duration = Duration::from_secs(12);
const REPORT_OFF: f64 = 8.0;
/// How far the real line's concealed and late shares may lie from the simulated one's, in percent points.
const SHARES_APART: f64 = 1.5;
/// A piece of 5 ms is a hole if it is so far below its tone: a frame that lacks has three of them at least.
const PIECE: usize = FRAME / 4;
const HOLE_DB: f64 = -12.0;

struct Cell {
    name: &'static str,
    plan: LinkPlan,
    seed: u64,
    /// Percent of the talk that may be made up, and of pieces that may be holes in what is heard.
    concealed_pct_max: f64,
    holes_pct_max: f64,
}

#[test]
fn on_a_clean_line_nothing_is_lost() {
    let talk = live(&Cell {
        name: "clean",
        plan: LinkPlan {
            delay_ms: 20,
            ..LinkPlan::default()
        },
        seed: 1,
        concealed_pct_max: 1.0,
        holes_pct_max: 0.5,
    });
    for line in &talk.lines {
        assert_eq!(line.loss_pct, 0.0, "{line:?}");
    }
    assert_eq!(talk.picture.doubled, 0);
}

#[test]
fn with_three_percent_lost_everybody_comes_in_and_is_heard_without_holes() {
    let talk = live(&Cell {
        name: "3 % lost",
        plan: LinkPlan {
            loss_ppm: 30_000,
            delay_ms: 20,
            ..LinkPlan::default()
        },
        seed: 2,
        concealed_pct_max: 6.0,
        holes_pct_max: 0.5,
    });
    assert!(talk.picture.concealed_ms > 0, "{:?}", talk.picture);
}

#[test]
fn with_jitter_and_reordering_as_well_too() {
    let talk = live(&Cell {
        name: "3 % lost, 0–60 ms jitter, 5 % hasty, 1 % doubled",
        plan: LinkPlan {
            loss_ppm: 30_000,
            delay_ms: 40,
            jitter_ms: 60,
            hasty_ppm: 50_000,
            double_ppm: 10_000,
            ..LinkPlan::default()
        },
        seed: 3,
        concealed_pct_max: 8.0,
        holes_pct_max: 0.5,
    });
    assert!(talk.picture.doubled > 0, "{:?}", talk.picture);
    for line in &talk.lines {
        assert!(line.jitter_ms > 5.0, "{line:?}");
    }
}

/// What was told of the talk.
struct Talk {
    picture: Picture,
    lines: Vec<LineStatus>,
}

fn live(cell: &Cell) -> Talk {
    let relay = Relay::start(2, cell.plan, cell.seed);
    let bridge = Bridge::start_in(&relay.bridge);
    let room = bridge.book("Montag");
    let mut members = come_in(&relay, &bridge, &room);
    park_timeout(SETTLE);
    let from = Instant::now();
    let talk = watch(&relay, &bridge, cell);
    let to = Instant::now();
    members.iter_mut().for_each(Baresip::hang_up);
    let end = Instant::now();

    let ways = [0, 1].map(Way::up);
    let before = ways.map(|way| relay.truth(way, None, from).came);
    let simulated = live_through(cell.plan, cell.seed, before, to - from);
    let truths = ways.map(|way| relay.truth(way, Some(from), to));
    println!("{}: of the talk itself {truths:?}", cell.name);
    compare(cell, &talk.picture, &simulated);
    listen(cell, &members, end, from, to);
    let nobody_left = || bridge.status().in_rooms + bridge.status().in_reception == 0;
    assert!(
        eventually(Duration::from_secs(10), nobody_left),
        "{:?}",
        bridge.status()
    );
    talk
}

/// Both dial, one after the other, and key their way in at the same time. Every digit counts once, or they would not get in.
fn come_in(relay: &Relay, bridge: &Bridge, room: &Room) -> Vec<Baresip> {
    let mut members: Vec<Baresip> = (0..2)
        .filter_map(Tone::nth)
        .zip(&relay.callers)
        .map(|(tone, namespace)| Baresip::start_in(namespace, tone))
        .collect();
    for member in &mut members {
        member.dial(bridge.address);
    }
    std::thread::scope(|scope| {
        for member in &mut members {
            scope.spawn(|| member.press(&room.keys()));
        }
    });
    let both_in = || bridge.status().in_rooms == 2;
    assert!(
        eventually(Duration::from_secs(5), both_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    members
}

/// Watches the talk, and holds what the bridge says of each line against what the relay did to it.
fn watch(relay: &Relay, bridge: &Bridge, cell: &Cell) -> Talk {
    let before = bridge.status();
    let end = Instant::now() + TALK;
    let mut depth_ms = 0;
    while Instant::now() < end {
        park_timeout(Duration::from_millis(500));
        let deepest = bridge.status().lines.iter().map(|line| line.buffer_ms).max();
        depth_ms = depth_ms.max(deepest.expect("two lines"));
    }
    let asked = Instant::now();
    let after = bridge.status();
    let most_ms = 60 + 2 * cell.plan.jitter_ms;
    assert!(
        u64::from(depth_ms) <= most_ms,
        "{}: {depth_ms} ms deep",
        cell.name
    );
    assert_eq!(after.lines.len(), 2, "{after:?}");
    for (caller, line) in after.lines.iter().enumerate() {
        hold_against_truth(relay, cell, caller, line, asked);
    }
    Talk {
        picture: picture(&before, &after, depth_ms),
        lines: after.lines,
    }
}

fn hold_against_truth(relay: &Relay, cell: &Cell, caller: usize, line: &LineStatus, asked: Instant) {
    let lost_within = |way, age, packets_off: f64| {
        let truths = [asked - age, asked].map(|at| relay.truth(way, None, at));
        let off = packets_off * 100.0 / f64::from(truths[0].came);
        let [early, late] = truths.map(Truth::loss_pct);
        println!("{}: {way:?}: {:?}, so {late:.2} % lost", cell.name, truths[1]);
        early.min(late) - off..=early.max(late) + off
    };
    let told = lost_within(Way::up(caller), FIGURES_AGE, PACKETS_OFF);
    assert!(
        told.contains(&line.loss_pct),
        "{}: {told:?}, but {line:?}",
        cell.name
    );
    let told = lost_within(Way::down(caller), REPORT_AGE, REPORT_OFF);
    let far_loss_pct = line.far_loss_pct.expect("the telephone has reported");
    assert!(
        told.contains(&far_loss_pct),
        "{}: there {told:?}, but {line:?}",
        cell.name
    );
    println!("{}: {line:?}", cell.name);
    if let Some(round_trip_ms) = line.round_trip_ms {
        // Nothing is faster than what the line's haste allows, but for a frame by which a leg that moves is wrong.
        let least_ms = 2 * cell.plan.delay_ms / if cell.plan.hasty_ppm > 0 { 2 } else { 1 };
        assert!(
            round_trip_ms > least_ms.saturating_sub(FRAME_MS) as f64,
            "{}: {line:?}",
            cell.name
        );
    }
}

fn picture(before: &Status, after: &Status, depth_ms: u32) -> Picture {
    let count = |name: &str| {
        let of = |status: &Status| status.counters.get(name).copied().unwrap_or(0);
        of(after) - of(before)
    };
    let made_up = |status: &Status| status.lines.iter().map(|line| line.concealed_ms).sum::<u64>();
    let frames = count("frames_played") + count("frames_concealed");
    Picture {
        talk_ms: frames * FRAME_MS,
        concealed_ms: made_up(after) - made_up(before),
        late: count("frames_late"),
        doubled: count("frames_doubled"),
        gone_back: count("buffer_grown"),
        loss_pct: after.lines.iter().map(|line| line.loss_pct).sum::<f64>() / after.lines.len() as f64,
        depth_ms,
    }
}

fn compare(cell: &Cell, real: &Picture, simulated: &Picture) {
    println!(
        "| {} | lost % | late % | concealed % | gone back | depth ms |",
        cell.name
    );
    for (which, picture) in [("real", real), ("simulated", simulated)] {
        println!(
            "| {which} | {:.1} | {:.1} | {:.1} | {} | {} |",
            picture.loss_pct,
            picture.late_pct(),
            picture.concealed_pct(),
            picture.gone_back,
            picture.depth_ms
        );
    }
    let apart = |share: fn(&Picture) -> f64| (share(real) - share(simulated)).abs();
    assert!(
        apart(Picture::concealed_pct) <= SHARES_APART && apart(Picture::late_pct) <= SHARES_APART,
        "{}: {real:?}, but {simulated:?}",
        cell.name
    );
    assert!(
        real.concealed_pct() <= cell.concealed_pct_max,
        "{}: {real:?}",
        cell.name
    );
    // All of two callers' talk was played, or made up.
    assert!(
        real.talk_ms >= 2 * TALK.as_millis() as u64 * 9 / 10,
        "{}: {real:?}",
        cell.name
    );
}

/// Each hears the other as loud as he speaks, without holes.
fn listen(cell: &Cell, members: &[Baresip], end: Instant, from: Instant, to: Instant) {
    let mut faults = Faults::default();
    for (listener, talker) in [(0, 1), (1, 0)] {
        let heard = members[listener].heard();
        // What is lost on the way back is not in the recording: it is a little shorter.
        let heard = between(&heard, end, from + TALK / 10, to);
        let tone = members[talker].tone;
        let who = format!("{}: {listener} hears {talker}", cell.name);
        faults.must_hear(&who, heard, tone);
        faults.must_not_hear(
            &format!("{}: {listener} itself", cell.name),
            heard,
            members[listener].tone,
        );
        let pieces = heard.chunks_exact(PIECE);
        let count = pieces.len();
        let holes = pieces
            .filter(|piece| loudness_dbfs(piece) < tone.dbfs + HOLE_DB)
            .count();
        let holes_pct = holes as f64 * 100.0 / count as f64;
        println!("{who}: {holes} holes of {count}, {holes_pct:.1} %");
        faults.must(
            &who,
            holes_pct <= cell.holes_pct_max,
            &format!("{holes_pct:.1} % holes"),
        );
    }
    faults.complain();
}
