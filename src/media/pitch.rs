//! Where a stretch of sound comes again: the best normalised correlation, first on every second sample, then exactly. What a
//! voice repeats is its pitch period. Must never keep anything: plain functions of what they are given.

/// The place that looks most like the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Samples from the beginning of the candidates.
    pub offset: usize,
    /// Normalised correlation there: one is the same but for loudness, zero is unlike.
    pub likeness: f32,
}

/// Finds the window of `candidates` that is most like `reference`. There are at least `W` candidates and at most `2 W`; `W` is
/// a multiple of 16.
pub fn find<const W: usize>(reference: &[i16; W], candidates: &[i16]) -> Likeness {
    debug_assert!((W..=2 * W).contains(&candidates.len()) && W.is_multiple_of(16));
    let mut whole = [[0.0f32; W]; 2];
    let exact: [f32; W] = std::array::from_fn(|i| f32::from(reference[i]));
    let places = whole.as_flattened_mut();
    for (place, &sample) in places.iter_mut().zip(candidates) {
        *place = f32::from(sample);
    }
    let last = candidates.len().min(2 * W) - W;
    let rough = find_roughly(&exact, places, last);
    let near = rough.saturating_sub(1)..=(rough + 1).min(last);
    let energy = dot(&exact, &exact);
    near.map(|offset| {
        let window = &places[offset..offset + W];
        let both = (energy * dot(window, window)).sqrt();
        let likeness = if both > 0.0 {
            dot(&exact, window) / both
        } else {
            0.0
        };
        Likeness { offset, likeness }
    })
    .max_by(|a, b| a.likeness.total_cmp(&b.likeness))
    .unwrap_or(Likeness {
        offset: rough,
        likeness: 0.0,
    })
}

/// The best even offset, by every second sample. Of equals the last one: for a pitch the shortest period.
fn find_roughly<const W: usize>(reference: &[f32; W], places: &[f32], last: usize) -> usize {
    let mut half = [0.0f32; W];
    let mut thin = [0.0f32; W];
    let ours = thin_out(reference, &mut half);
    let theirs = thin_out(places, &mut thin);
    let mut best = (0.0, last);
    for offset in (0..=last / 2).map(|half| half * 2) {
        let window = &theirs[offset / 2..offset / 2 + W / 2];
        let common = dot(ours, window);
        let energy = dot(window, window);
        if common > 0.0 && energy > 0.0 {
            let likeness = common * common / energy;
            if likeness >= best.0 {
                best = (likeness, offset);
            }
        }
    }
    best.1
}

/// Every second sample.
fn thin_out<'a, const W: usize>(samples: &[f32], thin: &'a mut [f32; W]) -> &'a [f32] {
    let count = samples.len() / 2;
    for (place, pair) in thin.iter_mut().zip(samples.as_chunks::<2>().0) {
        *place = pair[0];
    }
    &thin[..count]
}

/// Eight sums side by side, so that the order of additions is the same on every machine, and fast.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_found_to_the_sample_and_noise_looks_like_nothing() {
        for period in [40usize, 57, 83, 120] {
            let voice = |at: usize| {
                let phase = (at % period) as f32 / period as f32;
                (6_000.0 * (std::f32::consts::TAU * phase).sin() + 3_000.0 * (1.0 - phase)) as i16
            };
            let sound: Vec<i16> = (0..480).map(voice).collect();
            let reference = sound[320..].first_chunk::<160>().expect("long enough");
            let found = find(reference, &sound[200..440]);
            let lag = 120 - found.offset;
            assert!(lag % period == 0 && found.likeness > 0.99, "{period}: {found:?}");
        }
        let mut state = 1u32;
        let noise: [i16; 480] = std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 17) as i16 - 16_384
        });
        let reference = noise[320..].first_chunk::<160>().expect("long enough");
        assert!(find(reference, &noise[200..440]).likeness < 0.5);
        assert_eq!(find(&[0; 160], &[0; 240]).likeness, 0.0);
    }
}
