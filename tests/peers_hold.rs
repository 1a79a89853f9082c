//! Holding: baresip and linphone hold their calls and take them up again, each by its own re-INVITE. baresip falls
//! silent itself meanwhile; linphone goes on sending (its hold music is what it always says), and nobody may hear it.

mod running;

use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::hearing::{Faults, between};
use running::linphone::{Digits, Linphone};
use running::{Bridge, eventually};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

const TALK: Duration = Duration::from_secs(5);
const HELD: Duration = Duration::from_secs(7);
/// What a change may take until it is heard in a recording, on a busy machine.
const SETTLE: Duration = Duration::from_millis(2_000);
const MARGIN: Duration = Duration::from_millis(500);

#[test]
fn a_held_member_is_silent_and_comes_back() {
    let bridge = Bridge::start();
    let room = bridge.book("Montag");
    let [ear, baresip, linphone] = [0, 1, 2].map(|n| Tone::nth(n).expect("there are enough tones"));
    let mut linphone = Linphone::start(linphone, Digits::Events);
    linphone.dial(bridge.address);
    linphone.press(&room.keys());
    let [mut ear, mut baresip] = [ear, baresip].map(|tone| {
        let mut member = Baresip::start(tone);
        member.dial(bridge.address);
        member.press(&room.keys());
        member
    });
    let all_in = || bridge.status().in_rooms == 3;
    assert!(
        eventually(Duration::from_secs(40), all_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );

    park_timeout(TALK);
    let hold = Instant::now();
    baresip.hold();
    linphone.hold();
    let held = Instant::now();
    park_timeout(HELD);
    let members_meanwhile = bridge.status().in_rooms;
    let resume = Instant::now();
    baresip.resume();
    linphone.resume();
    let resumed = Instant::now();
    park_timeout(TALK);
    let members_at_last = bridge.status().in_rooms;
    let end = Instant::now();
    ear.hang_up();

    assert_eq!([members_meanwhile, members_at_last], [3, 3], "{}", bridge.log());
    let heard = ear.heard();
    let part = |from, to| between(&heard, end, from, to);
    let mut faults = Faults::default();
    for (who, tone) in [("baresip", baresip.tone), ("linphone", linphone.tone)] {
        let before = part(hold - TALK + SETTLE, hold - MARGIN);
        faults.must_hear(&format!("{who} before"), before, tone);
        let meanwhile = part(held + SETTLE, resume - MARGIN);
        faults.must_not_hear(&format!("{who} while held"), meanwhile, tone);
        let afterwards = part(resumed + SETTLE, end - MARGIN);
        faults.must_hear(&format!("{who} afterwards"), afterwards, tone);
    }
    faults.complain();
}
