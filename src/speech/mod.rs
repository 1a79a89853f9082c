//! Owns what is said, in every language: texts and their recordings, built in, and how numbers, times and sentences are put
//! together from them. Must never decide when something is said, and reads no file: `build.rs` checked the catalogues under
//! `prompts/` and made [`Prompt`] and [`Sound`] from them.

#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod faults;
pub mod numbers;
pub mod sentences;
#[cfg(test)]
mod tests;
pub mod times;

use crate::ids::{ClipId, Language};
use audio_codec_algorithms::decode_alaw;

/// One prompt in one language.
struct Recording {
    text: &'static str,
    /// A whole WAV file: 8 kHz, mono, A-law; `build.rs` has looked.
    wav: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/prompts.rs"));

// A clip's number is its language's place times the number of prompts, plus the prompt's place; the sounds follow.
const _: () = assert!(Language::ALL.len() * PROMPTS.len() + SOUNDS.len() <= u16::MAX as usize);
const _: () = assert!(RECORDINGS.len() == Language::ALL.len());
const _: () = {
    let mut place = 0;
    while place < Language::ALL.len() {
        let (code, folder) = (
            Language::ALL[place].code().as_bytes(),
            RECORDINGS[place].0.as_bytes(),
        );
        assert!(code.len() == 2 && folder.len() == 2);
        assert!(
            code[0] == folder[0] && code[1] == folder[1],
            "Language::ALL must list the folders of prompts/ in the order of their codes"
        );
        place += 1;
    }
};

impl Prompt {
    /// Every prompt, in the order of its clips.
    pub fn all() -> impl Iterator<Item = Prompt> {
        PROMPTS.iter().map(|(prompt, _)| *prompt)
    }

    /// The name in the catalogues.
    pub fn name(self) -> &'static str {
        PROMPTS[self as usize].1
    }

    /// What is said; empty for a pause.
    pub fn text(self, language: Language) -> &'static str {
        RECORDINGS[language as usize].1[self as usize].text
    }
}

impl Sound {
    /// Every sound, in the order of its clips.
    pub fn all() -> impl Iterator<Item = Sound> {
        SOUNDS.iter().map(|(sound, _)| *sound)
    }

    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        SOUNDS[self as usize].1
    }
}

/// A built-in recording.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    /// By which it is played.
    pub id: ClipId,
    /// The code of its language, or [`SOUNDS_FOLDER`].
    pub folder: &'static str,
    /// Its name in the catalogue of that folder.
    pub name: &'static str,
    wav: &'static [u8],
}

impl Clip {
    /// 8 kHz, 16 bit.
    pub fn samples(&self) -> Box<[i16]> {
        let counted = &self.wav[WAV_HEADER - 4..WAV_HEADER];
        let count = counted
            .iter()
            .rev()
            .fold(0, |count, byte| count << 8 | usize::from(*byte));
        let codes = &self.wav[WAV_HEADER..][..count];
        codes.iter().map(|code| decode_alaw(*code)).collect()
    }
}

/// The clip of a sound.
pub fn sound_clip(sound: Sound) -> ClipId {
    let number = Language::ALL.len() * PROMPTS.len() + sound as usize;
    ClipId(u16::try_from(number).expect("asserted at compile time"))
}

/// The clip that says `prompt` in `language`.
pub fn clip(language: Language, prompt: Prompt) -> ClipId {
    let number = language as usize * PROMPTS.len() + prompt as usize;
    ClipId(u16::try_from(number).expect("asserted at compile time"))
}

/// Every clip, in the order of their numbers, beginning with 0: languages, prompts, then the sounds.
pub fn clips() -> impl Iterator<Item = Clip> {
    let spoken = RECORDINGS.iter().flat_map(|(folder, recordings)| {
        let named = PROMPTS.iter().zip(recordings);
        named.map(|((_, name), recording)| (*folder, *name, recording.wav))
    });
    let sounds = SOUNDS
        .iter()
        .zip(SOUND_WAVS)
        .map(|((_, name), wav)| (SOUNDS_FOLDER, *name, wav));
    let numbered = (0..).map(ClipId).zip(spoken.chain(sounds));
    numbered.map(|(id, (folder, name, wav))| Clip {
        id,
        folder,
        name,
        wav,
    })
}
