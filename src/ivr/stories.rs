//! Calls as members make them.

use super::reception::KEYS_WAITING;
use super::rig::{Rig, admit, ms, pin, room, secs};
use super::{Attempt, Farewell, Lead, Line, Lookup, Mismatch, Output, Reason, Subject, Verdict};
use crate::ids::RoomNumber;
use crate::secret::Key;

pub(super) fn ask(lead: Lead, subject: Subject, attempt: Attempt) -> Output {
    Output::Say(Line::Ask {
        lead,
        subject,
        attempt,
    })
}

pub(super) fn failed() -> Output {
    Output::Failed { room: Some(room()) }
}

/// Keyed the room, and the question for the PIN was heard.
pub(super) fn at_the_pin(found: Lookup) -> Rig {
    let mut rig = Rig::new(found);
    rig.wait(secs(8)).slowly(&format!("{}#", room())).wait(secs(7));
    rig.log.clear();
    rig
}

#[test]
fn a_patient_member_gets_in() {
    let mut rig = Rig::new(pin("493817"));
    assert_eq!(rig.wait(ms(699)).look(), []);
    let greeting = ask(Lead::Greeting, Subject::Room, Attempt::First);
    assert_eq!(rig.wait(ms(1)).look(), [greeting]);
    rig.wait(secs(10)).slowly(&room().to_string());
    let question = ask(Lead::Nothing, Subject::Pin, Attempt::First);
    assert_eq!(rig.look(), [Output::LookUp(room()), question]);
    rig.wait(secs(6)).slowly("493817");
    assert_eq!(rig.look(), [admit()]);
    assert!(rig.reception.is_over());
    assert_eq!(rig.reception.poll_timeout(), None);
}

#[test]
fn a_burst_in_the_opening_silence_skips_the_greeting() {
    for lookup_ms in [0, 3, 400, 2_000] {
        let mut rig = Rig::new(pin("493817"));
        rig.lookup_takes = ms(lookup_ms);
        rig.burst(&format!("{}#493817#", room())).wait(secs(2));
        // The question for the PIN begins only if the store answers before the next key comes, and stops with it.
        let begun = rig.lines().len();
        assert_eq!(begun, usize::from(lookup_ms < 100), "lookup takes {lookup_ms} ms");
        let greeting = ask(Lead::Greeting, Subject::Room, Attempt::First);
        assert_eq!(rig.count(greeting), 0);
        assert_eq!(rig.count(Output::Hush), 1);
        assert_eq!(rig.count(admit()), 1);
        assert_eq!(rig.failures(), 0);
    }
}

#[test]
fn a_burst_during_the_greeting_stops_it() {
    let mut rig = Rig::new(pin("493817"));
    rig.wait(secs(2)).burst(&format!("{}#493817#", room()));
    let greeting = ask(Lead::Greeting, Subject::Room, Attempt::First);
    let question = ask(Lead::Nothing, Subject::Pin, Attempt::First);
    let expected = [
        greeting,
        Output::Hush,
        Output::LookUp(room()),
        question,
        Output::Hush,
        admit(),
    ];
    assert_eq!(rig.look(), expected);
}

#[test]
fn a_room_without_pin_is_open_at_once() {
    let mut rig = Rig::new(Lookup::Open);
    rig.wait(secs(1)).slowly(&format!("{}#", room()));
    assert!(rig.admitted());
    assert_eq!(rig.lines().len(), 1);
}

#[test]
fn a_wrong_number_is_asked_for_a_pin_like_any_other() {
    let right = room().to_string();
    let mistyped = format!("{}{}", &right[..6], (right.as_bytes()[6] - b'0' + 1) % 10);
    assert_eq!(RoomNumber::parse(&mistyped), None);
    for keyed in [right, mistyped, "12345#".to_owned()] {
        let mut rig = Rig::new(Lookup::Unknown);
        rig.wait(secs(2)).slowly(&keyed).wait(secs(6));
        let question = Line::Ask {
            lead: Lead::Nothing,
            subject: Subject::Pin,
            attempt: Attempt::First,
        };
        assert_eq!(rig.lines().last(), Some(&question), "{keyed}");
        rig.slowly("493817#");
        assert_eq!(rig.failures(), 1);
    }
}

#[test]
fn a_guesser_cannot_tell_a_room_from_none_by_when_or_how_an_entry_ends() {
    for keyed in [
        "1234",
        "12345#",
        "123456",
        "1234567",
        "1234567890123",
        "12*345678",
    ] {
        let trace = |found| {
            let mut rig = at_the_pin(found);
            rig.slowly(keyed).wait(secs(30));
            rig.log
        };
        let unknown = trace(Lookup::Unknown);
        for digits in ["9999", "999999", "9999999", "9999999999"] {
            assert_eq!(trace(pin(digits)), unknown);
        }
    }
}

