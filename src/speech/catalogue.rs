//! Owns the rules that a prompt catalogue must keep, and the sentence that says which one is broken. Compiled twice: into
//! `build.rs`, where a broken rule fails the build, and into the tests. So it may use nothing of this crate.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One language's `catalogue.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub voice: Voice,
    pub prompt: BTreeMap<String, Entry>,
}

/// Who speaks, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    pub name: String,
    pub pitch: u32,
    pub gap: u32,
    /// Words a minute, unless the prompt has its own.
    pub pace: u32,
    /// Counted up when `script/prompts` treats the sound differently.
    pub recipe: u32,
    /// Written word to how the voice reads it.
    #[serde(default)]
    pub reads: BTreeMap<String, String>,
}

/// One prompt: a text, or a silence.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(default)]
    pub text: String,
    pub pace: Option<u32>,
    pub silence_ms: Option<u32>,
}

/// What each WAV file was made from: prompt to stamp, written by `script/prompts`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(default)]
    pub stamps: BTreeMap<String, String>,
}

/// One folder of `prompts/`.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The language's ISO 639-1 code.
    pub language: String,
    pub catalogue: Catalogue,
    pub manifest: Manifest,
    /// Names of the WAV files that are there, without `.wav`.
    pub wavs: Vec<String>,
}

/// FNV-1a (64 bit) of all that a prompt's sound depends on. `script/prompts` counts the same.
pub fn stamp(voice: &Voice, entry: &Entry) -> String {
    let pace = entry.pace.unwrap_or(voice.pace).to_string();
    let silence = entry.silence_ms.unwrap_or(0).to_string();
    let mut parts = vec![entry.text.clone(), pace, silence, voice.name.clone()];
    parts.extend([voice.pitch, voice.gap, voice.recipe].map(|number| number.to_string()));
    parts.extend(
        voice
            .reads
            .iter()
            .map(|(written, read)| format!("{written}={read}")),
    );
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = parts.join("\n").bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    format!("{hash:016x}")
}

/// Every broken rule, one sentence each: prompt, language, remedy.
pub fn faults(folders: &[Folder]) -> Vec<String> {
    let Some(first) = folders.first() else {
        return vec!["prompts/ holds no language: prompts/de/catalogue.toml is missing".to_owned()];
    };
    let mut faults = Vec::new();
    for folder in folders {
        unequal_keys(first, folder, &mut faults);
        for (prompt, entry) in &folder.catalogue.prompt {
            faults.extend(fault(folder, prompt, entry));
        }
        orphans(folder, &mut faults);
    }
    faults
}

fn fault(folder: &Folder, prompt: &str, entry: &Entry) -> Option<String> {
    let language = &folder.language;
    let here = format!("prompts/{language}/catalogue.toml");
    if !is_name(prompt) {
        return Some(format!(
            "prompt '{prompt}' in {here}: a name is small letters, digits and '_', beginning with a letter"
        ));
    }
    if entry.text.trim().is_empty() && entry.silence_ms.is_none() {
        return Some(format!(
            "prompt '{prompt}' has no text in language '{language}': write it in {here}, then run ./script/prompts"
        ));
    }
    if !folder.wavs.iter().any(|wav| wav == prompt) {
        return Some(format!(
            "prompt '{prompt}' has no recording in language '{language}' (prompts/{language}/{prompt}.wav): \
             run ./script/prompts"
        ));
    }
    let made_from = folder.manifest.stamps.get(prompt);
    (made_from != Some(&stamp(&folder.catalogue.voice, entry))).then(|| {
        format!(
            "prompt '{prompt}' in language '{language}' was recorded from another text or voice than {here} has now: \
             run ./script/prompts"
        )
    })
}

fn unequal_keys(first: &Folder, folder: &Folder, faults: &mut Vec<String>) {
    for (here, there) in [(first, folder), (folder, first)] {
        let lacking = here
            .catalogue
            .prompt
            .keys()
            .filter(|prompt| !there.catalogue.prompt.contains_key(*prompt));
        faults.extend(lacking.map(|prompt| {
            let (has, lacks) = (&here.language, &there.language);
            format!(
                "prompt '{prompt}' is in language '{has}' but missing in '{lacks}': \
                 add it to prompts/{lacks}/catalogue.toml, then run ./script/prompts"
            )
        }));
    }
}

fn orphans(folder: &Folder, faults: &mut Vec<String>) {
    let orphans = folder
        .wavs
        .iter()
        .filter(|wav| !folder.catalogue.prompt.contains_key(*wav));
    faults.extend(orphans.map(|wav| {
        let language = &folder.language;
        format!("prompts/{language}/{wav}.wav belongs to no prompt: ./script/prompts removes it")
    }));
}

/// Whether `prompt` can become the name of a variant.
fn is_name(prompt: &str) -> bool {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    prompt.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && prompt.bytes().all(letters)
}

/// `ask_room_1` as the variant `AskRoom1`.
pub fn variant(prompt: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    prompt.split('_').filter_map(capital).collect()
}
