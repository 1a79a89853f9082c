//! One direction's cipher for RTP or RTCP: AES in counter mode with HMAC-SHA1 (RFC 3711 §4), or AES-GCM (RFC 7714), and where tag and index
//! lie. A tag is compared as a whole, in the same time whatever it is, and nothing is decrypted before it is found right.

use super::derive::{self, Label, SALT};
use super::mac::Mac;
use crate::media_api::Suite;
use aes::cipher::KeyInit;
use aes::{Aes128, Aes256};
use aes_gcm::aead::AeadInPlace;
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce, Tag};
use zeroize::Zeroize;

/// The tag of RTCP, in bytes, with HMAC-SHA1.
pub const CONTROL_TAG: usize = 10;
/// The highest index of RTCP.
pub const INDEX_MAX: u32 = 0x7fff_ffff;
/// Says beside the index that the packet is encrypted.
const ENCRYPTED: u32 = 0x8000_0000;
/// What of an RTCP packet stays in clear.
const CONTROL_HEAD: usize = 8;
const INDEX: usize = 4;
const GCM_TAG: usize = 16;
/// Bytes of the key of HMAC-SHA1.
const MAC_KEY: usize = 20;

/// It holds the keys, as the ciphers want them; each of them forgets its own.
pub struct Cipher {
    kind: Kind,
    salt: [u8; SALT],
}

// One a leg and direction, built on the control side and never moved about.
#[allow(clippy::large_enum_variant)]
enum Kind {
    Counter { aes: Aes128, mac: Mac, tag: usize },
    Gcm128(Aes128Gcm),
    Gcm256(Aes256Gcm),
}

impl Drop for Cipher {
    fn drop(&mut self) {
        self.salt.zeroize();
    }
}

impl Cipher {
    /// Out of a master key and its salt; `None` if they are not as long as the suite wants.
    pub fn new(suite: Suite, key: &[u8], salt: &[u8], label: Label, tag: usize) -> Option<Cipher> {
        // That of AES-GCM is shorter by two bytes (RFC 7714 §11).
        let mut master_salt = [0; SALT];
        master_salt.get_mut(..salt.len())?.copy_from_slice(salt);
        let mut made = [0; 32];
        let mut session_salt = [0; SALT];
        let made = &mut made[..suite.key_bytes()];
        if suite == Suite::AesGcm256 {
            let master = <Aes256 as KeyInit>::new_from_slice(key).ok()?;
            derive::derive(&master, master_salt, label.cipher, made);
            derive::derive(&master, master_salt, label.salt, &mut session_salt);
        } else {
            let master = <Aes128 as KeyInit>::new_from_slice(key).ok()?;
            derive::derive(&master, master_salt, label.cipher, made);
            derive::derive(&master, master_salt, label.salt, &mut session_salt);
        }
        let mut mac_key = [0; MAC_KEY];
        if let Ok(master) = <Aes128 as KeyInit>::new_from_slice(key) {
            derive::derive(&master, master_salt, label.tag, &mut mac_key);
        }
        let cipher = Cipher::of_session(suite, made, session_salt, &mac_key, tag);
        made.zeroize();
        mac_key.zeroize();
        master_salt.zeroize();
        cipher
    }

    /// Out of session keys.
    pub(super) fn of_session(
        suite: Suite,
        key: &[u8],
        salt: [u8; SALT],
        mac_key: &[u8],
        tag: usize,
    ) -> Option<Cipher> {
        let kind = match suite {
            Suite::AesCm80 | Suite::AesCm32 => Kind::Counter {
                aes: <Aes128 as KeyInit>::new_from_slice(key).ok()?,
                mac: Mac::new(mac_key)?,
                tag,
            },
            Suite::AesGcm128 => Kind::Gcm128(<Aes128Gcm as KeyInit>::new_from_slice(key).ok()?),
            Suite::AesGcm256 => Kind::Gcm256(<Aes256Gcm as KeyInit>::new_from_slice(key).ok()?),
        };
        Some(Cipher { kind, salt })
    }