#[test]
fn pins_of_every_length_open_their_room_at_their_last_digit() {
    for digits in ["4938", "49381", "4938172", "4938172605"] {
        let mut rig = at_the_pin(pin(digits));
        rig.slowly(digits);
        assert_eq!(rig.look(), [Output::Hush, admit()][1..], "{digits}");
    }
}

#[test]
fn a_wrong_pin_ends_by_pause_sooner_once_it_is_long_enough() {
    for (keyed, pause) in [("12345", secs(8)), ("123456", secs(4)), ("1234567", secs(4))] {
        let mut rig = at_the_pin(pin("493817"));
        rig.keys(keyed, ms(0)).wait(pause - ms(1));
        assert_eq!(rig.failures(), 0);
        rig.wait(ms(1));
        assert_eq!(rig.failures(), 1);
    }
    let mut rig = at_the_pin(pin("493817"));
    rig.keys("1234567890", ms(0));
    assert_eq!(rig.failures(), 1);
}

#[test]
fn who_mistyped_the_pin_may_key_the_pin_again_instead_of_the_room() {
    for (retry, wait) in [("493817#", ms(0)), ("493817", secs(4))] {
        let mut rig = at_the_pin(pin("493817"));
        rig.slowly("493871#");
        let again = ask(Lead::Mismatch(Mismatch::First), Subject::Room, Attempt::Second);
        assert_eq!(rig.look(), [failed(), again]);
        rig.wait(secs(9)).slowly(retry).wait(wait);
        assert_eq!(rig.look(), [admit()]);
    }
}

#[test]
fn who_mistyped_the_room_keys_room_and_pin_again() {
    let mut rig = at_the_pin(Lookup::Unknown);
    rig.slowly("493817#").wait(secs(9));
    rig.found = pin("493817");
    rig.slowly(&room().to_string()).wait(secs(4));
    let question = ask(Lead::Nothing, Subject::Pin, Attempt::Second);
    assert_eq!(rig.look()[2..], [Output::LookUp(room()), question]);
    rig.slowly("493817#");
    assert!(rig.admitted());
}

#[test]
fn four_wrong_tries_end_in_a_goodbye_that_is_heard() {
    let mut rig = at_the_pin(pin("493817"));
    for _ in 0..4 {
        rig.slowly("111111#").wait(secs(1));
    }
    let goodbye = Output::Say(Line::Goodbye(Farewell::TriesSpent));
    assert_eq!(rig.failures(), 4);
    assert_eq!(rig.count(goodbye), 1);
    rig.burst("493817#");
    assert_eq!(rig.farewell(), None);
    rig.wait(secs(6));
    assert_eq!(rig.farewell(), Some(Farewell::TriesSpent));
    assert!(!rig.admitted());
    assert_eq!(rig.reception.poll_timeout(), None);
}

#[test]
fn each_attempt_is_asked_more_patiently() {
    let mut rig = at_the_pin(pin("493817"));
    rig.slowly("111111#").slowly("111111#").slowly("111111#");
    let expected = [
        (Mismatch::First, Attempt::Second),
        (Mismatch::Second, Attempt::Third),
        (Mismatch::Third, Attempt::Fourth),
    ]
    .map(|(mismatch, attempt)| Line::Ask {
        lead: Lead::Mismatch(mismatch),
        subject: Subject::Room,
        attempt,
    });
    assert_eq!(rig.lines(), expected);
}

#[test]
fn silence_is_answered_twice_and_then_ends_kindly() {
    let mut rig = Rig::new(Lookup::Unknown);
    rig.wait(ms(700 + 6_000 + 20_000));
    rig.wait(secs(26));
    rig.wait(secs(26));
    let expected = [
        ask(Lead::Greeting, Subject::Room, Attempt::First),
        ask(Lead::NothingKeyed, Subject::Room, Attempt::Second),
        ask(Lead::StillNothingKeyed, Subject::Room, Attempt::Third),
        Output::Say(Line::Goodbye(Farewell::Silence)),
    ];
    assert_eq!(rig.look(), expected);
    rig.wait(secs(6));
    assert_eq!(rig.look(), [Output::HangUp(Farewell::Silence)]);
}

