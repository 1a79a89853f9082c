//! Owns what is said, in every language: texts and their recordings, built in. Must never decide when something is said,
//! and reads no file: `build.rs` checked the catalogues under `prompts/` and made [`Prompt`] from them.

#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod tests;

use crate::ids::{ClipId, Language};

/// One prompt in one language.
struct Recording {
    text: &'static str,
    /// A whole WAV file: 8 kHz, mono, 16 bit.
    wav: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/prompts.rs"));

// A clip's number is its language's place times the number of prompts, plus the prompt's place.
const _: () = assert!(Language::ALL.len() * PROMPTS.len() <= u16::MAX as usize);
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

/// The clip that says `prompt` in `language`.
pub fn clip(language: Language, prompt: Prompt) -> ClipId {
    let number = language as usize * PROMPTS.len() + prompt as usize;
    ClipId(u16::try_from(number).expect("asserted at compile time"))
}

/// Every clip with its WAV file, in the order of the clips' numbers, beginning with 0.
pub fn clips() -> impl Iterator<Item = (ClipId, &'static [u8])> {
    let wavs = RECORDINGS.iter().flat_map(|(_, recordings)| recordings);
    (0..).map(ClipId).zip(wavs.map(|recording| recording.wav))
}