    /// Seals a packet of `len` bytes, of which the first `head` stay in clear; how long it is then.
    pub fn seal_rtp(
        &self,
        room: &mut [u8],
        (head, len): (usize, usize),
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        let (packet, behind) = room.split_at_mut_checked(len)?;
        let (clear, secret) = packet.split_at_mut_checked(head)?;
        match &self.kind {
            Kind::Counter { aes, mac, tag } => {
                derive::apply(aes, self.counter(ssrc, index), secret);
                let rollover = ((index >> 16) as u32).to_be_bytes();
                let made = mac.tag(&[packet, &rollover]);
                behind.get_mut(..*tag)?.copy_from_slice(made.get(..*tag)?);
                Some(len + tag)
            }
            gcm => {
                let made = gcm_seal(gcm, self.nonce(ssrc, index), clear, secret)?;
                behind.get_mut(..GCM_TAG)?.copy_from_slice(&made);
                Some(len + GCM_TAG)
            }
        }
    }

    /// Opens a packet of which the first `head` bytes are in clear; how long it is then.
    pub fn open_rtp(&self, packet: &mut [u8], head: usize, ssrc: u32, index: u64) -> Option<usize> {
        let tag = self.tag();
        let len = packet.len().checked_sub(tag).filter(|len| *len >= head)?;
        let (packet, tag) = packet.split_at_mut(len);
        match &self.kind {
            Kind::Counter { aes, mac, .. } => {
                let rollover = ((index >> 16) as u32).to_be_bytes();
                mac.is_tag(&[packet, &rollover], tag)?;
                derive::apply(aes, self.counter(ssrc, index), &mut packet[head..]);
            }
            gcm => {
                let (clear, secret) = packet.split_at_mut(head);
                gcm_open(gcm, self.nonce(ssrc, index), clear, secret, tag)?;
            }
        }
        Some(len)
    }

    /// Seals a packet of `len` bytes; how long it is then.
    pub fn seal_rtcp(&self, room: &mut [u8], len: usize, index: u32) -> Option<usize> {
        let (packet, behind) = room.split_at_mut_checked(len)?;
        let (clear, secret) = packet.split_at_mut_checked(CONTROL_HEAD)?;
        let ssrc = u32::from_be_bytes(clear.get(4..8)?.try_into().ok()?);
        let word = (index | ENCRYPTED).to_be_bytes();
        match &self.kind {
            Kind::Counter { aes, mac, tag } => {
                derive::apply(aes, self.counter(ssrc, index.into()), secret);
                let made = mac.tag(&[packet, &word]);
                behind.get_mut(..INDEX)?.copy_from_slice(&word);
                behind
                    .get_mut(INDEX..INDEX + tag)?
                    .copy_from_slice(made.get(..*tag)?);
                Some(len + INDEX + tag)
            }
            gcm => {
                let told = told(clear, word)?;
                let made = gcm_seal(gcm, self.nonce(ssrc, index.into()), &told, secret)?;
                behind.get_mut(..GCM_TAG)?.copy_from_slice(&made);
                behind.get_mut(GCM_TAG..GCM_TAG + INDEX)?.copy_from_slice(&word);
                Some(len + GCM_TAG + INDEX)
            }
        }
    }

    /// Whose an RTCP packet says it is, and its index; `None` if it is none, or not encrypted.
    pub fn control_index(&self, packet: &[u8]) -> Option<(u32, u32)> {
        let ssrc = packet.get(4..CONTROL_HEAD)?.try_into().ok()?;
        let end = match &self.kind {
            Kind::Counter { tag, .. } => packet.len().checked_sub(*tag)?,
            Kind::Gcm128(_) | Kind::Gcm256(_) => packet.len(),
        };
        let word = packet.get(end.checked_sub(INDEX)?..end)?.try_into().ok()?;
        let word = u32::from_be_bytes(word);
        let is_whole = packet[0] >> 6 == 2 && word & ENCRYPTED != 0;
        is_whole.then_some((u32::from_be_bytes(ssrc), word & INDEX_MAX))
    }

