//! Evenings in a room, told from outside.

use super::rig::{Rig, ms, room, secs};
use super::{Entry, Left, Notice as N, Output, Reason, Tone};
use crate::ids::LegId;
use crate::ids::Role::{Leader, Member};

/// A room with a leader (1) and two members (2, 3), all of whom have heard their welcome.
fn three() -> Rig {
    let mut rig = Rig::new();
    rig.enter(1, Leader);
    rig.enter(2, Member);
    rig.enter(3, Member);
    rig.wait(secs(20));
    rig.take();
    rig
}

fn mute(leg: u64, muted: bool) -> Output {
    Output::Mute {
        leg: LegId(leg),
        muted,
    }
}

#[test]
fn a_room_opens_with_the_first_fills_and_closes_with_the_last() {
    let mut rig = Rig::new();
    let enter = |rig: &mut Rig, leg| rig.enter_room(leg, Member, room(5), 2, None);
    assert_eq!(enter(&mut rig, 1), Entry::First);
    assert_eq!(enter(&mut rig, 2), Entry::Joined);
    assert_eq!(enter(&mut rig, 2), Entry::Joined);
    assert_eq!(enter(&mut rig, 3), Entry::Full);
    assert_eq!(rig.rooms.census().collect::<Vec<_>>(), [(room(5), 2, 2)]);
    assert_eq!(rig.leave(3), Left::WasNotThere);
    assert_eq!(rig.leave(1), Left::Others);
    assert_eq!(enter(&mut rig, 3), Entry::Joined);
    rig.take();
    assert_eq!((rig.leave(3), rig.leave(2)), (Left::Others, Left::Nobody));
    assert_eq!(rig.take().last(), Some(&Output::Closed { room: room(5) }));
    assert_eq!(rig.leave(2), Left::WasNotThere);
    assert!(rig.rooms.is_empty());
    assert_eq!(rig.enter_room(4, Member, room(6), 0, None), Entry::Full);
    assert!(rig.rooms.is_empty());
}

#[test]
fn bare_digits_and_hashes_do_nothing() {
    let mut rig = three();
    rig.keys(1, "0123456789#").keys(2, "1#2#6").wait(secs(60));
    assert_eq!((rig.take(), rig.rooms.counts().keys_ignored), (vec![], 16));
}

#[test]
fn a_star_alone_is_help_and_a_late_digit_is_bare() {
    let mut rig = three();
    rig.keys(2, "*").wait(ms(3_999));
    assert_eq!(rig.said(), []);
    rig.wait(ms(1)).keys(2, "6");
    assert_eq!(rig.said(), [(2, N::Help)]);
    rig.keys(1, "**1").keys(2, "*1").keys(3, "*2");
    assert_eq!(
        rig.said(),
        [(1, N::LeaderHelp), (2, N::Help), (3, N::Members { count: 3 })]
    );
}

#[test]
fn a_digit_that_the_shell_brings_with_a_late_timer_is_bare_too() {
    let mut rig = three();
    rig.keys(2, "*");
    rig.now = rig.now + secs(4);
    rig.keys(2, "6");
    assert_eq!(rig.said(), [(2, N::Help)]);
}

#[test]
fn a_wrong_key_is_told_kindly_and_a_leaders_key_is_the_leaders() {
    let mut rig = three();
    rig.keys(2, "*4*4*7*8*9").keys(1, "*#5");
    assert!(rig.said().iter().all(|(_, notice)| *notice == N::UnknownKey));
    rig.keys(2, "*5").keys(2, "*0").keys(2, "*##1");
    assert_eq!(rig.said(), [(2, N::LeadersOnly); 3]);
    rig.keys(2, "*#").wait(secs(4));
    assert_eq!(rig.said(), [(2, N::UnknownKey)]);
    let counts = rig.rooms.counts();
    assert_eq!(
        (counts.keys_unknown, counts.leaders_only, counts.unexpected),
        (7, 3, 0)
    );
    assert_eq!(rig.hung_up.len(), 0);
}

