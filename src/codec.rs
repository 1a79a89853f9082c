//! Owns the names of the ways in which a voice travels, and what a peer may say of each. Depends on nothing; codes nothing.

/// G.711's two companding laws (ITU-T G.711).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// PCMA, payload type 8 (RFC 3551 §6).
    A,
    /// PCMU, payload type 0.
    Mu,
}

impl Law {
    /// The static RTP payload type.
    pub const fn payload_type(self) -> u8 {
        match self {
            Law::A => 8,
            Law::Mu => 0,
        }
    }
}

/// How a voice travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711, 8 kHz.
    G711(Law),
    /// ITU-T G.722 at 64 kbit/s, 16 kHz.
    G722,
    /// Opus (RFC 6716), mono, 16 kHz here.
    Opus(OpusSpec),
}

/// What a peer says of the Opus that it will receive (RFC 7587 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpusSpec {
    /// Its dynamic payload type.
    pub payload_type: u8,
    /// Whether it makes use of in-band forward error correction.
    pub fec: bool,
    /// Bits a second at most.
    pub bitrate: u32,
}

impl Codec {
    /// The RTP payload type.
    pub const fn payload_type(self) -> u8 {
        match self {
            Codec::G711(law) => law.payload_type(),
            Codec::G722 => 9,
            Codec::Opus(opus) => opus.payload_type,
        }
    }

    /// The RTP clock in Hz. That of G.722 is 8,000 though it has 16,000 samples (RFC 3551 §4.5.2), that of Opus always
    /// 48,000 (RFC 7587 §4.1).
    pub const fn clock(self) -> u32 {
        match self {
            Codec::G711(_) | Codec::G722 => 8_000,
            Codec::Opus(_) => 48_000,
        }
    }

    /// Whether it carries more than the telephone band.
    pub const fn is_wide(self) -> bool {
        match self {
            Codec::G711(_) => false,
            Codec::G722 | Codec::Opus(_) => true,
        }
    }

    /// Whether what is encoded so can be sent to who is spoken to by `other`: the payload type may be another one.
    pub fn encodes_like(self, other: Codec) -> bool {
        match (self, other) {
            (Codec::Opus(one), Codec::Opus(other)) => (one.fec, one.bitrate) == (other.fec, other.bitrate),
            _ => self == other,
        }
    }

    /// What kind it is.
    pub const fn name(self) -> CodecName {
        match self {
            Codec::G711(Law::A) => CodecName::PcmA,
            Codec::G711(Law::Mu) => CodecName::PcmU,
            Codec::G722 => CodecName::G722,
            Codec::Opus(_) => CodecName::Opus,
        }
    }
}

/// The codecs that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodecName {
    /// Opus.
    Opus,
    /// G.722.
    G722,
    /// G.711, A-law.
    PcmA,
    /// G.711, µ-law.
    PcmU,
}

impl CodecName {
    /// All of them, the best first.
    pub const ALL: [CodecName; 4] = [CodecName::Opus, CodecName::G722, CodecName::PcmA, CodecName::PcmU];

    /// Its name in SDP (RFC 3551 §6, RFC 7587 §7).
    pub const fn encoding(self) -> &'static str {
        match self {
            CodecName::Opus => "opus",
            CodecName::G722 => "G722",
            CodecName::PcmA => "PCMA",
            CodecName::PcmU => "PCMU",
        }
    }
}

/// Which codecs are spoken, the preferred one first: each at most once, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codecs {
    names: [CodecName; CodecName::ALL.len()],
    count: usize,
}

impl Codecs {
    /// These; `None` if there is none, or one twice.
    pub fn new(names: &[CodecName]) -> Option<Codecs> {
        let twice = |at: usize| names[..at].contains(&names[at]);
        if names.is_empty() || (0..names.len()).any(twice) {
            return None;
        }
        let mut codecs = Codecs {
            count: names.len(),
            ..Codecs::default()
        };
        codecs.names[..names.len()].copy_from_slice(names);
        Some(codecs)
    }

    /// In their order.
    pub fn names(&self) -> &[CodecName] {
        &self.names[..self.count]
    }
}

impl Default for Codecs {
    fn default() -> Codecs {
        Codecs {
            names: CodecName::ALL,
            count: CodecName::ALL.len(),
        }
    }
}

/// Telephone events as a peer wants them (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventSpec {
    /// Their payload type.
    pub payload_type: u8,
    /// Their clock in Hz, that of the durations.
    pub clock: u32,
}

/// How SRTP seals a voice (RFC 4568 §6.2, RFC 7714 §14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AEAD_AES_128_GCM
    AesGcm128,
    /// AEAD_AES_256_GCM
    AesGcm256,
    /// AES_CM_128_HMAC_SHA1_80
    AesCm80,
    /// AES_CM_128_HMAC_SHA1_32
    AesCm32,
}

impl Suite {
    /// Every suite that is spoken.
    pub const ALL: [Suite; 4] = [Suite::AesGcm128, Suite::AesGcm256, Suite::AesCm80, Suite::AesCm32];

    /// As SDP names it.
    pub const fn name(self) -> &'static str {
        match self {
            Suite::AesGcm128 => "AEAD_AES_128_GCM",
            Suite::AesGcm256 => "AEAD_AES_256_GCM",
            Suite::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Bytes of a master key, and of a session's.
    pub const fn key_bytes(self) -> usize {
        match self {
            Suite::AesGcm128 | Suite::AesCm80 | Suite::AesCm32 => 16,
            Suite::AesGcm256 => 32,
        }
    }

    /// Bytes of a master key's salt.
    pub const fn salt_bytes(self) -> usize {
        match self {
            Suite::AesGcm128 | Suite::AesGcm256 => 12,
            Suite::AesCm80 | Suite::AesCm32 => 14,
        }
    }

    /// Bytes of the tag behind a packet of voice.
    pub const fn tag_bytes(self) -> usize {
        match self {
            Suite::AesGcm128 | Suite::AesGcm256 => 16,
            Suite::AesCm80 => 10,
            Suite::AesCm32 => 4,
        }
    }
}

/// Whether voices are to be sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SrtpPolicy {
    /// They travel in clear.
    Never,
    /// They are sealed where the other side offers or takes it.
    #[default]
    Optional,
    /// A call without it is refused.
    Required,
}

impl SrtpPolicy {
    /// Every policy.
    pub const ALL: [SrtpPolicy; 3] = [SrtpPolicy::Never, SrtpPolicy::Optional, SrtpPolicy::Required];

    /// As the settings name it.
    pub const fn name(self) -> &'static str {
        match self {
            SrtpPolicy::Never => "never",
            SrtpPolicy::Optional => "optional",
            SrtpPolicy::Required => "required",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_each_codec_at_most_once() {
        assert_eq!(Codecs::new(&[]), None);
        assert_eq!(
            Codecs::new(&[CodecName::G722, CodecName::PcmA, CodecName::G722]),
            None
        );
        let all = Codecs::new(&CodecName::ALL).expect("each once");
        assert_eq!((all, all.names()), (Codecs::default(), &CodecName::ALL[..]));
    }
}
