//! A telephone that returns what it hears sits in a room with two baresip telephones: how much of its own voice the one that talks
//! hears again, in its own recording. Several rooms at the same time, each with another such telephone.
//!
//! Noise is left out by there being none: the telephone returns what it hears and adds nothing. What A-law's steps make of that,
//! and what the bridge fills up with, counts as echo.

mod running;

use rundruf::caller::sentences;
use rundruf::caller::{CallerId, CallerSet, Pace, Voice};
use rundruf::media_api::Law;
use rundruf::sim::echo::{Kind, levelled};
use rundruf::units::FRAME;
use running::baresip::Baresip;
use running::hearing::{Faults, between};
use running::{Bridge, LOCALHOST, eventually};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The telephones: by what the echo comes back, how far below what is heard, and from hearing to sending.
const TELEPHONES: [(Kind, f32, u64); 3] = [
    (Kind::Hybrid, 12.0, 60),
    (Kind::Tail(64), 20.0, 150),
    (Kind::Tail(128), 6.0, 300),
];
/// The longest that packets wait on the way, besides.
const WAY: Duration = Duration::from_millis(80);
/// How long each part lasts: what is returned first, by another way, and while somebody speaks there too.
const ALONE: Duration = Duration::from_secs(12);
const CHANGED: Duration = Duration::from_secs(10);
const BOTH: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// What half of the moments must reach, in dB: the bars of the canceller (docs/SOUND.md). The mean over all of them is printed beside
/// it, and must reach less: a machine that stands still for 50 ms, as those of CI do every other second, has frames made up, at both
/// ends, which are nobody's echo and which no canceller foresees.
const AFTER_1S: f64 = 30.0;
const AFTER_3S: f64 = 35.0;
const CHANGED_LEAST: f64 = 40.0;
const MEAN_LEAST: f64 = 12.0;
/// How long a moment is.
const MOMENT: usize = 10 * FRAME;

struct Meeting {
    telephone: CallerId,
    talker: Baresip,
    listener: Baresip,
}

/// The moments between the parts.
struct Moments {
    returns: Instant,
    changes: Instant,
    both: Instant,
    end: Instant,
}

#[test]
fn who_talks_hears_themselves_no_more_and_the_telephones_owner_still() {
    let bridge = Bridge::start_with("media.echo = true\n");
    let spoken = sentences::built_in().expect("the program carries them");
    let voice =
        |sentences: [usize; 3]| -> Vec<i16> { levelled(&sentences.map(|nth| spoken[nth].to_vec()).concat()) };
    let (said, answered) = (voice([0, 2, 4]), voice([1, 3, 7]));
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a free port");
    let mut meetings = meet(&bridge, &mut set, &said);
    // Whatever the room had to say to those who came has been said.
    set.run_for(5 * SECOND).expect("sockets work");
    let moments = hold(&mut set, &meetings, &answered);
    let status = bridge.status();
    let (mut faults, mut seconds) = (Faults::default(), Vec::new());
    for (nth, meeting) in meetings.iter_mut().enumerate() {
        meeting.talker.hang_up();
        let ended = Instant::now();
        meeting.listener.hang_up();
        let at = Moments {
            end: ended,
            ..moments
        };
        seconds.push(judge(&mut faults, nth, meeting, &at, &answered));
    }
    let soon = seconds.iter().filter(|&&loss| loss >= AFTER_1S).count();
    faults.must(
        "all",
        soon >= 2,
        &format!("in the second second {seconds:.1?} dB"),
    );
    for line in &status.lines {
        println!("line {}: {:?}", line.line, line.echo);
    }
    let echoing = status.lines.iter().filter(|line| line.echo.is_some()).count();
    faults.must(
        "status",
        echoing == TELEPHONES.len(),
        &format!("{echoing} lines with echo"),
    );
    faults.complain();
}

