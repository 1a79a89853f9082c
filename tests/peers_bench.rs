//! `rundruf bench`, small: callers come in, are measured and leave; nothing of it stays behind.

use std::process::Command;

#[test]
fn a_small_bench_brings_everybody_in_and_measures_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Command::new(env!("CARGO_BIN_EXE_rundruf"))
        .args([
            "bench",
            "--rooms",
            "2",
            "--per-room",
            "3",
            "--seconds",
            "3",
            "--json",
        ])
        .env("TMPDIR", folder.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&bench.stdout);
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        bench.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&bench.stderr)
    );
    for (name, expected) in [
        ("answered", 6),
        ("keyed", 6),
        ("hear_themselves", 0),
        ("hear_another_room", 0),
    ] {
        assert_eq!(report[name], expected, "{name}: {text}");
    }
    assert!(
        report["talker_heard_pct"]
            .as_f64()
            .is_some_and(|part| part > 90.0),
        "{text}"
    );
    assert!(
        report["delay_ms"]["p50"]
            .as_f64()
            .is_some_and(|delay| delay > 0.0),
        "{text}"
    );
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "its data is removed");
}
