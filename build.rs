//! Turns `prompts/*/catalogue.toml` into `speech::Prompt` and `speech::Sound`, and fails the build when a prompt lacks its
//! text or recording in any language, or a recording is older than its text. The rules stand in `src/speech/faults.rs`.
//! Builds the fuzz crate as well, whose modules are the program's own, from one folder below.

#[path = "src/speech/catalogue.rs"]
mod catalogue;
#[path = "src/speech/faults.rs"]
mod faults;

use catalogue::{
    Catalogue, Content, Entry, Folder, SOUNDS, SoundCatalogue, SoundEntry, WAV_HEADER, shape, variant,
};
use faults::faults;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    let root = root();
    let read = [
        "build.rs",
        "src/speech/catalogue.rs",
        "src/speech/faults.rs",
        "prompts",
        // sqlx embeds them, but does not notice a new one by itself.
        "migrations",
    ];
    for path in read {
        println!("cargo::rerun-if-changed={root}/{path}");
    }
    let built = folders(&Path::new(root).join("prompts")).and_then(|folders| {
        let faults = faults(&folders);
        if faults.is_empty() {
            generate(&folders)
        } else {
            Err(faults)
        }
    });
    if let Err(sentences) = built {
        for sentence in sentences {
            println!("cargo::error={sentence}");
        }
        process::exit(1);
    }
}

/// The project's folder, seen from that of the crate that is built.
fn root() -> &'static str {
    if Path::new("prompts").is_dir() { "." } else { ".." }
}

/// Every folder, in the order of their names.
fn folders(prompts: &Path) -> Result<Vec<Folder>, Vec<String>> {
    let mut paths = names(prompts)?;
    paths.retain(|path| path.is_dir());
    paths.iter().map(|path| folder(path)).collect()
}

fn folder(path: &Path) -> Result<Folder, Vec<String>> {
    let name = stem(path);
    let catalogue = path.join("catalogue.toml");
    let content = if name == SOUNDS {
        Content::Sounds(parsed::<SoundCatalogue>(&catalogue)?.sound)
    } else {
        let catalogue: Catalogue = parsed(&catalogue)?;
        let prompts = catalogue.prompts();
        let voice = catalogue.voice;
        Content::Speech { voice, prompts }
    };
    let mut wavs = BTreeMap::new();
    for file in names(path)? {
        if file.extension().is_some_and(|ending| ending == "wav") {
            let wav = fs::read(&file).map_err(|error| vec![format!("{}: {error}", file.display())])?;
            wavs.insert(stem(&file), shape(&wav));
        }
    }
    Ok(Folder {
        manifest: parsed(&path.join("manifest.toml"))?,
        name,
        content,
        wavs,
    })
}

fn names(folder: &Path) -> Result<Vec<PathBuf>, Vec<String>> {
    let said = |error| vec![format!("cannot list {}: {error}", folder.display())];
    let entries = fs::read_dir(folder).map_err(said)?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    names.sort();
    Ok(names)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn parsed<T: DeserializeOwned>(path: &Path) -> Result<T, Vec<String>> {
    let remedy = "run ./script/prompts";
    let text = fs::read_to_string(path)
        .map_err(|error| vec![format!("cannot read {}: {error}: {remedy}", path.display())])?;
    toml::from_str(&text).map_err(|error| {
        let error = error.to_string().replace('\n', " ");
        vec![format!("{} cannot be understood: {error}", path.display())]
    })
}

/// The source that `src/speech/mod.rs` includes: the enums, and per folder the texts and recordings in their order.
fn generate(folders: &[Folder]) -> Result<(), Vec<String>> {
    let out = env::var("OUT_DIR").map_err(|error| vec![format!("OUT_DIR: {error}")])?;
    let file = Path::new(&out).join("prompts.rs");
    fs::write(&file, source(folders)).map_err(|error| vec![format!("{}: {error}", file.display())])
}

fn source(folders: &[Folder]) -> String {
    let mut languages = Vec::new();
    let mut sounds = Vec::new();
    for folder in folders {
        match &folder.content {
            Content::Speech { prompts, .. } => languages.push((folder.name.as_str(), prompts)),
            Content::Sounds(entries) => sounds.extend(entries),
        }
    }
    let prompts: Vec<&str> = languages
        .first()
        .map(|(_, prompts)| prompts.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let names: Vec<&str> = sounds.iter().map(|(name, _)| name.as_str()).collect();
    let count = prompts.len();
    [
        choice("Prompt", "Everything that can be said.", &prompts),
        choice("Sound", "Everything that is heard and not spoken.", &names),
        series(&prompts),
        format!(
            "static RECORDINGS: [(&str, [Recording; {count}]); {}] = [\n",
            languages.len()
        ),
        languages.into_iter().map(spoken).collect(),
        format!("];\n\nstatic SOUND_WAVS: [&[u8]; {}] = [\n", names.len()),
        sounds.into_iter().map(sound).collect(),
        format!("];\n\n/// The folder of what every language shares.\npub const SOUNDS_FOLDER: &str = {SOUNDS:?};\n"),
        format!("const WAV_HEADER: usize = {WAV_HEADER};\n"),
    ]
    .concat()
}

/// An enum with a variant for each name, and the table of both.
fn choice(kind: &str, doc: &str, names: &[&str]) -> String {
    let variants = names.iter().map(|name| format!("    {},\n", variant(name)));
    let pairs = names
        .iter()
        .map(|name| format!("    ({kind}::{}, {name:?}),\n", variant(name)));
    format!(
        "/// {doc} The names are those of `prompts/*/catalogue.toml`.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum {kind} {{\n{}}}\n\n\
         const {}S: [({kind}, &str); {}] = [\n{}];\n\n",
        variants.collect::<String>(),
        kind.to_uppercase(),
        names.len(),
        pairs.collect::<String>()
    )
}

/// Prompts whose names differ by the number at their end, as arrays in the numbers' order.
fn series(prompts: &[&str]) -> String {
    let mut series: BTreeMap<&str, Vec<(u32, &str)>> = BTreeMap::new();
    for prompt in prompts {
        if let Some((name, Ok(number))) = prompt.rsplit_once('_').map(|(name, end)| (name, end.parse())) {
            series.entry(name).or_default().push((number, prompt));
        }
    }
    let array = |(name, mut members): (&str, Vec<(u32, &str)>)| {
        members.sort_unstable();
        let variants = members
            .iter()
            .map(|(_, prompt)| format!("Prompt::{}, ", variant(prompt)));
        format!(
            "    pub const {}: [Prompt; {}] = [{}];\n",
            name.to_uppercase(),
            members.len(),
            variants.collect::<String>()
        )
    };
    let arrays = series.into_iter().map(array).collect::<String>();
    format!(
        "/// Prompts that differ by a number, in its order.\n#[allow(dead_code)]\nmod series {{\n    use super::Prompt;\n{arrays}}}\n\n"
    )
}

fn spoken((language, prompts): (&str, &BTreeMap<String, Entry>)) -> String {
    let recordings = prompts.iter().map(|(name, entry)| {
        let (text, wav) = (&entry.text, included(language, name));
        format!("        Recording {{ text: {text:?}, wav: {wav} }},\n")
    });
    format!(
        "    ({language:?}, [\n{}    ]),\n",
        recordings.collect::<String>()
    )
}

fn sound((name, _): (&String, &SoundEntry)) -> String {
    format!("    {},\n", included(SOUNDS, name))
}

fn included(folder: &str, name: &str) -> String {
    let wav = format!("/{}/prompts/{folder}/{name}.wav", root());
    format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {wav:?}))")
}
