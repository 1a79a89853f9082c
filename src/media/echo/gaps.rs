//! What was sent and never played. A frame that is lost on its way to the telephone is told nowhere; but where it is due, what is predicted makes
//! things louder instead of quieter. There nothing is taken out, for that alone would be heard, turned around, and nothing is learnt.
//!
//! | what is left is louder than what was heard | it is |
//! |---|---|
//! | nowhere in a frame | no gap |
//! | somewhere, and the filter has been right so far | a gap |
//! | somewhere, and it was not, or many of the last frames had some | another path, or somebody speaks: a filter has to go on |

use super::fft::sum;
use super::filter::Predicted;
use crate::units::FRAME;

/// Samples that are judged together: 5 ms.
const PART: usize = 40;
/// So many times as loud as what was heard must be what is left.
const LOUDER: f32 = 1.2;
/// Mean power of a sample below which a prediction does no harm: −58 dBov.
const WORTH: f32 = 1_700.0;
/// How much of the share stays from one frame in which an echo is due to the next, and from which share on it is another path: four in a row.
const KEPT: f32 = 0.9;
const LASTS: f32 = 0.3;

/// Looks for them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gaps {
    /// The share of the last frames that had some, of those in which an echo was due: a pause is no sign that a path is right.
    share: f32,
}

impl Gaps {
    /// Takes nothing out where something was never played, and says whether that was anywhere; `was_right`: the filter was, until now.
    #[inline(always)]
    pub fn look(&mut self, heard: &[f32; FRAME], predicted: &mut Predicted, was_right: bool) -> bool {
        let (mut unplayed, mut is_any_due) = ([false; FRAME / PART], false);
        for (nth, unplayed) in unplayed.iter_mut().enumerate() {
            let power = |sound: &[f32; FRAME]| {
                let mut squares = [0.0; PART];
                for (square, sample) in squares.iter_mut().zip(&sound[nth * PART..]) {
                    *square = sample * sample;
                }
                sum(&squares)
            };
            let is_due = power(&predicted.echo) > WORTH * PART as f32;
            is_any_due |= is_due;
            *unplayed = is_due && power(&predicted.rest) > LOUDER * power(heard);
        }
        let is_found = unplayed.contains(&true);
        if is_any_due {
            self.share = KEPT * self.share + (1.0 - KEPT) * f32::from(u8::from(is_found));
        }
        if self.share > LASTS || !was_right {
            return false;
        }
        for nth in (0..FRAME / PART).filter(|&nth| unplayed[nth]) {
            let part = nth * PART..(nth + 1) * PART;
            predicted.rest[part.clone()].copy_from_slice(&heard[part.clone()]);
            predicted.echo[part].fill(0.0);
        }
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(size: f32) -> [f32; FRAME] {
        std::array::from_fn(|at| size * (at as f32 * 0.7).sin())
    }

    /// A frame that is heard, and what was predicted of it.
    fn look(gaps: &mut Gaps, heard: &[f32; FRAME], echo: [f32; FRAME], was_right: bool) -> (bool, Predicted) {
        let rest = std::array::from_fn(|at| heard[at] - echo[at]);
        let mut predicted = Predicted::new(echo, rest);
        let gap = gaps.look(heard, &mut predicted, was_right);
        (gap, predicted)
    }

    #[test]
    fn what_was_never_played_is_not_predicted() {
        let mut gaps = Gaps::default();
        let (gap, _) = look(&mut gaps, &tone(1_000.0), tone(950.0), true);
        assert!(!gap);
        let mut heard = tone(1_000.0);
        heard[80..].fill(0.0);
        let (gap, predicted) = look(&mut gaps, &heard, tone(950.0), true);
        assert!(gap);
        assert_eq!(predicted.rest[80..], [0.0; 80]);
        assert!(predicted.echo[..80] == tone(950.0)[..80] && predicted.echo[80..] == [0.0; 80]);
    }

    #[test]
    fn what_lasts_is_another_path_and_so_is_what_was_never_right() {
        let mut gaps = Gaps::default();
        let of = |gaps: &mut Gaps, was_right| look(gaps, &tone(-1_000.0), tone(950.0), was_right).0;
        assert!(!of(&mut gaps.clone(), false));
        let found: Vec<_> = (0..5).map(|_| of(&mut gaps, true)).collect();
        assert!(found[0] && !found[4]);
    }

    #[test]
    fn who_speaks_is_no_gap() {
        let mut gaps = Gaps::default();
        let mut heard = tone(950.0);
        for (at, sample) in heard.iter_mut().enumerate() {
            *sample += 2_000.0 * (at as f32 * 0.31).sin();
        }
        assert!(!look(&mut gaps, &heard, tone(950.0), true).0);
    }
}
