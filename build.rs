//! Turns `prompts/*/catalogue.toml` into `speech::Prompt`, and fails the build when a prompt lacks its text or recording in
//! any language, or a recording is older than its text. The rules stand in `src/speech/catalogue.rs`.

#[path = "src/speech/catalogue.rs"]
mod catalogue;

use catalogue::{Folder, faults, variant};
use serde::de::DeserializeOwned;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/speech/catalogue.rs");
    println!("cargo::rerun-if-changed=prompts");
    // sqlx embeds them, but does not notice a new one by itself.
    println!("cargo::rerun-if-changed=migrations");
    let built = folders(Path::new("prompts")).and_then(|folders| {
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

/// Every language folder, in the order of their codes.
fn folders(prompts: &Path) -> Result<Vec<Folder>, Vec<String>> {
    let mut paths = names(prompts)?;
    paths.retain(|path| path.is_dir());
    paths.iter().map(|path| folder(path)).collect()
}

fn folder(path: &Path) -> Result<Folder, Vec<String>> {
    let wavs = names(path)?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "wav"));
    Ok(Folder {
        language: stem(path),
        catalogue: parsed(&path.join("catalogue.toml"))?,
        manifest: parsed(&path.join("manifest.toml"))?,
        wavs: wavs.map(|wav| stem(&wav)).collect(),
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

/// The source that `src/speech/mod.rs` includes: the enum, and per language the texts and the recordings in its order.
fn generate(folders: &[Folder]) -> Result<(), Vec<String>> {
    let out = env::var("OUT_DIR").map_err(|error| vec![format!("OUT_DIR: {error}")])?;
    let file = Path::new(&out).join("prompts.rs");
    fs::write(&file, source(folders)).map_err(|error| vec![format!("{}: {error}", file.display())])
}

fn source(folders: &[Folder]) -> String {
    let prompts: Vec<_> = folders
        .iter()
        .take(1)
        .flat_map(|folder| folder.catalogue.prompt.keys())
        .collect();
    let mut source = String::from(
        "/// Everything that can be said. The names are those of `prompts/*/catalogue.toml`.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Prompt {\n",
    );
    let mut line = |line: String| writeln!(source, "{line}").unwrap_or(());
    for prompt in &prompts {
        line(format!("    {},", variant(prompt)));
    }
    line("}\n".to_owned());
    line(format!("const PROMPTS: [(Prompt, &str); {}] = [", prompts.len()));
    for prompt in &prompts {
        line(format!("    (Prompt::{}, {prompt:?}),", variant(prompt)));
    }
    line("];\n".to_owned());
    let count = prompts.len();
    line(format!(
        "static RECORDINGS: [(&str, [Recording; {count}]); {}] = [",
        folders.len()
    ));
    for folder in folders {
        line(format!("    ({:?}, [", folder.language));
        for (prompt, entry) in &folder.catalogue.prompt {
            let wav = format!("/prompts/{}/{prompt}.wav", folder.language);
            let bytes = format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {wav:?}))");
            line(format!(
                "        Recording {{ text: {:?}, wav: {bytes} }},",
                entry.text
            ));
        }
        line("    ]),".to_owned());
    }
    line("];".to_owned());
    source
}
