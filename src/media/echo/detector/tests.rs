//! What is known of an echo while the playout buffer moves.

use super::*;

/// Some noise, and no two samples of it alike.
fn noise(at: usize) -> i16 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 50) as i16) - 8_192
}

/// What is found after frames in which the noise comes back after each of these delays, a detector being told of each that is another.
fn found(delays: &[(usize, usize)]) -> Vec<Option<Found>> {
    let frame = |at: usize, delay: usize| -> Frame {
        std::array::from_fn(|n| (at * FRAME + n).checked_sub(delay).map_or(0, noise))
    };
    let (mut detector, mut before, mut at) = (Detector::default(), None, 1);
    let mut looks = Vec::new();
    for &(frames, delay) in delays {
        if let Some(before) = before.replace(delay) {
            detector.moved(delay as isize - before as isize);
        }
        for _ in 0..frames {
            let sent = [at - 1, at].map(|at| frame(at, 0));
            let heard = [at - 1, at].map(|at| frame(at, delay));
            let look = detector.handle(&sent, &heard);
            if at % LOOK_EVERY == 0 {
                looks.push(look);
            }
            at += 1;
        }
    }
    looks
}

#[test]
fn what_was_known_of_an_echo_is_known_after_the_buffer_moved_and_told_at_its_new_delay() {
    let by_periods: Vec<(usize, usize)> = (0..12).map(|n| (5, 1_960 - 41 * n)).collect();
    for moves in [vec![(5, 2_120)], vec![(5, 1_640)], vec![(5, 1_903)], by_periods] {
        let mut delays = vec![(100, 1_960)];
        delays.extend(&moves);
        let looks = found(&delays);
        assert_eq!(looks.len(), 20 + moves.len());
        for (look, (_, delay)) in looks[20..].iter().zip(&moves) {
            let found = look.expect("it is still known");
            assert!(found.samples.abs_diff(*delay) <= 8, "{delay}: {found:?}");
        }
    }
}

#[test]
fn what_moved_beyond_what_is_looked_at_is_forgotten() {
    let looks = found(&[(100, 3_000), (50, 4_800)]);
    assert!(
        looks[19].is_some() && looks[20..].iter().all(Option::is_none),
        "{looks:?}"
    );
}