#[test]
fn who_is_muted_is_told_so_and_reminded_now_and_then() {
    let mut rig = three();
    rig.talk(2).keys(2, "*6");
    assert_eq!(
        rig.take(),
        [
            Output::Say {
                leg: LegId(2),
                notice: N::Muted
            },
            mute(2, true)
        ]
    );
    rig.talk(2).wait(secs(4));
    assert_eq!(rig.said(), [], "not while something is said");
    rig.talk(2).wait(secs(179)).talk(2);
    assert_eq!(rig.said(), [(2, N::MutedReminder)]);
    rig.wait(secs(1)).talk(2).wait(secs(5)).keys(2, "*6").talk(2);
    assert_eq!(
        rig.said(),
        [(2, N::MutedReminder), (2, N::Unmuted)],
        "who is heard again is not reminded"
    );
    assert!(rig.muted.is_empty());
}

#[test]
fn the_leader_mutes_the_others_and_gives_back() {
    let mut rig = three();
    rig.enter(4, Leader);
    rig.wait(secs(10)).keys(3, "*6").take();
    rig.keys(1, "*0");
    assert_eq!(
        rig.said(),
        [(2, N::MutedByLeader), (3, N::MutedByLeader), (1, N::OthersMuted)]
    );
    assert_eq!(rig.muted, [LegId(2), LegId(3)].into());
    rig.keys(2, "*6").keys(4, "*6");
    assert_eq!(rig.said(), [(2, N::MutedByLeader), (4, N::Muted)]);
    rig.wait(secs(9)).enter(5, Member);
    rig.wait(secs(9)).talk(5).wait(secs(9));
    let told = [N::MutedByLeader, N::MutedByLeader].map(|notice| (5, notice));
    assert_eq!(rig.said(), told, "newcomers are muted, told so, and reminded");
    rig.keys(4, "*0");
    let back = [
        (2, N::UnmutedByLeader),
        (3, N::StillMuted),
        (5, N::UnmutedByLeader),
        (4, N::OthersUnmuted),
    ];
    assert_eq!(rig.said(), back);
    assert_eq!(
        rig.muted,
        [LegId(3), LegId(4)].into(),
        "who muted themselves stay so"
    );
}

#[test]
fn the_last_leader_who_goes_gives_the_voices_back() {
    let mut rig = three();
    rig.keys(1, "*0").wait(secs(5)).take();
    rig.leave(1);
    assert_eq!(rig.said(), [(2, N::UnmutedByLeader), (3, N::UnmutedByLeader)]);
    assert!(rig.muted.is_empty());
}

#[test]
fn a_locked_room_lets_leaders_in_and_is_open_again_when_it_was_empty() {
    let mut rig = three();
    rig.keys(1, "*5");
    assert_eq!(rig.said(), [(1, N::Locked)]);
    assert_eq!(
        (rig.enter(5, Member), rig.enter(6, Leader)),
        (Entry::Locked, Entry::Joined)
    );
    rig.keys(6, "*5");
    assert_eq!(rig.enter(5, Member), Entry::Joined);
    rig.keys(1, "*5");
    for leg in [1, 2, 3, 5, 6] {
        rig.leave(leg);
    }
    assert_eq!(rig.enter(5, Member), Entry::First);
}

#[test]
fn the_leader_ends_for_all_but_only_after_a_one() {
    let mut rig = three();
    for other in ["0", "2", "*", "#"] {
        rig.keys(1, "*##").wait(secs(5)).keys(1, other).wait(secs(1));
        assert_eq!(rig.said(), [(1, N::ConfirmEnd), (1, N::EndNotDone)], "{other}");
        rig.wait(secs(9)).take();
    }
    rig.keys(1, "*##").wait(secs(13)).keys(1, "1");
    assert_eq!(
        rig.said(),
        [(1, N::ConfirmEnd), (1, N::EndNotDone)],
        "ten seconds after the question"
    );
    rig.keys(1, "*##").wait(ms(12_900)).keys(1, "1");
    let heard = [
        (1, N::ConfirmEnd),
        (1, N::EndedByLeader),
        (2, N::EndedByLeader),
        (3, N::EndedByLeader),
    ];
    assert_eq!(rig.said(), heard);
    assert!(rig.rooms.is_empty());
    assert_eq!(rig.rooms.counts().ended_by_leader, 1);
}

