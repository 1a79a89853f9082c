//! The coded sound that waits to be played, in cells of 10 ms on the stream's own grid. A position is a sample of the stream.
//! Must never know about time: who asks says where.

use super::law;
use super::warm;
use crate::media_api::Law;

/// Bytes of a cell of G.711, and of G.722.
pub const CELL_BYTES: usize = 80;
/// Places for cells: 320 ms. Small, because a leg that is not in the cache costs more than all that is done for it.
pub const PLACES: usize = 32;
/// A cell must begin less than so many cells behind the one that is due.
pub const AHEAD: u32 = PLACES as u32 - 2;
/// Bits, one a cell: those that do not lie ahead remember what was played.
const BITS: u32 = u64::BITS;

/// A cell of a packet that came.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a, K> {
    /// Which cell of the packet it is.
    pub nth: usize,
    /// Whether no earlier cell of the packet is kept.
    pub first: bool,
    /// What kind of sound it is.
    pub kind: K,
    /// The whole packet's.
    pub payload: &'a [u8],
}

/// What a codec made up by itself for what did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeUp {
    /// Nothing: the concealer is asked.
    Nothing,
    /// The voice, as it may have gone on.
    Sound,
    /// The quiet of somebody who says nothing, and sends nothing.
    Quiet,
}

/// Keeps coded sound and makes linear sound of it. A cell has `CELL` samples; its place is found by its position alone.
pub trait Store<const CELL: usize> {
    /// What kinds of sound it tells apart.
    type Kind: Copy;
    /// Cells of a payload; none if it is no payload of this codec, or one that ends within a cell.
    fn cells(&self, payload: &[u8]) -> Option<usize>;
    /// Asks for the place of the cell at a position, and of the one after it.
    fn warm(&self, _at: u32) {}
    /// Keeps the cell at a position.
    fn keep(&mut self, at: u32, piece: Piece<'_, Self::Kind>);
    /// Decodes from a position on; all of it is there.
    fn read(&mut self, at: u32, linear: &mut [i16]);
    /// Makes up what is not there; `next` is where there is something again.
    fn make_up(&mut self, _at: u32, _next: Option<u32>, _gap: &mut [i16]) -> MadeUp {
        MadeUp::Nothing
    }
    /// What is decoded next need not follow what was decoded last.
    fn cut(&mut self) {}
    /// What was decoded must not be heard again.
    fn forget(&mut self) {}
}

/// G.711: each sample stands for itself.
#[derive(Clone, Debug)]
pub struct G711 {
    coded: [[u8; CELL_BYTES]; PLACES],
    /// One bit a cell: it is µ-law.
    mu: u64,
}

/// One leg's cells. Of fixed size.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Cells<S, const CELL: usize> {
    /// One bit a cell: it waits.
    waiting: u64,
    /// It was played, and not long ago.
    played: u64,
    store: S,
}

/// The place of a position's cell.
pub fn place<const CELL: usize>(at: u32) -> usize {
    (at / CELL as u32) as usize % PLACES
}

fn bit<const CELL: usize>(at: u32) -> u64 {
    1 << (at / CELL as u32 % BITS)
}

impl<S: Store<CELL>, const CELL: usize> Cells<S, CELL> {
    /// No cell waits.
    pub fn new(store: S) -> Cells<S, CELL> {
        Cells {
            store,
            waiting: 0,
            played: 0,
        }
    }

