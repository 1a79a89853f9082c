//! Somebody's telephone returns what it hears: who is told, who asks, who may do something about it.

use super::rig::{Rig, secs};
use super::{Notice as N, Output};
use crate::ids::LegId;
use crate::ids::Role::{Leader, Member};
use crate::media_api::EchoNews::{self, Gone, Heard, Pause};

/// A room with a leader (1) and three members (2, 3, 4), all of whom have heard their welcome.
fn four() -> Rig {
    let mut rig = Rig::new();
    rig.enter(1, Leader);
    (2..=4).for_each(|leg| _ = rig.enter(leg, Member));
    rig.wait(secs(20)).take();
    rig
}

/// The line of leg n is 10 n.
fn echo(rig: &mut Rig, leg: u64, news: EchoNews) {
    rig.rooms.handle_echo(rig.now, LegId(leg), leg as u32 * 10, news);
    rig.wait(secs(0));
}

const LOUD: EchoNews = Heard { loss_db: 12 };

#[test]
fn who_echoes_is_told_once_in_a_pause_and_nobody_else_hears_it() {
    let mut rig = four();
    echo(&mut rig, 3, LOUD);
    assert_eq!(rig.wait(secs(30)).said(), [], "not while somebody speaks");
    for _ in 0..5 {
        echo(&mut rig, 3, Pause);
        rig.wait(secs(5));
    }
    assert_eq!(rig.said(), [(3, N::YourEcho)]);
    echo(&mut rig, 3, Gone);
    echo(&mut rig, 3, LOUD);
    echo(&mut rig, 3, Pause);
    assert_eq!(rig.said(), [], "once a call");
    assert_eq!(rig.rooms.counts().echo_told, 1);
    echo(&mut rig, 9, LOUD);
    assert_eq!(rig.take(), [], "nobody is there");
}

#[test]
fn nothing_is_said_into_a_command_or_another_sentence_or_to_who_is_muted() {
    let mut rig = four();
    echo(&mut rig, 2, LOUD);
    rig.keys(2, "*");
    echo(&mut rig, 2, Pause);
    rig.keys(2, "6");
    echo(&mut rig, 2, Pause);
    rig.wait(secs(9));
    echo(&mut rig, 2, Pause);
    assert_eq!(rig.said(), [(2, N::Muted)]);
    rig.keys(2, "*6").wait(secs(9));
    echo(&mut rig, 2, Pause);
    assert_eq!(rig.said(), [(2, N::Unmuted), (2, N::YourEcho)]);
}

#[test]
fn a_member_who_hears_an_echo_has_it_looked_for_and_is_answered() {
    let mut rig = four();
    let room = super::rig::room(1);
    rig.keys(2, "*3");
    assert_eq!(rig.take()[0], Output::SeekEcho { room });
    rig.wait(secs(4));
    echo(&mut rig, 3, LOUD);
    assert_eq!(rig.said(), []);
    rig.wait(secs(5));
    assert_eq!(rig.said(), [(2, N::EchoFound)]);
    rig.keys(2, "1").wait(secs(9));
    assert_eq!(rig.take(), [], "only a leader may mute");
    echo(&mut rig, 3, Gone);
    rig.keys(2, "*3").wait(secs(9));
    assert_eq!(rig.said(), [(2, N::EchoSearch), (2, N::EchoNotFound)]);
    assert_eq!(rig.rooms.counts().echo_sought, 2);
}

#[test]
fn ones_own_echo_and_that_of_the_muted_are_not_what_one_hears() {
    let mut rig = four();
    echo(&mut rig, 2, LOUD);
    echo(&mut rig, 3, LOUD);
    rig.keys(3, "*6").wait(secs(9)).take();
    rig.keys(2, "*3").wait(secs(9));
    assert_eq!(rig.said(), [(2, N::EchoSearch), (2, N::EchoNotFound)]);
    rig.keys(4, "*3");
    assert_eq!(rig.said(), [(4, N::EchoFound)], "known already: no search");
}

#[test]
fn a_leader_hears_the_line_and_may_mute_it_and_its_caller_may_speak_again() {
    let mut rig = four();
    echo(&mut rig, 2, Heard { loss_db: 30 });
    echo(&mut rig, 4, LOUD);
    rig.keys(1, "*3");
    assert_eq!(rig.said(), [(1, N::EchoLine { line: 40 })], "the loudest");
    rig.wait(secs(4)).keys(1, "1");
    assert_eq!(rig.said(), [(4, N::EchoMuted), (1, N::EchoLineMuted)]);
    assert_eq!(rig.muted, [LegId(4)].into());
    // What is heard at that line is its echo: nobody speaks there.
    rig.wait(secs(9)).talk(4).keys(4, "*6");
    assert_eq!(rig.said(), [(4, N::Unmuted)]);
    assert!(rig.muted.is_empty());
    rig.wait(secs(9)).keys(1, "*3").wait(secs(4)).keys(1, "*2");
    rig.wait(secs(9)).keys(1, "1").wait(secs(9));
    let told = [(1, N::EchoLine { line: 40 }), (1, N::Members { count: 4 })];
    assert_eq!(rig.said(), told, "a bare digit later mutes nobody");
    rig.keys(1, "*3").wait(secs(20)).keys(1, "1");
    assert_eq!(
        rig.said(),
        [(1, N::EchoLine { line: 40 })],
        "ten seconds after the question it is too late"
    );
    assert!(rig.muted.is_empty());
}

#[test]
fn a_line_that_has_gone_meanwhile_is_not_muted() {
    let mut rig = four();
    echo(&mut rig, 4, LOUD);
    rig.keys(1, "*3");
    rig.leave(4);
    rig.take();
    rig.keys(1, "1");
    assert_eq!(rig.said(), [(1, N::EchoNotFound)]);
    assert_eq!(rig.rooms.counts().unexpected, 0);
}

#[test]
fn an_answer_waits_until_nothing_is_being_keyed_and_who_was_told_long_ago_is_told_again() {
    let mut rig = four();
    echo(&mut rig, 3, LOUD);
    echo(&mut rig, 3, Pause);
    rig.wait(secs(4));
    echo(&mut rig, 3, Gone);
    rig.take();
    rig.keys(1, "*3").wait(secs(70));
    assert_eq!(rig.said(), [(1, N::EchoSearch), (1, N::EchoNotFound)]);
    rig.keys(1, "*3").wait(secs(7));
    echo(&mut rig, 3, LOUD);
    rig.keys(1, "*").wait(secs(2)).keys(1, "2");
    assert_eq!(rig.said(), [(1, N::EchoSearch), (1, N::Members { count: 4 })]);
    rig.wait(secs(2));
    assert_eq!(rig.said(), [(1, N::EchoLine { line: 30 })]);
    echo(&mut rig, 3, Pause);
    assert_eq!(rig.said(), [(3, N::YourEcho)]);
}

#[test]
fn who_is_alone_hears_no_echo() {
    let mut rig = Rig::new();
    rig.enter(1, Member);
    rig.wait(secs(20)).take();
    rig.keys(1, "*3");
    assert_eq!(rig.said(), [(1, N::EchoNotFound)]);
}
