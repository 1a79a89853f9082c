//! An organisation's own recordings: a folder with `de/NAME.wav`, `en/NAME.wav` and `sounds/NAME.wav`, in which NAME is that
//! of the built-in clip which it replaces. Read once, at the start. Must never guess: a file of another kind is refused with
//! the reason, and one that replaces nothing is named.

use crate::ids::ClipId;
use crate::speech::{self, Clip};
use crate::units::SAMPLE_RATE;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

/// Longest recording.
const SECONDS_MAX: u32 = 120;
/// The longest at 16 kHz, and some room for what else a WAV file carries.
const BYTES_MAX: u64 = SECONDS_MAX as u64 * 2 * SAMPLE_RATE as u64 * 2 + 256 * 1024;
/// Most files that are named because they replace nothing.
const UNKNOWN_MAX: usize = 50;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Recordings {
    /// 8 kHz, 16 bit, of each clip that is replaced.
    pub own: BTreeMap<ClipId, Box<[i16]>>,
    /// `de/greeting` and so on.
    pub replaced: Vec<String>,
    /// Files that replace nothing, relative to the folder.
    pub unknown: Vec<PathBuf>,
    /// Files that cannot be used, each with reason and remedy.
    pub refused: Vec<String>,
}

impl Recordings {
    /// Reads `folder`.
    pub fn read(folder: &Path) -> Recordings {
        let mut all = Recordings::default();
        if !folder.is_dir() {
            let shown = folder.display();
            all.refused.push(format!(
                "prompts.folder = \"{shown}\": there is no such folder; create it, or leave the key empty"
            ));
            return all;
        }
        let mut known = BTreeSet::new();
        for clip in speech::clips() {
            let file = Path::new(clip.folder).join(clip.name).with_extension("wav");
            all.replace(clip, &folder.join(&file));
            known.insert(file);
        }
        all.unknown = files(folder)
            .into_iter()
            .filter(|file| !known.contains(file))
            .take(UNKNOWN_MAX)
            .collect();
        all
    }

    fn replace(&mut self, clip: Clip, path: &Path) {
        match samples(path) {
            Ok(None) => {}
            Ok(Some(samples)) => {
                self.own.insert(clip.id, samples);
                self.replaced.push(format!("{}/{}", clip.folder, clip.name));
            }
            Err(reason) => self.refused.push(format!("{}: {reason}", path.display())),
        }
    }
}

/// The recording in a file, if there is one.
fn samples(path: &Path) -> Result<Option<Box<[i16]>>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if metadata.len() > BYTES_MAX => return Err(too_long()),
        Ok(_) => {}
    }
    decoded(&fs::read(path).map_err(unreadable)?).map(Some)
}

fn too_long() -> String {
    format!("is longer than {SECONDS_MAX} seconds: shorten it")
}

fn decoded(wav: &[u8]) -> Result<Box<[i16]>, String> {
    let remedy = "save it as WAV with 8000 or 16000 Hz, one channel (mono), 16 bit PCM";
    let reader = hound::WavReader::new(Cursor::new(wav))
        .map_err(|error| format!("is no WAV file that can be read ({error}): {remedy}"))?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(format!("has {} bit a sample: {remedy}", spec.bits_per_sample));
    }
    if spec.channels != 1 {
        return Err(format!("has {} channels: {remedy}", spec.channels));
    }
    if ![SAMPLE_RATE, 2 * SAMPLE_RATE].contains(&spec.sample_rate) {
        return Err(format!("has {} Hz: {remedy}", spec.sample_rate));
    }
    if reader.duration() == 0 {
        return Err("has no sound in it: record it again, or remove it".to_owned());
    }
    if reader.duration() > SECONDS_MAX * spec.sample_rate {
        return Err(too_long());
    }
    let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
    let samples = samples.map_err(|error| format!("breaks off ({error}): {remedy}"))?;
    Ok(if spec.sample_rate == SAMPLE_RATE {
        samples.into()
    } else {
        halved(&samples)
    })
}

/// Taps of the filter before every second sample is dropped.
const TAPS: usize = 127;
/// Where it has fallen to half, as a part of the 16 kHz: 3.7 kHz. By 4.05 kHz it has closed.
const CUTOFF: f64 = 3_700.0 / 16_000.0;

/// From 16 to 8 kHz, by a windowed-sinc low-pass (Blackman) without delay.
fn halved(samples: &[i16]) -> Box<[i16]> {
    let middle = TAPS / 2;
    let tap = |n: usize| {
        let x = n as f64 - middle as f64;
        let turn = std::f64::consts::TAU * n as f64 / (TAPS - 1) as f64;
        let window = 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
        let ideal = match n == middle {
            true => 2.0 * CUTOFF,
            false => (std::f64::consts::TAU * CUTOFF * x).sin() / (std::f64::consts::PI * x),
        };
        ideal * window
    };
    let taps: Vec<f64> = (0..TAPS).map(tap).collect();
    let gain: f64 = taps.iter().sum();
    let at = |index: usize| {
        let inside = |n: usize| (index + n).checked_sub(middle).and_then(|i| samples.get(i));
        let products = taps
            .iter()
            .enumerate()
            .filter_map(|(n, tap)| inside(n).map(|sample| tap * f64::from(*sample)));
        // The cast saturates.
        (products.sum::<f64>() / gain).round() as i16
    };
    (0..samples.len()).step_by(2).map(at).collect()
}

