//! One room, three telephones by three different people: baresip, linphone and SIPp, which says a captured tone. Two
//! more in another room must hear none of them.

mod running;

use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::hearing::{Faults, late};
use running::linphone::{Digits, Linphone};
use running::sipp::{Plan, Sipp};
use running::{Bridge, eventually};
use std::time::Duration;

const STAY: Duration = Duration::from_secs(9);

#[test]
fn baresip_linphone_and_sipp_share_a_room() {
    let bridge = Bridge::start();
    let (monday, tuesday) = (bridge.book("Montag"), bridge.book("Dienstag"));
    let tones = [0, 1, 2, 3, 4].map(|n| Tone::nth(n).expect("there are enough tones"));
    let mut linphone = Linphone::start(tones[1], Digits::Events);
    linphone.dial(bridge.address);
    linphone.press(&monday.keys());
    let plan = Plan {
        scenario: "talk",
        calls: 1,
        calls_per_s: 1,
        stay: Duration::from_secs(80),
        keys: &[monday.keys()],
        tone: Some(tones[2]),
    };
    let sipp = Sipp::start(bridge.address, &plan);
    let mut baresips =
        [(tones[0], &monday), (tones[3], &tuesday), (tones[4], &tuesday)].map(|(tone, room)| {
            let mut member = Baresip::start(tone);
            member.dial(bridge.address);
            member.press(&room.keys());
            member
        });
    let all_in = || bridge.status().in_rooms == tones.len();
    assert!(
        eventually(Duration::from_secs(45), all_in),
        "{:?}\n{}\n{}",
        bridge.status(),
        sipp.complaints(),
        bridge.log()
    );
    std::thread::park_timeout(STAY);
    linphone.hang_up();
    baresips.iter_mut().for_each(Baresip::hang_up);

    let names = [
        "baresip",
        "linphone",
        "SIPp",
        "Tuesday's first",
        "Tuesday's second",
    ];
    let is_monday = |member: usize| member < 3;
    let recordings = [
        (0, baresips[0].heard()),
        (1, linphone.heard()),
        (3, baresips[1].heard()),
        (4, baresips[2].heard()),
    ];
    let mut faults = Faults::default();
    for (listener, heard) in &recordings {
        for (talker, tone) in tones.into_iter().enumerate() {
            let who = format!("{} hears {}", names[*listener], names[talker]);
            let hears = talker != *listener && is_monday(talker) == is_monday(*listener);
            let judge = match (hears, names[*listener]) {
                (true, _) => Faults::must_hear,
                (false, "linphone") => Faults::must_not_hear_by_opus,
                (false, _) => Faults::must_not_hear,
            };
            judge(&mut faults, &who, late(heard), tone);
        }
    }
    faults.complain();
}
