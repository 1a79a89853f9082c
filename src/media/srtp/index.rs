//! Which index a packet has (RFC 3711 §3.3.1), and whether it was here before (§3.3.2): for each of the last few sources a window
//! behind its highest index. Nothing is noted of a packet before it was found authentic.

/// Indices behind the highest that are told from one another; what is older is taken for seen.
const WINDOW: u64 = 128;
/// Sources that are remembered; of more, the one that was silent longest is forgotten.
const SOURCES: usize = 4;

/// The indices of what we send.
#[derive(Clone, Debug, Default)]
pub struct Outgoing(Option<u64>);

impl Outgoing {
    /// The index of the packet with this sequence number.
    pub fn next(&mut self, sequence: u16) -> u64 {
        let index = match self.0 {
            None => u64::from(sequence),
            Some(last) => nearest(last, sequence).unwrap_or(u64::from(sequence)),
        };
        self.0 = Some(self.0.map_or(index, |last| last.max(index)));
        index
    }
}

/// What came from each source.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    known: [Option<Source>; SOURCES],
    /// Counts packets.
    clock: u64,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    highest: u64,
    /// The bit `n` is that of the index `highest - n`.
    seen: u128,
    heard: u64,
}

impl Sources {
    /// The likeliest index of a packet with this sequence number; `None` if that was before the first one.
    pub fn index(&self, ssrc: u32, sequence: u16) -> Option<u64> {
        match self.source(ssrc) {
            None => Some(sequence.into()),
            Some(source) => nearest(source.highest, sequence),
        }
    }

    /// Whether nothing with this index came before.
    pub fn is_new(&self, ssrc: u32, index: u64) -> bool {
        self.source(ssrc).is_none_or(|source| {
            let behind = source.highest.checked_sub(index);
            behind.is_none_or(|behind| behind < WINDOW && source.seen >> behind & 1 == 0)
        })
    }

    /// Notes a packet that is authentic.
    pub fn accept(&mut self, ssrc: u32, index: u64) {
        self.clock += 1;
        let heard = self.clock;
        let own = self.known.iter().flatten().position(|source| source.ssrc == ssrc);
        let place = own.unwrap_or_else(|| self.oldest());
        let source = self.known[place].filter(|source| source.ssrc == ssrc);
        let mut source = source.unwrap_or(Source {
            ssrc,
            highest: index,
            seen: 0,
            heard,
        });
        let ahead = index.saturating_sub(source.highest);
        source.seen = if ahead < WINDOW { source.seen << ahead } else { 0 };
        source.highest = source.highest.max(index);
        source.seen |= 1 << (source.highest - index).min(WINDOW - 1);
        source.heard = heard;
        self.known[place] = Some(source);
    }

    fn source(&self, ssrc: u32) -> Option<&Source> {
        self.known.iter().flatten().find(|source| source.ssrc == ssrc)
    }

    /// A place that is free, or whose source was silent longest. Those that are taken come first.
    fn oldest(&self) -> usize {
        let heard = |place: &usize| self.known[*place].map_or(0, |source| source.heard);
        (0..SOURCES).min_by_key(heard).unwrap_or(0)
    }
}

/// The index with this sequence number that is nearest to `last`; `None` if it would be below 0.
fn nearest(last: u64, sequence: u16) -> Option<u64> {
    let ahead = sequence.wrapping_sub(last as u16).cast_signed();
    last.checked_add_signed(ahead.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roll_over_counter_follows_the_sequence_over_its_wrap_and_back() {
        let mut outgoing = Outgoing::default();
        let indices = [65_534, 65_535, 0, 1].map(|sequence| outgoing.next(sequence));
        assert_eq!(indices, [65_534, 65_535, 65_536, 65_537]);
        let mut sources = Sources::default();
        for index in [65_530, 65_536, 65_535] {
            assert_eq!(sources.index(7, index as u16), Some(index));
            assert!(sources.is_new(7, index));
            sources.accept(7, index);
        }
        assert_eq!(
            sources.index(7, 65_531),
            Some(65_531),
            "late, of the cycle before"
        );
        assert_eq!(sources.index(8, 9), Some(9), "another source begins by itself");
        let mut begun = Sources::default();
        begun.accept(7, 3);
        assert_eq!(begun.index(7, 65_535), None, "before the beginning");
    }

    #[test]
    fn what_was_here_or_is_too_old_is_not_new() {
        let mut sources = Sources::default();
        for index in [1_000, 1_001, 1_050] {
            sources.accept(7, index);
        }
        for (index, expected) in [
            (1_050, false),
            (1_051, true),
            (1_002, true),
            (1_001, false),
            (1_000, false),
            (999, true),
            (1_050 - 127, true),
            (1_050 - 128, false),
            (0, false),
        ] {
            assert_eq!(sources.is_new(7, index), expected, "{index}");
        }
        sources.accept(7, 5_000);
        assert!(!sources.is_new(7, 1_002), "far behind now");
        assert!(sources.is_new(7, 4_999));
    }

    #[test]
    fn a_fifth_source_takes_the_place_of_the_one_that_was_silent_longest() {
        let mut sources = Sources::default();
        for ssrc in [1, 2, 3, 4, 1, 5] {
            sources.accept(ssrc, 10);
        }
        let known = [1, 2, 3, 4, 5].map(|ssrc| !sources.is_new(ssrc, 10));
        assert_eq!(known, [true, false, true, true, true]);
    }
}
