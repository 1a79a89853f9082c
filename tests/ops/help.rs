//! Completions and manual pages.

use std::process::Command;

fn good(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rundruf"))
        .args(arguments)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = good(&["completions", shell]);
        for command in ["serve", "room", "status", "drain", "reload", "check"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    assert!(good(&["man"]).contains(".TH rundruf"));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("man1");
    good(&["man", "--out", folder.to_str().expect("a path")]);
    for page in [
        "rundruf.1",
        "rundruf-serve.1",
        "rundruf-drain.1",
        "rundruf-room-book.1",
    ] {
        assert!(folder.join(page).exists(), "{page}");
    }
}

#[test]
fn a_live_view_without_a_terminal_is_refused_with_a_remedy() {
    let output = Command::new(env!("CARGO_BIN_EXE_rundruf"))
        .args(["status", "--watch"])
        .output()
        .expect("run");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--json"));
}

#[test]
fn every_counter_is_explained_to_the_operator() {
    use rundruf::bridge::Bridge;
    use rundruf::ids::Language;
    use rundruf::media::Counter;
    use rundruf::sip::{UaConfig, UserAgent};
    let page = include_str!("../../docs/OPERATING.md");
    let config = UaConfig {
        listens_tls: Vec::new(),
        srtp: Default::default(),
        listens: Vec::new(),
        served: vec![],
        calls_max: 1,
        codecs: rundruf::media_api::Codecs::default(),
        called: Default::default(),
    };
    let status = Bridge::new(
        UserAgent::new(config, Box::new(|| 7)),
        Language::De,
        rundruf::room::Policy::default(),
    )
    .status();
    let media = Counter::ALL.iter().map(|case| case.name().to_owned());
    let names = status
        .refused
        .into_keys()
        .chain(status.counters.into_keys())
        .chain(status.held.into_keys());
    let missing: Vec<_> = names
        .chain(media)
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "docs/OPERATING.md has no word on them"
    );
}
