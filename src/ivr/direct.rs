//! Calls to a room's own number.

use super::rig::{Rig, admit, ms, pin, pins, room, secs};
use super::stories::{ask, failed};
use super::{Attempt, Farewell, Lead, Lookup, Mismatch, Output, Subject};
use crate::secret::Key;

/// A call whose number is the room's, a moment after it was answered.
fn direct(found: Lookup) -> Rig {
    let mut rig = Rig::new(found.clone());
    rig.wait(ms(3));
    rig.reception.handle_direct(rig.now, room(), found);
    rig
}

#[test]
fn the_greeting_is_followed_by_the_question_for_the_pin() {
    let mut rig = direct(pin("493817"));
    let greeting = ask(Lead::Greeting, Subject::Pin, Attempt::First);
    assert_eq!(rig.wait(ms(697)).look(), [greeting]);
    rig.wait(secs(8)).slowly("493817");
    assert_eq!(rig.look(), [admit()]);
    assert!(rig.reception.is_over());
}

#[test]
fn a_pin_keyed_at_once_skips_the_greeting() {
    let mut rig = direct(pin("493817"));
    rig.burst("493817#").wait(secs(1));
    assert_eq!(rig.look(), [admit()]);
    assert_eq!(rig.reception.counts().hashes_swallowed, 1);
}

#[test]
fn a_wrong_pin_asks_for_the_pin_again_and_never_for_the_room() {
    let mut rig = direct(pin("493817"));
    rig.wait(secs(8)).look();
    for (mismatch, attempt) in [
        (Mismatch::First, Attempt::Second),
        (Mismatch::Second, Attempt::Third),
        (Mismatch::Third, Attempt::Fourth),
    ] {
        rig.burst("111111#");
        let question = ask(Lead::Mismatch(mismatch), Subject::Pin, attempt);
        assert_eq!(
            rig.wait(secs(8))
                .look()
                .into_iter()
                .filter(|output| *output != Output::Hush)
                .collect::<Vec<_>>(),
            [failed(), question]
        );
    }
    // A room number is no PIN here.
    rig.burst(&format!("{}#", room())).wait(secs(60));
    assert_eq!(rig.farewell(), Some(Farewell::TriesSpent));
    assert!(!rig.admitted());
}

#[test]
fn a_leader_and_the_old_pin_are_known_as_ever() {
    let mut rig = direct(pins("493817", "72046", "558211"));
    rig.wait(secs(8)).burst("558211#").wait(secs(8));
    assert_eq!(rig.count(ask(Lead::PinChanged, Subject::Pin, Attempt::Second)), 1);
    rig.burst("72046#").wait(secs(1));
    assert!(rig.admitted());
}

#[test]
fn a_room_without_a_pin_opens_after_the_opening_silence() {
    let mut rig = direct(Lookup::Open);
    rig.key(Key::STAR).burst("12");
    assert_eq!(rig.look(), []);
    assert_eq!(rig.wait(ms(700)).look(), [admit()]);
}

#[test]
fn what_comes_too_late_or_is_no_room_changes_nothing() {
    for useless in [Lookup::Unknown, Lookup::Unavailable] {
        let mut rig = direct(useless);
        let greeting = ask(Lead::Greeting, Subject::Room, Attempt::First);
        assert_eq!(rig.wait(ms(697)).look(), [greeting]);
    }
    let mut rig = Rig::new(pin("493817"));
    rig.wait(secs(1));
    rig.reception.handle_direct(rig.now, room(), Lookup::Open);
    assert_eq!(rig.reception.counts().unexpected, 1);
    assert!(!rig.wait(secs(30)).admitted());
}
