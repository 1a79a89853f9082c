//! Makes a frame of sound out of more or of less: a pitch period is left out or repeated, overlap-added where the two look
//! alike (after the idea of WSOLA); of a quiet frame as much as is wanted. Must never keep anything: functions of what they
//! are given. A frame of 20 ms has `F` samples, the overlap of 10 ms has `O`: 160 and 80 at 8 kHz.

use super::pitch;

/// A stretch is quiet whose mean square stays below the square of this (−50 dBov), as a line's noise does: nobody hears what is done to it.
const QUIET_RMS: u32 = 100;
/// And whose samples all stay below this (−37 dBov): four to five times as much, as noise's do.
const QUIET_PEAK: u16 = 480;

/// The shortest pitch period in samples: 5 ms.
pub const fn period_min(frame: usize) -> usize {
    frame / 4
}

/// The longest pitch period in samples: 15 ms.
pub const fn period_max(frame: usize) -> usize {
    frame * 3 / 4
}

/// What was found: so many samples may be left out or put in, at this likeness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// Samples.
    pub samples: usize,
    /// Normalised correlation of what is laid over each other; one if it is quiet.
    pub likeness: f32,
}

/// Finds how many samples are best left out of what comes: a frame, and behind it as many as may be left out, up to a frame.
pub fn find_shorter<const F: usize, const O: usize>(coming: &[i16]) -> Option<Joint> {
    let most = coming.len().saturating_sub(F).min(F);
    if most > 0 && is_quiet(&coming[..F + most]) {
        return Some(Joint {
            samples: most,
            likeness: 1.0,
        });
    }
    let most = most.min(period_max(F));
    if most < period_min(F) {
        return None;
    }
    let reference = coming.first_chunk::<O>()?;
    let found = pitch::find(reference, &coming[period_min(F)..most + O]);
    Some(Joint {
        samples: period_min(F) + found.offset,
        likeness: found.likeness,
    })
}

/// Finds how many samples are best put in between the frame that was played and what comes.
pub fn find_longer<const F: usize, const O: usize>(played: &[i16; F], coming: &[i16; F]) -> Option<Joint> {
    let longest = period_max(F);
    let played = &played[F - longest..];
    if is_quiet(coming) && is_quiet(played) {
        return Some(Joint {
            samples: longest,
            likeness: 1.0,
        });
    }
    let reference = coming.first_chunk::<O>()?;
    let mut both = [[0; F]; 2];
    let both = both.as_flattened_mut();
    both[..longest].copy_from_slice(played);
    both[longest..longest + O].copy_from_slice(reference);
    let found = pitch::find(reference, &both[..longest - period_min(F) + O]);
    Some(Joint {
        samples: longest - found.offset,
        likeness: found.likeness,
    })
}

/// A frame that begins as `coming` and ends as what comes `samples` later.
pub fn shorter<const F: usize>(coming: &[i16], samples: usize, frame: &mut [i16; F]) {
    cross(&coming[..F], &coming[samples..samples + F], frame);
}

/// A frame that begins as `coming` and ends as what came `samples` earlier.
pub fn longer<const F: usize>(played: &[i16; F], coming: &[i16; F], samples: usize, frame: &mut [i16; F]) {
    let mut earlier = [0; F];
    earlier[..samples].copy_from_slice(&played[F - samples..]);
    earlier[samples..].copy_from_slice(&coming[..F - samples]);
    cross(coming, &earlier, frame);
}

/// Goes over from `from` to `to` within the overlap, half a frame.
fn cross<const F: usize>(from: &[i16], to: &[i16], frame: &mut [i16; F]) {
    let overlap = F as i32 / 2;
    for (at, sample) in frame.iter_mut().enumerate() {
        let share = (at as i32 + 1).min(overlap);
        let (a, b) = (i32::from(from[at]), i32::from(to[at]));
        *sample = (a + (b - a) * share / overlap) as i16;
    }
}

/// Whether nobody hears what is done to this stretch.
pub fn is_quiet(sound: &[i16]) -> bool {
    let is_soft = sound.iter().all(|sample| sample.unsigned_abs() < QUIET_PEAK);
    let energy = || -> u32 { sound.iter().map(|&s| u32::from(s.unsigned_abs()).pow(2)).sum() };
    is_soft && energy() <= QUIET_RMS.pow(2) * sound.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Frame;
    use crate::units::FRAME;

    const OVERLAP: usize = FRAME / 2;

    fn voice(from: usize, period: usize) -> [i16; 2 * FRAME] {
        std::array::from_fn(|at| {
            let phase = ((from + at) % period) as f32 / period as f32;
            let wave: f32 = (1..=8)
                .map(|n| (std::f32::consts::TAU * phase * n as f32).cos() / n as f32)
                .sum();
            (4_000.0 * wave) as i16
        })
    }

    fn find_shorter(coming: &[i16]) -> Option<Joint> {
        super::find_shorter::<FRAME, OVERLAP>(coming)
    }

    fn find_longer(played: &Frame, coming: &Frame) -> Joint {
        super::find_longer::<FRAME, OVERLAP>(played, coming).expect("there is enough")
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

            let played: Frame = std::array::from_fn(|at| voice(period * 4 - FRAME, period)[at]);
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
        assert_eq!(find_longer(&[0; FRAME], &[9; FRAME]).samples, period_max(FRAME));
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
