//! SRTP (RFC 3711, RFC 7714) with the keys that SDES brought (RFC 4568): what goes out is sealed, what comes is opened, or refused
//! before anybody looks into it. Pure; on the tick nothing is allocated. Keys come in once and are never shown.
//!
//! | what | where |
//! |---|---|
//! | from master keys to session keys (RFC 3711 §4.3) | `derive` |
//! | HMAC-SHA1 (§4.2.1) | `mac` |
//! | one direction's ciphers and where their parts lie in a packet | `cipher` |
//! | which index a packet has, and whether it was seen (§3.3.1, §3.3.2) | `index` |

mod build;
mod cipher;
mod derive;
mod index;
mod mac;

use super::wire::DATAGRAM_MAX;
use crate::media_api::{SrtpKeys, SrtpSpec, Suite};
use crate::secret::MasterKey;
use cipher::Cipher;
use derive::Label;
use index::{Outgoing, Sources};

/// What sealing adds at most: a tag of 16 bytes, and the index of RTCP.
pub const OVERHEAD: usize = 20;

/// Packets that come under newer keys before the former ones open nothing any more: a second's. What was sent before the peer had our
/// answer is under way for that long at most.
const CHANGED_FOR: u32 = 50;

/// Why a packet was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no packet, or not from somebody who has the key, or was changed on its way.
    Unauthentic,
    /// It was here before, or is too old to tell.
    Replayed,
}

/// A leg's keys at work, both ways.
pub struct Srtp {
    spec: SrtpSpec,
    send: Sender,
    receive: Receiver,
    /// What the peer had before, and may have sent packets under that are still on their way.
    former: Option<Box<Srtp>>,
    /// Packets opened since then, [`CHANGED_FOR`] at most.
    opened: u32,
}

struct Sender {
    rtp: Cipher,
    rtcp: Cipher,
    outgoing: Outgoing,
    /// Of the last RTCP packet.
    control: u32,
}

struct Receiver {
    rtp: Cipher,
    rtcp: Cipher,
    voices: Sources,
    reports: Sources,
}

impl std::fmt::Debug for Srtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Srtp({:?})", self.spec)
    }
}

impl Srtp {
    /// Ready to seal and open; `None` if a key is not as long as its suite wants.
    pub fn new(keys: &SrtpKeys) -> Option<Srtp> {
        let suite = keys.spec.suite;
        let (rtp, rtcp) = ciphers(suite, &keys.send)?;
        let send = Sender {
            rtp,
            rtcp,
            outgoing: Outgoing::default(),
            control: 0,
        };
        let (rtp, rtcp) = ciphers(suite, &keys.receive)?;
        let receive = Receiver {
            rtp,
            rtcp,
            voices: Sources::default(),
            reports: Sources::default(),
        };
        Some(Srtp {
            spec: keys.spec,
            send,
            receive,
            former: None,
            opened: 0,
        })
    }

    /// Which keys these are.
    pub fn spec(&self) -> SrtpSpec {
        self.spec
    }

    /// Takes over from `before` where a direction goes on with the key that it had: its counts must go on too, or the same key
    /// stream would be used twice. Where the peer's key is another one, that of `before` opens packets a little longer. What is
    /// needed no more.
    pub fn follow(&mut self, mut before: Box<Srtp>) -> Option<Box<Srtp>> {
        let same_suite = self.spec.suite == before.spec.suite;
        if same_suite && self.spec.send == before.spec.send {
            std::mem::swap(&mut self.send, &mut before.send);
        }
        if same_suite && self.spec.receive == before.spec.receive {
            std::mem::swap(&mut self.receive, &mut before.receive);
            (self.former, self.opened) = (before.former.take(), before.opened);
            return Some(before);
        }
        let oldest = before.former.take();
        self.former = Some(before);
        oldest
    }

