//! Session keys out of a master key (RFC 3711 §4.3.1; RFC 7714 §11 for AES-GCM): a key stream for each label. Keys are derived once;
//! the derivation rate is 0, as SDES has it unless it says otherwise.

use aes::Block;
use aes::cipher::consts::U16;
use aes::cipher::{BlockEncrypt, BlockSizeUser};

/// Bytes of a salt, as the counter has it.
pub const SALT: usize = 14;
/// Blocks that are made in one go: as many as the processor takes side by side.
const AT_ONCE: usize = 8;

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    pub cipher: u8,
    pub tag: u8,
    pub salt: u8,
}

impl Label {
    pub const RTP: Label = Label {
        cipher: 0,
        tag: 1,
        salt: 2,
    };
    pub const RTCP: Label = Label {
        cipher: 3,
        tag: 4,
        salt: 5,
    };
}

/// Fills `out` with the key of a label.
pub fn derive<C>(master: &C, salt: [u8; SALT], label: u8, out: &mut [u8])
where
    C: BlockEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let mut counter = counter(salt);
    counter[7] ^= label;
    out.fill(0);
    apply(master, counter, out);
}

/// A salt as the first counter of a key stream.
pub fn counter(salt: [u8; SALT]) -> [u8; 16] {
    let mut counter = [0; 16];
    counter[..SALT].copy_from_slice(&salt);
    counter
}

/// Lays the key stream that begins at `counter` over `data` (RFC 3711 §4.1.1): seals what is clear, and clears what is sealed.
pub fn apply<C>(aes: &C, counter: [u8; 16], data: &mut [u8])
where
    C: BlockEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let mut nth: u16 = 0;
    for part in data.chunks_mut(16 * AT_ONCE) {
        let mut blocks = [Block::from(counter); AT_ONCE];
        let blocks = &mut blocks[..part.len().div_ceil(16)];
        for block in &mut *blocks {
            block[SALT..].copy_from_slice(&nth.to_be_bytes());
            nth = nth.wrapping_add(1);
        }
        aes.encrypt_blocks(blocks);
        for (byte, key) in part.iter_mut().zip(blocks.iter().flatten()) {
            *byte ^= key;
        }
    }
}
