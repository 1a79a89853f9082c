//! Never a digit from what is no key: everything that the bridge itself says and plays (its echo comes back on a leg), chords, and, by
//! hand, an hour of speech: `./script/talk-off`. What was found stands in docs/DTMF.md.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use rundruf::media::{Heard, Inband};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

const FRAME: usize = 160;

/// What an ear took from this sound.
#[derive(Default)]
struct Taken {
    frames: usize,
    /// Keys that it told: false ones, here.
    keys: usize,
    /// Frames that the others would not have heard.
    silenced: usize,
}

impl Taken {
    fn add(&mut self, other: &Taken) {
        self.frames += other.frames;
        self.keys += other.keys;
        self.silenced += other.silenced;
    }

    fn minutes(&self) -> f64 {
        self.frames as f64 / 3_000.0
    }
}

/// Listens to `sound`, `gain` times as loud and cut into frames from its sample `from` on, in one of the laws.
fn listen(sound: &[i16], gain: f64, from: usize, mu: bool) -> Taken {
    let mut ear = Inband::default();
    let mut taken = Taken::default();
    let through = |sample: i16| {
        let sample = (f64::from(sample) * gain).clamp(-32_768.0, 32_767.0) as i16;
        if mu {
            decode_ulaw(encode_ulaw(sample))
        } else {
            decode_alaw(encode_alaw(sample))
        }
    };
    for chunk in sound[from.min(sound.len())..].chunks_exact(FRAME) {
        let frame: [i16; FRAME] = std::array::from_fn(|at| through(chunk[at]));
        let peak = frame.iter().map(|sample| sample.unsigned_abs()).max();
        let Heard { key, tone } = ear.hear(&frame, peak.unwrap_or(0), false);
        taken.frames += 1;
        taken.keys += usize::from(key.is_some());
        taken.silenced += usize::from(tone);
    }
    taken
}

/// Three levels, and for each these places where the frames begin; both laws.
fn listen_from(places: &[usize], sound: &[i16]) -> Taken {
    let mut taken = Taken::default();
    for (round, gain) in [0.5, 1.0, 2.0].into_iter().enumerate() {
        for &from in places {
            taken.add(&listen(sound, gain, from + round, from % 80 == 0));
        }
    }
    taken
}

fn listen_to_all_of_it(sound: &[i16]) -> Taken {
    listen_from(&[0, 37, 80, 117], sound)
}

fn tones(parts: &[(f64, f64)], samples: usize) -> Vec<i16> {
    let sample = |at: usize| {
        let wave = |&(hertz, amplitude): &(f64, f64)| amplitude * (TAU * hertz * at as f64 / 8_000.0).sin();
        parts.iter().map(wave).sum::<f64>() as i16
    };
    (0..samples).map(sample).collect()
}

#[test]
fn this_ear_hears_keys() {
    let key = tones(&[(770.0, 6_000.0), (1_336.0, 6_000.0)], 800);
    assert_eq!(listen_to_all_of_it(&key).keys, 12);
}

#[test]
fn nothing_that_the_bridge_says_or_plays_is_a_key() {
    let mut taken = Taken::default();
    for clip in rundruf::speech::clips() {
        taken.add(&listen_from(&[0, 37], &clip.samples()));
    }
    assert!(taken.minutes() > 60.0, "{:.0} minutes", taken.minutes());
    assert_eq!(
        (taken.keys, taken.silenced),
        (0, 0),
        "in {:.0} minutes",
        taken.minutes()
    );
}

/// An organ with five partials, three notes at a time; each chord for a third of a second.
fn organ(notes: [u32; 3]) -> Vec<i16> {
    let mut parts = Vec::new();
    for note in notes {
        let hertz = 55.0 * 2f64.powf(f64::from(note) / 12.0);
        parts.extend((1..=5).map(|n| (hertz * f64::from(n), 3_000.0 / f64::from(n))));
    }
    parts.retain(|&(hertz, _)| hertz < 3_600.0);
    tones(&parts, 2_640)
}

#[test]
fn chords_of_an_organ_are_no_keys() {
    let mut taken = Taken::default();
    for low in 12..36 {
        for (third, fifth) in [(3, 7), (4, 7), (3, 6), (4, 8), (5, 9), (12, 19), (7, 16)] {
            taken.add(&listen_to_all_of_it(&organ([low, low + third, low + fifth])));
        }
    }
    assert_eq!(taken.keys, 0, "in {:.0} minutes", taken.minutes());
}

/// Every WAV file below a folder.
fn waves(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            waves(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "wav") {
            found.push(path);
        }
    }
}

/// The folder RUNDRUF_SPEECH has a folder for each kind of sound, of WAV files of 8 kHz, mono, 16 bit: `./script/talk-off` makes it.
#[test]
#[ignore = "needs recordings: ./script/talk-off"]
fn an_hour_of_speech() {
    let root = PathBuf::from(std::env::var("RUNDRUF_SPEECH").expect("RUNDRUF_SPEECH names a folder"));
    let mut kinds: Vec<_> = std::fs::read_dir(&root)
        .expect("a folder")
        .flatten()
        .map(|kind| kind.path())
        .collect();
    kinds.sort();
    let mut all = Taken::default();
    let mut minutes = 0.0;
    for kind in kinds.iter().filter(|kind| kind.is_dir()) {
        let (mut files, mut of_kind, mut once) = (Vec::new(), Taken::default(), 0.0);
        waves(kind, &mut files);
        files.sort();
        for file in &files {
            let mut reader = hound::WavReader::open(file).expect("a WAV file");
            assert_eq!(
                (reader.spec().sample_rate, reader.spec().channels),
                (8_000, 1),
                "{}",
                file.display()
            );
            let sound: Vec<i16> = reader
                .samples::<i16>()
                .map(|sample| sample.expect("a sample"))
                .collect();
            let taken = listen_to_all_of_it(&sound);
            if taken.keys > 0 {
                println!("  {} keys in {}", taken.keys, file.display());
            }
            once += sound.len() as f64 / 480_000.0;
            of_kind.add(&taken);
        }
        println!(
            "{:<24} {:>4} files {once:>6.1} min, heard 12 times each: {} false keys, {} frames of {} silenced",
            kind.file_name().unwrap_or_default().to_string_lossy(),
            files.len(),
            of_kind.keys,
            of_kind.silenced,
            of_kind.frames,
        );
        minutes += once;
        all.add(&of_kind);
    }
    println!("{minutes:.0} minutes: {} false keys", all.keys);
    assert!(minutes >= 60.0, "an hour is asked for, not {minutes:.0} minutes");
    assert_eq!(all.keys, 0);
}
