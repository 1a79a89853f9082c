//! A member whose voice is encrypted, among others: heard by all, deaf to everybody without the keys, and to what was said before.

use super::*;
use crate::media::{Fitting, Srtp};
use crate::media_api::{SrtpKeys, SrtpSpec, Suite};
use crate::secret::MasterKey;

fn keys(suite: Suite, generation: u32, (send, receive): (u8, u8)) -> SrtpKeys {
    let len = suite.key_bytes() + suite.salt_bytes();
    let key = |from: u8| {
        let bytes: Vec<u8> = (from..).take(len).collect();
        MasterKey::new(&bytes).expect("it fits")
    };
    SrtpKeys {
        spec: SrtpSpec {
            suite,
            send: generation,
            receive: generation,
        },
        send: key(send),
        receive: key(receive),
    }
}

/// The telephone's end of the same keys.
fn telephone(keys: &SrtpKeys) -> Srtp {
    let mirrored = SrtpKeys {
        spec: keys.spec,
        send: keys.receive.clone(),
        receive: keys.send.clone(),
    };
    Srtp::new(&mirrored).expect("keys of the right length")
}

fn sealed_spec(keys: &SrtpKeys) -> MediaSpec {
    MediaSpec {
        srtp: Some(keys.spec),
        ..spec(Codec::G711(Law::A))
    }
}

impl World {
    /// A call with these keys; without any if they did not come.
    fn call_sealed(&mut self, n: u32, spec: MediaSpec, keys: Option<&SrtpKeys>) -> Line {
        let line = Line::default();
        let seed = LegSeed {
            id: LegId(u64::from(n)),
            spec,
            random: u64::from(n),
        };
        let srtp = keys.and_then(Srtp::boxed);
        self.ask(Command::Add {
            seat: Seat(n),
            leg: Box::new(Leg::new(seed, line.clone()).with_srtp(srtp)),
        });
        line
    }

    fn count(&self, counter: Counter) -> u64 {
        self.engine.counters().get(counter)
    }
}

impl Line {
    /// Seals what is on its way to the bridge; the packets as they are on the wire.
    fn seal(&self, telephone: &mut Srtp) -> Vec<Vec<u8>> {
        let mut wire = Vec::new();
        for (_, packet) in &mut self.0.borrow_mut().to_bridge {
            let mut room = [0; 400];
            *packet = telephone.seal(packet, &mut room).expect("there is room").to_vec();
            wire.push(packet.clone());
        }
        wire
    }

    /// Opens what came from the bridge; whether all of it could be.
    fn open(&self, telephone: &mut Srtp) -> bool {
        let mut ends = self.0.borrow_mut();
        let opened = |packet: &mut Vec<u8>| {
            let mut room = [0; crate::media::wire::DATAGRAM_MAX];
            let plain = telephone.open(packet, &mut room).map(<[u8]>::to_vec);
            plain.map(|plain| *packet = plain).is_ok()
        };
        !ends.to_caller.is_empty() && ends.to_caller.iter_mut().all(opened)
    }
}

#[test]
fn a_sealed_member_and_a_clear_one_hear_each_other() {
    for suite in Suite::ALL {
        let mut world = World::new();
        let keys = keys(suite, 1, (1, 101));
        let mut telephone = telephone(&keys);
        let sealed = world.call_sealed(0, sealed_spec(&keys), Some(&keys));
        let clear = world.call(1);
        world.ask(Command::Open {
            room: Room::new(number(0), 8),
        });
        (0..2).for_each(|n| world.join(n, 0));
        for _ in 0..10 {
            sealed.say(1_000);
            sealed.seal(&mut telephone);
            clear.say(4_000);
            world.run_ms(20);
        }
        let (heard, _) = clear.heard();
        assert!(near(heard, 1_000), "{suite:?}: {heard}");
        assert!(sealed.open(&mut telephone), "{suite:?}");
        let (heard, frames) = sealed.heard();
        assert!(near(heard, 4_000) && frames >= 9, "{suite:?}: {heard}");
        assert_eq!(world.count(Counter::SrtpUnauthentic), 0);
    }
}

