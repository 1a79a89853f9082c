use super::*;
use crate::media_api::Law;
use proptest::prelude::*;
use sound::{Press, Random, Sound};

mod limits;
mod sieve;
mod sound;

/// What was told, by keys' faces.
fn told(frames: &[Frame]) -> String {
    told_with_losses(frames, |_| false)
}

/// The same, of a line that loses the frames of which `lost` says so; the leg repeats the last one at half the level, as it does.
fn told_with_losses(frames: &[Frame], mut lost: impl FnMut(usize) -> bool) -> String {
    let mut ear = Inband::default();
    let mut heard = SILENCE;
    let mut faces = String::new();
    for (at, frame) in frames.iter().enumerate() {
        let missing = lost(at);
        if missing {
            heard.iter_mut().for_each(|sample| *sample /= 2);
        } else {
            heard = *frame;
        }
        let result = hear(&mut ear, &heard, missing);
        faces.extend(result.key.map(face));
        if result.tone {
            heard = SILENCE;
        }
    }
    faces
}

fn hear(ear: &mut Inband, frame: &Frame, missing: bool) -> Heard {
    let peak = frame.iter().map(|sample| sample.unsigned_abs()).max();
    ear.hear(frame, peak.unwrap_or(0), missing)
}

fn face(key: Key) -> char {
    char::from(b"0123456789*#ABCD"[usize::from(key.event())])
}

const KEYS: &str = "1234567890*#";

#[test]
fn every_key_at_nominal_level_is_told_once_in_both_laws() {
    for law in [Law::A, Law::Mu] {
        let mut sound = Sound::new(1);
        for face in KEYS.chars() {
            sound.press(Press::nominal(face)).pause(70.0);
        }
        assert_eq!(told(&sound.frames(law)), KEYS);
    }
}

/// 99.9 % is asked for. Here every one of them is heard, and the seed never changes.
#[test]
fn thousands_of_keys_in_a_row_with_any_phase_and_any_beginning() {
    for (law, seed) in [(Law::A, 2), (Law::Mu, 3)] {
        let mut random = Random(seed);
        let mut sound = Sound::new(seed);
        let keys: String = (0..4_000).map(|_| random.key()).collect();
        for face in keys.chars() {
            let (tone, pause) = (random.between(60.0, 110.0), random.between(60.0, 110.0));
            sound
                .press(Press {
                    ms: tone,
                    ..Press::nominal(face)
                })
                .pause(pause);
        }
        assert!(told(&sound.frames(law)) == keys, "{law:?}");
    }
}

#[test]
fn a_to_d_are_heard_as_no_key_and_kept_from_the_others() {
    let mut sound = Sound::new(4);
    for face in "ABCD".chars() {
        sound.press(Press::nominal(face)).pause(70.0);
    }
    let frames = sound.frames(Law::A);
    assert_eq!(told(&frames), "");
    let mut ear = Inband::default();
    let silenced = frames.iter().filter(|frame| hear(&mut ear, frame, false).tone);
    assert!(silenced.count() >= 4 * 2);
}

/// Wherever it begins in a frame, of a press of 100 ms the others hear 5 to 27 ms of its beginning and nothing of its end. If that
/// comes back from their telephones as an echo, it is too short to be a key.
#[test]
fn what_others_hear_of_a_key_is_less_than_a_key() {
    let (mut ms, mut keys) = (Vec::new(), 0);
    for offset in 0..160 {
        let mut sound = Sound::new(offset);
        sound.pause(40.0 + offset as f64 / 8.0);
        let press = Press {
            ms: 100.0,
            ..Press::nominal('5')
        };
        sound.press(press).pause(100.0);
        let (mut ear, mut other) = (Inband::default(), Inband::default());
        let mut loud = 0;
        for mut frame in sound.frames(Law::A) {
            let Heard { key, tone } = hear(&mut ear, &frame, false);
            keys += usize::from(key.is_some());
            if tone {
                frame = SILENCE;
            }
            loud += frame.iter().filter(|sample| sample.unsigned_abs() > 100).count();
            assert_eq!(hear(&mut other, &frame, false), Heard::default());
        }
        ms.push(loud as f64 / 8.0);
    }
    let (least, most) = ms.iter().fold((f64::MAX, 0.0f64), |(least, most), &ms| {
        (least.min(ms), most.max(ms))
    });
    assert_eq!(keys, 160);
    assert!(
        least > 5.0 && (20.0..28.0).contains(&most),
        "{least} to {most} ms"
    );
}

