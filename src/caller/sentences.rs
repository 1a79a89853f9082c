//! Owns what the demo's callers say: eight German sentences, each in a voice of its own, made by `sentences/make`.

use crate::units::SAMPLE_RATE;
use anyhow::{Context, Result, bail};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// Longest recording that is read.
const SECONDS_MAX: usize = 30;

const SPOKEN: [&[u8]; 8] = [
    include_bytes!("sentences/1.wav"),
    include_bytes!("sentences/2.wav"),
    include_bytes!("sentences/3.wav"),
    include_bytes!("sentences/4.wav"),
    include_bytes!("sentences/5.wav"),
    include_bytes!("sentences/6.wav"),
    include_bytes!("sentences/7.wav"),
    include_bytes!("sentences/8.wav"),
];

/// The sentences that the program carries.
pub fn built_in() -> Result<Vec<Arc<[i16]>>> {
    SPOKEN.into_iter().map(|wav| read_wav(Cursor::new(wav))).collect()
}

/// The recordings in `folder` (8 kHz, mono, 16 bit), in the order of their names.
pub fn from_folder(folder: &Path) -> Result<Vec<Arc<[i16]>>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "wav"));
    files.sort();
    if files.is_empty() {
        bail!(
            "no .wav file in {}: put recordings there (8 kHz, mono, 16 bit)",
            folder.display()
        );
    }
    files
        .iter()
        .map(|file| {
            let opened = std::fs::File::open(file).map_err(anyhow::Error::from);
            opened
                .and_then(read_wav)
                .with_context(|| format!("cannot use {}", file.display()))
        })
        .collect()
}

fn read_wav(source: impl Read) -> Result<Arc<[i16]>> {
    let reader = hound::WavReader::new(source)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, SAMPLE_RATE, 16) {
        bail!(
            "it must have 8 kHz, one channel and 16 bit: `sox IN.wav -r 8000 -c 1 -b 16 OUT.wav` makes it so"
        );
    }
    let longest = SECONDS_MAX * SAMPLE_RATE as usize;
    Ok(reader
        .into_samples::<i16>()
        .take(longest)
        .collect::<Result<Vec<_>, _>>()?
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::measure::loudness_dbfs;

    #[test]
    fn eight_sentences_are_neither_silent_nor_endless() -> Result<()> {
        let spoken = built_in()?;
        assert_eq!(spoken.len(), 8);
        for sentence in spoken {
            let seconds = sentence.len() / SAMPLE_RATE as usize;
            assert!((1..6).contains(&seconds));
            let loudness = loudness_dbfs(&sentence);
            assert!((-32.0..-18.0).contains(&loudness), "{loudness}");
        }
        Ok(())
    }

    #[test]
    fn a_folder_without_recordings_says_what_to_put_there() {
        let empty = tempfile::tempdir().expect("a folder for the test");
        let said = from_folder(empty.path()).expect_err("nothing there").to_string();
        assert!(said.contains("8 kHz, mono, 16 bit"), "{said}");
    }
}
