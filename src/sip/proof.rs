//! Owns which challenges of a server are answered (RFC 3261 §22), those to a registration and those within a call, and the nonces
//! that are in use. Must never answer the same challenge twice: that it comes again means that our login is wrong.

use super::digest::{Challenge, Login, Session};
use super::message::Response;
use super::names::Name;

/// How often in a row a server may find our nonce too old.
const STALE_MAX: u8 = 3;

/// Who challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Server,
    Proxy,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Server, Kind::Proxy];

    /// Whose challenge an answer with this status brings.
    pub const fn of(code: u16) -> Option<Kind> {
        match code {
            401 => Some(Kind::Server),
            407 => Some(Kind::Proxy),
            _ => None,
        }
    }

    const fn challenge(self) -> Name {
        match self {
            Kind::Server => Name::WwwAuthenticate,
            Kind::Proxy => Name::ProxyAuthenticate,
        }
    }

    /// The field that answers.
    const fn answer(self) -> &'static str {
        match self {
            Kind::Server => "Authorization",
            Kind::Proxy => "Proxy-Authorization",
        }
    }
}

/// What becomes of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request is worth another try, with its answer.
    Answered,
    /// It is none that we can answer.
    Unknown,
    /// It was answered already: our login is wrong.
    Refused,
}

/// The nonces in use with one server and the proxy before it.
#[derive(Debug, Default)]
pub struct Proof {
    sessions: [Option<Session>; 2],
    /// How many challenges of each kind were answered since the last request that was taken.
    answered: [u8; 2],
}

impl Proof {
    /// What comes now may be challenged anew.
    pub fn begin(&mut self) {
        self.answered = [0; 2];
    }

    /// The first challenge is answered, and one whose only fault was its nonce (RFC 3261 §22.1). `cnonce` must be unguessable.
    pub fn challenged(&mut self, kind: Kind, response: &Response, cnonce: String) -> Verdict {
        let challenges = response.said.iter().filter(|(name, _)| *name == kind.challenge());
        let Some(challenge) = Challenge::first(challenges.map(|(_, value)| value.as_str())) else {
            return Verdict::Unknown;
        };
        let answered = &mut self.answered[kind as usize];
        let may_answer = *answered == 0 || (challenge.is_stale && *answered < STALE_MAX);
        if !may_answer {
            self.sessions = [None, None];
            return Verdict::Refused;
        }
        *answered += 1;
        self.sessions[kind as usize] = Some(Session::new(challenge, cnonce));
        Verdict::Answered
    }

    /// The server names the nonce of the next request (RFC 7616 §3.5).
    pub fn renew(&mut self, info: &str) {
        if let Some(session) = &mut self.sessions[Kind::Server as usize] {
            session.renew(info);
        }
    }

    /// The header fields that prove one more request.
    pub fn fields(&mut self, login: Option<&Login>, method: &str, uri: &str) -> Vec<(&'static str, String)> {
        let each = Kind::ALL.into_iter().zip(&mut self.sessions);
        let field = |(kind, session): (Kind, &mut Option<Session>)| {
            let value = session.as_mut()?.answer(login?, method, uri);
            Some((kind.answer(), value))
        };
        each.filter_map(field).collect()
    }
}
