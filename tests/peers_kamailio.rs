//! Kamailio, other people's registrar and proxy: the bridge logs in, is called through it, loses it and finds it again.

mod running;

use rundruf::bridge::status::TrunkStatus;
use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::kamailio::{EXPIRES_MAX_S, Kamailio, PASSWORD, REFUSES_S, USER};
use running::names::{Host, NameServer};
use running::translator::Translator;
use running::{Bridge, Room, eventually};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Who says that Kamailio is pbx.example.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/authority.pem");
/// What may take a moment on a busy machine.
const MOMENT: Duration = Duration::from_secs(20);
/// A registrar that is back is known to be there within this time.
const RETURN_MAX: Duration = Duration::from_secs(5);

/// A bridge that serves nobody but whom it registers with.
fn bridge(kamailio: &Kamailio, transport: &str, password: &str) -> (Bridge, tempfile::NamedTempFile) {
    let (proxy, srtp) = match transport {
        "tls" => (kamailio.secure, "required"),
        _ => (kamailio.address, "optional"),
    };
    bridge_by(proxy, srtp, transport, password)
}

/// The same by way of `proxy`.
fn bridge_by(
    proxy: SocketAddr,
    srtp: &str,
    transport: &str,
    password: &str,
) -> (Bridge, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, password).expect("it is ours");
    let settings = format!(
        "sip.trunks = []\ntls.roots = \"{AUTHORITY}\"\n[[trunk]]\nname = \"kamailio\"\ndomain = \"pbx.example\"\n\
         proxy = \"{proxy}\"\nuser = \"{USER}\"\nnumber = \"+4930555\"\ntransport = \"{transport}\"\n\
         password_file = {:?}\nkeep_alive_s = 5\nsrtp = \"{srtp}\"\n",
        file.path()
    );
    (Bridge::start_with(&settings), file)
}

fn trunk(bridge: &Bridge) -> TrunkStatus {
    bridge.status().trunks.remove(0)
}

fn is_registered(bridge: &Bridge) -> bool {
    let trunk = trunk(bridge);
    trunk.registered_s.is_some() && trunk.trouble.is_none()
}

fn registers(bridge: &Bridge, kamailio: &Kamailio) {
    let done = eventually(MOMENT, || is_registered(bridge));
    assert!(done, "{:?}\n{}\n{}", trunk(bridge), bridge.log(), kamailio.log());
}

/// A telephone that calls the account at Kamailio, and comes into the room.
fn member(kamailio: &Kamailio, room: &Room, nth: usize) -> Baresip {
    let mut telephone = Baresip::start(Tone::nth(nth).expect("there are enough tones"));
    telephone.dial(kamailio.address);
    telephone.press(&room.keys());
    telephone
}

/// The same over TLS, with its voice encrypted.
fn secure_member(kamailio: &Kamailio, room: &Room, nth: usize) -> Baresip {
    let tone = Tone::nth(nth).expect("there are enough tones");
    let mut telephone = Baresip::start_encrypted(tone, "srtp-mand");
    telephone.dial_by_tls(kamailio.secure);
    telephone.press(&room.keys());
    telephone
}

fn are_in(bridge: &Bridge, count: usize) {
    let done = eventually(MOMENT, || bridge.status().in_rooms == count);
    assert!(done, "{:?}\n{}", bridge.status(), bridge.log());
}

