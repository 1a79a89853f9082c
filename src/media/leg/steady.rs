//! How many packets a leg's socket is asked for. To learn that no second one waits costs a system call, a thirtieth of all that a leg
//! takes; a line that brings one packet a tick is asked that in every fourth tick only. Nothing is later for it: the one that is
//! taken is the one that is due, and a tick in which none came ends it.

/// Datagrams taken from a leg's socket a tick at most; the rest waits.
pub const TAKEN_MAX: usize = 32;
/// Of so many ticks, one asks for more.
const MORE_EVERY: u8 = 4;

/// Ticks in a row in which exactly one packet came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady(u8);

impl Steady {
    /// How many packets to ask for.
    pub fn most(self) -> usize {
        if self.0.is_multiple_of(MORE_EVERY) {
            TAKEN_MAX
        } else {
            1
        }
    }

    /// So many came.
    pub fn came(&mut self, packets: usize) {
        self.0 = if packets == 1 { self.0.wrapping_add(1) } else { 0 };
    }

    /// Ticks were left out: more than one waits.
    pub fn end(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_packet_a_tick_is_asked_for_more_in_every_fourth_and_any_other_in_every_tick() {
        let mut steady = Steady::default();
        let asked: Vec<usize> = (0..9)
            .map(|_| {
                let most = steady.most();
                steady.came(1);
                most
            })
            .collect();
        assert_eq!(asked, [TAKEN_MAX, 1, 1, 1, TAKEN_MAX, 1, 1, 1, TAKEN_MAX]);
        for odd in [0, 2] {
            steady.came(odd);
            assert_eq!(steady.most(), TAKEN_MAX);
            steady.came(1);
            assert_eq!(steady.most(), 1);
        }
        steady.end();
        assert_eq!(steady.most(), TAKEN_MAX);
    }
}
