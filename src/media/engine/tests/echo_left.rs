//! What is left of an echo, and what is done about it: it is told, looked for, ducked, let through; cancellers come and go unheard.

use super::echo::{Meeting, hum, is_taken_away_unheard};
use super::*;
use crate::media::echo::Ducking;
use crate::media_api::EchoNews::{Gone, Heard, Pause};
use crate::media_api::{EchoNews, EchoState};

/// The telephone's line: of seat 2.
const LINE: (u64, u32) = (2, 3);

fn is_heard(news: &EchoNews) -> bool {
    matches!(news, Heard { .. })
}

#[test]
fn three_telephones_that_return_what_they_hear_are_all_taken_out_of_one_room() {
    let mut meeting = Meeting::of(4, &[(3, 4), (9, 3), (15, 6)], None);
    meeting.run(20);
    meeting.run(300);
    meeting.run(100);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
    let cancelled = |meeting: &Meeting| {
        let states = (2..5).filter_map(|seat| meeting.figures(seat));
        states.filter(|echo| echo.state == EchoState::Cancelled).count()
    };
    assert_eq!(cancelled(&meeting), 3);
    meeting.run(500);
    assert!(meeting.loss_db() > 35.0, "it stays so: {} dB", meeting.loss_db());
    assert_eq!(
        (cancelled(&meeting), meeting.news()),
        (3, vec![]),
        "nobody hears any of it"
    );
}

#[test]
fn an_echo_that_nobody_takes_out_is_told_with_its_line_and_level_and_then_every_pause() {
    let mut meeting = Meeting::of(0, &[(6, 8)], None);
    meeting.run(500);
    let news = meeting.news();
    let [(leg, line, Heard { loss_db })] = news[..] else {
        panic!("{news:?}");
    };
    assert_eq!((leg, line), LINE);
    // An eighth is 18 dB weaker.
    assert!((15..=21).contains(&loss_db), "{loss_db} dB");
    let echo = meeting.figures(2).expect("it was found");
    assert!(echo.is_heard && !echo.is_ducked, "{echo:?}");
    assert!((110..180).contains(&echo.delay_ms), "{echo:?}");
    assert!(
        echo.rest_db.is_some_and(|db| (15..=21).contains(&db)) && echo.loss_db == echo.rest_db,
        "{echo:?}"
    );
    assert_eq!(meeting.counts([Counter::EchoHeard, Counter::EchoWaits]), [1, 1]);
    meeting.is_talking = false;
    meeting.run(20);
    assert_eq!(meeting.news(), [], "its last words are still on the way");
    meeting.run(400);
    let pauses = meeting.news();
    assert_eq!(pauses, [(LINE.0, LINE.1, Pause); 2], "at most every five seconds");
}

#[test]
fn an_echo_that_is_taken_out_is_not_told_and_one_that_is_not_looked_at_any_more_is_told_to_be_gone() {
    let mut meeting = Meeting::of(1, &[(6, 4)], None);
    meeting.run(1_000);
    assert_eq!(meeting.news(), []);
    let echo = meeting.figures(2).expect("it was found");
    assert!(
        echo.rest_db.is_some_and(|db| db > 40) && !echo.is_heard,
        "{echo:?}"
    );
    let mut meeting = Meeting::of(0, &[(6, 4)], None);
    meeting.run(500);
    assert!(meeting.news().iter().all(|(_, _, news)| is_heard(news)));
    meeting.world.ask(Command::TreatEcho {
        number: number(0),
        treats: false,
    });
    meeting.run(200);
    let told: Vec<_> = meeting.news().into_iter().map(|(_, _, news)| news).collect();
    assert_eq!(
        (told, meeting.figures(2)),
        (vec![Gone], None),
        "nobody looks at it any more"
    );
}

