//! Asks the processor to fetch what will be needed soon. With thousands of legs nothing of a leg is in the cache when its tick comes,
//! and what is met in turn is waited for in turn; asked for ahead, it comes all at once, while the kernel works.
//!
//! Only a hint: it changes nothing, waits for nothing, and an address that is none does no harm.

/// Bytes in a line of the cache.
const LINE: usize = 64;

/// Everything from the beginning of `first` to the end of `last`; what is in between is one and the same object's.
pub fn between<A, B>(first: &A, last: &B) {
    let to = std::ptr::from_ref(last).addr() + size_of::<B>();
    let from = std::ptr::from_ref(first).cast::<u8>();
    let mut offset = 0;
    while from.addr() + offset < to {
        fetch(from.wrapping_add(offset));
        offset += LINE;
    }
    // The last line, where the first one does not begin with its line.
    fetch(from.wrapping_add(to.saturating_sub(from.addr() + 1)));
}

/// All of it.
pub fn all<T: ?Sized>(what: &T) {
    let from = std::ptr::from_ref(what).cast::<u8>();
    let bytes = size_of_val(what);
    for offset in (0..bytes).step_by(LINE) {
        fetch(from.wrapping_add(offset));
    }
    fetch(from.wrapping_add(bytes.saturating_sub(1)));
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "a hint to the processor: no address is read, none can fault"
)]
fn fetch(line: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: PREFETCHT0 is in every x86-64; it never faults, whatever the address (Intel SDM, volume 2, PREFETCHh).
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
fn fetch(_: *const u8) {}
