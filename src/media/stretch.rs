//! Makes a frame of sound out of more or of less: a pitch period is left out or repeated, overlap-added where the two look
//! alike (after the idea of WSOLA); of a quiet frame as much as is wanted. Must never keep anything: functions of what they
//! are given. Lengths are those of 8 kHz.

use super::Frame;
use super::pitch;
use crate::units::FRAME;

/// Pitch periods, in samples: 5 to 15 ms.
pub const PERIOD_MIN: usize = FRAME / 4;
pub const PERIOD_MAX: usize = FRAME * 3 / 4;
/// Samples that are compared, and overlap-added: 10 ms.
const OVERLAP: usize = FRAME / 2;
/// A stretch whose samples all stay below this (about −46 dBov) is quiet: nobody hears what is done to it.
const QUIET: u16 = 160;

/// What was found: so many samples may be left out or put in, at this likeness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// Samples.
    pub samples: usize,
    /// Normalised correlation of what is laid over each other; one if it is quiet.
    pub likeness: f32,
}

/// Finds how many samples are best left out of what comes: a frame, and behind it as many as may be left out, up to a frame.
pub fn find_shorter(coming: &[i16]) -> Option<Joint> {
    let most = coming.len().saturating_sub(FRAME).min(FRAME);
    if most > 0 && is_quiet(&coming[..FRAME + most]) {
        return Some(Joint {
            samples: most,
            likeness: 1.0,
        });
    }
    let most = most.min(PERIOD_MAX);
    if most < PERIOD_MIN {
        return None;
    }
    let reference = coming.first_chunk::<OVERLAP>()?;
    let found = pitch::find(reference, &coming[PERIOD_MIN..most + OVERLAP]);
    Some(Joint {
        samples: PERIOD_MIN + found.offset,
        likeness: found.likeness,
    })
}

/// Finds how many samples are best put in between what was played, the last [`PERIOD_MAX`] samples of it, and what comes.
pub fn find_longer(played: &[i16; PERIOD_MAX], coming: &Frame) -> Joint {
    if is_quiet(coming) && is_quiet(played) {
        return Joint {
            samples: PERIOD_MAX,
            likeness: 1.0,
        };
    }
    let mut both = [0; PERIOD_MAX + OVERLAP];
    both[..PERIOD_MAX].copy_from_slice(played);
    both[PERIOD_MAX..].copy_from_slice(&coming[..OVERLAP]);
    let mut reference = [0; OVERLAP];
    reference.copy_from_slice(&coming[..OVERLAP]);
    let found = pitch::find(&reference, &both[..PERIOD_MAX - PERIOD_MIN + OVERLAP]);
    Joint {
        samples: PERIOD_MAX - found.offset,
        likeness: found.likeness,
    }
}

/// A frame that begins as `coming` and ends as what comes `samples` later.
pub fn shorter(coming: &[i16], samples: usize, frame: &mut Frame) {
    cross(&coming[..FRAME], &coming[samples..samples + FRAME], frame);
}

/// A frame that begins as `coming` and ends as what came `samples` earlier.
pub fn longer(played: &[i16; PERIOD_MAX], coming: &Frame, samples: usize, frame: &mut Frame) {
    let mut earlier = [0; FRAME];
    earlier[..samples].copy_from_slice(&played[PERIOD_MAX - samples..]);
    earlier[samples..].copy_from_slice(&coming[..FRAME - samples]);
    cross(coming, &earlier, frame);
}

/// Goes over from `from` to `to` within the overlap.
fn cross(from: &[i16], to: &[i16], frame: &mut Frame) {
    for (at, sample) in frame.iter_mut().enumerate() {
        let share = (at as i32 + 1).min(OVERLAP as i32);
        let (a, b) = (i32::from(from[at]), i32::from(to[at]));
        *sample = (a + (b - a) * share / OVERLAP as i32) as i16;
    }
}

fn is_quiet(sound: &[i16]) -> bool {
    sound.iter().all(|sample| sample.unsigned_abs() < QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(from: usize, period: usize) -> [i16; 2 * FRAME] {
        std::array::from_fn(|at| {
            let phase = ((from + at) % period) as f32 / period as f32;
            let wave: f32 = (1..=8)
                .map(|n| (std::f32::consts::TAU * phase * n as f32).cos() / n as f32)
                .sum();
            (4_000.0 * wave) as i16
        })
    }

    #[test]
    fn a_steady_voice_is_the_same_voice_with_a_period_more_or_less() {
        for period in [41, 57, 80, 119] {
            let coming = voice(0, period);
            let shorter_by = find_shorter(&coming).expect("there is enough");
            assert!(shorter_by.samples.is_multiple_of(period) && shorter_by.likeness > 0.99);
            let mut frame = [0; FRAME];
            shorter(&coming, shorter_by.samples, &mut frame);
            assert_eq!(frame, coming[..FRAME]);

            let played: [i16; PERIOD_MAX] =
                std::array::from_fn(|at| voice(period * 3 - PERIOD_MAX, period)[at]);
            let coming: Frame = std::array::from_fn(|at| coming[at]);
            let longer_by = find_longer(&played, &coming);
            assert!(longer_by.samples.is_multiple_of(period) && longer_by.likeness > 0.99);
            longer(&played, &coming, longer_by.samples, &mut frame);
            assert_eq!(frame, coming);
        }
    }

    #[test]
    fn of_quiet_as_much_is_left_out_as_is_wanted() {
        assert_eq!(
            find_shorter(&[100; FRAME + 13]).map(|joint| joint.samples),
            Some(13)
        );
        assert_eq!(
            find_shorter(&[100; 2 * FRAME]).map(|joint| joint.samples),
            Some(FRAME)
        );
        assert_eq!(
            find_shorter(&voice(0, 80)[..FRAME + 13]),
            None,
            "of a voice, a period or nothing"
        );
        assert_eq!(find_shorter(&[100; FRAME]), None);
        assert_eq!(find_longer(&[0; PERIOD_MAX], &[9; FRAME]).samples, PERIOD_MAX);
    }

    #[test]
    fn a_frame_goes_on_where_it_begins_and_where_it_ends() {
        let coming: [i16; 2 * FRAME] = std::array::from_fn(|at| at as i16 * 10);
        let mut frame = [0; FRAME];
        shorter(&coming, 100, &mut frame);
        assert!(frame[0] < 40 && frame[FRAME - 1] == coming[FRAME + 99]);
        assert!(
            frame
                .windows(2)
                .all(|pair| (pair[1] - pair[0]).abs() <= 10 + 1_000 / 80 + 1)
        );
    }
}
