//! Decodes the built-in recordings, once, at the start.

use crate::media::ClipBank;
use crate::speech;
use anyhow::Context;

/// All clips in the order of their ids.
pub fn load() -> anyhow::Result<ClipBank> {
    let decode = |(_, wav): (_, &[u8])| -> anyhow::Result<Box<[i16]>> {
        let samples: Result<Vec<i16>, hound::Error> = hound::WavReader::new(wav)?.into_samples().collect();
        Ok(samples?.into_boxed_slice())
    };
    let clips: anyhow::Result<Vec<_>> = speech::clips().map(decode).collect();
    Ok(ClipBank::new(clips.context(
        "a built-in recording is broken: run ./script/prompts --all and build again",
    )?))
}
