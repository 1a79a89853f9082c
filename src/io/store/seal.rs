//! Sealing PINs: XChaCha20-Poly1305 with a random nonce of 24 bytes in front, the room number as associated data, so
//! that a sealed PIN copied into another room's row does not open.

use super::key_file::KEY_BYTES;
use super::{StoreError, draw};
use crate::ids::RoomNumber;
use crate::secret::Pin;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const NONCE_BYTES: usize = 24;

pub(super) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Seal {
        Seal(XChaCha20Poly1305::new(key.into()))
    }

    /// The sealed PIN of the room `number`.
    pub(super) fn close(&self, number: RoomNumber, pin: &Pin) -> Result<Vec<u8>, StoreError> {
        let mut sealed = vec![0; NONCE_BYTES];
        draw::fill(&mut sealed)?;
        let payload = Payload {
            msg: pin.reveal().as_bytes(),
            aad: &number.get().to_be_bytes(),
        };
        let closed = self.0.encrypt(XNonce::from_slice(&sealed), payload);
        sealed.extend(closed.expect("a PIN is shorter than the cipher's limit of 256 GiB"));
        Ok(sealed)
    }

    /// The PIN of the room `number` that was sealed by the same key.
    pub(super) fn open(&self, number: RoomNumber, sealed: &[u8]) -> Result<Pin, StoreError> {
        let wrong = || StoreError::WrongKey { room: number };
        let (nonce, closed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let payload = Payload {
            msg: closed,
            aad: &number.get().to_be_bytes(),
        };
        let digits = self
            .0
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| wrong())?;
        std::str::from_utf8(&digits)
            .ok()
            .and_then(Pin::parse)
            .ok_or_else(wrong)
    }
}
