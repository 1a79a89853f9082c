//! What holds whatever people do.

use super::rig::{Rig, ms, room, secs};
use super::{Entry, Left, Notice};
use crate::ids::{LegId, Role};
use crate::media_api::EchoNews;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Deed {
    Enter(u64, Role, u32),
    Leave(u64),
    Keys(u64, &'static str),
    Talk(u64),
    Echo(u64, EchoNews),
    Cancel(u32),
    Expire(u32, u64),
    Wait(u64),
}

const KEYS: &[&str] = &[
    "*", "#", "1", "6", "*6", "*0", "*5", "*##", "*##1", "*2", "*1", "*#", "**6", "A", "9", "*3", "*31",
];

const NEWS: &[EchoNews] = &[EchoNews::Heard { loss_db: 20 }, EchoNews::Pause, EchoNews::Gone];

fn deed() -> impl Strategy<Value = Deed> {
    let leg = 0..7_u64;
    let role = prop_oneof![2 => Just(Role::Member), 1 => Just(Role::Leader)];
    prop_oneof![
        6 => (leg.clone(), role, 0..2_u32).prop_map(|(leg, role, room)| Deed::Enter(leg, role, room)),
        2 => leg.clone().prop_map(Deed::Leave),
        8 => (leg.clone(), prop::sample::select(KEYS)).prop_map(|(leg, keys)| Deed::Keys(leg, keys)),
        1 => leg.clone().prop_map(Deed::Talk),
        2 => (leg, prop::sample::select(NEWS)).prop_map(|(leg, news)| Deed::Echo(leg, news)),
        1 => (0..20_u32).prop_map(Deed::Cancel),
        1 => (0..20_u32, 0..400_u64).prop_map(|(room, s)| Deed::Expire(room, s)),
        6 => prop_oneof![0..3_000_u64, 0..30_000_u64, 0..400_000_u64].prop_map(Deed::Wait),
    ]
}

/// Who should be muted, told by the notices alone, as the members themselves know it.
#[derive(Default)]
struct Believed {
    own: BTreeMap<LegId, bool>,
    by_leader: BTreeMap<LegId, bool>,
}

impl Believed {
    fn hear(&mut self, leg: LegId, notice: Notice) {
        match notice {
            Notice::Muted | Notice::EchoMuted => _ = self.own.insert(leg, true),
            Notice::Unmuted => _ = self.own.insert(leg, false),
            Notice::MutedByLeader => _ = self.by_leader.insert(leg, true),
            Notice::UnmutedByLeader | Notice::StillMuted => _ = self.by_leader.insert(leg, false),
            _ => {}
        }
    }

    fn muted(&self, leg: LegId) -> bool {
        let holds = |reasons: &BTreeMap<LegId, bool>| reasons.get(&leg) == Some(&true);
        holds(&self.own) || holds(&self.by_leader)
    }
}

/// Legs are never used again: a second time in is another leg.
struct World {
    rig: Rig,
    names: BTreeMap<u64, u64>,
    next: u64,
    believed: Believed,
}

impl World {
    fn name(&self, leg: u64) -> u64 {
        self.names.get(&leg).copied().unwrap_or(u64::MAX)
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Enter(leg, role, number) => {
                if self.rig.inside.contains_key(&LegId(self.name(leg))) {
                    return;
                }
                self.next += 1;
                self.names.insert(leg, self.next);
                let entry = self.rig.enter_room(self.next, role, room(number), 4, None);
                let inside = self.rig.rooms.room_of(LegId(self.next)).is_some();
                assert_eq!(inside, matches!(entry, Entry::First | Entry::Joined));
            }
            Deed::Leave(leg) => {
                let inside = self.rig.inside.contains_key(&LegId(self.name(leg)));
                let left = self.rig.leave(self.name(leg));
                assert_eq!(left != Left::WasNotThere, inside);
            }
            Deed::Keys(leg, keys) => _ = self.rig.keys(self.name(leg), keys),
            Deed::Talk(leg) => _ = self.rig.talk(self.name(leg)),
            Deed::Echo(leg, news) => {
                let name = self.name(leg);
                self.rig
                    .rooms
                    .handle_echo(self.rig.now, LegId(name), name as u32, news);
            }
            Deed::Cancel(number) => self.rig.rooms.handle_cancelled(self.rig.now, room(number)),
            Deed::Expire(number, s) => {
                let (now, end) = (self.rig.now, self.rig.now + secs(s));
                self.rig
                    .rooms
                    .handle_booking_changed(now, room(number), 4, Some(end));
            }
            Deed::Wait(span) => _ = self.rig.wait(ms(span)),
        }
        self.rig.wait(ms(0));
    }

    fn check(&mut self) {
        for (leg, notice) in self.rig.said() {
            self.believed.hear(LegId(leg), notice);
        }
        let mut counted: BTreeMap<_, usize> = BTreeMap::new();
        for number in self.rig.inside.values() {
            *counted.entry(*number).or_default() += 1;
        }
        let census: BTreeMap<_, _> = self.rig.rooms.census().map(|(n, count, _)| (n, count)).collect();
        assert_eq!(
            census, counted,
            "the media side and the rules agree on who is where"
        );
        assert_eq!(self.rig.rooms.members(), self.rig.inside.len());
        for (leg, number) in &self.rig.inside {
            let muted = self.rig.muted.contains(leg);
            assert_eq!(muted, self.rig.rooms.is_muted(*leg), "muted is own or leader's");
            assert!(
                counted[number] == 1 || !self.rig.music.contains(leg),
                "music among others"
            );
        }
        assert!(
            self.rig
                .rooms
                .poll_timeout()
                .is_none_or(|(at, _)| at > self.rig.now)
        );
        assert_eq!(self.rig.rooms.counts().unexpected, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The rig itself refuses a second `HangUp`, and every word about somebody who is not in a room.
    #[test]
    fn rooms_and_the_world_agree_and_nothing_is_left_behind(deeds in prop::collection::vec(deed(), 0..120)) {
        let mut world = World { rig: Rig::new(), names: BTreeMap::new(), next: 0, believed: Believed::default() };
        for deed in deeds {
            world.act(deed);
            world.check();
        }
        // Once everything was heard, each knows whether the others hear them.
        world.rig.wait(secs(30));
        world.check();
        for leg in world.rig.inside.keys() {
            prop_assert_eq!(world.believed.muted(*leg), world.rig.muted.contains(leg));
        }
        let inside: Vec<_> = world.rig.inside.keys().map(|leg| leg.0).collect();
        for leg in inside {
            world.rig.leave(leg);
        }
        prop_assert!(world.rig.rooms.is_empty(), "members or timers are left behind");
        prop_assert!(world.rig.muted.is_empty() && world.rig.music.is_empty());
    }

    #[test]
    fn who_is_alone_and_never_answers_is_gone_within_five_minutes(role in prop::bool::ANY, bare in "[0-9#]{0,5}") {
        let mut rig = Rig::new();
        rig.enter(1, if role { Role::Leader } else { Role::Member });
        rig.keys(1, &bare).wait(secs(300));
        prop_assert_eq!(rig.hung_up.get(&LegId(1)), Some(&Notice::AloneGoodbye));
        prop_assert!(rig.rooms.is_empty());
    }
}
