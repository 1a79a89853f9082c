//! Owns all chance of the simulated world: everything random is drawn from here, so a world is a function of its seed, or of
//! the bytes that a fuzzer gives. Must never ask the operating system.

/// Where draws come from.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
    tape: Vec<u8>,
    read: usize,
}

impl Chance {
    /// All draws from one seed (splitmix64).
    pub fn seeded(seed: u64) -> Chance {
        Chance {
            state: seed,
            tape: Vec::new(),
            read: 0,
        }
    }

    /// Draws two bytes of `tape` at a time; then, and in every fork, from the seed that the tape hashes to (FNV-1a).
    pub fn taped(tape: &[u8]) -> Chance {
        let hash = tape.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Chance {
            state: hash,
            tape: tape.to_vec(),
            read: 0,
        }
    }

    /// A source of its own: what is drawn from it later moves nothing here.
    pub fn fork(&mut self) -> Chance {
        Chance::seeded(self.mixed())
    }

    /// A source beside this one, which it does not move: it reads the tape from its end.
    pub fn aside(&self) -> Chance {
        Chance {
            state: self.state ^ 0x6173_6964_6500_0000,
            tape: self.tape.iter().rev().copied().collect(),
            read: 0,
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        match self.tape.get(self.read..self.read + 2) {
            Some(&[high, low]) => {
                self.read += 2;
                u64::from(u16::from_be_bytes([high, low]))
            }
            _ => self.mixed(),
        }
    }

    fn mixed(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `bound`; zero if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or(0)
    }

    /// A number between the two, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    /// True so many times of a million.
    pub fn ppm(&mut self, of_million: u32) -> bool {
        of_million > 0 && self.mixed() % 1_000_000 < u64::from(of_million)
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// `count` decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence_and_a_fork_moves_nothing() {
        let draws = |chance: &mut Chance| (0..8).map(|_| chance.below(1_000)).collect::<Vec<_>>();
        let mut one = Chance::seeded(7);
        let mut other = Chance::seeded(7);
        let mut forks = (one.fork(), other.fork());
        draws(&mut forks.0);
        assert_eq!(draws(&mut one), draws(&mut other));
        assert_ne!(draws(&mut forks.0), draws(&mut forks.1));
    }

    #[test]
    fn a_tape_is_read_first_and_goes_on_for_ever() {
        let mut taped = Chance::taped(&[0, 5, 1, 0, 9]);
        assert_eq!((taped.bits(), taped.bits()), (5, 256));
        assert!((0..100).any(|_| taped.below(2) == 1));
    }

    #[test]
    fn what_is_drawn_aside_moves_nothing_and_has_a_tape_too() {
        let mut one = Chance::taped(&[0, 5, 1, 0]);
        let mut aside = one.aside();
        assert_eq!((aside.bits(), aside.bits()), (1, 0x0500));
        assert_eq!((one.bits(), one.bits()), (5, 256));
        assert_ne!(aside.bits(), one.bits());
    }
}
