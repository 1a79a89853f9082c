//! Sealing PINs: XChaCha20-Poly1305 with a random nonce of 24 bytes in front; room number and column are associated
//! data, so that a sealed PIN copied into another room's row, or another column, does not open.

use super::key_file::KEY_BYTES;
use super::{StoreError, draw};
use crate::ids::RoomNumber;
use crate::secret::Pin;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const NONCE_BYTES: usize = 24;

/// Which of a room's PINs is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Member,
    Leader,
    Former,
}

impl Kind {
    /// The members' PIN has none: it was sealed so before there were others.
    const fn label(self) -> &'static [u8] {
        match self {
            Kind::Member => b"",
            Kind::Leader => b"leader",
            Kind::Former => b"former",
        }
    }
}

pub(super) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Seal {
        Seal(XChaCha20Poly1305::new(key.into()))
    }

    /// The sealed PIN of the room `number`, if there is one.
    pub(super) fn close(
        &self,
        number: RoomNumber,
        kind: Kind,
        pin: Option<&Pin>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(pin) = pin else {
            return Ok(None);
        };
        let mut sealed = vec![0; NONCE_BYTES];
        draw::fill(&mut sealed)?;
        let payload = Payload {
            msg: pin.reveal().as_bytes(),
            aad: &associated(number, kind),
        };
        let closed = self.0.encrypt(XNonce::from_slice(&sealed), payload);
        sealed.extend(closed.expect("a PIN is shorter than the cipher's limit of 256 GiB"));
        Ok(Some(sealed))
    }

    /// The PIN of the room `number` that was sealed by the same key, if there is one.
    pub(super) fn open(
        &self,
        number: RoomNumber,
        kind: Kind,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Pin>, StoreError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let wrong = || StoreError::WrongKey { room: number };
        let (nonce, closed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let payload = Payload {
            msg: closed,
            aad: &associated(number, kind),
        };
        let digits = self
            .0
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| wrong())?;
        let pin = std::str::from_utf8(&digits).ok().and_then(Pin::parse);
        pin.ok_or_else(wrong).map(Some)
    }
}

fn associated(number: RoomNumber, kind: Kind) -> Vec<u8> {
    [&number.get().to_be_bytes()[..], kind.label()].concat()
}
