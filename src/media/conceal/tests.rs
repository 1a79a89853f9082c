use super::*;

const F: usize = 160;

/// Sounds of which a gap must not click, by sample.
fn sounds() -> Vec<(&'static str, Vec<i16>)> {
    let long = 0..F * 60;
    let tau = std::f32::consts::TAU;
    let tone = |hertz: f32| {
        let sample = move |at: usize| (9_000.0 * (tau * hertz * at as f32 / 8_000.0).sin()) as i16;
        long.clone().map(sample).collect::<Vec<_>>()
    };
    let mut phase = 0.0;
    let voice = |at: usize| {
        // A gliding voice: 24 harmonics that fall, louder and softer four times a second.
        let seconds = at as f32 / 8_000.0;
        phase += tau * (120.0 + 40.0 * (tau * 0.7 * seconds).sin()) / 8_000.0;
        let swell = 0.6 + 0.4 * (tau * 4.0 * seconds).sin();
        let wave: f32 = (1..=24).map(|n| (phase * n as f32).cos() / n as f32).sum();
        (5_000.0 * swell * wave) as i16
    };
    let voice = long.clone().map(voice).collect();
    let mut state = 7u32;
    let noise = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 17) as i16 - 16_384) / 6
    };
    let noise = long.clone().map(noise).collect();
    vec![
        // Its period is longer than the longest one that is looked for.
        ("hum", tone(64.0)),
        ("low tone", tone(70.0)),
        ("tone", tone(437.0)),
        ("high tone", tone(1_850.0)),
        ("voice", voice),
        ("noise", noise),
    ]
}

/// Plays `sound` with these frames lost.
fn play(sound: &[i16], lost: impl Fn(usize) -> bool) -> Vec<i16> {
    let mut concealer = Concealer::<F>::new();
    let mut out = sound.to_vec();
    for (n, frame) in out.as_chunks_mut::<F>().0.iter_mut().enumerate() {
        if lost(n) {
            frame.fill(12_345);
            concealer.fill(frame, None);
        } else {
            concealer.take(frame);
        }
    }
    out
}

fn steepest(sound: &[i16]) -> i32 {
    let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
    sound.windows(2).map(step).max().unwrap_or(0)
}

fn power(sound: &[i16]) -> f64 {
    sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / sound.len() as f64
}

#[test]
fn what_came_in_time_is_not_touched() {
    for (name, sound) in sounds() {
        assert!(play(&sound, |_| false) == sound, "{name}");
    }
}

#[test]
fn gaps_of_any_length_do_not_click() {
    for (name, sound) in sounds() {
        for length in 1..=6 {
            for first in 4..50 {
                let out = play(&sound, |n| (first..first + length).contains(&n));
                let around = (first - 3) * F..((first + length + 1) * F).min(sound.len());
                let (natural, heard) = (
                    steepest(&sound[around.clone()]),
                    steepest(&out[around.start..around.end]),
                );
                // What led to the gap, its repetition, and what comes after it, may lie over each other.
                assert!(
                    heard * 2 <= natural * 3,
                    "{name}, frames {first} to {}: a step of {heard}, {natural} before",
                    first + length
                );
            }
        }
    }
}

#[test]
fn a_lost_frame_of_a_steady_voice_is_hardly_missed() {
    let tau = std::f32::consts::TAU;
    let wave = |at: usize| {
        (1..=10)
            .map(|n| (tau * (n * (at % 67)) as f32 / 67.0).cos() / n as f32)
            .sum::<f32>()
    };
    let sound: Vec<i16> = (0..F * 20).map(|at| (4_000.0 * wave(at)) as i16).collect();
    let out = play(&sound, |n| n == 10);
    let wrong: Vec<i16> = out.iter().zip(&sound).map(|(a, b)| a - b).collect();
    let (first, second) = (F * 10..F * 10 + F / 2, F * 10 + F / 2..F * 11);
    assert!(
        power(&wrong[first]) < 1e-3 * power(&sound),
        "a period is the same"
    );
    assert!(power(&wrong[second]) < 2e-2 * power(&sound), "but for the fade");
    assert_eq!(wrong[..F * 10].iter().max(), Some(&0));
    assert_eq!(
        wrong[F * 11 + F / 2..].iter().max(),
        Some(&0),
        "untouched 10 ms later"
    );
}

#[test]
fn a_gap_fades_and_is_silence_after_60_ms() {
    let (_, voice) = &sounds()[4];
    let out = play(voice, |n| n >= 20);
    let by_frame: Vec<f64> = out[F * 20..F * 26].chunks(F).map(power).collect();
    assert!(
        by_frame[0] > by_frame[1] && by_frame[1] > by_frame[2],
        "{by_frame:?}"
    );
    assert_eq!(by_frame[3..], [0.0; 3]);
}

#[test]
fn silence_goes_on_as_it_was_and_is_not_called_sound() {
    for silence in [0, 8] {
        let mut concealer = Concealer::<F>::new();
        let mut frame = [silence; F];
        (0..5).for_each(|_| concealer.take(&mut frame));
        for _ in 0..5 {
            frame = [1_000; F];
            assert_eq!(concealer.fill(&mut frame, None), Filled::Silence);
            assert_eq!(frame, [silence; F]);
        }
    }
}

#[test]
fn what_is_forgotten_is_never_repeated() {
    let (_, voice) = &sounds()[4];
    let mut concealer = Concealer::<F>::new();
    let mut frame: [i16; F] = *voice[F * 5..].first_chunk().expect("long enough");
    concealer.take(&mut frame);
    concealer.forget();
    assert_eq!(concealer.fill(&mut frame, None), Filled::Silence);
    assert_eq!(frame, [0; F]);
}

#[test]
fn pieces_of_any_length_are_concealed_as_whole_frames_are() {
    for (name, sound) in sounds() {
        let whole = play(&sound, |n| n % 7 == 5);
        let mut concealer = Concealer::<F>::new();
        let mut out = sound.clone();
        let lengths = [1, 13, 66, 80];
        for (n, frame) in out.as_chunks_mut::<F>().0.iter_mut().enumerate() {
            let mut rest = frame.as_mut_slice();
            for length in lengths {
                let (piece, after) = rest.split_at_mut(length);
                if n % 7 == 5 {
                    concealer.fill(piece, None);
                } else {
                    concealer.take(piece);
                }
                rest = after;
            }
        }
        assert!(out == whole, "{name}");
    }
}