#[test]
fn who_speaks_at_once_after_a_key_is_heard_again_after_100_ms_at_most() {
    let mut sound = Sound::new(6);
    sound.press(Press::nominal('8'));
    sound.tone(330.0, -12.0, 300.0);
    let mut ear = Inband::default();
    let frames = sound.frames(Law::A);
    let silenced: Vec<_> = frames
        .iter()
        .map(|frame| hear(&mut ear, frame, false).tone)
        .collect();
    // The press is over after 70 ms, that is in the fourth frame.
    assert!(silenced[2] && !silenced[5..].contains(&true), "{silenced:?}");
}

#[test]
fn at_three_per_cent_loss_keys_of_100_ms_are_told_once() {
    let (mut told_once, mut told_twice) = (0, 0);
    for seed in 0..4_000 {
        let mut random = Random(seed);
        let face = random.key();
        let press = Press {
            ms: 100.0,
            ..Press::nominal(face)
        };
        let mut sound = Sound::new(seed);
        sound.pause(random.between(25.0, 45.0)).press(press).pause(110.0);
        let law = if seed % 2 == 0 { Law::A } else { Law::Mu };
        let faces = told_with_losses(&sound.frames(law), |_| random.between(0.0, 100.0) < 3.0);
        told_once += usize::from(faces == face.to_string());
        told_twice += usize::from(faces.len() > 1);
    }
    assert!(
        told_once >= 3_996 && told_twice == 0,
        "{told_once} once, {told_twice} twice"
    );
}

#[test]
fn debug_shows_neither_keys_nor_sound() {
    let mut ear = Inband::default();
    let mut sound = Sound::new(7);
    for frame in sound.press(Press::nominal('9')).frames(Law::A) {
        assert_eq!(format!("{ear:?}"), "Inband { .. }");
        hear(&mut ear, &frame, false);
    }
}

proptest! {
    /// Within all of Q.24's limits at once, and their corners: told, and once.
    #[test]
    fn what_q24_accepts_is_told_once(
        key in 0..12usize,
        low in -24.0..-3.0f64,
        twist in -8.0..4.0f64,
        off in [-1.0..1.0f64, -1.0..1.0f64],
        ms in 40.0..300.0f64,
        lead in 0.0..40.0f64,
        seed in any::<u64>(),
        mu in any::<bool>(),
    ) {
        let face = KEYS.chars().nth(key).expect("a key");
        let press = Press {
            levels: [low, (low + twist).clamp(-24.0, -3.0)],
            off: off.map(Press::accepted),
            ms,
            ..Press::nominal(face)
        };
        let mut sound = Sound::new(seed);
        sound.pause(lead).press(press).pause(80.0);
        let law = if mu { Law::Mu } else { Law::A };
        prop_assert_eq!(told(&sound.frames(law)), face.to_string());
    }

    /// Whatever comes, nothing panics, and silence ends it.
    #[test]
    fn any_sound_at_all_ends_in_silence(samples in proptest::collection::vec(any::<i16>(), FRAME..8 * FRAME)) {
        let mut ear = Inband::default();
        for chunk in samples.chunks_exact(FRAME) {
            let frame: Frame = chunk.try_into().expect("a frame");
            hear(&mut ear, &frame, false);
        }
        (0..5).for_each(|_| _ = hear(&mut ear, &SILENCE, false));
        prop_assert_eq!(hear(&mut ear, &SILENCE, false), Heard::default());
        prop_assert!(ear.pressed.is_none());
    }
}
