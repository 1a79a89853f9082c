//! The demo's story, step by step: dial in, speak in turn, be measured, go on talking, hang up.

use super::display::Display;
use crate::caller::report::{Row, rows};
use crate::caller::{CallerId, CallerSet, Pace, Voice, trial};
use crate::cli::child::Room;
use crate::media_api::Law;
use crate::units::SAMPLE_RATE;
use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many callers come.
pub(super) const CALLERS: usize = 8;
/// Between two of them.
const NEXT_CALLER: Duration = Duration::from_millis(700);
/// How long all of them together may take until they hear the room.
const DIAL_IN_MAX: Duration = Duration::from_secs(45);
/// By which a caller that has keyed is known in the room: soft, as it is no speech.
const HUM_DBFS: f64 = -36.0;
const BURST_ROUNDS: usize = 2;
/// Between two speakers, in the meeting and while it waits for a softphone.
const PAUSE: Duration = Duration::from_millis(300);
const LONG_PAUSE: Duration = Duration::from_secs(3);
/// How long hanging up may take.
const HANG_UP_MAX: Duration = Duration::from_secs(3);

/// Eight callers and the line that shows them.
pub(super) struct Meeting {
    set: CallerSet,
    display: Display,
    stop: Arc<AtomicBool>,
    bridge: SocketAddr,
}

impl Meeting {
    /// Callers that have not dialled yet.
    pub(super) fn new(bridge: SocketAddr, display: Display, stop: Arc<AtomicBool>) -> Result<Meeting> {
        let mut set = CallerSet::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bridge)?;
        for index in 0..CALLERS {
            set.add(if index % 4 == 3 { Law::Mu } else { Law::A })?;
        }
        set.stop_by(Arc::clone(&stop));
        Ok(Meeting {
            set,
            display,
            stop,
            bridge,
        })
    }

    /// Whom they call.
    pub(super) fn bridge(&self) -> SocketAddr {
        self.bridge
    }

    /// All dial, listen a moment, and key room and PIN as people do.
    pub(super) fn dial_in(&mut self, room: &Room) -> Result<()> {
        let pin = room
            .pin
            .as_deref()
            .map_or(String::new(), |pin| format!(",{pin}#"));
        let keys = format!(",,{}#{pin}", room.number);
        for id in self.set.ids() {
            self.display.stage(format!("caller {} dials", id.0 + 1));
            self.set.dial(id)?;
            self.set.press(id, &keys, Pace::PERSON);
            self.set.hum(id, HUM_DBFS);
            self.set.run_for(NEXT_CALLER)?;
        }
        self.display.stage("they key room and PIN");
        let all_in = |set: &CallerSet| set.ids().all(|id| set.caller(id).room_time().is_some());
        self.set.run_until(DIAL_IN_MAX, all_in)?;
        self.set.ids().for_each(|id| self.set.say(id, Voice::Silent));
        Ok(self.set.run_for(PAUSE)?)
    }

    /// The first `turns` callers speak a sentence each.
    pub(super) fn speak_in_turn(&mut self, spoken: &[Arc<[i16]>], turns: usize) -> Result<()> {
        for (id, sentence) in self.set.ids().zip(spoken.iter().cycle()).take(turns) {
            self.speak(id, sentence)?;
            self.set.run_for(PAUSE)?;
        }
        Ok(())
    }

    /// Tones, then bursts in turn.
    pub(super) fn measure(&mut self) -> Result<Vec<Row>> {
        self.display
            .stage("tones: who hears whom, and does anybody hear itself?");
        let heard = trial::tones(&mut self.set)?;
        self.display.stage("bursts: how late are they heard?");
        let delays = trial::bursts(&mut self.set, BURST_ROUNDS)?;
        self.display.stage("measured");
        self.set.close_ears();
        Ok(rows(&self.set, &[0; CALLERS], &heard.levels(&self.set), &delays))
    }

    /// What the first caller heard, as its own ear heard it, into a WAV file that appears when it is complete.
    pub(super) fn write_first_ear(&self, file: &Path) -> Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let write = || -> Result<()> {
            let unfinished = file.with_extension("part");
            let mut writer = hound::WavWriter::create(&unfinished, spec)?;
            for &sample in self.set.ear(CallerId(0)).since(0) {
                writer.write_sample(sample)?;
            }
            writer.finalize()?;
            Ok(std::fs::rename(&unfinished, file)?)
        };
        write().with_context(|| format!("cannot write {}", file.display()))
    }

    /// No line is drawn over what is printed from here on.
    pub(super) fn silence_display(&mut self) {
        self.display.end();
    }

    /// Sentences in turn until the demo is ended.
    pub(super) fn go_on_talking(&mut self, spoken: &[Arc<[i16]>]) -> Result<()> {
        let turns: Vec<_> = self.set.ids().zip(spoken.iter().cycle()).collect();
        for (id, sentence) in turns.into_iter().cycle() {
            if self.stopped() {
                break;
            }
            self.speak(id, sentence)?;
            self.set.run_for(LONG_PAUSE)?;
        }
        Ok(())
    }

    /// Everybody hangs up.
    pub(super) fn end(&mut self) -> Result<()> {
        self.display.end();
        self.set.hang_up_all(HANG_UP_MAX)?;
        Ok(())
    }

    fn speak(&mut self, id: CallerId, sentence: &Arc<[i16]>) -> Result<()> {
        self.display.stage(format!("caller {} speaks", id.0 + 1));
        self.set.say(id, Voice::sentence(Arc::clone(sentence)));
        let length = Duration::from_secs(1) * sentence.len() as u32 / SAMPLE_RATE;
        Ok(self.set.run_for(length)?)
    }

    /// Whether somebody wants the demo to end.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