    /// Seals an RTP packet of ours into `room`; `None` if it is none.
    pub fn seal<'a>(&mut self, packet: &[u8], room: &'a mut [u8]) -> Option<&'a [u8]> {
        let Head { len, ssrc, sequence } = Head::read(packet)?;
        room.get_mut(..packet.len())?.copy_from_slice(packet);
        let index = self.send.outgoing.next(sequence);
        let sealed = self.send.rtp.seal_rtp(room, (len, packet.len()), ssrc, index)?;
        Some(&room[..sealed])
    }

    /// Opens an RTP packet of the peer's into `room`.
    pub fn open<'a>(&mut self, packet: &[u8], room: &'a mut [u8; DATAGRAM_MAX]) -> Result<&'a [u8], Refused> {
        let opened = match self.receive.open(packet, room) {
            Ok(opened) => {
                self.opened = (self.opened + 1).min(CHANGED_FOR);
                Ok(opened)
            }
            Err(why) => match self.former() {
                Some(former) => former.open(packet, room).or(Err(why)),
                None => Err(why),
            },
        };
        opened.map(|opened| &room[..opened])
    }

    /// Seals an RTCP packet of ours, of `len` bytes, where it lies; `None` if there is no room behind it.
    pub fn seal_control(&mut self, packet: &mut [u8], len: usize) -> Option<usize> {
        // 2³¹ reports are centuries.
        self.send.control = (self.send.control + 1) & cipher::INDEX_MAX;
        self.send.rtcp.seal_rtcp(packet, len, self.send.control)
    }

    /// Opens an RTCP packet of the peer's where it lies; how long it is then.
    pub fn open_control(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        match (self.receive.open_control(packet), self.former()) {
            (Err(why), Some(former)) => former.open_control(packet).or(Err(why)),
            (opened, _) => opened,
        }
    }

    /// What opened packets before, while some of those may still come.
    fn former(&mut self) -> Option<&mut Receiver> {
        let former = self.former.as_mut().filter(|_| self.opened < CHANGED_FOR);
        former.map(|former| &mut former.receive)
    }
}

impl Receiver {
    /// Opens an RTP packet into `room`; how long it is there.
    fn open(&mut self, packet: &[u8], room: &mut [u8; DATAGRAM_MAX]) -> Result<usize, Refused> {
        let Head { len, ssrc, sequence } = Head::read(packet).ok_or(Refused::Unauthentic)?;
        let index = self.voices.index(ssrc, sequence).ok_or(Refused::Replayed)?;
        if !self.voices.is_new(ssrc, index) {
            return Err(Refused::Replayed);
        }
        let place = room.get_mut(..packet.len()).ok_or(Refused::Unauthentic)?;
        place.copy_from_slice(packet);
        let opened = self.rtp.open_rtp(place, len, ssrc, index);
        let opened = opened.ok_or(Refused::Unauthentic)?;
        self.voices.accept(ssrc, index);
        Ok(opened)
    }

    /// Opens an RTCP packet where it lies, which a packet that is refused stays; how long it is then.
    fn open_control(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let (ssrc, index) = self.rtcp.control_index(packet).ok_or(Refused::Unauthentic)?;
        if !self.reports.is_new(ssrc, index.into()) {
            return Err(Refused::Replayed);
        }
        let opened = self.rtcp.open_rtcp(packet, ssrc, index);
        let opened = opened.ok_or(Refused::Unauthentic)?;
        self.reports.accept(ssrc, index.into());
        Ok(opened)
    }
}

/// The session keys of one direction: for RTP and for RTCP.
fn ciphers(suite: Suite, master: &MasterKey) -> Option<(Cipher, Cipher)> {
    let bytes = master.reveal();
    let (key, salt) = bytes.split_at_checked(suite.key_bytes())?;
    if salt.len() != suite.salt_bytes() {
        return None;
    }
    let rtp = Cipher::new(suite, key, salt, Label::RTP, suite.tag_bytes())?;
    // That of RTCP is never shortened (RFC 4568 §6.2.2).
    let control_tag = suite.tag_bytes().max(cipher::CONTROL_TAG);
    let rtcp = Cipher::new(suite, key, salt, Label::RTCP, control_tag)?;
    Some((rtp, rtcp))
}

/// What of an RTP header matters here.
struct Head {
    /// With what sources and extension it has: what stays in clear.
    len: usize,
    ssrc: u32,
    sequence: u16,
}

impl Head {
    fn read(packet: &[u8]) -> Option<Head> {
        let [first, _, high, low, _, _, _, _, a, b, c, d, ..] = *packet else {
            return None;
        };
        let mut len = 12 + 4 * usize::from(first & 0x0f);
        if first & 0x10 != 0 {
            let words = packet.get(len + 2..len + 4)?;
            len += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        (first >> 6 == 2 && len <= packet.len()).then_some(Head {
            len,
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([high, low]),
        })
    }
}

#[cfg(test)]
mod tests;
