//! Owns how we prove who we are: which of a server's challenges is answered, and the answer (RFC 7616, RFC 8760). Must never
//! show the password: it goes into a hash and nowhere else.

use super::text;
use crate::secret::Password;
use md5::Md5;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512_256};
use std::fmt::Write;

/// With what we log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Password,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

impl Hash {
    /// The name in a challenge (RFC 7616 §6.1).
    const fn name(self) -> &'static str {
        match self {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
            Hash::Sha512_256 => "SHA-512-256",
        }
    }

    /// In lower-case hexadecimal digits.
    fn of(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Hash::Md5 => hex(&Md5::digest(text)),
            Hash::Sha256 => hex(&Sha256::digest(text)),
            Hash::Sha512_256 => hex(&Sha512_256::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "a String takes everything");
    }
    text
}

/// A challenge that we can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    hash: Hash,
    /// Whether the nonces go into the first hash (`-sess`).
    is_session: bool,
    /// Whether the challenge named its algorithm: then the answer does.
    is_named: bool,
    /// As it stands between its quotes, escapes included.
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// Whether `auth` is asked for; without, the answer is that of RFC 2069.
    has_qop: bool,
    /// The last answer was right but for its nonce, which was too old.
    pub is_stale: bool,
}

impl Challenge {
    /// The first of the challenges in header values that we can answer: the server's favourite stands on top (RFC 8760 §2.3).
    pub fn first<'a>(values: impl Iterator<Item = &'a str>) -> Option<Challenge> {
        values.flat_map(schemes).find_map(|params| read(&params))
    }
}

type Params<'a> = Vec<(&'a str, &'a str)>;

/// The parameters of each Digest challenge in a value: several may stand in one, with the commas of all of them.
fn schemes(value: &str) -> Vec<Params<'_>> {
    let mut found: Vec<(bool, Params<'_>)> = Vec::new();
    for part in text::split(value, b',') {
        let begins = part
            .split_once([' ', '\t'])
            .filter(|(word, rest)| text::is_token(word) && !rest.trim_start().starts_with('='));
        let param = match begins {
            Some((scheme, rest)) => {
                found.push((scheme.eq_ignore_ascii_case("Digest"), Vec::new()));
                rest
            }
            None => part,
        };
        if let (Some((_, params)), Some((name, value))) = (found.last_mut(), param.split_once('=')) {
            params.push((name.trim(), unquoted(value.trim())));
        }
    }
    let digests = found.into_iter().filter(|(is_digest, _)| *is_digest);
    digests.map(|(_, params)| params).collect()
}

fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    inner.unwrap_or(value)
}

fn read(params: &Params<'_>) -> Option<Challenge> {
    let get = |name: &str| {
        let found = params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    };
    let (hash, is_session) = algorithm(get("algorithm"))?;
    let has_qop = match get("qop") {
        None => false,
        // A body's integrity (auth-int) is nothing that we vouch for.
        Some(offered) => text::list(offered)
            .any(|qop| qop.eq_ignore_ascii_case("auth"))
            .then_some(true)?,
    };
    Some(Challenge {
        hash,
        is_session,
        is_named: get("algorithm").is_some(),
        realm: get("realm")?.to_owned(),
        nonce: get("nonce").filter(|nonce| !nonce.is_empty())?.to_owned(),
        opaque: get("opaque").map(str::to_owned),
        has_qop,
        is_stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
    })
}

/// `None` for an algorithm that we do not know; without a word it is MD5.
fn algorithm(name: Option<&str>) -> Option<(Hash, bool)> {
    let name = name.unwrap_or("MD5");
    let (bare, is_session) = match name.len().checked_sub(5).and_then(|at| name.split_at_checked(at)) {
        Some((bare, end)) if end.eq_ignore_ascii_case("-sess") => (bare, true),
        _ => (name, false),
    };
    let known = [Hash::Md5, Hash::Sha256, Hash::Sha512_256];
    let hash = known
        .into_iter()
        .find(|hash| hash.name().eq_ignore_ascii_case(bare))?;
    Some((hash, is_session))
}

/// A nonce that is in use: how often, and with which of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    challenge: Challenge,
    count: u32,
    cnonce: String,
}

impl Session {
    /// Answers to `challenge` from now on. `cnonce` must be unguessable, in hexadecimal digits.
    pub fn new(challenge: Challenge, cnonce: String) -> Session {
        let count = 0;
        Session {
            challenge,
            count,
            cnonce,
        }
    }

    /// The server names the nonce of the next request (RFC 7616 §3.5).
    pub fn renew(&mut self, info: &str) {
        let params = text::split(info, b',').into_iter();
        let mut pairs = params.filter_map(|part| part.split_once('='));
        let next = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("nextnonce"));
        if let Some((_, nonce)) = next {
            self.challenge.nonce = unquoted(nonce.trim()).to_owned();
            self.count = 0;
        }
    }

    /// The value of Authorization, or Proxy-Authorization, of one more request (RFC 7616 §3.4).
    pub fn answer(&mut self, login: &Login, method: &str, uri: &str) -> String {
        self.count += 1;
        let Session {
            challenge,
            count,
            cnonce,
        } = self;
        let Challenge {
            hash, realm, nonce, ..
        } = challenge;
        let user = login.user.as_str();
        let mut first = hash.of(&[user, realm, login.password.reveal()]);
        if challenge.is_session {
            first = hash.of(&[&first, nonce, cnonce]);
        }
        let second = hash.of(&[method, uri]);
        let count = format!("{count:08x}");
        let response = match challenge.has_qop {
            true => hash.of(&[&first, nonce, &count, cnonce, "auth", &second]),
            false => hash.of(&[&first, nonce, &second]),
        };
        let mut value = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\""
        );
        if challenge.is_named {
            let session = if challenge.is_session { "-sess" } else { "" };
            value += &format!(", algorithm={}{session}", hash.name());
        }
        if let Some(opaque) = &challenge.opaque {
            value += &format!(", opaque=\"{opaque}\"");
        }
        if challenge.has_qop {
            value += &format!(", qop=auth, nc={count}, cnonce=\"{cnonce}\"");
        }
        value
    }
}

#[cfg(test)]
#[path = "tests/digest.rs"]
mod tests;