#[test]
fn who_has_no_keys_is_not_heard_and_does_not_become_the_peer() {
    let mut world = World::new();
    let keys = keys(Suite::AesCm80, 1, (1, 101));
    let mut telephone = telephone(&keys);
    let line = world.call_sealed(0, sealed_spec(&keys), Some(&keys));
    let ear = world.call(1);
    world.ask(Command::Open {
        room: Room::new(number(0), 8),
    });
    (0..2).for_each(|n| world.join(n, 0));
    // For two seconds somebody without the keys speaks, from the very address of the telephone: nothing of it counts.
    for _ in 0..100 {
        line.say(8_000);
        world.run_ms(20);
    }
    assert_eq!(ear.heard().0.unsigned_abs() / 16, 0, "silence");
    assert_eq!(world.count(Counter::SrtpUnauthentic), 100);
    line.0.borrow_mut().sent = 0;
    let mut recorded = Vec::new();
    for _ in 0..20 {
        line.say(1_000);
        recorded.extend(line.seal(&mut telephone));
        world.run_ms(20);
    }
    assert!(near(ear.heard().0, 1_000));
    // What was recorded on the wire is worth nothing a second time.
    let again = recorded.into_iter().map(|packet| (caller(), packet));
    line.0.borrow_mut().to_bridge.extend(again);
    world.run_ms(100);
    assert_eq!(world.count(Counter::SrtpReplayed), 20);
    assert_eq!(world.count(Counter::Moved), 0);
}

#[test]
fn other_keys_come_with_a_change_and_without_them_nothing_goes_out() {
    let mut world = World::new();
    let first = keys(Suite::AesGcm128, 1, (1, 101));
    let line = world.call_sealed(0, sealed_spec(&first), Some(&first));
    let mut old = telephone(&first);
    line.say(1_000);
    line.seal(&mut old);
    world.run_ms(40);
    assert!(line.open(&mut old));
    line.heard();

    let second = keys(Suite::AesCm80, 2, (41, 141));
    let change = |keys: Option<&SrtpKeys>, spec| Command::Update {
        seat: Seat(0),
        leg: LegId(0),
        spec,
        fitting: Fitting::new(spec.codec, keys),
    };
    world.ask(change(Some(&second), sealed_spec(&second)));
    line.say(1_000);
    line.seal(&mut old);
    world.run_ms(40);
    assert!(line.open(&mut telephone(&second)), "sealed with the newer keys");
    line.heard();
    assert_eq!(
        world.count(Counter::SrtpUnauthentic),
        0,
        "what was under way is opened with the older ones"
    );
    assert!(world.rings.finished.is_empty());
    let third = keys(Suite::AesCm80, 3, (61, 161));
    world.ask(change(Some(&third), sealed_spec(&third)));
    world.run_ms(40);
    assert!(
        matches!(world.rings.finished.as_slice(), [Finished::Fitting { .. }]),
        "the oldest went back to be freed"
    );
    line.heard();

    let fourth = keys(Suite::AesCm80, 4, (61, 161));
    world.ask(change(None, sealed_spec(&fourth)));
    world.run_ms(100);
    assert_eq!(line.heard().1, 0, "the keys did not come");
    world.ask(change(None, spec(Codec::G711(Law::A))));
    world.run_ms(100);
    assert!(line.heard().1 >= 4, "agreed to go on in clear");
}

#[test]
fn a_call_whose_keys_never_came_says_nothing_in_clear() {
    let mut world = World::new();
    let keys = keys(Suite::AesCm32, 1, (1, 101));
    let line = world.call_sealed(0, sealed_spec(&keys), None);
    world.run_ms(200);
    assert_eq!(line.heard().1, 0);
}
