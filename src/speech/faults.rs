//! Owns the rules that the catalogues must keep, and the sentence that says which one is broken. Compiled twice, like
//! [`super::catalogue`]: into `build.rs`, where a broken rule fails the build, and into the tests.

use super::catalogue::{Content, Entry, Folder, Shape, sound_stamp, stamp};
use std::collections::BTreeMap;

type Prompts = BTreeMap<String, Entry>;

/// Every broken rule, one sentence each: prompt, folder, remedy.
pub fn faults(folders: &[Folder]) -> Vec<String> {
    let languages: Vec<(&str, &Prompts)> = folders.iter().filter_map(language).collect();
    let Some(&first) = languages.first() else {
        return vec!["prompts/ holds no language: prompts/de/catalogue.toml is missing".to_owned()];
    };
    let mut faults = Vec::new();
    for &language in &languages {
        faults.extend(lacking(first, language));
        faults.extend(lacking(language, first));
        faults.extend(language.1.iter().filter_map(|entry| textless(language.0, entry)));
    }
    for folder in folders {
        let stamps = stamps(folder);
        faults.extend(stamps.keys().filter_map(|name| misnamed(folder, name)));
        faults.extend(stamps.iter().filter_map(|stamp| unrecorded(folder, stamp)));
        faults.extend(orphans(folder, &stamps));
    }
    faults
}

fn language(folder: &Folder) -> Option<(&str, &Prompts)> {
    match &folder.content {
        Content::Speech { prompts, .. } => Some((&folder.name, prompts)),
        Content::Sounds(_) => None,
    }
}

/// What each recording of a folder must have been made from.
fn stamps(folder: &Folder) -> BTreeMap<&str, String> {
    match &folder.content {
        Content::Speech { voice, prompts } => prompts
            .iter()
            .map(|(name, entry)| (name.as_str(), stamp(voice, entry)))
            .collect(),
        Content::Sounds(sounds) => sounds
            .iter()
            .map(|(name, entry)| (name.as_str(), sound_stamp(entry)))
            .collect(),
    }
}

fn lacking(here: (&str, &Prompts), there: (&str, &Prompts)) -> Vec<String> {
    let lacking = here.1.keys().filter(|prompt| !there.1.contains_key(*prompt));
    let (has, lacks) = (here.0, there.0);
    let told = |prompt| {
        format!(
            "prompt '{prompt}' is in language '{has}' but missing in '{lacks}': \
             add it to prompts/{lacks}/catalogue.toml, then run ./script/prompts"
        )
    };
    lacking.map(told).collect()
}

fn textless(language: &str, (prompt, entry): (&String, &Entry)) -> Option<String> {
    (entry.text.trim().is_empty() && entry.silence_ms.is_none()).then(|| {
        format!(
            "prompt '{prompt}' has no text in language '{language}': \
             write it in prompts/{language}/catalogue.toml, then run ./script/prompts"
        )
    })
}

fn misnamed(folder: &Folder, name: &str) -> Option<String> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let fits = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && name.bytes().all(letters);
    (!fits).then(|| {
        format!(
            "'{name}' in prompts/{}/catalogue.toml: a name is small letters, digits and '_', beginning with a letter",
            folder.name
        )
    })
}

fn unrecorded(folder: &Folder, (name, stamp): (&&str, &String)) -> Option<String> {
    let place = &folder.name;
    match folder.wavs.get(*name) {
        None => Some(format!(
            "'{name}' has no recording in '{place}' (prompts/{place}/{name}.wav): run ./script/prompts"
        )),
        Some(Shape::Foreign) => Some(format!(
            "'{name}' in '{place}' was not recorded by ./script/prompts: run ./script/prompts --all \
             (an own recording belongs into the folder of prompts.folder in bridge.toml)"
        )),
        Some(Shape::Fits) => (folder.manifest.stamps.get(*name) != Some(stamp)).then(|| {
            format!(
                "'{name}' in '{place}' was recorded from another text or voice than prompts/{place}/catalogue.toml \
                 has now: run ./script/prompts"
            )
        }),
    }
}

fn orphans(folder: &Folder, stamps: &BTreeMap<&str, String>) -> Vec<String> {
    let orphans = folder
        .wavs
        .keys()
        .filter(|wav| !stamps.contains_key(wav.as_str()));
    let place = &folder.name;
    orphans
        .map(|wav| format!("prompts/{place}/{wav}.wav belongs to no entry: ./script/prompts removes it"))
        .collect()
}
