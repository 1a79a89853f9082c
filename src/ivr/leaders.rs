//! Calls of leaders, of callers with an old sheet of paper, and of guessers who are kept waiting.

use super::reception::KEYS_WAITING;
use super::rig::{Rig, admit, admit_as, ms, pin, pins, room, secs};
use super::stories::{ask, at_the_pin, failed};
use super::{Attempt, Farewell, Lead, Line, Lookup, Mismatch, Output, Reason, Subject};
use crate::ids::Role;
use crate::secret::Key;

fn guarded() -> Lookup {
    pins("493817", "73051", "8026")
}

fn mismatch() -> Output {
    ask(Lead::Mismatch(Mismatch::First), Subject::Room, Attempt::Second)
}

#[test]
fn each_pin_opens_at_its_last_digit_and_says_who_came() {
    for (digits, role) in [("493817", Role::Member), ("73051", Role::Leader)] {
        let mut rig = at_the_pin(guarded());
        rig.slowly(digits);
        assert_eq!(rig.look(), [admit_as(role)]);
        let mut rig = at_the_pin(guarded());
        rig.slowly("1234#").slowly(digits).slowly("#");
        assert_eq!(rig.look().last(), Some(&admit_as(role)));
    }
}

#[test]
fn a_room_without_pin_knows_members_only() {
    let mut rig = Rig::new(Lookup::Open);
    rig.wait(secs(1)).slowly(&room().to_string());
    assert_eq!(rig.count(admit()), 1);
}

#[test]
fn a_caller_with_the_old_sheet_hears_that_the_pin_has_changed() {
    for keyed in ["8026", "8026#"] {
        let mut rig = at_the_pin(guarded());
        rig.reception.handle_patience(rig.now, secs(20));
        rig.slowly(keyed);
        let changed = ask(Lead::PinChanged, Subject::Pin, Attempt::Second);
        assert_eq!(rig.look(), [Output::Outdated, changed], "never kept waiting");
        rig.wait(secs(6)).slowly("493817");
        assert_eq!(rig.look(), [admit()]);
    }
}

#[test]
fn the_old_pin_is_known_in_the_retry_question_too() {
    let mut rig = at_the_pin(guarded());
    rig.slowly("1111#").wait(secs(7)).slowly("8026").wait(secs(8));
    let changed = ask(Lead::PinChanged, Subject::Pin, Attempt::Third);
    assert_eq!(rig.look()[2..], [Output::Outdated, changed]);
}

#[test]
fn four_times_the_old_pin_is_enough() {
    let mut rig = at_the_pin(guarded());
    for _ in 0..4 {
        rig.slowly("8026").wait(secs(7));
    }
    assert_eq!((rig.count(Output::Outdated), rig.failures()), (4, 0));
    assert_eq!(rig.farewell(), Some(Farewell::TriesSpent));
    assert!(!rig.admitted());
}

#[test]
fn a_wrong_try_is_answered_after_the_silence_that_was_asked_for() {
    let mut rig = at_the_pin(pin("493817"));
    rig.reception.handle_patience(rig.now, secs(8));
    rig.keys("1111#", ms(0));
    assert_eq!(rig.look(), [failed()]);
    assert_eq!(
        rig.reception.poll_timeout().map(|(_, reason)| reason),
        Some(Reason::Withheld)
    );
    rig.wait(ms(7_999));
    assert_eq!(rig.look(), []);
    assert_eq!(rig.wait(ms(1)).look(), [mismatch()]);
    assert_eq!(rig.reception.counts().answers_withheld, 1);
}

#[test]
fn the_silence_has_a_bound_of_its_own() {
    let mut rig = at_the_pin(pin("493817"));
    rig.reception.handle_patience(rig.now, secs(100_000));
    rig.keys("1111#", ms(0)).wait(secs(30));
    assert_eq!(rig.look(), [failed(), mismatch()]);
}

#[test]
fn a_right_entry_is_never_kept_waiting() {
    let mut rig = at_the_pin(guarded());
    rig.reception.handle_patience(rig.now, secs(20));
    rig.keys("493817", ms(0));
    assert_eq!(rig.look(), [admit()]);
}

#[test]
fn keys_in_the_silence_are_kept_for_the_question_after_it() {
    let mut rig = at_the_pin(pin("493817"));
    rig.reception.handle_patience(rig.now, secs(10));
    rig.burst("1111#493817#").wait(secs(8));
    assert_eq!(rig.look(), [failed()]);
    // The mismatch is overtaken: it need not begin.
    rig.wait(secs(2));
    assert_eq!(rig.look(), [Output::Hush, admit()]);

    let mut rig = at_the_pin(pin("493817"));
    rig.reception.handle_patience(rig.now, secs(10));
    rig.keys("1111#", ms(0))
        .keys(&"5".repeat(KEYS_WAITING + 2), ms(0));
    assert_eq!(rig.reception.counts().keys_dropped, 2);
}

#[test]
fn a_hash_after_a_pause_does_not_outlive_the_silence() {
    let mut rig = at_the_pin(pin("493817"));
    rig.reception.handle_patience(rig.now, secs(10));
    rig.keys("111111", ms(0))
        .wait(secs(5))
        .key(Key::HASH)
        .wait(secs(9));
    assert_eq!(rig.look(), [failed(), mismatch()]);
}

#[test]
fn the_last_wrong_try_waits_too_and_ten_minutes_end_the_waiting() {
    let mut rig = at_the_pin(pin("493817"));
    for _ in 0..3 {
        rig.slowly("1111#").wait(secs(1));
    }
    rig.wait(secs(9)).log.clear();
    rig.reception.handle_patience(rig.now, secs(5));
    rig.slowly("1111#").wait(secs(3));
    assert_eq!(rig.look(), [failed()]);
    rig.wait(secs(1));
    assert_eq!(rig.look(), [Output::Say(Line::Goodbye(Farewell::TriesSpent))]);

    let mut rig = at_the_pin(pin("493817"));
    while rig.now.as_millis() < 5_000 + 585_000 {
        rig.slowly("1*");
    }
    rig.reception.handle_patience(rig.now, secs(30));
    rig.keys("1111#", ms(0)).wait(secs(40));
    assert_eq!(rig.farewell(), Some(Farewell::Overtime));
}