/// In a room each: one who talks, one who listens, and a telephone that will return what it hears.
fn meet(bridge: &Bridge, set: &mut CallerSet, said: &[i16]) -> Vec<Meeting> {
    let rooms = TELEPHONES.map(|(kind, _, _)| bridge.book(kind.name()));
    let members: Vec<[Baresip; 2]> = std::thread::scope(|scope| {
        let dialled = |keys: String, recording| {
            let mut member = Baresip::start_saying(recording);
            member.dial(bridge.address);
            member.press(&keys);
            member
        };
        let pairs = rooms.each_ref().map(|room| {
            [said, &[0; FRAME]].map(|recording| scope.spawn(move || dialled(room.keys(), recording)))
        });
        let ended = |pair: [std::thread::ScopedJoinHandle<'_, Baresip>; 2]| {
            pair.map(|member| member.join().expect("baresip dials and keys"))
        };
        pairs.into_iter().map(ended).collect()
    });
    let telephones = rooms.map(|room| {
        let telephone = set.add(Law::A).expect("a free port");
        set.dial(telephone).expect("loopback");
        set.press(telephone, &room.keys(), Pace::DIAL_STRING);
        telephone
    });
    let all_in = || {
        set.run_for(SECOND / 20).expect("sockets work");
        bridge.status().in_rooms == 3 * TELEPHONES.len()
    };
    assert!(
        eventually(20 * SECOND, all_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    let meeting = |(telephone, [talker, listener]): (CallerId, [Baresip; 2])| Meeting {
        telephone,
        talker,
        listener,
    };
    telephones.into_iter().zip(members).map(meeting).collect()
}

/// The parts of the meeting, in all rooms at the same time.
fn hold(set: &mut CallerSet, meetings: &[Meeting], answered: &[i16]) -> Moments {
    let send_back = |set: &mut CallerSet, seed: u64| {
        for (meeting, (kind, loss_db, late_ms)) in meetings.iter().zip(TELEPHONES) {
            let taps = kind.response(loss_db, seed).into();
            set.send_back(meeting.telephone, taps, Duration::from_millis(late_ms));
        }
    };
    send_back(set, 11);
    let returns = Instant::now();
    set.run_for(ALONE).expect("sockets work");
    send_back(set, 12);
    let changes = Instant::now();
    set.run_for(CHANGED).expect("sockets work");
    let answer: Arc<[i16]> = answered.into();
    for meeting in meetings {
        set.say(meeting.telephone, Voice::sentence(Arc::clone(&answer)));
    }
    let both = Instant::now();
    set.run_for(BOTH).expect("sockets work");
    Moments {
        returns,
        changes,
        both,
        end: Instant::now(),
    }
}

/// What is heard of the talker's own voice, and of the others; the loss in the second second of echo.
fn judge(faults: &mut Faults, nth: usize, meeting: &Meeting, at: &Moments, answered: &[i16]) -> f64 {
    let (kind, loss_db, late_ms) = TELEPHONES[nth];
    let name = format!("{}, {loss_db} dB, {late_ms} ms", kind.name());
    let (sent, heard) = (meeting.talker.sent(), meeting.talker.heard());
    let trip = Duration::from_millis(late_ms) + WAY;
    // What is heard in this time was said a trip before it, or a little later.
    let loss = |from: Instant, to: Instant| {
        let said = between(&sent, at.end, from - trip / 2, to - trip / 2);
        Loss::of(said, between(&heard, at.end, from, to))
    };
    let first = first_spoken(&sent, at, trip) + trip;
    let figures = [
        (
            "before it returns anything",
            loss(at.returns - 2 * SECOND, at.returns),
            60.0,
        ),
        ("from 3 s on", loss(first + 3 * SECOND, at.changes), AFTER_3S),
        (
            "from 3 s after another way on",
            loss(at.changes + trip + 3 * SECOND, at.both),
            CHANGED_LEAST,
        ),
    ];
    for (what, loss, least) in figures {
        println!("{name}: {what}: {loss}");
        let reached = loss.mostly >= least && loss.mean >= MEAN_LEAST;
        faults.must(&name, reached, &format!("{what}: {loss}"));
    }
    let second = loss(first + SECOND, first + 2 * SECOND);
    println!("{name}: from 1 s to 2 s of echo: {second}");
    let first_second = loss(first, first + SECOND / 5);
    println!("{name}: at first: {first_second}");
    let near = between(&heard, at.end, at.both + SECOND, at.both + 4 * SECOND);
    let near_db = 10.0 * (power(near) / power(&answered[..answered.len().min(5 * 8_000)])).log10();
    println!("{name}: its owner is heard at {near_db:+.1} dB while both talk");
    faults.must(
        &name,
        near_db.abs() < 4.0,
        &format!("its owner is heard at {near_db:+.1} dB"),
    );
    let (listened, said) = (
        meeting.listener.heard(),
        between(&sent, at.end, first, at.changes),
    );
    let talker_db = 10.0 * (power(between(&listened, at.end, first, at.changes)) / power(said)).log10();
    println!("{name}: the others hear the talker at {talker_db:+.1} dB");
    faults.must(
        &name,
        talker_db.abs() < 3.0,
        &format!("the talker is heard at {talker_db:+.1} dB"),
    );
    second.mostly
}

/// When the talker spoke first of what was returned: it may have made a pause when that began.
fn first_spoken(sent: &[i16], at: &Moments, trip: Duration) -> Instant {
    let from = at.returns - trip / 2;
    let said = between(sent, at.end, from, at.changes);
    let least = power(said) / 10.0;
    let pause = said.chunks_exact(MOMENT).position(|said| power(said) > least);
    at.returns + SECOND / 5 * pause.expect("it speaks") as u32
}

/// How far below what was said that is which is heard of it, in dB.
struct Loss {
    /// Over all of it.
    mean: f64,
    /// In half of the moments at least.
    mostly: f64,
}

impl Loss {
    fn of(said: &[i16], heard: &[i16]) -> Loss {
        let said_power = power(said);
        let below = |heard: f64| 10.0 * (said_power / heard).log10();
        // Only moments in which something was said: of silence nothing comes back.
        let moments = said.chunks_exact(MOMENT).zip(heard.chunks_exact(MOMENT));
        let spoken = moments.filter(|(said, _)| power(said) > said_power / 10.0);
        let mut powers: Vec<f64> = spoken.map(|(_, heard)| power(heard)).collect();
        powers.sort_by(f64::total_cmp);
        Loss {
            mean: below(power(heard)),
            mostly: powers.get(powers.len() / 2).map_or(0.0, |&power| below(power)),
        }
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} dB mostly, {:.1} dB in all", self.mostly, self.mean)
    }
}

/// The mean power of a sample, frame by frame without its mean: A-law has no zero, and silence is a constant.
fn power(sound: &[i16]) -> f64 {
    let frames = sound.chunks_exact(FRAME);
    let count = frames.len().max(1);
    let powers = frames.map(|frame| {
        let mean = frame.iter().map(|&sample| f64::from(sample)).sum::<f64>() / FRAME as f64;
        frame
            .iter()
            .map(|&sample| (f64::from(sample) - mean).powi(2))
            .sum::<f64>()
            / FRAME as f64
    });
    powers.sum::<f64>() / count as f64 + 1e-3
}