#[test]
fn a_trailing_hash_is_swallowed_once_and_for_three_seconds() {
    let mut rig = Rig::new(pin("493817"));
    rig.wait(secs(2)).burst(&room().to_string());
    rig.log.clear();
    rig.wait(secs(2)).key(Key::HASH);
    assert_eq!(rig.look(), []);
    let again = ask(Lead::Nothing, Subject::Pin, Attempt::First);
    assert_eq!(rig.key(Key::HASH).look(), [again]);

    let mut rig = at_the_pin(pin("493817"));
    rig.keys("111111", ms(0)).wait(secs(4)).log.clear();
    rig.wait(ms(3_001)).key(Key::HASH);
    assert_eq!(rig.lines().len(), 1);
}

#[test]
fn a_star_clears_and_the_question_is_said_again_if_nothing_follows() {
    let mut rig = at_the_pin(pin("493817"));
    rig.slowly("4917*493817");
    assert_eq!(rig.look(), [admit()]);

    let mut rig = at_the_pin(pin("493817"));
    rig.slowly("4917*").wait(secs(2));
    assert_eq!(rig.look(), [ask(Lead::Nothing, Subject::Pin, Attempt::First)]);
}

#[test]
fn a_lone_hash_costs_no_try_and_too_many_count_as_silence() {
    let mut rig = Rig::new(pin("493817"));
    rig.wait(secs(7)).slowly("##########");
    assert_eq!(rig.lines().len(), 11);
    rig.slowly("#####");
    assert_eq!(rig.lines().len(), 11);
    rig.wait(secs(90));
    assert_eq!(rig.failures(), 0);
    assert_eq!(rig.farewell(), Some(Farewell::Silence));
}

#[test]
fn letters_are_no_keys() {
    let mut rig = Rig::new(Lookup::Unknown);
    rig.wait(secs(2)).burst("ABCD");
    assert_eq!(rig.look().len(), 1);
    assert_eq!(rig.reception.counts().keys_ignored, 4);
}

#[test]
fn a_full_a_locked_an_expired_and_an_unreachable_room_are_told() {
    let told = |rig: &mut Rig, farewell| {
        rig.burst(&room().to_string()).wait(secs(1));
        assert_eq!(rig.lines(), [Line::Goodbye(farewell)]);
        rig.wait(secs(6));
        assert_eq!(rig.farewell(), Some(farewell));
    };
    for (verdict, farewell) in [
        (Verdict::Full, Farewell::Full),
        (Verdict::Expired, Farewell::Expired),
        (Verdict::Locked, Farewell::Locked),
    ] {
        let mut rig = Rig::new(Lookup::Open);
        rig.verdict = verdict;
        told(&mut rig, farewell);
    }
    told(&mut Rig::new(Lookup::Unavailable), Farewell::Unavailable);
}

#[test]
fn a_store_and_a_player_that_never_answer_hold_nobody() {
    let mut rig = Rig::new(Lookup::Open);
    rig.lookup_takes = secs(10_000);
    rig.prompt_lasts = None;
    rig.burst(&room().to_string()).burst("123").wait(secs(5));
    assert_eq!(rig.lines(), [Line::Goodbye(Farewell::Unavailable)]);
    rig.wait(secs(15));
    assert_eq!(rig.farewell(), Some(Farewell::Unavailable));
    let counts = rig.reception.counts();
    assert_eq!(
        (counts.unanswered, counts.prompts_unended, counts.keys_ignored),
        (1, 1, 3)
    );
}

#[test]
fn ten_minutes_in_reception_are_enough() {
    let mut rig = Rig::new(Lookup::Unknown);
    while rig.farewell().is_none() && rig.lines().len() < 1_000 {
        rig.slowly("1*");
    }
    assert_eq!(rig.farewell(), Some(Farewell::Overtime));
    assert!(rig.now.as_millis() < 5_000 + 600_000 + 15_000 + 2_000);
}

#[test]
fn answers_that_nobody_asked_for_change_nothing() {
    let mut rig = Rig::new(pin("493817"));
    rig.reception.handle_verdict(rig.now, Verdict::Welcome);
    rig.reception.handle_lookup(rig.now, Lookup::Open);
    rig.reception.handle_lookup(rig.now, pin("1234"));
    rig.reception.handle_played(rig.now);
    assert_eq!(rig.reception.poll_output(), None);
    assert_eq!(rig.reception.counts().unexpected, 4);
    let opening = rig.reception.poll_timeout().map(|(_, reason)| reason);
    assert_eq!(opening, Some(Reason::Opening));
}

#[test]
fn more_keys_than_anyone_keys_are_dropped_and_counted() {
    let mut rig = Rig::new(pin("493817"));
    rig.lookup_takes = secs(4);
    rig.keys(&room().to_string(), ms(0))
        .keys("493817", ms(0))
        .keys(&"1".repeat(KEYS_WAITING), ms(0));
    assert_eq!(rig.reception.counts().keys_dropped, 6);
    rig.wait(secs(4));
    assert!(rig.admitted());
}
