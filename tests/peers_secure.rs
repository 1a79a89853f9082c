//! Encrypted: baresip calls over TLS with its voice encrypted (SRTP by SDES), and in clear, and is heard, or refused in words.

mod running;

use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::hearing::{Faults, late};
use running::third_party::ThirdParty;
use running::{Bridge, Room, eventually, free_port_pair};
use std::net::SocketAddr;
use std::time::Duration;

const STAY: Duration = Duration::from_secs(12);
const MOMENT: Duration = Duration::from_secs(20);

/// A bridge that takes calls over TLS as well, and the address of that.
fn bridge(srtp: &str) -> (Bridge, SocketAddr) {
    let tls = SocketAddr::from(([127, 0, 0, 1], free_port_pair()));
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls");
    // Programs beside the server read its file alone: its ports must not lie where that one has calls.
    let settings = format!(
        "[tls]\nlisten = '{tls}'\ncertificate = '{files}/pbx.pem'\nkey = '{files}/pbx.key'\n[rtp]\nports = '24000-25999'\nsrtp = '{srtp}'\n"
    );
    (Bridge::start_with(&settings), tls)
}

fn member(tone: usize, media_enc: &'static str) -> Baresip {
    Baresip::start_encrypted(Tone::nth(tone).expect("there are enough tones"), media_enc)
}

fn are_in(bridge: &Bridge, count: usize) {
    let done = eventually(MOMENT, || bridge.status().in_rooms == count);
    assert!(done, "{:?}\n{}", bridge.status(), bridge.log());
}

/// baresip sends its first packet before its keys are at work: one a call is not what its keys would make of it.
fn unauthentic(bridge: &Bridge) -> u64 {
    bridge.status().counters["srtp_unauthentic"]
}

fn joins(member: &mut Baresip, room: &Room) {
    member.press(&room.keys());
}

#[test]
fn an_encrypted_call_over_tls_and_a_clear_one_over_udp_hear_each_other() {
    let (bridge, tls) = bridge("optional");
    let room = bridge.book("Montag");
    let (mut secret, mut clear) = (member(0, "srtp-mand"), member(1, ""));
    secret.dial_by_tls(tls);
    clear.dial(bridge.address);
    joins(&mut secret, &room);
    joins(&mut clear, &room);
    are_in(&bridge, 2);
    let at_first = unauthentic(&bridge);
    println!("at first {at_first}");
    std::thread::park_timeout(STAY);
    let status = bridge.status();
    let how: Vec<_> = status
        .lines
        .iter()
        .filter_map(|line| line.encrypted.as_deref())
        .collect();
    println!("encrypted: {how:?}");
    assert_eq!(how.len(), 1, "{:?}", status.lines);
    secret.hold();
    secret.resume();
    std::thread::park_timeout(STAY / 2);
    let status = bridge.status();
    assert_eq!(unauthentic(&bridge), at_first);
    assert_eq!(status.counters["rtcp_malformed"], 0, "{:?}", status.counters);
    secret.hang_up();
    clear.hang_up();

    let mut faults = Faults::default();
    for (who, ear, mouth) in [
        ("clear hears secret", &clear, &secret),
        ("secret hears clear", &secret, &clear),
    ] {
        let heard = ear.heard();
        faults.must_hear(who, late(&heard), mouth.tone);
        faults.must_not_hear("one's own voice", late(&heard), ear.tone);
    }
    faults.complain();
    // The keys are nobody's to read.
    assert!(!bridge.log().contains("inline:"), "a key in the log");
}

#[test]
fn where_encryption_is_required_a_clear_call_is_refused() {
    let (bridge, tls) = bridge("required");
    let room = bridge.book("Montag");
    let mut secret = member(0, "srtp-mand");
    secret.dial_by_tls(tls);
    joins(&mut secret, &room);
    are_in(&bridge, 1);
    let mut clear = member(1, "");
    clear.dial_in_vain(bridge.address);
    let status = bridge.status();
    assert_eq!(status.refused["offer_insecure"], 1, "{:?}", status.refused);
    assert_eq!(status.in_rooms, 1);
}

/// baresip offers AES in counter mode only, but takes AES-GCM where it is offered: somebody else carries the bridge's offer to it,
/// over TLS on either side.
#[test]
fn a_telephone_that_is_offered_aes_gcm_takes_it() {
    let (bridge, tls) = bridge("required");
    let room = bridge.book("Montag");
    let mut called = member(0, "srtp-mand");
    let mut party = ThirdParty::connect(tls, called.secure);
    let [offered, taken] = party.descriptions();
    assert!(offered.contains("RTP/SAVP"), "{offered}");
    assert!(taken.contains(" AEAD_AES_128_GCM inline:"), "{taken}");
    called.is_in_call();
    joins(&mut called, &room);
    let mut calls = member(1, "srtp-mand");
    calls.dial_by_tls(tls);
    joins(&mut calls, &room);
    are_in(&bridge, 2);
    let at_first = unauthentic(&bridge);
    println!("at first {at_first}");
    std::thread::park_timeout(STAY);
    let status = bridge.status();
    let mut how: Vec<_> = status
        .lines
        .iter()
        .filter_map(|line| line.encrypted.as_deref())
        .collect();
    how.sort_unstable();
    println!("encrypted: {how:?}");
    assert!(
        how.len() == 2 && how[0] != how[1],
        "each by its own suite: {how:?}"
    );
    assert_eq!(unauthentic(&bridge), at_first);
    party.end();
    are_in(&bridge, 1);
    called.hang_up();
    calls.hang_up();
    let mut faults = Faults::default();
    for (who, ear, mouth) in [
        ("AES-GCM hears HMAC-SHA1", &called, &calls),
        ("HMAC-SHA1 hears AES-GCM", &calls, &called),
    ] {
        faults.must_hear(who, late(&ear.heard()), mouth.tone);
    }
    faults.complain();
}
