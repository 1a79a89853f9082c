//! What holds for every caller, however odd.

use super::rig::{Rig, admit, admit_as, ms, pin, pins, room, secs};
use super::{Lookup, Output, Verdict};
use crate::ids::Role;
use crate::secret::Key;
use crate::units::Time;
use proptest::prelude::*;

const FACES: &[u8] = b"0123456789*#ABCD";

/// Keys with the pause before each, in milliseconds. Longer runs of digits than chance would give.
fn presses() -> impl Strategy<Value = Vec<(u64, String)>> {
    let number = room().to_string();
    let keys = prop_oneof![
        4 => (0..FACES.len()).prop_map(|i| char::from(FACES[i]).to_string()),
        2 => Just(number.clone()),
        2 => Just(format!("{number}#")),
        2 => "[0-8]{1,12}#?",
        1 => Just("493817".to_owned()),
        1 => Just("7305".to_owned()),
    ];
    let pause = prop_oneof![0..200_u64, 0..5_000_u64, 0..40_000_u64];
    prop::collection::vec((pause, keys), 0..60)
}

fn found() -> impl Strategy<Value = Lookup> {
    prop_oneof![
        Just(Lookup::Unknown),
        Just(pin("493817")),
        Just(pin("4938")),
        Just(pin("9999999999")),
        Just(pins("493817", "7305", "8888")),
        Just(pins("7305", "802641", "493817")),
        Just(Lookup::Open),
        Just(Lookup::Unavailable),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Welcome),
        Just(Verdict::Full),
        Just(Verdict::Expired),
        Just(Verdict::Locked),
    ]
}

/// One whole call.
fn call(
    presses: &[(u64, String)],
    found: Lookup,
    verdict: Verdict,
    lookup_ms: u64,
    prompt_ms: Option<u64>,
    silence_ms: u64,
) -> Rig {
    let mut rig = Rig::new(found);
    rig.verdict = verdict;
    rig.lookup_takes = ms(lookup_ms);
    rig.prompt_lasts = prompt_ms.map(ms);
    for (pause, keys) in presses {
        rig.reception.handle_patience(rig.now, ms(silence_ms));
        rig.wait(ms(*pause)).keys(keys, ms(50));
    }
    rig.wait(secs(700));
    rig
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reception_ends_in_time_with_at_most_four_failures(
        presses in presses(), found in found(), verdict in verdict(), lookup_ms in 0..8_000_u64,
        prompt_ms in prop::option::of(0..25_000_u64), silence_ms in 0..40_000_u64,
    ) {
        let rig = call(&presses, found, verdict, lookup_ms, prompt_ms, silence_ms);
        prop_assert!(rig.reception.is_over());
        prop_assert_eq!(rig.reception.poll_timeout(), None);
        prop_assert!(rig.failures() + rig.count(Output::Outdated) <= 4);
        prop_assert!(rig.count(admit()) + rig.count(admit_as(Role::Leader)) <= 1);
        let last = rig.log.last().map(|(at, _)| *at);
        let bound = Time::from_millis(5_000) + secs(600 + 15 + 5);
        prop_assert!(last.is_none_or(|at| at <= bound));
        let hang_ups = rig.log.iter().filter(|(_, o)| matches!(o, Output::HangUp(_))).count();
        let welcomed = rig.admitted() && rig.farewell().is_none();
        prop_assert_eq!(hang_ups, usize::from(!welcomed));
        if hang_ups == 1 {
            prop_assert!(matches!(rig.log.last(), Some((_, Output::HangUp(_)))));
        }
    }

    #[test]
    fn no_number_of_wrong_entries_tells_a_room_from_none(
        presses in presses(), digits in "9{4,10}", leader in "9{4,10}", former in "9{4,10}",
        lookup_ms in 0..4_000_u64, prompt_ms in 0..25_000_u64, silence_ms in 0..40_000_u64,
    ) {
        // PINs of nines that the caller cannot key: everything keyed is wrong.
        let presses: Vec<_> =
            presses.into_iter().map(|(pause, keys)| (pause, keys.replace('9', "8"))).collect();
        let trace = |found| call(&presses, found, Verdict::Welcome, lookup_ms, Some(prompt_ms), silence_ms).log;
        prop_assert_eq!(trace(pins(&digits, &leader, &former)), trace(Lookup::Unknown));
    }
}

#[test]
fn every_key_of_the_keypad_is_tried() {
    assert!(
        FACES
            .iter()
            .all(|face| Key::from_char(char::from(*face)).is_some())
    );
}
