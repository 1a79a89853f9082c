//! The registrars of all trunks, two hosts each: they want a proof, grant little, find nonces stale, refuse at times, and may all
//! fall silent together.

use super::message::{answer, header, method};
use rundruf::sim::Chance;
use rundruf::units::Time;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Default)]
pub struct Registrars {
    silent_for: Duration,
    silent: Option<Time>,
    /// How many REGISTERs each trunk sent in each minute (repeated ones are one).
    asked: BTreeMap<(String, u64), Vec<String>>,
}

/// The hosts of a trunk.
pub fn hosts(trunk: u16) -> [SocketAddr; 2] {
    let [high, low] = trunk.to_be_bytes();
    [100, 101].map(|net| ([198, net, high, low], 5_060).into())
}

impl Registrars {
    /// Nothing is heard of any of them from the next message on.
    pub fn fall_silent(&mut self, time: Duration) {
        self.silent_for = time;
    }

    /// How many REGISTERs there were, and most of one trunk within a minute.
    pub fn registers(&self) -> (usize, usize) {
        let counts = self.asked.values().map(Vec::len);
        (counts.clone().sum(), counts.max().unwrap_or(0))
    }

    /// The answer to a request that came to one of them.
    pub fn hears(&mut self, now: Time, text: &str, chance: &mut Chance) -> Option<String> {
        if method(text) == "REGISTER" {
            let minute = (header(text, "Call-ID").to_owned(), now.as_millis() / 60_000);
            let asked = self.asked.entry(minute).or_default();
            let branch = header(text, "Via").to_owned();
            if !asked.contains(&branch) {
                asked.push(branch);
            }
        }
        if !self.silent_for.is_zero() {
            let until = *self.silent.get_or_insert(now + self.silent_for);
            if now < until {
                return None;
            }
            (self.silent_for, self.silent) = (Duration::ZERO, None);
        }
        if method(text) != "REGISTER" {
            return Some(answer(text, "200 OK", "r", ""));
        }
        let nonce = chance.bits();
        let challenge = |stale: &str| {
            let more = format!(
                "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"{nonce:x}\", qop=\"auth\", algorithm=SHA-256{stale}\r\n"
            );
            answer(text, "401 Unauthorized", "r", &more)
        };
        if !text.contains("\r\nAuthorization: ") {
            return Some(challenge(""));
        }
        Some(match chance.below(20) {
            0 => challenge(", stale=true"),
            1 => answer(text, "503 Service Unavailable", "r", "Retry-After: 20\r\n"),
            _ => {
                let contact = header(text, "Contact");
                let expires: u64 = header(text, "Expires").parse().expect("seconds");
                let granted = expires.min(chance.between(120, 600));
                answer(
                    text,
                    "200 OK",
                    "r",
                    &format!("Contact: {contact};expires={granted}\r\n"),
                )
            }
        })
    }
}
