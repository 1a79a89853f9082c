//! The coded sound that waits to be played, in cells of 10 ms on the stream's own grid. A position is a sample of the stream.
//! Must never know about time: who asks says where.

use super::law;
use crate::media_api::Law;
use crate::units::FRAME;

/// Samples in a cell.
pub const CELL: usize = FRAME / 2;
/// Places for cells: 320 ms. Small, because a leg that is not in the cache costs more than all that is done for it.
const PLACES: u32 = 32;
/// A cell must begin less than so many cells behind the one that is due.
pub const AHEAD: u32 = PLACES - 2;
/// Bits, one a cell: those that do not lie ahead remember what was played.
const BITS: u32 = u64::BITS;

/// One leg's cells. Of fixed size.
#[derive(Clone, Debug)]
pub struct Cells {
    coded: [[u8; CELL]; PLACES as usize],
    /// One bit a cell: it waits.
    waiting: u64,
    /// It was played, and not long ago.
    played: u64,
    /// It is µ-law.
    mu: u64,
}

fn place(at: u32) -> (usize, u64) {
    let cell = at / CELL as u32;
    ((cell % PLACES) as usize, 1 << (cell % BITS))
}

impl Cells {
    /// No cell waits.
    pub fn new() -> Cells {
        Cells {
            coded: [[0; CELL]; PLACES as usize],
            waiting: 0,
            played: 0,
            mu: 0,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.waiting, self.played) = (0, 0);
    }

    /// Lays a cell down; `false` if it is there already. The position is one of the grid.
    pub fn put(&mut self, at: u32, law: Law, coded: &[u8; CELL]) -> bool {
        let (index, bit) = place(at);
        if self.waiting & bit != 0 {
            return false;
        }
        self.coded[index] = *coded;
        self.waiting |= bit;
        self.played &= !bit;
        self.mu = if law == Law::Mu {
            self.mu | bit
        } else {
            self.mu & !bit
        };
        true
    }

    /// Whether this cell, up to 340 ms back, was played.
    pub fn was_played(&self, at: u32) -> bool {
        self.played & place(at).1 != 0
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Cells that wait.
    pub fn count(&self) -> u32 {
        self.waiting.count_ones()
    }

    /// Samples that wait without a hole from `at` on, or that miss; at most `most`.
    pub fn run(&self, at: u32, most: usize) -> (bool, usize) {
        let there = |at: u32| self.waiting & place(at).1 != 0;
        let first = there(at);
        let mut samples = CELL - at as usize % CELL;
        while samples < most && there(at.wrapping_add(samples as u32)) == first {
            samples += CELL;
        }
        (first, samples.min(most))
    }

    /// Decodes what waits from `at` on; all of it must be there.
    pub fn read(&self, at: u32, linear: &mut [i16]) {
        let (mut at, mut rest) = (at, linear);
        while !rest.is_empty() {
            let (index, bit) = place(at);
            let coded = &self.coded[index][at as usize % CELL..];
            let law = if self.mu & bit == 0 { Law::A } else { Law::Mu };
            let (now, later) = rest.split_at_mut(coded.len().min(rest.len()));
            law::decode(law, &coded[..now.len()], now);
            at = at.wrapping_add(now.len() as u32);
            rest = later;
        }
    }

    /// Time passes from `from` to `to`: whole cells behind it wait no more, and those that were there count as played.
    pub fn pass(&mut self, from: u32, to: u32) {
        let mut at = from - from % CELL as u32;
        for _ in 0..BITS {
            if to.wrapping_sub(at) < CELL as u32 || to.wrapping_sub(at) > i32::MAX as u32 {
                break;
            }
            let (_, bit) = place(at);
            self.played = (self.played & !bit) | (self.waiting & bit);
            self.waiting &= !bit;
            // Its bit is looked at next as the one of a cell that lies ahead.
            self.played &= !place(at.wrapping_add(AHEAD * CELL as u32)).1;
            at = at.wrapping_add(CELL as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_across_their_edges_in_either_law_and_pass_once() {
        let mut cells = Cells::new();
        let origin = 64 * CELL as u32;
        assert!(cells.put(origin, Law::A, &[0x55; CELL]));
        assert!(cells.put(origin + 80, Law::Mu, &[0x00; CELL]));
        assert!(!cells.put(origin, Law::A, &[0; CELL]), "doubled");
        assert_eq!(cells.run(origin + 13, 500), (true, 147));
        assert_eq!(cells.run(origin + 160, 500), (false, 500));
        let mut linear = [0; 100];
        cells.read(origin + 30, &mut linear);
        assert_eq!((linear[49], linear[50]), (-8, -32_124), "A-law, then µ-law");
        cells.pass(origin, origin + 90);
        assert!(cells.was_played(origin) && !cells.was_played(origin + 80));
        assert_eq!((cells.count(), cells.run(origin + 90, 500)), (1, (true, 70)));
        cells.pass(origin + 90, origin + 160);
        assert!(cells.is_empty() && cells.was_played(origin + 80));
    }

    #[test]
    fn a_place_is_free_again_when_the_ring_has_gone_round() {
        let mut cells = Cells::new();
        for n in 0..1_000u32 {
            let at = n * CELL as u32;
            assert!(cells.put(at, Law::A, &[n as u8; CELL]), "cell {n}");
            cells.pass(at, at + CELL as u32);
            assert!(cells.was_played(at));
            assert!(
                !cells.was_played(at + CELL as u32),
                "cell {n}: the next one was not"
            );
        }
    }
}