#[test]
fn a_weak_echo_is_told_only_once_somebody_asks() {
    // A 120th: 42 dB.
    let mut meeting = Meeting::of(0, &[(6, 120)], None);
    meeting.run(800);
    assert_eq!(meeting.news(), []);
    assert!(meeting.figures(2).is_some(), "it is known");
    meeting.world.ask(Command::SeekEcho { number: number(0) });
    meeting.run(150);
    let news = meeting.news();
    assert!(
        matches!(news[..], [(2, 3, Heard { loss_db: 37..=45 })]),
        "{news:?}"
    );
    meeting.run(800);
    assert!(
        meeting.news().iter().any(|(_, _, news)| *news == Gone),
        "the search is over"
    );
}

#[test]
fn an_unbearable_echo_is_turned_down_while_others_speak_and_its_owner_is_heard_in_the_pauses() {
    let ducking = Some(Ducking::new(20, 5));
    let mut meeting = Meeting::of(0, &[(6, 4)], ducking);
    meeting.run(200);
    assert!(meeting.loss_db() < 15.0, "{} dB", meeting.loss_db());
    assert_eq!(meeting.counts([Counter::EchoDucked]), [0], "not at once");
    meeting.run(250);
    meeting.run(200);
    assert!(meeting.loss_db() > 27.0, "{} dB", meeting.loss_db());
    assert!(
        meeting
            .figures(2)
            .is_some_and(|echo| echo.is_ducked && echo.is_heard)
    );
    assert_eq!(
        meeting.counts([Counter::EchoDucked, Counter::EchoUnducked]),
        [1, 0]
    );
    // The owner speaks, first over the talker, then alone.
    let mut at = 0;
    let mut hum = move || {
        at += FRAME;
        std::array::from_fn(|nth| (3_000.0 * ((at + nth) as f32 * 0.3).sin()) as i16)
    };
    let loud = power_of(&hum());
    meeting.telephones[0].owner = Some(Box::new(hum));
    meeting.is_talking = false;
    meeting.run(50);
    meeting.run(50);
    let alone = 10.0 * (power_of(&meeting.listened) / loud).log10();
    assert!(alone.abs() < 1.0, "{alone} dB");
    meeting.is_talking = true;
    meeting.run(100);
    let over = meeting.loss_db();
    assert!((8.0..30.0).contains(&over), "turned down, not muted: {over} dB");
}

#[test]
fn a_bearable_echo_is_not_turned_down() {
    let mut meeting = Meeting::of(0, &[(6, 30)], Some(Ducking::new(20, 2)));
    meeting.run(800);
    assert_eq!(meeting.counts([Counter::EchoDucked, Counter::EchoHeard]), [0, 1]);
}

#[test]
fn a_room_lets_its_echoes_through_if_somebody_chose_so_and_takes_them_out_again() {
    let mut meeting = Meeting::of(1, &[(3, 4)], None);
    meeting.run(300);
    meeting.run(50);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
    let treat = |meeting: &mut Meeting, treats| {
        let number = number(0);
        meeting.world.ask(Command::TreatEcho { number, treats });
        meeting.run(10);
    };
    treat(&mut meeting, false);
    meeting.run(300);
    assert!(meeting.loss_db() < 15.0, "{} dB", meeting.loss_db());
    assert_eq!((meeting.figures(2), meeting.world.engine.pool.free()), (None, 1));
    treat(&mut meeting, true);
    meeting.run(300);
    meeting.run(50);
    assert!(meeting.loss_db() > 35.0, "{} dB", meeting.loss_db());
}

#[test]
fn a_canceller_comes_and_is_taken_away_without_a_click_in_its_owners_voice() {
    let mut meeting = Meeting::of(1, &[(3, 4)], None);
    meeting.run(250);
    meeting.run(50);
    assert!(
        meeting.loss_db() > 35.0,
        "it is taken out: {} dB",
        meeting.loss_db()
    );
    meeting.is_talking = false;
    meeting.telephones[0].owner = Some(Box::new(hum()));
    is_taken_away_unheard(&mut meeting);
}

fn power_of(sound: &[i16]) -> f64 {
    sound.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / sound.len() as f64
}
