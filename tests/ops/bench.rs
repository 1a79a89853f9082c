//! `rundruf bench` says no where it must; a small one is run beside the peers' tests, for it takes its time.

use std::process::Command;

#[test]
fn more_callers_than_it_can_play_are_refused_with_a_remedy() {
    let bench = Command::new(env!("CARGO_BIN_EXE_rundruf"))
        .args(["bench", "--rooms", "1000", "--per-room", "8"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&bench.stderr);
    assert!(
        !bench.status.success() && text.contains("fewer --rooms"),
        "{text}"
    );
}
