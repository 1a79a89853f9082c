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
    /// One of the two could not prove over TLS who it is.
    Tls(TlsFault),
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

/// Why there is no TLS with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Its certificate's time is over.
    Expired,
    /// Its certificate's time has not come.
    NotYet,
    /// Nobody whom we trust has signed its certificate.
    Issuer,
    /// Its certificate is somebody else's.
    Name,
    /// Something else is wrong with its certificate.
    Certificate,
    /// It wants a certificate of ours, or another one.
    Ours,
    /// It broke the handshake off.
    Refused,
    /// There is no version or cipher in common.
    Nothing,
    /// What it says is no TLS.
    NotTls,
    /// It does not end the handshake.
    Silent,
}

impl TlsFault {
    const fn words(self) -> &'static str {
        match self {
            TlsFault::Expired => "TLS: its certificate has expired (is this machine's clock right?)",
            TlsFault::NotYet => "TLS: its certificate is not valid yet: is this machine's clock right?",
            TlsFault::Issuer => {
                "TLS: an authority that is not trusted here has signed its certificate: name that authority's file in `tls_roots`"
            }
            TlsFault::Name => {
                "TLS: its certificate is for another name: is `domain` (or `proxy`) the name that the provider gives?"
            }
            TlsFault::Certificate => "TLS: its certificate is damaged, revoked or not for servers",
            TlsFault::Ours => {
                "TLS: it wants a certificate of ours, or does not take the one it got: `tls_certificate`"
            }
            TlsFault::Refused => "TLS: it breaks the handshake off",
            TlsFault::Nothing => "TLS: it speaks neither TLS 1.2 nor 1.3 with a cipher of ours",
            TlsFault::NotTls => "TLS: it answers without TLS: is the port right (mostly 5061)?",
            TlsFault::Silent => "TLS: it does not finish the handshake",
        }
    }
}

impl Trouble {
    /// Whether it may be over as soon as the registrar gives a sign of life.
    pub fn is_silence(self) -> bool {
        match self {
            Trouble::Silent | Trouble::Disconnected => true,
            // So does one that is just ending or beginning.
            Trouble::Tls(fault) => matches!(fault, TlsFault::Refused | TlsFault::Silent),
            _ => false,
        }
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
            Trouble::Tls(fault) => fault.words(),
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
        494 => " (it wants encrypted voices agreed while registering: `mediasec`)",
        405 | 501 => " (nobody registers there: is `domain` or `proxy` right?)",
        408 | 480 | 500 | 502 | 504 | 599 => " (it has a fault of its own)",
        503 => " (it is overloaded or being serviced)",
        _ => "",
    }
}
