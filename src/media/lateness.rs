//! How late packets come, and how deep the buffer must therefore be: a histogram of the last six seconds, in steps of 10 ms,
//! by ticks in which something came. Must never judge by one packet: what comes late once in a while is lost, and no more.
//!
//! Lateness is the tick's time less the packet's place in its stream, both in samples. Its zero means nothing: only the
//! differences do. That of the most belated packet of a tick counts, so a stall, after which many come at once, counts once,
//! and a peer that sends three packets every 60 ms gets the depth it needs.

use super::warm;

/// Ticks in a block, and blocks: what is older is forgotten.
const BLOCK_TICKS: u8 = 50;
const BLOCKS: usize = 6;
/// Steps of the histogram; lateness repeats in it after 640 ms.
const STEPS: u32 = 64;
/// Steps below the depth that are still told from steps above it: packets that come so much earlier than they are played.
const BELOW: i64 = 40;
/// Of so many ticks, one may come too late.
const ALLOWED_IN: u32 = 150;
/// Depth at most, in steps above the fastest: 200 ms.
const DEPTH_MAX: u32 = 20;

/// One leg's histogram. A step of 10 ms has `CELL` samples.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Lateness<const CELL: usize> {
    /// One bit a step: it was seen.
    seen: u64,
    count: u32,
    block: usize,
    ticks: u8,
    sum: [u16; STEPS as usize],
    blocks: [[u8; STEPS as usize]; BLOCKS],
}

impl<const CELL: usize> Lateness<CELL> {
    /// Nothing is known.
    pub fn new() -> Lateness<CELL> {
        Lateness {
            blocks: [[0; STEPS as usize]; BLOCKS],
            sum: [0; STEPS as usize],
            seen: 0,
            count: 0,
            block: 0,
            ticks: 0,
        }
    }

    /// Asks for what every tick needs.
    pub fn warm(&self) {
        let usual = self.seen.trailing_zeros() as usize % STEPS as usize;
        warm::between(&self.seen, &self.ticks);
        warm::all(&self.sum[usual]);
        warm::all(&self.blocks[self.block % BLOCKS][usual]);
    }

    /// Forgets everything: another stream began.
    pub fn clear(&mut self) {
        if self.count > 0 {
            *self = Lateness::new();
        }
    }

    /// A tick passed, in which packets came the latest of which was `late`, in samples; the buffer's depth is `depth`.
    pub fn tick(&mut self, late: Option<i64>, depth: i64) {
        self.ticks += 1;
        if self.ticks == BLOCK_TICKS {
            self.forget();
        }
        let Some(late) = late else { return };
        let step = late.div_euclid(CELL as i64);
        let below = step - (depth.div_euclid(CELL as i64) - BELOW);
        if !(0..i64::from(STEPS)).contains(&below) {
            return;
        }
        let step = step.rem_euclid(i64::from(STEPS)) as usize;
        self.blocks[self.block][step] += 1;
        self.sum[step] += 1;
        self.seen |= 1 << step;
        self.count += 1;
    }

    /// The depth, in samples of lateness, at which hardly anything comes too late; `depth` is the one that it has.
    pub fn wanted(&self, depth: i64) -> i64 {
        let origin = depth.div_euclid(CELL as i64) - BELOW;
        let first = origin.rem_euclid(i64::from(STEPS)) as u32;
        let mut seen = self.seen.rotate_right(first);
        if seen == 0 {
            return depth;
        }
        let fastest = seen.trailing_zeros();
        let mut may_miss = (self.count / ALLOWED_IN).max(1);
        while seen & (seen - 1) != 0 {
            let last = STEPS - 1 - seen.leading_zeros();
            let there = u32::from(self.sum[((first + last) % STEPS) as usize]);
            if there > may_miss {
                break;
            }
            may_miss -= there;
            seen &= !(1 << last);
        }
        let last = STEPS - 1 - seen.leading_zeros();
        (origin + i64::from(last.min(fastest + DEPTH_MAX))) * CELL as i64
    }

    /// The oldest block makes room.
    fn forget(&mut self) {
        self.ticks = 0;
        self.block = (self.block + 1) % BLOCKS;
        let old = &mut self.blocks[self.block];
        for (step, (sum, gone)) in self.sum.iter_mut().zip(old).enumerate() {
            let gone = std::mem::take(gone);
            *sum -= u16::from(gone);
            self.count -= u32::from(gone);
            if *sum == 0 {
                self.seen &= !(1 << step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets ticks pass in which packets come so late; what is wanted then.
    fn after(lateness: &mut Lateness<80>, ticks: impl IntoIterator<Item = i64>, depth: i64) -> i64 {
        for late in ticks {
            lateness.tick(Some(late), depth);
        }
        lateness.wanted(depth)
    }

    #[test]
    fn what_is_late_once_in_a_while_changes_nothing_and_more_of_it_does() {
        for zero in [0i64, -16_000, 1 << 40] {
            let zero = zero - zero % 80;
            let mut lateness = Lateness::<80>::new();
            assert_eq!(after(&mut lateness, [zero; 250], zero), zero);
            assert_eq!(after(&mut lateness, [zero + 480], zero), zero, "one of 250");
            assert_eq!(after(&mut lateness, [zero + 480; 2], zero), zero + 480, "three");
            assert_eq!(
                after(&mut lateness, [zero; 350], zero + 480),
                zero,
                "seven seconds later"
            );
        }
    }

    #[test]
    fn depth_is_at_most_200_ms_above_the_fastest_and_follows_it() {
        let mut lateness = Lateness::<80>::new();
        let uneven = (0..300).map(|n| n % 3 * 1_600);
        assert_eq!(after(&mut lateness, uneven, 1_600), 1_600);
        assert_eq!(after(&mut lateness, [-320; 350], 1_600), -320);
    }

    #[test]
    fn nothing_known_wants_nothing_else() {
        let mut lateness = Lateness::<80>::new();
        assert_eq!(lateness.wanted(77), 77);
        lateness.tick(None, 77);
        lateness.tick(Some(1 << 50), 77);
        assert_eq!(lateness.wanted(77), 77);
    }
}
