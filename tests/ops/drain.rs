//! The bridge is updated while somebody is on the telephone.

use crate::support::{Bridge, Phone, eventually};

fn is_bye(text: &str) -> bool {
    text.starts_with("BYE")
}

#[test]
fn a_drained_bridge_keeps_its_call_refuses_the_next_and_ends_with_the_last() {
    let mut bridge = Bridge::start("");
    let (standing, answer) = Phone::call(&bridge, "standing");
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    let said = bridge.good(&["drain", "--minutes", "5"]);
    assert!(said.contains("One call may last 5 minutes"), "{said}");

    let (_, refused) = Phone::call(&bridge, "late");
    assert!(
        refused.starts_with("SIP/2.0 503") && refused.contains("Retry-After:"),
        "{refused}"
    );
    let status = bridge.status();
    assert_eq!(
        (&status["draining"], &status["refused"]["draining"]),
        (&true.into(), &1.into())
    );
    eventually("the bridge is well, but draining", || {
        (bridge.page("/health") == (200, "ok, draining: no new calls\n".to_owned())).then_some(())
    });
    assert!(bridge.is_running() && standing.has_not_heard(is_bye));

    standing.hang_up();
    assert_eq!(bridge.ended().code(), Some(0));
    assert!(
        bridge.log().contains("the last call has ended"),
        "{}",
        bridge.log()
    );
}

#[test]
fn a_drain_without_calls_ends_at_once_and_whoever_waits_sees_it() {
    let mut bridge = Bridge::start("");
    let said = bridge.good(&["drain", "--wait"]);
    assert!(said.contains("ends now"), "{said}");
    assert_eq!(bridge.ended().code(), Some(0));
    let error = bridge.run(&["drain"]);
    assert_eq!(error.status.code(), Some(1));
}

#[test]
fn a_drain_whose_time_is_over_ends_the_calls_by_bye() {
    let mut bridge = Bridge::start("");
    let (phone, _) = Phone::call(&bridge, "long");
    bridge.good(&["drain", "--minutes", "0"]);
    phone.is_hung_up();
    assert_eq!(bridge.ended().code(), Some(0));
}

#[test]
fn a_drain_is_taken_back() {
    let mut bridge = Bridge::start("");
    let (standing, _) = Phone::call(&bridge, "standing");
    bridge.good(&["drain"]);
    bridge.good(&["drain", "--stop"]);
    let (next, answer) = Phone::call(&bridge, "next");
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    standing.hang_up();
    next.hang_up();
    eventually("both calls are over", || {
        (bridge.status()["held"]["legs"] == 0).then_some(())
    });
    assert!(bridge.is_running());
}

#[test]
fn sigterm_ends_a_draining_bridge_at_once() {
    let mut bridge = Bridge::start("");
    let (phone, _) = Phone::call(&bridge, "standing");
    bridge.good(&["drain"]);
    bridge.signal("TERM");
    phone.is_hung_up();
    assert_eq!(bridge.ended().code(), Some(0));
}
