use super::*;
use crate::caller::stub::{Fault, StubBridge, dial_into};
use crate::caller::uac::Ending;
use std::net::Ipv4Addr;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn callers_dial_key_hear_the_room_and_hang_up() {
    let bridge = StubBridge::start(Fault::None);
    let mut set = dial_into(&bridge, &["1#", "1#"]);
    for id in set.ids() {
        let caller = set.caller(id);
        assert!(
            caller
                .answer_time()
                .is_some_and(|time| time < Duration::from_millis(500))
        );
        assert!(
            caller
                .room_time()
                .is_some_and(|time| time < Duration::from_millis(500))
        );
    }
    assert!(set.hang_up_all(Duration::from_secs(2)).expect("sockets work"));
    assert!(
        set.ids()
            .all(|id| set.caller(id).ending() == Some(Ending::ByCaller))
    );
    assert_eq!(set.stray_messages, 0);
}

#[test]
fn fifty_packets_a_second_leave_whatever_the_loop_does() {
    let bridge = StubBridge::start(Fault::None);
    let mut set = dial_into(&bridge, &["1#", "1#"]);
    let before = set.ear(CallerId(0)).packets();
    set.run_for(Duration::from_secs(2)).expect("sockets work");
    let heard = set.ear(CallerId(0)).packets() - before;
    assert!((95..=105).contains(&heard), "{heard}");
}

#[test]
fn a_refused_call_is_over_and_says_why() {
    let bridge = StubBridge::start(Fault::Refuses);
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a free port");
    let id = set.add(Law::A).expect("a free port");
    set.dial(id).expect("loopback");
    let over = |set: &CallerSet| set.caller(id).state() == Some(State::Over);
    assert!(set.run_until(Duration::from_secs(2), over).expect("sockets work"));
    assert_eq!(set.caller(id).ending(), Some(Ending::Refused(486)));
}

#[test]
fn a_call_that_the_bridge_ends_is_over() {
    let bridge = StubBridge::start(Fault::EndsCalls);
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a free port");
    let id = set.add(Law::A).expect("a free port");
    set.dial(id).expect("loopback");
    let over = |set: &CallerSet| set.caller(id).state() == Some(State::Over);
    assert!(set.run_until(Duration::from_secs(2), over).expect("sockets work"));
    assert_eq!(set.caller(id).ending(), Some(Ending::ByBridge));
}

#[test]
fn a_set_refuses_a_caller_without_a_tone_of_its_own() {
    let mut set = CallerSet::new(LOCALHOST, SocketAddr::from((LOCALHOST, 9))).expect("a free port");
    for _ in 0..TONES {
        set.add(Law::A).expect("a free port");
    }
    assert!(set.add(Law::A).is_err());
}

#[test]
fn a_stopped_set_runs_no_longer_but_still_hangs_up() {
    let bridge = StubBridge::start(Fault::None);
    let mut set = dial_into(&bridge, &["1#", "1#"]);
    set.stop_by(Arc::new(AtomicBool::new(true)));
    let begin = Instant::now();
    set.run_for(Duration::from_secs(60)).expect("sockets work");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(set.hang_up_all(Duration::from_secs(2)).expect("sockets work"));
}