/// A call through Kamailio, which goes on when that is ended; when it is there again, a second one, which ends.
fn outlives(
    bridge: &Bridge,
    kamailio: &mut Kamailio,
    member: fn(&Kamailio, &Room, usize) -> Baresip,
) -> Baresip {
    registers(bridge, kamailio);
    assert!(
        trunk(bridge).expires_s.is_some_and(|left| left <= EXPIRES_MAX_S),
        "what is granted counts"
    );
    let room = bridge.book("Montag");
    let first = member(kamailio, &room, 0);
    are_in(bridge, 1);
    assert_eq!(trunk(bridge).calls, 1);

    kamailio.end();
    let noticed = eventually(MOMENT, || trunk(bridge).trouble.is_some());
    assert!(noticed, "{:?}", trunk(bridge));
    assert_eq!(bridge.status().in_rooms, 1, "the talk goes on");
    kamailio.start_again();
    let begun = Instant::now();
    let back = eventually(RETURN_MAX, || is_registered(bridge));
    assert!(back, "{:?}\n{}", trunk(bridge), bridge.log());
    println!("registered again {:?} after Kamailio's return", begun.elapsed());
    // It has forgotten everybody: that it can reach us is its new knowledge.
    let mut second = member(kamailio, &room, 1);
    are_in(bridge, 2);
    second.hang_up();
    are_in(bridge, 1);
    // Its digits alone may stand in any time of day.
    let log = bridge.log();
    let told = ["Sesam", "ffne dich"].map(|part| log.contains(part));
    assert_eq!(told, [false; 2], "the password is in the log");
    first
}

#[test]
fn the_bridge_is_called_by_way_of_its_registrar_and_outlives_it() {
    for (transport, algorithm) in [("udp", "SHA-256"), ("tcp", "MD5")] {
        let mut kamailio = Kamailio::start(algorithm);
        let (bridge, _password) = bridge(&kamailio, transport, PASSWORD);
        let mut first = outlives(&bridge, &mut kamailio, member);
        first.hang_up();
        are_in(&bridge, 0);
    }
}

/// The bridge listens for no TLS: calls come by the connection that it has opened itself. The first one's end cannot come by it
/// any more; that is noticed when its voice stays away.
#[test]
fn over_tls_everything_goes_by_the_connection_that_the_bridge_has_opened() {
    let mut kamailio = Kamailio::start("SHA-256");
    let (bridge, _password) = bridge(&kamailio, "tls", PASSWORD);
    let mut first = outlives(&bridge, &mut kamailio, secure_member);
    let status = bridge.status();
    let how = status.lines.iter().map(|line| line.encrypted.as_deref());
    assert_eq!(how.collect::<Vec<_>>(), [Some("AES_CM_128_HMAC_SHA1_80")]);
    assert!(!bridge.log().contains("inline:"), "a key in the log");
    first.hang_up();
}

#[test]
fn a_wrong_password_is_told_and_not_tried_again_and_again() {
    let kamailio = Kamailio::start("MD5");
    let (bridge, file) = bridge(&kamailio, "udp", "Simsalabim");
    let told = eventually(MOMENT, || trunk(&bridge).trouble.is_some());
    let state = trunk(&bridge);
    assert!(told && state.registered_s.is_none(), "{state:?}");
    assert!(
        state
            .trouble
            .as_deref()
            .is_some_and(|why| why.contains("password")),
        "{state:?}"
    );
    assert!(state.next_s.is_some_and(|next| next > 800), "{state:?}");
    // The right one, and a reload.
    std::fs::write(&file, PASSWORD).expect("it is ours");
    bridge.reload();
    registers(&bridge, &kamailio);
}

#[test]
fn who_dials_a_rooms_own_number_keys_the_pin_alone() {
    let kamailio = Kamailio::start("MD5");
    let (bridge, _password) = bridge(&kamailio, "udp", PASSWORD);
    registers(&bridge, &kamailio);
    let room = bridge.book_with("Montag", &["--number", "030 555"]);
    let mut member = Baresip::start(Tone::nth(0).expect("there are enough tones"));
    member.dial(kamailio.address);
    member.press(&format!("{}#", room.pin));
    are_in(&bridge, 1);
    assert_eq!(bridge.status().counters["called_directly"], 1);
    member.hang_up();
}