    /// Asks for what a tick needs in which so much is due.
    pub fn warm(&self, due: u32) {
        warm::between(&self.waiting, &self.played);
        self.store.warm(due);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.waiting, self.played) = (0, 0);
        self.store.cut();
    }

    /// What is decoded next need not follow what was decoded last.
    pub fn cut(&mut self) {
        self.store.cut();
    }

    /// What was decoded must not be heard again.
    pub fn forget(&mut self) {
        self.store.forget();
    }

    /// Cells of a payload; none if it is no whole number of them.
    pub fn measure(&self, payload: &[u8]) -> Option<usize> {
        self.store.cells(payload)
    }

    /// Lays a cell down; `false` if it is there already. The position is one of the grid.
    pub fn put(&mut self, at: u32, piece: Piece<'_, S::Kind>) -> bool {
        let bit = bit::<CELL>(at);
        if self.waiting & bit != 0 {
            return false;
        }
        self.store.keep(at, piece);
        self.waiting |= bit;
        self.played &= !bit;
        true
    }

    /// Whether this cell, up to 340 ms back, was played.
    pub fn was_played(&self, at: u32) -> bool {
        self.played & bit::<CELL>(at) != 0
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
        let there = |at: u32| self.waiting & bit::<CELL>(at) != 0;
        let first = there(at);
        let mut samples = CELL - at as usize % CELL;
        while samples < most && there(at.wrapping_add(samples as u32)) == first {
            samples += CELL;
        }
        (first, samples.min(most))
    }

    /// Decodes what waits from `at` on; all of it must be there.
    pub fn read(&mut self, at: u32, linear: &mut [i16]) {
        self.store.read(at, linear);
    }

    /// Lets the codec make up what is not there from `at` on.
    pub fn make_up(&mut self, at: u32, gap: &mut [i16]) -> MadeUp {
        let next = (self.waiting != 0).then(|| self.next(at)).flatten();
        self.store.make_up(at, next, gap)
    }

    /// The next cell after that of `at` that waits.
    fn next(&self, at: u32) -> Option<u32> {
        let grid = at - at % CELL as u32;
        (1..=AHEAD)
            .map(|n| grid.wrapping_add(n * CELL as u32))
            .find(|&at| self.waiting & bit::<CELL>(at) != 0)
    }

    /// Time passes from `from` to `to`: whole cells behind it wait no more, and those that were there count as played.
    pub fn pass(&mut self, from: u32, to: u32) {
        let mut at = from - from % CELL as u32;
        for _ in 0..BITS {
            if to.wrapping_sub(at) < CELL as u32 || to.wrapping_sub(at) > i32::MAX as u32 {
                break;
            }
            let bit_of_it = bit::<CELL>(at);
            self.played = (self.played & !bit_of_it) | (self.waiting & bit_of_it);
            self.waiting &= !bit_of_it;
            // Its bit is looked at next as the one of a cell that lies ahead.
            self.played &= !bit::<CELL>(at.wrapping_add(AHEAD * CELL as u32));
            at = at.wrapping_add(CELL as u32);
        }
    }
}

impl G711 {
    /// Keeps nothing yet.
    pub fn new() -> G711 {
        G711 {
            coded: [[0; CELL_BYTES]; PLACES],
            mu: 0,
        }
    }
}

impl Store<CELL_BYTES> for G711 {
    type Kind = Law;

    fn cells(&self, payload: &[u8]) -> Option<usize> {
        let (cells, rest) = payload.as_chunks::<CELL_BYTES>();
        rest.is_empty().then_some(cells.len())
    }

    fn warm(&self, at: u32) {
        warm::all(&self.mu);
        for at in [at, at.wrapping_add(CELL_BYTES as u32)] {
            warm::all(&self.coded[place::<CELL_BYTES>(at)]);
        }
    }

    fn keep(&mut self, at: u32, piece: Piece<'_, Law>) {
        let Some(coded) = piece.payload.as_chunks::<CELL_BYTES>().0.get(piece.nth) else {
            return;
        };
        self.coded[place::<CELL_BYTES>(at)] = *coded;
        let bit = bit::<CELL_BYTES>(at);
        self.mu = match piece.kind {
            Law::Mu => self.mu | bit,
            Law::A => self.mu & !bit,
        };
    }

    fn read(&mut self, at: u32, linear: &mut [i16]) {
        let (mut at, mut rest) = (at, linear);
        while !rest.is_empty() {
            let coded = &self.coded[place::<CELL_BYTES>(at)][at as usize % CELL_BYTES..];
            let law = match self.mu & bit::<CELL_BYTES>(at) {
                0 => Law::A,
                _ => Law::Mu,
            };
            let (now, later) = rest.split_at_mut(coded.len().min(rest.len()));
            law::decode(law, &coded[..now.len()], now);
            at = at.wrapping_add(now.len() as u32);
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FRAME;

    const CELL: usize = FRAME / 2;

    fn put(cells: &mut Cells<G711, CELL>, at: u32, law: Law, coded: &[u8; CELL]) -> bool {
        let piece = Piece {
            nth: 0,
            first: true,
            kind: law,
            payload: coded,
        };
        cells.put(at, piece)
    }

    #[test]
    fn cells_are_read_across_their_edges_in_either_law_and_pass_once() {
        let mut cells = Cells::new(G711::new());
        let origin = 64 * CELL as u32;
        assert!(put(&mut cells, origin, Law::A, &[0x55; CELL]));
        assert!(put(&mut cells, origin + 80, Law::Mu, &[0x00; CELL]));
        assert!(!put(&mut cells, origin, Law::A, &[0; CELL]), "doubled");
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
        let mut cells = Cells::new(G711::new());
        for n in 0..1_000u32 {
            let at = n * CELL as u32;
            assert!(put(&mut cells, at, Law::A, &[n as u8; CELL]), "cell {n}");
            cells.pass(at, at + CELL as u32);
            assert!(cells.was_played(at));
            assert!(
                !cells.was_played(at + CELL as u32),
                "cell {n}: the next one was not"
            );
        }
    }
}
