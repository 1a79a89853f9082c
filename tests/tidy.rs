//! The house rules that a machine can hold: who may depend on whom, where the world may be touched, how long a file may
//! be, and that secrets are revealed only where it is written down here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const HALL: &[&str] = &["ids", "secret", "units", "codec", "number", "config", "media_api"];
/// Which top modules each may name, besides itself and the hall.
const MAY_USE: &[(&str, &[&str])] = &[
    ("sip", &[]),
    ("ivr", &[]),
    ("room", &[]),
    ("speech", &[]),
    ("media", &[]),
    ("bridge", &["sip", "ivr", "room", "speech"]),
    ("sim", &["bridge", "media", "room", "sip", "speech"]),
    ("io", &["bridge", "media", "room", "sip", "speech"]),
    ("caller", &[]),
    ("cli", &["io", "bridge", "caller", "room", "sim", "speech"]),
];
/// The hall's own order: what each may name.
const HALL_MAY_USE: &[(&str, &[&str])] = &[
    ("ids", &[]),
    ("secret", &[]),
    ("units", &[]),
    ("codec", &[]),
    ("number", &[]),
    ("config", &["ids", "codec", "number"]),
    ("media_api", &["ids", "secret", "units", "codec"]),
];
const PURE: &[&str] = &["sip", "ivr", "room", "speech", "media", "bridge", "sim"];
/// What a pure module never says. Test modules are held to it too.
const WORLDLY: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "std::net::UdpSocket",
    "std::net::Tcp",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "tokio",
    "sqlx",
    "std::fs",
    "std::thread",
    "getrandom",
    "RandomState",
    "HashMap",
    "tracing::",
    "println!",
    "eprintln!",
];
/// What never stands on the tick.
const NOT_ON_THE_TICK: &[&str] = &[
    "Mutex",
    "RwLock",
    "mpsc",
    "format!(",
    "to_string()",
    "Box::new",
    "vec![",
];
/// What the control side builds before it moves in.
const BUILT_BEFORE: &[&str] = &[
    "src/media/echo/build.rs",
    "src/media/srtp/build.rs",
    "src/media/wide/build.rs",
];
const LINES_MAX: usize = 500;
/// Where secrets are shown in clear, how often, and what for.
const REVEALED: &[(&str, usize)] = &[
    // For the organiser, who booked.
    ("src/cli/invitation.rs", 3),
    ("src/cli/room/show.rs", 1),
    ("src/cli/room/view.rs", 2),
    // To refuse a weak one, and one that begins like another, and to seal it.
    ("src/io/store/draw.rs", 1),
    ("src/io/store/pins.rs", 4),
    ("src/io/store/seal.rs", 1),
    // To make session keys of.
    ("src/media/srtp/mod.rs", 1),
    // To read digits as a room number.
    ("src/ivr/entry.rs", 1),
    // To write From and To of the caller's own dialog, and to see whether its Contact wants TLS.
    ("src/sip/dialog.rs", 3),
    // To hash a trunk's password into the answer to a challenge.
    ("src/sip/digest.rs", 1),
    // To tell the other side of the call.
    ("src/sip/crypto.rs", 1),
    // To hash it.
    ("src/sip/identity.rs", 1),
    ("src/sip/response.rs", 1),
];

struct Source {
    path: String,
    /// The first folder or file name below `src/`.
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    let source = |path: PathBuf| {
        let relative = path.strip_prefix(root).expect("below the root");
        let module = relative.components().nth(1).expect("below src").as_os_str();
        let module = module.to_string_lossy().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).expect("readable");
        Source {
            path: relative.to_string_lossy().into_owned(),
            module,
            text,
        }
    };
    paths.into_iter().map(source).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.contains("tests") || self.path.ends_with("_tests.rs")
    }

    /// The code up to its test module, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let own = self
            .text
            .find("#[cfg(test)]\nmod tests {")
            .map_or(self.text.len(), |at| at);
        let lines = self.text[..own].lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The modules that a line names: `crate::x`, and each of `use crate::{x::…, y::…}`.
