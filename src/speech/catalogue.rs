//! Owns the shape of the catalogues under `prompts/` and of the recordings made from them. Compiled twice: into `build.rs`
//! and into the tests. So it may use nothing of this crate.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One language's `catalogue.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub voice: Voice,
    pub prompt: BTreeMap<String, Entry>,
    #[serde(default)]
    pub series: BTreeMap<String, Series>,
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
    /// Counted up when `script/prompts` treats the speech differently.
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
    /// Whether the sentence goes on in the next clip, so that the voice stays up.
    #[serde(default)]
    pub goes_on: bool,
}

/// One prompt a number, from `first` on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    pub first: usize,
    /// With `text` only.
    pub last: Option<usize>,
    /// Every text, or none:
    #[serde(default)]
    pub words: Vec<String>,
    /// then this one, in which `{}` is the number as the series `number` says it.
    #[serde(default)]
    pub text: String,
    pub pace: Option<u32>,
    #[serde(default)]
    pub goes_on: bool,
}

/// `prompts/sounds/catalogue.toml`: what is heard and not spoken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundCatalogue {
    pub sound: BTreeMap<String, SoundEntry>,
}

/// How `script/prompt_sounds.py` makes one sound.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundEntry {
    pub recipe: String,
    pub level_dbov: i32,
    pub version: u32,
}

impl Catalogue {
    /// Every prompt by its name, those of the series included. `script/prompts` counts the same.
    pub fn prompts(&self) -> BTreeMap<String, Entry> {
        let numbered = self.series.iter().flat_map(|(name, series)| {
            let texts = self.texts(series).into_iter().enumerate();
            texts.map(move |(place, text)| {
                let entry = Entry {
                    text,
                    pace: series.pace,
                    silence_ms: None,
                    goes_on: series.goes_on,
                };
                (format!("{name}_{}", series.first + place), entry)
            })
        });
        let single = self.prompt.clone();
        single.into_iter().chain(numbered).collect()
    }

    fn texts(&self, series: &Series) -> Vec<String> {
        if !series.words.is_empty() {
            return series.words.clone();
        }
        let numbers = self.series.get("number").map_or(&[][..], |number| &number.words);
        // Without its number, the sentence is none: the text is missing.
        let text = |n| {
            numbers
                .get(n)
                .map(|word: &String| series.text.replace("{}", word))
        };
        (series.first..=series.last.unwrap_or(series.first))
            .map(|n| text(n).unwrap_or_default())
            .collect()
    }
}

/// What each WAV file was made from: name to stamp, written by `script/prompts`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(default)]
    pub stamps: BTreeMap<String, String>,
}

/// One folder of `prompts/`.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The language's ISO 639-1 code, or [`SOUNDS`].
    pub name: String,
    pub content: Content,
    pub manifest: Manifest,
    /// The WAV files that are there, without `.wav`, and whether each has the shape that the program reads.
    pub wavs: BTreeMap<String, Shape>,
}

/// What a folder's catalogue says.
#[derive(Clone, Debug)]
pub enum Content {
    /// All prompts, those of the series included.
    Speech {
        voice: Voice,
        prompts: BTreeMap<String, Entry>,
    },
    Sounds(BTreeMap<String, SoundEntry>),
}

/// Whether a WAV file is one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Fits,
    Foreign,
}

/// The folder of the sounds.
pub const SOUNDS: &str = "sounds";
/// Bytes before the A-law samples of a WAV file by `script/prompts`.
pub const WAV_HEADER: usize = 58;

/// Whether `wav` is a WAV file as `script/prompts` writes it: 8 kHz, mono, A-law, in this very layout.
pub fn shape(wav: &[u8]) -> Shape {
    let field = |at: usize, bytes: &[u8]| wav.get(at..at + bytes.len()) == Some(bytes);
    let samples = wav.len().saturating_sub(WAV_HEADER);
    let counted = |count: usize| u32::try_from(count).is_ok_and(|count| field(54, &count.to_le_bytes()));
    let fits = field(0, b"RIFF")
        && field(8, b"WAVEfmt \x12\0\0\0\x06\0\x01\0")
        && field(24, &8_000_u32.to_le_bytes())
        && field(38, b"fact")
        && field(50, b"data")
        && samples > 0
        // A chunk of odd length is followed by one byte more.
        && (counted(samples) || counted(samples - 1));
    if fits { Shape::Fits } else { Shape::Foreign }
}

/// A number for all that a prompt's speech depends on. `script/prompts` counts the same.
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
    parts.extend(entry.goes_on.then(|| "goes_on".to_owned()));
    fnv(&parts)
}

/// The same for a sound.
pub fn sound_stamp(entry: &SoundEntry) -> String {
    fnv(&[
        entry.recipe.clone(),
        entry.level_dbov.to_string(),
        entry.version.to_string(),
    ])
}

/// FNV-1a, 64 bit.
fn fnv(parts: &[String]) -> String {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = parts.join("\n").bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    format!("{hash:016x}")
}

/// `ask_room_1` as the variant `AskRoom1`.
pub fn variant(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('_').filter_map(capital).collect()
}