    /// Opens a packet; how long it is then.
    pub fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, index: u32) -> Option<usize> {
        let behind = INDEX + self.tag();
        let len = packet
            .len()
            .checked_sub(behind)
            .filter(|len| *len >= CONTROL_HEAD)?;
        let (packet, behind) = packet.split_at_mut(len);
        let word = (index | ENCRYPTED).to_be_bytes();
        match &self.kind {
            Kind::Counter { aes, mac, .. } => {
                mac.is_tag(&[packet, &word], &behind[INDEX..])?;
                let counter = self.counter(ssrc, index.into());
                derive::apply(aes, counter, &mut packet[CONTROL_HEAD..]);
            }
            gcm => {
                let (clear, secret) = packet.split_at_mut(CONTROL_HEAD);
                let told = told(clear, word)?;
                let nonce = self.nonce(ssrc, index.into());
                gcm_open(gcm, nonce, &told, secret, &behind[..GCM_TAG])?;
            }
        }
        Some(len)
    }

    fn tag(&self) -> usize {
        match &self.kind {
            Kind::Counter { tag, .. } => *tag,
            Kind::Gcm128(_) | Kind::Gcm256(_) => GCM_TAG,
        }
    }

    /// Where the key stream of a packet begins (RFC 3711 §4.1.1).
    fn counter(&self, ssrc: u32, index: u64) -> [u8; 16] {
        let place = (u128::from(ssrc) << 64) | (u128::from(index) << 16);
        (u128::from_be_bytes(derive::counter(self.salt)) ^ place).to_be_bytes()
    }

    /// What a packet is sealed with once only (RFC 7714 §8.1; §9.1 of RTCP).
    fn nonce(&self, ssrc: u32, index: u64) -> [u8; 12] {
        let mut nonce = [0; 12];
        let bytes = ((u128::from(ssrc) << 48) | u128::from(index)).to_be_bytes();
        let parts = bytes[4..].iter().zip(&self.salt);
        for (own, (place, salt)) in nonce.iter_mut().zip(parts) {
            *own = place ^ salt;
        }
        nonce
    }
}

/// What of an RTCP packet is proven, but not secret, with AES-GCM (RFC 7714 §9.2).
fn told(clear: &[u8], word: [u8; INDEX]) -> Option<[u8; CONTROL_HEAD + INDEX]> {
    let mut told = [0; CONTROL_HEAD + INDEX];
    told[..CONTROL_HEAD].copy_from_slice(clear.get(..CONTROL_HEAD)?);
    told[CONTROL_HEAD..].copy_from_slice(&word);
    Some(told)
}

fn gcm_seal(kind: &Kind, nonce: [u8; 12], told: &[u8], secret: &mut [u8]) -> Option<[u8; GCM_TAG]> {
    let nonce = Nonce::from(nonce);
    let made = match kind {
        Kind::Counter { .. } => return None,
        Kind::Gcm128(gcm) => gcm.encrypt_in_place_detached(&nonce, told, secret),
        Kind::Gcm256(gcm) => gcm.encrypt_in_place_detached(&nonce, told, secret),
    };
    made.ok().map(Into::into)
}

fn gcm_open(kind: &Kind, nonce: [u8; 12], told: &[u8], secret: &mut [u8], tag: &[u8]) -> Option<()> {
    let nonce = Nonce::from(nonce);
    let tag: [u8; GCM_TAG] = tag.try_into().ok()?;
    let tag = Tag::from(tag);
    let opened = match kind {
        Kind::Counter { .. } => return None,
        Kind::Gcm128(gcm) => gcm.decrypt_in_place_detached(&nonce, told, secret, &tag),
        Kind::Gcm256(gcm) => gcm.decrypt_in_place_detached(&nonce, told, secret, &tag),
    };
    opened.ok()
}