/// The bridge finds both by name, goes to the first, to the second within ten seconds of the first one's silence, and back within
/// five of its return; not to one that is there and refuses.
#[test]
fn another_host_of_the_domain_takes_over_and_calls_go_on() {
    let (mut first, second) = (Kamailio::start("MD5"), Kamailio::start("MD5"));
    let host = |priority, kamailio: &Kamailio, name| Host {
        priority,
        port: kamailio.address.port(),
        name,
    };
    let hosts = vec![
        host(20, &second, "b.pbx.example"),
        host(10, &first, "a.pbx.example"),
    ];
    let names = NameServer::start("pbx.example", hosts);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, PASSWORD).expect("it is ours");
    let bridge = Bridge::start_with(&format!(
        "sip.trunks = []\nsip.name_server = \"{}\"\n[[trunk]]\nname = \"kamailio\"\ndomain = \"pbx.example\"\n\
         user = \"{USER}\"\npassword_file = {:?}\nkeep_alive_s = 5\n",
        names.address,
        file.path()
    ));
    registers(&bridge, &first);
    let target = |kamailio: &Kamailio| Some(format!("{} by UDP", kamailio.address));
    assert_eq!(trunk(&bridge).target, target(&first));
    let room = bridge.book("Montag");
    let mut member_of_first = member(&first, &room, 0);
    are_in(&bridge, 1);
    let goes_to = |kamailio: &Kamailio, most: Duration| {
        let begun = Instant::now();
        let is_there = || trunk(&bridge).target == target(kamailio) && is_registered(&bridge);
        assert!(
            eventually(most, is_there),
            "{:?}\n{}",
            trunk(&bridge),
            bridge.log()
        );
        begun.elapsed()
    };
    first.end();
    let over = goes_to(&second, Duration::from_secs(10 + 3));
    assert!(trunk(&bridge).waits_for.is_some(), "it is the second choice");
    let mut member_of_second = member(&second, &room, 1);
    are_in(&bridge, 2);
    // It answers questions, and registers nobody: one try, and the second host goes on.
    first.start_refusing();
    let moved = || bridge.status().counters["registrar_moved"];
    let has_asked = || first.log().contains("refused a registration") && is_registered(&bridge);
    assert!(
        eventually(MOMENT, has_asked) && moved() == 1,
        "{:?}",
        trunk(&bridge)
    );
    assert_eq!(trunk(&bridge).target, target(&second));
    first.end();
    // As long as it said that it would be away.
    std::thread::park_timeout(Duration::from_secs(REFUSES_S));
    first.start_again();
    let back = goes_to(&first, RETURN_MAX);
    println!("at the second host after {over:?}, at the first again {back:?} after its return");
    assert_eq!(trunk(&bridge).waits_for, None);
    assert_eq!(bridge.status().in_rooms, 2, "both calls stand");
    // Each by the host by which it came.
    member_of_second.hang_up();
    are_in(&bridge, 1);
    member_of_first.hang_up();
    are_in(&bridge, 0);
}

/// Nobody has told the bridge that a router translates its address: it hears that from Kamailio, and calls and their ends come by
/// the place that it tells on.
#[test]
fn behind_a_router_the_bridge_is_called_where_the_registrar_sees_it() {
    let kamailio = Kamailio::start("SHA-256");
    let router = Translator::start(kamailio.address);
    let (bridge, _password) = bridge_by(router.inside, "optional", "udp", PASSWORD);
    registers(&bridge, &kamailio);
    let state = trunk(&bridge);
    assert_eq!(state.seen_as, Some(router.outside.to_string()), "{state:?}");
    assert!(state.is_shown, "{state:?}");
    let mut member = Baresip::start(Tone::nth(0).expect("there are enough tones"));
    let before = router.carried_in();
    member.dial(kamailio.address);
    assert!(
        eventually(MOMENT, || bridge.status().lines.len() == 1),
        "{}",
        bridge.log()
    );
    let called = router.carried_in();
    member.hang_up();
    assert!(
        eventually(MOMENT, || bridge.status().lines.is_empty()),
        "{}",
        bridge.log()
    );
    let ended = router.carried_in();
    assert!(before < called && called < ended, "{before} {called} {ended}");
}

#[test]
fn a_bridge_that_ends_takes_its_registration_back() {
    let kamailio = Kamailio::start("MD5");
    let (mut bridge, _password) = bridge(&kamailio, "udp", PASSWORD);
    registers(&bridge, &kamailio);
    bridge.terminate();
    assert!(bridge.ended_well(), "{}", bridge.log());
    assert!(
        bridge
            .log()
            .contains("the trunk is left: registered there no more"),
        "{}",
        bridge.log()
    );
}
