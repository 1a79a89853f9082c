//! Owns how a registration agrees that media is sealed between us and the provider's edge (RFC 3329, with the parameter `mediasec`
//! of 3GPP TS 24.229 §7.2A.7): we say that we can SDES, the registrar's side what it can, and from then on our requests repeat
//! that word for word, so that nobody between can have taken anything away. Must never repeat more than a few lines.

/// The option without which nobody may pass such a request on.
pub const OPTION: &str = "mediasec";
/// What we can (RFC 4568).
pub const OURS: &str = "sdes-srtp;mediasec";
/// The most mechanisms, and characters of each, that are repeated.
const MECHANISMS_MAX: usize = 8;
const MECHANISM_CHARS_MAX: usize = 128;

/// What the registrar's side can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    theirs: Vec<String>,
    /// Whether a refusal for want of it (494) was answered in this round.
    is_answered: bool,
}

impl Security {
    /// A new round: such a refusal may be answered again.
    pub fn begin_round(&mut self) {
        self.is_answered = false;
    }

    /// Learns the mechanisms of Security-Server, if an answer brings any.
    pub fn learn<'a>(&mut self, values: impl Iterator<Item = &'a str>) {
        let fits = |value: &&str| value.len() <= MECHANISM_CHARS_MAX && !value.is_empty();
        let theirs: Vec<String> = values
            .filter(fits)
            .take(MECHANISMS_MAX)
            .map(str::to_owned)
            .collect();
        if !theirs.is_empty() {
            self.theirs = theirs;
        }
    }

    /// Whether a 494 is worth a further try: it said what is wanted, and for the first time in this round.
    pub fn may_answer(&mut self) -> bool {
        !std::mem::replace(&mut self.is_answered, true) && !self.theirs.is_empty()
    }

    /// The value of Security-Verify, once they have said what they can.
    pub fn verify(&self) -> Option<String> {
        (!self.theirs.is_empty()).then(|| self.theirs.join(", "))
    }
}

/// The header fields of a request within a call.
pub fn fields(theirs: String) -> Vec<(&'static str, String)> {
    vec![
        ("Require", OPTION.to_owned()),
        ("Proxy-Require", OPTION.to_owned()),
        ("Security-Verify", theirs),
    ]
}
