//! Owns the two measurements that a whole set of callers makes together: everybody's tone at once, and bursts in turn.

use super::measure::level_dbfs;
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

/// How loud each caller heard each tone, its own included: dB relative to the level sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels(Vec<Vec<f64>>);

impl Levels {
    /// How loud `listener` heard the tone of `talker`.
    pub fn of(&self, listener: CallerId, talker: CallerId) -> f64 {
        self.0[listener.0][talker.0]
    }
}

/// Lets everybody send its tone at once, and measures what each of them heard in a window of `window` (2 s or more).
pub fn tones(set: &mut CallerSet, window: Duration) -> io::Result<Levels> {
    let ids: Vec<CallerId> = set.ids().collect();
    ids.iter().for_each(|&id| set.hum(id, TONE_DBFS));
    set.run_for(SETTLE)?;
    let begins: Vec<usize> = ids.iter().map(|&id| set.ear(id).position()).collect();
    let samples = window.as_millis() as usize * SAMPLE_RATE as usize / 1_000;
    // What is lost or late on the way may cost a little; what is still missing then is heard as a lower level.
    set.run_until(window + SETTLE, |set| {
        ids.iter()
            .zip(&begins)
            .all(|(&id, &begin)| set.ear(id).position() >= begin + samples)
    })?;
    ids.iter().for_each(|&id| set.say(id, Voice::Silent));
    let heard = |&listener: &CallerId| {
        let all = set.ear(listener).since(begins[listener.0]);
        let cut = &all[..all.len().min(samples)];
        ids.iter()
            .map(|&talker| level_dbfs(cut, set.caller(talker).tone().hz) - TONE_DBFS)
            .collect()
    };
    Ok(Levels(ids.iter().map(heard).collect()))
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
        let levels = tones(&mut set, Duration::from_millis(2_500)).expect("sockets work");
        for listener in set.ids() {
            for talker in set.ids() {
                let level = levels.of(listener, talker);
                let same_room = (listener.0 < 3) == (talker.0 < 3);
                let good = match listener == talker {
                    false if same_room => level.abs() < 1.0,
                    _ => level <= FOREIGN_DB,
                };
                assert!(good, "{listener:?} hears {talker:?} at {level:.1} dB");
            }
        }
        assert!(set.hang_up_all(Duration::from_secs(2)).expect("sockets work"));
    }

    #[test]
    fn a_bridge_that_plays_a_caller_back_to_itself_is_found() {
        let bridge = StubBridge::start(Fault::OwnVoice);
        let mut set = dial_into(&bridge, &["1#", "1#"]);
        let levels = tones(&mut set, Duration::from_secs(2)).expect("sockets work");
        assert!(levels.of(CallerId(0), CallerId(0)) > -3.0);
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