fn named(line: &str) -> Vec<&str> {
    let word = |text: &'_ str| {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    line.match_indices("crate::")
        .map(|(at, found)| &line[at + found.len()..])
        .map(|rest| &rest[..word(rest)])
        .collect()
}

#[test]
fn dependencies_flow_one_way() {
    let rules: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let hall: BTreeMap<_, _> = HALL_MAY_USE.iter().copied().collect();
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.module != "lib" && source.module != "main")
    {
        let module = source.module.as_str();
        for (at, line) in source.code() {
            for name in named(line)
                .into_iter()
                .filter(|&name| name != module && !name.is_empty())
            {
                let fine = match (rules.get(module), hall.get(module)) {
                    (Some(allowed), _) => HALL.contains(&name) || allowed.contains(&name),
                    (None, Some(allowed)) => allowed.contains(&name),
                    (None, None) => false,
                };
                if !fine {
                    faults.push(format!("{}:{at}: {module} must not use {name}", source.path));
                }
            }
            if line.contains("use crate::{") {
                faults.push(format!(
                    "{}:{at}: one `use` a module, so that this test can read it",
                    source.path
                ));
            }
        }
    }
    complain(&faults);
}

#[test]
fn pure_modules_do_not_touch_the_world() {
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| PURE.contains(&source.module.as_str()) && !source.is_test())
    {
        for (at, line) in source.code() {
            let said = WORLDLY.iter().filter(|word| line.contains(**word));
            faults.extend(said.map(|word| format!("{}:{at}: a pure module says {word}", source.path)));
        }
    }
    complain(&faults);
}

#[test]
fn nothing_on_the_tick_locks_or_formats() {
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.module == "media" && !source.is_test())
        .filter(|source| !BUILT_BEFORE.contains(&source.path.as_str()))
    {
        for (at, line) in source.code() {
            let said = NOT_ON_THE_TICK.iter().filter(|word| line.contains(**word));
            faults.extend(said.map(|word| format!("{}:{at}: {word} on the tick", source.path)));
        }
    }
    complain(&faults);
}

/// The one place of `unsafe`: a hint to the processor, which reads nothing and cannot fault.
const UNSAFE: &[&str] = &["src/media/warm.rs"];

#[test]
fn unsafe_code_stands_nowhere_but_for_a_hint_to_the_processor() {
    let says_unsafe = |source: &&Source| source.code().any(|(_, line)| line.contains("unsafe "));
    let faults: Vec<_> = sources()
        .iter()
        .filter(says_unsafe)
        .filter(|source| !UNSAFE.contains(&source.path.as_str()))
        .map(|source| source.path.clone())
        .collect();
    complain(&faults);
}

#[test]
fn the_program_leaves_the_doors_of_its_tests_alone() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let own = source.module == "sip";
        let through = source
            .code()
            .filter(|(_, line)| line.contains("sip::probe") || (own && line.contains("probe::")));
        faults.extend(through.map(|(at, _)| format!("{}:{at}: uses sip::probe", source.path)));
    }
    complain(&faults);
}

#[test]
fn every_module_says_what_it_owns_and_no_file_is_long() {
    let mut faults = Vec::new();
    for source in sources() {
        if !source.is_test() && !source.text.starts_with("//!") {
            faults.push(format!(
                "{}: its first line does not say what it owns",
                source.path
            ));
        }
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines, {LINES_MAX} are allowed", source.path));
        }
    }
    complain(&faults);
}

#[test]
fn secrets_are_revealed_only_where_it_is_written_down() {
    let mut found = BTreeMap::new();
    for source in sources()
        .iter()
        .filter(|source| source.module != "secret" && !source.is_test())
    {
        let times = source
            .code()
            .map(|(_, line)| line.matches(".reveal()").count())
            .sum::<usize>();
        let times = times
            + source
                .code()
                .map(|(_, line)| line.matches("::reveal").count())
                .sum::<usize>();
        if times > 0 {
            found.insert(source.path.clone(), times);
        }
    }
    let expected = REVEALED
        .iter()
        .map(|&(path, times)| (path.to_owned(), times))
        .collect::<BTreeMap<_, _>>();
    assert_eq!(
        found, expected,
        "a new place needs a reason, and a line in REVEALED"
    );
}
