//! Evenings alone in a room, told from outside.

use super::rig::{Rig, room, secs};
use super::{Left, Notice as N, Output, Policy, Rooms, Tone};
use crate::ids::LegId;
use crate::ids::Role::{Leader, Member};

fn music(leg: u64, on: bool) -> Output {
    Output::Music { leg: LegId(leg), on }
}

#[test]
fn the_first_waits_with_music_until_the_second_comes() {
    let mut rig = Rig::new();
    rig.enter(1, Member);
    assert_eq!(rig.said(), [(1, N::Alone)]);
    rig.wait(secs(5));
    assert_eq!(rig.take(), [music(1, true)]);
    rig.enter(2, Member);
    let join = Output::Tone {
        room: room(1),
        tone: Tone::Join,
        except: Some(LegId(2)),
    };
    assert_eq!(
        rig.take(),
        [join, music(1, false)],
        "who comes to others just hears the room"
    );
    rig.wait(secs(3_600));
    assert_eq!(rig.take(), []);
}

#[test]
fn being_alone_is_untrue_as_soon_as_somebody_comes() {
    let mut rig = Rig::new();
    rig.enter(1, Leader);
    assert_eq!(rig.said(), [(1, N::LeaderWelcome)]);
    rig.wait(secs(1));
    rig.enter(2, Member);
    rig.wait(secs(60));
    assert_eq!(rig.said(), [], "Alone still waited behind the welcome");
    let mut rig = Rig::new();
    rig.enter(1, Member);
    rig.enter(2, Member);
    assert!(rig.take().contains(&Output::Hush { leg: LegId(1) }));
}

#[test]
fn left_behind_alone_is_told_once_and_the_minutes_begin_anew() {
    let mut rig = Rig::new();
    rig.enter(1, Member);
    rig.wait(secs(5));
    rig.enter(2, Member);
    rig.wait(secs(4));
    rig.take();
    rig.leave(2);
    assert_eq!(
        rig.take(),
        [
            Output::Tone {
                room: room(1),
                tone: Tone::Leave,
                except: None
            },
            music(1, true)
        ]
    );
    rig.wait(secs(239)).enter(3, Member);
    rig.wait(secs(5)).take();
    rig.leave(3);
    assert_eq!(rig.said(), [(1, N::AloneAgain)]);
    rig.wait(secs(239));
    assert_eq!(rig.said(), []);
    rig.wait(secs(1));
    assert_eq!(rig.said(), [(1, N::AloneQuestion)]);
}

#[test]
fn who_is_alone_is_asked_and_any_key_answers() {
    let mut rig = Rig::new();
    rig.enter(1, Member);
    rig.wait(secs(239)).keys(1, "*").take();
    rig.wait(secs(1));
    assert_eq!(
        rig.said(),
        [(1, N::AloneQuestion)],
        "the command begun before is forgotten"
    );
    rig.wait(secs(59)).keys(1, "*");
    assert_eq!(rig.said(), [(1, N::AloneStays)]);
    rig.keys(1, "2").wait(secs(200));
    assert_eq!(rig.said(), [], "the key that answered was no command");
    rig.wait(secs(40));
    assert_eq!(rig.said(), [(1, N::AloneQuestion)]);
    rig.wait(secs(60));
    let closed = Output::Closed { room: room(1) };
    let goodbye = Output::HangUp {
        leg: LegId(1),
        notice: N::AloneGoodbye,
    };
    assert_eq!(rig.take(), [music(1, false), closed, goodbye]);
    assert_eq!(rig.leave(1), Left::WasNotThere);
    assert!(rig.rooms.is_empty());
    assert_eq!(rig.rooms.counts().ended_alone, 1);
}

#[test]
fn somebody_who_comes_ends_the_question() {
    let mut rig = Rig::new();
    rig.enter(1, Member);
    rig.wait(secs(245)).enter(2, Member);
    rig.wait(secs(3_600));
    assert_eq!(rig.hung_up.len(), 0);
}

#[test]
fn an_operator_who_wants_so_has_nobody_asked() {
    let mut rig = Rig::new();
    rig.rooms = Rooms::new(Policy {
        alone_after: secs(0),
        ..Policy::default()
    });
    rig.enter(1, Member);
    rig.wait(secs(100_000));
    assert_eq!(rig.said(), [(1, N::Alone)]);
}

#[test]
fn a_notice_whose_end_is_never_told_does_not_hold_the_music_for_ever() {
    let mut rig = Rig::new();
    rig.notice_lasts = None;
    rig.enter(1, Member);
    rig.wait(secs(89)).take();
    rig.wait(secs(1));
    assert_eq!(
        (rig.take(), rig.rooms.counts().says_unended),
        (vec![music(1, true)], 1)
    );
}
