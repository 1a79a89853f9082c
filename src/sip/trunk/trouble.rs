//! Owns what can be wrong with a registration, in words for the operator. Must never repeat what the registrar wrote: there
//! may be a number in it.

use std::fmt;

/// Why a trunk is not registered, or may soon be no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No name server knows an address.
    Unresolved,
    /// We have no socket of the family of its addresses.
    Family,
    /// Nothing came back.
    Silent,
    /// No connection could be opened, or it was closed.
    Disconnected,
    /// The answer to the challenge was refused.
    Login,
    /// It asks for a proof that we cannot give.
    Challenge,
    /// 403
    Forbidden,
    /// 404
    Unknown,
    /// 200, but the binding is not in it.
    NotKept,
    /// 423 again and again.
    TooBrief,
    /// Another status.
    Status(u16),
}

impl Trouble {
    /// Whether it may be over as soon as the registrar gives a sign of life.
    pub fn is_silence(self) -> bool {
        matches!(self, Trouble::Silent | Trouble::Disconnected)
    }

    /// Whether it stays until somebody changes something: asking often would only lock the account.
    pub fn is_lasting(self) -> bool {
        matches!(
            self,
            Trouble::Login | Trouble::Challenge | Trouble::Forbidden | Trouble::Unknown
        )
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Trouble::Unresolved => "no name server knows its address: is `domain` (or `proxy`) right?",
            Trouble::Family => "its addresses are of a family (IPv4, IPv6) of which sip.listen has none",
            Trouble::Silent => "it does not answer: is the way there open (firewall, port, transport)?",
            Trouble::Disconnected => "no connection: it refuses or closes it",
            Trouble::Login => {
                "it refuses the user name or the password: compare `user`, `auth_user` and the password"
            }
            Trouble::Challenge => "it asks for a proof that is not MD5, SHA-256 or SHA-512-256",
            Trouble::Forbidden => {
                "it forbids the registration (403): is the account active, `user` and `domain` right?"
            }
            Trouble::Unknown => "it does not know the account (404): is `user` right?",
            Trouble::NotKept => "it agrees but keeps nothing: are there too many telephones on this account?",
            Trouble::TooBrief => "it wants ever longer registrations (423)",
            Trouble::Status(code) => return write!(f, "it refuses with status {code}{}", meaning(*code)),
        };
        f.write_str(words)
    }
}

/// What the commonest statuses mean for whoever looks after it.
fn meaning(code: u16) -> &'static str {
    match code {
        300..400 => " (it sends us elsewhere, which is not followed)",
        400 | 420 | 421 => " (it does not like how we ask)",
        405 | 501 => " (nobody registers there: is `domain` or `proxy` right?)",
        408 | 480 | 500 | 502 | 504 | 599 => " (it has a fault of its own)",
        503 => " (it is overloaded or being serviced)",
        _ => "",
    }
}
