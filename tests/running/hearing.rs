//! Who is heard in a recording: the usual or lasting level of a tone, relative to how it was said.

use rundruf::caller::Tone;
use rundruf::caller::measure::{lasting_dbfs, usual_dbfs};
use rundruf::units::SAMPLE_RATE;
use std::time::{Duration, Instant};

/// How far a voice may come from the level it was said at, and how far below it a voice counts as gone.
const HEARD_DB: f64 = 6.0;
const GONE_DB: f64 = -60.0;
/// The same on a line of Opus: what it adds to the tones that are there lies as high as this.
const GONE_BY_OPUS_DB: f64 = -45.0;
/// What is looked at at the end of a recording: this long, ending this long before its end.
const LATE: Duration = Duration::from_secs(5);
const TAIL: Duration = Duration::from_secs(1);

/// The last seconds of a recording, without the moment of hanging up.
pub fn late(recording: &[i16]) -> &[i16] {
    cut(recording, LATE + TAIL, TAIL)
}

/// What was recorded between two moments, if the recording ended at `end`: it has no other clock.
pub fn between(recording: &[i16], end: Instant, from: Instant, to: Instant) -> &[i16] {
    cut(recording, end - from, end - to)
}

/// The part that begins `from` and ends `to` before the end.
fn cut(recording: &[i16], from: Duration, to: Duration) -> &[i16] {
    let place = |before: Duration| {
        let samples = (before.as_secs_f64() * f64::from(SAMPLE_RATE)) as usize;
        recording
            .len()
            .checked_sub(samples)
            .expect("the recording is long enough")
    };
    &recording[place(from)..place(to)]
}

/// Faults that are told all at once, with the figures.
#[derive(Default)]
pub struct Faults(Vec<String>);

impl Faults {
    /// `tone` must be heard about as loud as it was said.
    pub fn must_hear(&mut self, who: &str, heard: &[i16], tone: Tone) {
        let level = usual_dbfs(heard, tone.hz) - tone.dbfs;
        println!("{who}: {level:+.1} dB");
        if level.abs() >= HEARD_DB {
            self.0.push(format!("{who}: at {level:.1} dB"));
        }
    }

    /// Nothing of `tone` may last.
    pub fn must_not_hear(&mut self, who: &str, heard: &[i16], tone: Tone) {
        self.must_be_gone(who, heard, tone, GONE_DB);
    }

    /// The same on a line of Opus.
    pub fn must_not_hear_by_opus(&mut self, who: &str, heard: &[i16], tone: Tone) {
        self.must_be_gone(who, heard, tone, GONE_BY_OPUS_DB);
    }

    fn must_be_gone(&mut self, who: &str, heard: &[i16], tone: Tone, gone_db: f64) {
        let level = lasting_dbfs(heard, tone.hz) - tone.dbfs;
        println!("not {who}: {level:+.1} dB");
        if level > gone_db {
            self.0.push(format!("not {who}: yet at {level:.1} dB"));
        }
    }

    /// Whatever else must be so.
    pub fn must(&mut self, who: &str, is_so: bool, otherwise: &str) {
        if !is_so {
            self.0.push(format!("{who}: {otherwise}"));
        }
    }

    pub fn complain(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}
