//! Owns the two measurements that a whole set of callers makes together: everybody's tone at once, and bursts in turn.

use super::measure::{FLOOR_DBFS, lasting_dbfs, usual_dbfs};
use super::set::{CallerId, CallerSet};
use super::tones::TONE_DBFS;
use super::voice::Voice;
use crate::units::SAMPLE_RATE;
use std::io;
use std::time::Duration;

/// Until all tones stand, and until a room has fallen silent again.
const SETTLE: Duration = Duration::from_millis(600);
/// How late a burst may come and still be told from the next one.
const BURST_MAX: Duration = Duration::from_millis(400);
/// Between two bursts.
const BURST_GAP: Duration = Duration::from_millis(120);
/// A caller is heard from this level on, relative to what it sent.
pub const HEARD_DB: f64 = -15.0;
/// What a caller may hear at most of somebody in another room, relative to what that one sent.
pub const FOREIGN_DB: f64 = -60.0;

/// Everybody's tone at once is measured this long.
const TOGETHER: Duration = Duration::from_millis(2_500);
/// The tones of a few are measured this long.
const FEW_AT_ONCE: Duration = Duration::from_secs(4);
/// How many a few are. G.711's own noise under eight tones reaches −55 dB at times, whoever mixes them; under three it
/// stays below −65 dB, so that what comes back shows.
const FEW: usize = 3;

/// How loud each caller heard each tone, its own included: dB relative to the level sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    together: Vec<Vec<f64>>,
    few: Vec<Vec<f64>>,
}

impl Levels {
    /// How loud `listener` heard `talker` while everybody sent.
    pub fn together(&self, listener: CallerId, talker: CallerId) -> f64 {
        self.together[listener.0][talker.0]
    }

    /// How loud `listener` heard `talker` while few sent: shows even what is nearly nothing.
    pub fn among_few(&self, listener: CallerId, talker: CallerId) -> f64 {
        self.few[listener.0][talker.0]
    }
}

/// What everybody heard of one round of tones.
struct Round {
    talkers: Vec<CallerId>,
    heard: Vec<Vec<i16>>,
}

/// What everybody heard of all tones. To measure it takes a while, in which the callers could not send: that comes last.
pub struct Recordings {
    together: Round,
    few: Vec<Round>,
}

impl Recordings {
    /// How loud each caller heard each tone.
    pub fn levels(&self, set: &CallerSet) -> Levels {
        let blank = vec![vec![FLOOR_DBFS; self.together.heard.len()]; self.together.heard.len()];
        let mut levels = Levels {
            together: blank.clone(),
            few: blank,
        };
        self.together.measure(set, usual_dbfs, &mut levels.together);
        for round in &self.few {
            round.measure(set, lasting_dbfs, &mut levels.few);
        }
        levels
    }
}

impl Round {
    fn measure(&self, set: &CallerSet, level: fn(&[i16], f64) -> f64, levels: &mut [Vec<f64>]) {
        for (heard, levels) in self.heard.iter().zip(levels) {
            for &talker in &self.talkers {
                levels[talker.0] = level(heard, set.caller(talker).tone().hz) - TONE_DBFS;
            }
        }
    }
}

/// Lets everybody send its tone at once, then a few at a time, and keeps what each of them heard.
pub fn tones(set: &mut CallerSet) -> io::Result<Recordings> {
    let ids: Vec<CallerId> = set.ids().collect();
    let together = send_tones(set, ids.clone(), TOGETHER)?;
    let groups = ids.len().div_ceil(FEW);
    let few = |group| ids.iter().copied().skip(group).step_by(groups).collect();
    let few: io::Result<Vec<Round>> = (0..groups)
        .map(|group| send_tones(set, few(group), FEW_AT_ONCE))
        .collect();
    Ok(Recordings { together, few: few? })
}

fn send_tones(set: &mut CallerSet, talkers: Vec<CallerId>, span: Duration) -> io::Result<Round> {
    set.ids().for_each(|id| set.say(id, Voice::Silent));
    talkers.iter().for_each(|&id| set.hum(id, TONE_DBFS));
    set.run_for(SETTLE)?;
    let begins: Vec<usize> = set.ids().map(|id| set.ear(id).position()).collect();
    let samples = span.as_millis() as usize * SAMPLE_RATE as usize / 1_000;
    // What never comes is missing in the level.
    set.run_until(span + SETTLE, |set| {
        set.ids()
            .zip(&begins)
            .all(|(id, &begin)| set.ear(id).since(begin).len() >= samples)
    })?;
    let kept = |(id, begin): (CallerId, usize)| {
        let heard = set.ear(id).since(begin);
        heard[..heard.len().min(samples)].to_vec()
    };
    let heard = set.ids().zip(begins).map(kept).collect();
    set.ids().for_each(|id| set.say(id, Voice::Silent));
    Ok(Round { talkers, heard })
}

