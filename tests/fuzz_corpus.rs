//! What the fuzz targets insist on, held for every seed and for every input that once failed, without a fuzzer: so a finding
//! stays mended. And what is fuzzed must be what ships.

#[path = "../fuzz/src/bodies/mod.rs"]
mod bodies;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn every_seed_and_every_past_finding_holds() {
    for (name, run) in bodies::ALL {
        let seeds = files(&fuzz("seeds").join(name));
        assert!(!seeds.is_empty(), "no seeds for {name}");
        for file in seeds.into_iter().chain(files(&fuzz("found").join(name))) {
            // Shown when it fails.
            eprintln!("{}", file.display());
            run(&fs::read(&file).expect("readable"));
        }
    }
}

#[test]
fn every_target_is_listed() {
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let targets: BTreeSet<_> = files(&fuzz("fuzz_targets")).into_iter().map(stem).collect();
    let listed: BTreeSet<_> = bodies::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets, listed);
}

/// Each crate's versions, as a lock file has them.
fn locked(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(path).expect("readable");
    let mut locked = BTreeMap::<_, BTreeSet<_>>::new();
    for package in text.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key));
            line.expect("a value").trim_matches([' ', '=', '"']).to_owned()
        };
        locked.entry(value("name")).or_default().insert(value("version"));
    }
    locked
}

#[test]
fn what_is_fuzzed_is_built_of_the_crates_that_ship() {
    let shipped = locked(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"));
    let differs = locked(&fuzz("Cargo.lock"))
        .into_iter()
        .filter(|(name, versions)| {
            shipped
                .get(name)
                .is_some_and(|shipped| !versions.is_subset(shipped))
        });
    let differing: Vec<_> = differs.collect();
    assert!(
        differing.is_empty(),
        "{differing:?}: run `cp Cargo.lock fuzz/Cargo.lock && cargo metadata --manifest-path fuzz/Cargo.toml >/dev/null`"
    );
}
