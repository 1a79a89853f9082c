//! Silent listeners of 16 kHz are spoken to with one encoding a codec, and whoever begins to talk, or is no longer there to encode for
//! the others, is not heard to.

use super::wide::{OPUS, Phone, meeting, pass};
use super::*;

const TALKER: &[f32] = &[1_000.0];
/// How loud that is, as a root of a mean square.
const TONE: f32 = 2_828.0;
const NOTHING: &[f32] = &[];

/// The payloads of a telephone's last second.
fn late(phone: &Phone) -> Vec<&[u8]> {
    let packets = &phone.packets[phone.packets.len() - 50..];
    packets.iter().map(|packet| &packet[12..]).collect()
}

/// What is not the talker's tone in each frame of the sound from this second on, largest first.
fn rest(phone: &Phone, from_s: usize) -> Vec<f32> {
    let frames = phone.heard[from_s * 16_000..].chunks_exact(320);
    let mut rests: Vec<f32> = frames
        .map(|frame| {
            // A frame has 20 whole waves of it.
            let wave = |at: usize| std::f32::consts::TAU * 1_000.0 * at as f32 / 16_000.0;
            let part = |part: fn(f32) -> f32| -> f32 {
                let terms = frame.iter().enumerate();
                terms
                    .map(|(at, &sample)| f32::from(sample) * part(wave(at)))
                    .sum::<f32>()
                    / 160.0
            };
            let (cosine, sine) = (part(f32::cos), part(f32::sin));
            let off = |(at, &sample): (usize, &i16)| {
                f32::from(sample) - cosine * wave(at).cos() - sine * wave(at).sin()
            };
            (frame.iter().enumerate().map(|at| off(at).powi(2)).sum::<f32>() / 320.0).sqrt()
        })
        .collect();
    rests.sort_by(|a, b| b.total_cmp(a));
    rests
}

#[test]
fn who_only_listens_shares_one_encoding_a_codec() {
    let (mut world, mut phones) = meeting(&[Codec::G722, Codec::G722, OPUS, Codec::G722, OPUS, Codec::G722]);
    let tones = [TALKER, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING];
    (0..2).for_each(|_| pass(&mut world, &mut phones, &tones));
    let [_, a, x, b, y, c] = &phones[..] else {
        panic!("six")
    };
    assert!(late(a) == late(b) && late(b) == late(c), "G.722");
    assert!(late(x) == late(y), "Opus");
    for phone in &phones[1..] {
        let level = phone.level(1_000.0);
        assert!((3_600.0..4_400.0).contains(&level), "{level}");
    }
    assert!(phones[0].level(1_000.0) < 50.0, "nobody hears himself");
}

/// Who listens first, and so encodes for the others, is the second; the others follow.
#[test]
fn nobody_hears_that_another_encodes_and_who_begins_or_ends_hears_it_for_a_frame() {
    for codec in [Codec::G722, OPUS] {
        let (mut world, mut phones) = meeting(&[codec; 6]);
        let quiet = [TALKER, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING];
        let speaks = |nth: usize| {
            let mut tones = quiet;
            // No word, but a line that is open.
            tones[nth] = &[0.0];
            tones
        };
        (0..3).for_each(|_| pass(&mut world, &mut phones, &quiet));
        let steady = rest(&phones[1], 2)[0];
        // What they say, and who does something else than before: the one that leads speaks; one that follows does; and falls
        // silent; another one speaks; the one that leads is gone.
        let steps: [([&[f32]; 6], &[usize]); 5] = [
            (speaks(1), &[1]),
            (speaks(2), &[1, 2]),
            (quiet, &[2]),
            (speaks(4), &[4]),
            (quiet, &[4]),
        ];
        let mut here = 1..;
        for (tones, changed) in steps {
            let from = phones[5].heard.len() / 16_000;
            if tones == quiet && changed == [4] {
                let (seat, leg) = (Seat(1), LegId(1));
                world.ask(Command::Leave { seat, leg });
                here = 2..;
            }
            pass(&mut world, &mut phones, &tones);
            for (nth, phone) in phones.iter().enumerate().skip(here.start) {
                let rests = rest(phone, from);
                println!(
                    "{codec:?}: {nth} of {changed:?}: {:.0?}, steady {steady:.0}",
                    &rests[..5]
                );
                match changed.contains(&nth) {
                    false => assert!(rests[0] < 2.0 * steady, "{nth} heard it"),
                    true => assert!(
                        rests[0] < TONE / 10.0 && rests[4] < 2.0 * steady,
                        "{nth} heard it"
                    ),
                }
            }
        }
    }
}