#[test]
fn a_room_whose_time_is_over_ends_with_a_sentence() {
    let mut rig = Rig::new();
    let end = rig.now + secs(600);
    rig.enter_room(1, Member, room(1), 8, Some(end));
    rig.enter_room(2, Member, room(1), 8, Some(end));
    rig.enter_room(8, Member, room(2), 8, None);
    rig.enter_room(9, Member, room(2), 8, None);
    rig.rooms
        .handle_booking_changed(rig.now, room(1), 8, Some(end + secs(60)));
    rig.wait(secs(659));
    assert_eq!(rig.hung_up.len(), 0);
    assert_eq!(rig.rooms.poll_timeout(), Some((end + secs(60), Reason::Expiry)));
    rig.wait(secs(1));
    assert_eq!(
        rig.hung_up,
        [(LegId(1), N::Expired), (LegId(2), N::Expired)].into()
    );
    assert_eq!(
        rig.enter_room(3, Member, room(1), 8, Some(end + secs(60))),
        Entry::Expired
    );
    assert_eq!(rig.rooms.members(), 2);
}

#[test]
fn a_wake_up_that_comes_much_too_late_ends_a_room_once() {
    let mut rig = Rig::new();
    let end = rig.now + secs(239);
    rig.enter_room(1, Member, room(1), 8, Some(end));
    rig.now = rig.now + secs(9_000);
    rig.rooms.handle_timeout(rig.now);
    rig.wait(secs(0));
    assert_eq!(rig.hung_up, [(LegId(1), N::Expired)].into());
    assert_eq!(rig.rooms.counts().unexpected, 0);
}

#[test]
fn a_cancelled_room_tells_everybody_once() {
    let mut rig = three();
    rig.enter_room(9, Member, room(2), 8, None);
    for _ in 0..2 {
        rig.rooms.handle_cancelled(rig.now, room(1));
        rig.wait(secs(0));
    }
    rig.leave(9);
    let told: Vec<_> = (1..=3).map(|leg| (LegId(leg), N::Cancelled)).collect();
    assert_eq!(rig.hung_up.into_iter().collect::<Vec<_>>(), told);
    assert!(rig.rooms.is_empty());
}

#[test]
fn a_room_at_which_the_bridge_failed_says_so_and_is_a_new_one_for_who_calls_again() {
    let mut rig = three();
    rig.rooms.handle_failed(rig.now, room(1));
    rig.wait(secs(0));
    let told: Vec<_> = (1..=3).map(|leg| (LegId(leg), N::Failed)).collect();
    assert_eq!(
        rig.hung_up
            .iter()
            .map(|(&leg, &notice)| (leg, notice))
            .collect::<Vec<_>>(),
        told
    );
    let counts = rig.rooms.counts();
    assert_eq!((counts.ended_failed, counts.unexpected), (1, 0));
    assert!(rig.rooms.is_empty());
    rig.enter(4, Member);
    assert_eq!(rig.rooms.room_of(LegId(4)), Some(room(1)));
}

#[test]
fn many_who_come_at_once_make_few_tones() {
    let mut rig = three();
    for leg in 4..8 {
        rig.enter(leg, Member);
        rig.wait(ms(300));
    }
    rig.wait(secs(9));
    assert_eq!(rig.tones(), [(Tone::Join, Some(LegId(4))), (Tone::Join, None)]);
    rig.enter(8, Member);
    rig.wait(ms(100)).leave(8);
    rig.wait(secs(9));
    assert_eq!(rig.tones(), [(Tone::Join, Some(LegId(8))), (Tone::Leave, None)]);
}
