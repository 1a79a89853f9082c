//! The rough look refuses no frame that the exact one would have taken: walked over all that a key can be, and over what is nearly one.

use super::*;
use crate::media::inband::{pair, sieve};

/// Frames that are likely, of so many; none of them may be refused.
fn likely(frames: &[Frame]) -> usize {
    let likely: Vec<&Frame> = frames
        .iter()
        .filter(|frame| pair::is_likely(&frame.map(f32::from)))
        .collect();
    for frame in &likely {
        let peak = frame.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(
            sieve::lets_through(frame, peak.unwrap_or(0)),
            "refused: {frame:?}"
        );
    }
    likely.len()
}

/// One key over what may lie beneath it, in both laws: frames that are likely.
fn likely_over_all_grounds(press: Press, seed: u64) -> usize {
    let dial = press.levels[0].max(press.levels[1]);
    let grounds: [&[(f64, f64)]; 4] = [
        &[],
        &[(425.0, dial)],
        &[(425.0, dial + 6.0)],
        &[(350.0, dial - 6.0), (440.0, dial - 6.0)],
    ];
    let mut count = 0;
    for (at, ground) in grounds.into_iter().enumerate() {
        for noise in [-90.0, press.levels[0].min(press.levels[1]) - 10.0] {
            let mut sound = Sound::new(seed << 3 | at as u64);
            sound.pause(seed as f64 % 20.0).press(press).pause(20.0);
            for &(hertz, level) in ground {
                sound.over(hertz, level);
            }
            sound.noise(noise);
            count += likely(&sound.frames(Law::A)) + likely(&sound.frames(Law::Mu));
        }
    }
    count
}

#[test]
fn no_frame_of_any_key_is_refused() {
    let (mut count, mut seed) = (0, 0);
    for face in "123A456B789C*0#D".chars() {
        for twist in [-9.0, -4.0, 0.0, 5.0] {
            for (low_off, high_off) in [
                (0.0, 0.0),
                (-0.025, -0.025),
                (-0.025, 0.025),
                (0.025, -0.025),
                (0.025, 0.025),
            ] {
                for loudest in [-26.5, -20.0, -9.0, 0.0] {
                    let low: f64 = if twist > 0.0 { loudest - twist } else { loudest };
                    // The weaker tone is above the least level, with a little less than that.
                    let low = low.max(-27.0).max(-27.0 - twist);
                    seed += 1;
                    let press = Press {
                        face,
                        levels: [low, low + twist],
                        off: [(low_off, 0.0), (high_off, 0.0)],
                        ms: 60.0,
                    };
                    count += likely_over_all_grounds(press, seed);
                }
            }
        }
    }
    // Two frames of each press at least, on average.
    assert!(count > 2 * 16 * 4 * 5 * 4 * 16, "{count} likely frames");
}

proptest! {
    /// Nor one of anything else: tones anywhere near a key's, of any level, clipped, with clicks and noise.
    #[test]
    fn no_likely_frame_is_refused(
        levels in [-34.0..4.0f64, -34.0..4.0f64, -60.0..4.0f64],
        hertz in [640.0..1_000.0f64, 1_140.0..1_700.0f64, 300.0..3_400.0f64],
        noise in -60.0..0.0f64,
        click in any::<(u8, i16)>(),
        seed in any::<u64>(),
    ) {
        let mut sound = Sound::new(seed);
        sound.pause(200.0);
        for (hertz, level) in hertz.into_iter().zip(levels) {
            sound.over(hertz, level);
        }
        sound.noise(noise);
        let mut frames = sound.frames(Law::A);
        likely(&frames);
        for frame in &mut frames {
            frame[usize::from(click.0) % FRAME] = click.1;
        }
        likely(&frames);
    }
}
