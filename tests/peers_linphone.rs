//! linphone, another people's telephone, against the running program: in one room with baresip.

mod running;

use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::hearing::{Faults, late};
use running::linphone::{Digits, Linphone};
use running::{Bridge, Room, eventually};
use std::time::Duration;

/// How long everybody stays once all are in.
const STAY: Duration = Duration::from_secs(8);
/// linphone takes a second a key.
const KEYED: Duration = Duration::from_secs(40);

fn tone(nth: usize) -> Tone {
    Tone::nth(nth).expect("there are enough tones")
}

fn all_in(bridge: &Bridge, count: usize) {
    assert!(
        eventually(KEYED, || bridge.status().in_rooms == count),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
}

fn linphone_in(bridge: &Bridge, room: &Room, digits: Digits) -> Linphone {
    let mut linphone = Linphone::start(tone(0), digits);
    linphone.dial(bridge.address);
    linphone.press(&room.keys());
    linphone
}

fn baresip_in(bridge: &Bridge, room: &Room, nth: usize) -> Baresip {
    let mut baresip = Baresip::start(tone(nth));
    baresip.dial(bridge.address);
    baresip.press(&room.keys());
    baresip
}

#[test]
fn linphone_and_two_baresips_hear_each_other_and_nobody_of_another_room() {
    let bridge = Bridge::start();
    let (monday, tuesday) = (bridge.book("Montag"), bridge.book("Dienstag"));
    let rooms = [&monday, &monday, &monday, &tuesday, &tuesday];
    let mut linphone = linphone_in(&bridge, &monday, Digits::Events);
    let mut others = [1, 2, 3, 4].map(|nth| baresip_in(&bridge, rooms[nth], nth));
    all_in(&bridge, rooms.len());
    std::thread::park_timeout(STAY);
    linphone.hang_up();
    others.iter_mut().for_each(Baresip::hang_up);

    let mut recordings = vec![linphone.heard()];
    recordings.extend(others.iter().map(Baresip::heard));
    let mut faults = Faults::default();
    for (listener, heard) in recordings.iter().enumerate() {
        for talker in 0..rooms.len() {
            let who = format!("member {listener} hears member {talker}");
            let hears = listener != talker && rooms[listener].number == rooms[talker].number;
            let judge = match (hears, listener == 0) {
                (true, _) => Faults::must_hear,
                (false, true) => Faults::must_not_hear_by_opus,
                (false, false) => Faults::must_not_hear,
            };
            judge(&mut faults, &who, late(heard), tone(talker));
        }
    }
    faults.complain();
}

#[test]
fn keys_sent_by_info_lead_into_the_room() {
    let bridge = Bridge::start();
    let monday = bridge.book("Montag");
    let mut linphone = linphone_in(&bridge, &monday, Digits::Info);
    all_in(&bridge, 1);
    linphone.hang_up();
    let nobody_left = || bridge.status().in_rooms == 0;
    assert!(
        eventually(Duration::from_secs(10), nobody_left),
        "{:?}",
        bridge.status()
    );
}