/// Every file one folder deep, relative to `folder`, hidden ones aside, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (name, path) in entries(folder) {
        if path.is_dir() {
            files.extend(
                entries(&path)
                    .into_iter()
                    .map(|(inner, _)| Path::new(&name).join(inner)),
            );
        } else {
            files.push(name.into());
        }
    }
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    named.filter(|(name, _)| !name.starts_with('.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Language;
    use crate::speech::{Prompt, Sound, clip, sound_clip};

    fn spec(rate: u32) -> hound::WavSpec {
        hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        }
    }

    fn tone(hertz: f64, rate: u32) -> Vec<i16> {
        let wave = |n: u32| (f64::from(n) / f64::from(rate) * hertz * std::f64::consts::TAU).sin();
        (0..rate).map(|n| (wave(n) * 10_000.0) as i16).collect()
    }

    fn save(folder: &Path, name: &str, spec: hound::WavSpec, samples: &[i16]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        let mut writer = hound::WavWriter::create(path, spec).expect("a file");
        for sample in samples {
            writer.write_sample(*sample).expect("written");
        }
        writer.finalize().expect("written");
    }

    #[test]
    fn own_recordings_replace_prompts_and_sounds() {
        let folder = tempfile::tempdir().expect("a folder");
        save(folder.path(), "de/greeting.wav", spec(8_000), &[1, 2, 3]);
        save(folder.path(), "en/greeting.wav", spec(16_000), &[5; 400]);
        save(folder.path(), "sounds/join.wav", spec(8_000), &[7]);
        let found = Recordings::read(folder.path());
        assert_eq!(found.replaced, ["de/greeting", "en/greeting", "sounds/join"]);
        assert_eq!((found.unknown.len(), found.refused.len()), (0, 0));
        let own = |id| found.own.get(&id).map(|samples| samples.to_vec());
        assert_eq!(own(clip(Language::De, Prompt::Greeting)), Some(vec![1, 2, 3]));
        assert_eq!(
            own(clip(Language::En, Prompt::Greeting)).map(|samples| samples.len()),
            Some(200)
        );
        assert_eq!(own(sound_clip(Sound::Join)), Some(vec![7]));
    }

    #[test]
    fn files_that_replace_nothing_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        save(folder.path(), "de/greting.wav", spec(8_000), &[1]);
        save(folder.path(), "greeting.wav", spec(8_000), &[1]);
        save(folder.path(), "de/.hidden.wav", spec(8_000), &[1]);
        let found = Recordings::read(folder.path());
        assert_eq!(
            found.unknown,
            [Path::new("de/greting.wav"), Path::new("greeting.wav")]
        );
        assert!(found.own.is_empty() && found.refused.is_empty());
    }

    #[test]
    fn a_recording_of_another_kind_is_refused_with_reason_and_remedy() {
        let stereo = hound::WavSpec {
            channels: 2,
            ..spec(8_000)
        };
        let fine = hound::WavSpec {
            bits_per_sample: 24,
            ..spec(8_000)
        };
        for (spec, samples, reason) in [
            (stereo, &[1_i16, 1][..], "2 channels"),
            (fine, &[1], "24 bit"),
            (spec(44_100), &[1], "44100 Hz"),
            (spec(8_000), &[], "no sound"),
            (spec(8_000), &[0; 960_001], "longer than 120 seconds"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            save(folder.path(), "de/alone.wav", spec, samples);
            let refused = Recordings::read(folder.path()).refused;
            assert_eq!(refused.len(), 1, "{reason}");
            assert!(
                refused[0].contains("de/alone.wav") && refused[0].contains(reason),
                "{refused:?}"
            );
        }
        assert!(
            decoded(b"ID3 no wave")
                .expect_err("no WAV")
                .contains("16 bit PCM")
        );
        let missing = Recordings::read(Path::new("no/such/folder")).refused;
        assert!(missing[0].contains("no such folder"), "{missing:?}");
    }

    #[test]
    fn sixteen_kilohertz_become_eight_without_a_change_in_the_voice_band() {
        let level = |hertz| {
            let samples = halved(&tone(hertz, 16_000));
            assert_eq!(samples.len(), 8_000);
            let inner = &samples[200..7_800];
            let power: f64 = inner.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / inner.len() as f64;
            10.0 * (power / (10_000.0_f64.powi(2) / 2.0)).max(1e-9).log10()
        };
        for hertz in [100.0, 300.0, 1_000.0, 2_500.0, 3_300.0] {
            assert!(level(hertz).abs() < 0.1, "{hertz}: {}", level(hertz));
        }
        for hertz in [4_200.0, 5_000.0, 7_500.0] {
            assert!(level(hertz) < -60.0, "{hertz}: {}", level(hertz));
        }
    }
}
