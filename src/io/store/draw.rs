//! Drawing by lot: room numbers and PINs from the operating system's generator, every one as likely as any other.

use super::StoreError;
use crate::secret::Pin;

/// A number below the argument, evenly drawn. An argument of the functions below, so that tests can load the dice.
pub(super) type Below<'a> = dyn FnMut(u32) -> Result<u32, StoreError> + Send + 'a;

/// Fills `bytes` with random ones.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|_| StoreError::NoRandomness)
}

/// A number below `bound` from the operating system's generator.
pub(super) fn below(bound: u32) -> Result<u32, StoreError> {
    even_below(bound, || getrandom::u32().map_err(|_| StoreError::NoRandomness))
}

/// What lies in the incomplete last round of `bound` is thrown away, because it would make low numbers likelier.
fn even_below(bound: u32, mut word: impl FnMut() -> Result<u32, StoreError>) -> Result<u32, StoreError> {
    debug_assert!(bound > 0);
    let whole_rounds = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = word()?;
        if drawn < whole_rounds {
            return Ok(drawn % bound);
        }
    }
}

/// A PIN of six digits that is not weak.
pub(super) fn pin(below: &mut Below<'_>) -> Result<Pin, StoreError> {
    loop {
        let pin = Pin::from_number(below(1_000_000)?);
        if !is_weak(&pin) {
            return Ok(pin);
        }
    }
}

/// Whether a guesser tries this PIN first: one digit repeated, or counting up or down (0 follows 9).
pub(super) fn is_weak(pin: &Pin) -> bool {
    let digits = pin.reveal().as_bytes();
    let step = |pair: &[u8]| (10 + pair[1] - pair[0]) % 10;
    [0, 1, 9]
        .iter()
        .any(|weak| digits.windows(2).all(|pair| step(pair) == *weak))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incomplete_last_round_is_thrown_away() {
        let mut words = [u32::MAX, 4_294_000_000, 4_293_999_999].into_iter();
        let drawn = even_below(1_000_000, || Ok(words.next().expect("three words")));
        assert_eq!(drawn.ok(), Some(999_999));
    }

    #[test]
    fn weak_pins_are_known_and_others_are_left_alone() {
        for weak in [
            "0000",
            "111111",
            "1234",
            "123456",
            "7890123",
            "654321",
            "9876543210",
            "2109",
        ] {
            assert!(is_weak(&Pin::parse(weak).expect("digits")), "{weak}");
        }
        for good in ["4938", "493817", "123457", "1235", "112233", "135790"] {
            assert!(!is_weak(&Pin::parse(good).expect("digits")), "{good}");
        }
    }

    #[test]
    fn a_drawn_weak_pin_is_drawn_again() {
        let mut numbers = [123_456, 0, 7].into_iter();
        let pin = pin(&mut |_| Ok(numbers.next().expect("three numbers")));
        assert_eq!(pin.ok().as_ref().map(Pin::reveal), Some("000007"));
    }
}
