//! One room, a telephone for each codec: baresip with PCMA, PCMU, G.722 and Opus, and linphone, which prefers Opus.

mod running;

use rundruf::caller::Tone;
use running::baresip::Baresip;
use running::hearing::{Faults, late};
use running::linphone::{Digits, Linphone};
use running::{Bridge, eventually};
use std::time::Duration;

const STAY: Duration = Duration::from_secs(9);
/// As baresip names them: with the samples that they have, not with the clock that SDP gives G.722.
const CODECS: [&str; 4] = ["PCMA", "PCMU", "G722/16000/1", "opus/48000/2"];

#[test]
fn lines_of_every_codec_hear_each_other_in_one_room() {
    let bridge = Bridge::start();
    let room = bridge.book("Montag");
    let tones = [0, 1, 2, 3, 4].map(|n| Tone::nth(n).expect("there are enough tones"));
    let mut linphone = Linphone::start(tones[4], Digits::Events);
    linphone.dial(bridge.address);
    linphone.press(&room.keys());
    let mut baresips: Vec<Baresip> = CODECS
        .iter()
        .zip(tones)
        .map(|(codec, tone)| {
            let mut member = Baresip::start_with(tone, codec);
            member.dial(bridge.address);
            member.press(&room.keys());
            member
        })
        .collect();
    let all_in = || bridge.status().in_rooms == tones.len();
    assert!(
        eventually(Duration::from_secs(45), all_in),
        "{:?}\n{}",
        bridge.status(),
        bridge.log()
    );
    std::thread::park_timeout(STAY);
    let codecs: Vec<String> = bridge.status().lines.into_iter().map(|line| line.codec).collect();
    for codec in ["PCMA", "PCMU", "G722", "opus"] {
        assert!(codecs.iter().any(|spoken| spoken == codec), "{codecs:?}");
    }
    linphone.hang_up();
    baresips.iter_mut().for_each(Baresip::hang_up);

    let mut recordings: Vec<Vec<i16>> = baresips.iter().map(Baresip::heard).collect();
    recordings.push(linphone.heard());
    let mut faults = Faults::default();
    for (listener, heard) in recordings.iter().enumerate() {
        for (talker, tone) in tones.into_iter().enumerate() {
            let who = format!("{} hears {}", name(listener), name(talker));
            let judge = match (talker != listener, listener) {
                (true, _) => Faults::must_hear,
                (false, 0..3) => Faults::must_not_hear,
                (false, _) => Faults::must_not_hear_by_opus,
            };
            judge(&mut faults, &who, late(heard), tone);
        }
    }
    faults.complain();
}

fn name(member: usize) -> &'static str {
    CODECS.get(member).copied().unwrap_or("linphone")
}