/// Delays of bursts, in milliseconds, as each caller heard them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delays {
    /// By listener.
    pub heard: Vec<Vec<f64>>,
    /// How often a caller heard its own burst.
    pub own: Vec<usize>,
}

/// Lets each caller send `rounds` bursts, one caller at a time, and notes when the others heard them. The time runs
/// from sending a burst's first sample to the arrival of the packet with it, the caller's own packetisation aside.
pub fn bursts(set: &mut CallerSet, rounds: usize) -> io::Result<Delays> {
    let ids: Vec<CallerId> = set.ids().collect();
    ids.iter().for_each(|&id| set.say(id, Voice::Silent));
    set.run_for(SETTLE)?;
    let mut delays = Delays {
        heard: vec![Vec::new(); ids.len()],
        own: vec![0; ids.len()],
    };
    for _ in 0..rounds {
        for &talker in &ids {
            burst(set, talker, &mut delays)?;
        }
    }
    Ok(delays)
}

fn burst(set: &mut CallerSet, talker: CallerId, delays: &mut Delays) -> io::Result<()> {
    let before = set.caller(talker).marks().bursts.len();
    set.say(talker, Voice::Burst);
    set.run_until(BURST_MAX, |set| set.caller(talker).marks().bursts.len() > before)?;
    set.run_for(BURST_GAP)?;
    let Some(&sent) = set.caller(talker).marks().bursts.get(before) else {
        return Ok(());
    };
    for listener in set.ids() {
        match set.ear(listener).burst_after(sent, BURST_MAX) {
            Some(_) if listener == talker => delays.own[listener.0] += 1,
            Some(heard) => delays.heard[listener.0].push((heard - sent).as_secs_f64() * 1e3),
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::measure::median;
    use crate::caller::stub::{Fault, StubBridge, dial_into};

    #[test]
    fn two_rooms_hear_their_own_people_and_nobody_hears_itself() {
        let bridge = StubBridge::start(Fault::None);
        let mut set = dial_into(&bridge, &["1#", "1#", "1#", "2#", "2#"]);
        let levels = tones(&mut set).expect("sockets work").levels(&set);
        for listener in set.ids() {
            for talker in set.ids() {
                let (together, few) = (
                    levels.together(listener, talker),
                    levels.among_few(listener, talker),
                );
                let same_room = (listener.0 < 3) == (talker.0 < 3);
                let good = match listener == talker {
                    false if same_room => together.abs() < 3.0,
                    _ => few <= FOREIGN_DB,
                };
                assert!(
                    good,
                    "{listener:?} hears {talker:?} at {together:.1} and {few:.1} dB"
                );
            }
        }
        assert!(set.hang_up_all(Duration::from_secs(2)).expect("sockets work"));
    }

    #[test]
    fn a_bridge_that_plays_a_caller_back_to_itself_is_found() {
        let bridge = StubBridge::start(Fault::OwnVoice);
        let mut set = dial_into(&bridge, &["1#", "1#"]);
        let levels = tones(&mut set).expect("sockets work").levels(&set);
        assert!(levels.together(CallerId(0), CallerId(0)) > HEARD_DB);
        assert!(levels.among_few(CallerId(0), CallerId(0)) > FOREIGN_DB);
        let delays = bursts(&mut set, 1).expect("sockets work");
        assert_eq!(delays.own, [1, 1]);
    }

    #[test]
    fn the_delay_of_a_bridge_is_measured() {
        let bridge = StubBridge::start(Fault::None);
        let mut set = dial_into(&bridge, &["1#", "1#", "1#"]);
        let quick = bursts(&mut set, 2).expect("sockets work");
        let slow_bridge = StubBridge::start(Fault::Delay);
        let mut slow_set = dial_into(&slow_bridge, &["1#", "1#", "1#"]);
        let slow = bursts(&mut slow_set, 2).expect("sockets work");
        for (listener, late) in quick.heard.iter().zip(&slow.heard) {
            assert_eq!((listener.len(), late.len()), (4, 4));
            let (quick, slow) = (median(listener).expect("four"), median(late).expect("four"));
            assert!((0.0..40.0).contains(&quick), "{quick}");
            assert!((60.0..140.0).contains(&slow), "{slow}");
        }
        assert_eq!(quick.own, [0, 0, 0]);
    }
}
