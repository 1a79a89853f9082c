//! Owns what a registrar's answer to a REGISTER means, and that of who only has to answer (RFC 3261 §10.2.4, §10.2.7, §10.2.8, §22). Must never send anything,
//! nor answer the same challenge twice.

use super::pace::GRACE;
use super::seen::seen_as;
use super::{EXPIRES_S_MAX, Trouble, Trunk};
use crate::sip::message::Response;
use crate::sip::names::Name;
use crate::sip::proof::{self, Kind};
use crate::sip::{text, uri};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How often in a round it may want a longer registration.
const LENGTHENED_MAX: u8 = 2;

/// What a registrar agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub time: Duration,
    /// As whom it sees us.
    pub seen_as: Option<SocketAddr>,
    /// Who else may send us calls: the addresses in Service-Route (RFC 3608).
    pub routes: Vec<IpAddr>,
}

/// What to do after a final answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Granted(Granted),
    /// Ask again, with what the trunk has learnt.
    Again,
    Refused(Trouble),
}

impl Trunk {
    /// Judges a final answer. `cnonce` must be unguessable.
    pub fn judge(&mut self, response: &Response, cnonce: String) -> Verdict {
        self.retry_after = retry_after(response);
        if !self.registers() {
            return self.is_there(response);
        }
        if self.config.mediasec {
            self.security.learn(values(response, Name::SecurityServer));
        }
        match response.code {
            ..300 => self.granted(response),
            401 | 407 => self.challenged(response, cnonce),
            403 => Verdict::Refused(Trouble::Forbidden),
            404 => Verdict::Refused(Trouble::Unknown),
            423 => self.too_brief(response),
            // Security Agreement Required (RFC 3329 §2.3.1): now it is known which.
            494 if self.config.mediasec && self.security.may_answer() => Verdict::Again,
            code => Verdict::Refused(Trouble::Status(code)),
        }
    }

    /// Whatever it answers, somebody is there, unless that says that nobody serves (RFC 3261 §11, §21.5).
    fn is_there(&self, response: &Response) -> Verdict {
        match response.code {
            code @ (408 | 500..600) => Verdict::Refused(Trouble::Status(code)),
            _ => Verdict::Granted(Granted {
                time: self.config.expires + GRACE,
                seen_as: seen_as(response),
                routes: Vec::new(),
            }),
        }
    }

    fn granted(&mut self, response: &Response) -> Verdict {
        if let Some(info) = first(response, Name::AuthenticationInfo) {
            self.proof.renew(info);
        }
        // Of several that were all rewritten, any may be ours: then the general word counts.
        let own = self.own_contact(response);
        let seconds = own.and_then(|params| text::param(params, "expires")?.parse().ok());
        let general = || first(response, Name::Expires).and_then(|value| value.trim().parse().ok());
        let seconds = seconds.or_else(general).unwrap_or(self.expires_s);
        match seconds {
            0 => Verdict::Refused(Trouble::NotKept),
            _ => Verdict::Granted(Granted {
                time: Duration::from_secs(u64::from(seconds.min(EXPIRES_S_MAX))),
                seen_as: seen_as(response),
                routes: routes(response),
            }),
        }
    }

    /// The parameters of our Contact among those that the registrar lists. One that stands alone is ours, however it was
    /// rewritten.
    fn own_contact<'a>(&self, response: &'a Response) -> Option<&'a str> {
        let told = self.contact.map(|told| told.to_string());
        let told = told.as_deref().and_then(uri::host_and_port);
        let listed: Vec<_> = values(response, Name::Contact)
            .filter_map(text::address)
            .collect();
        let own = listed.iter().find(|(uri, _)| {
            uri::read(uri).is_some_and(|uri| {
                let is_user = self.config.number_block
                    || text::unescaped(uri.user).as_deref() == Some(&self.config.number);
                let is_place = told.is_some_and(|(host, port)| {
                    uri.host.eq_ignore_ascii_case(host)
                        && uri.port.unwrap_or(uri::PORT) == port.unwrap_or(uri::PORT)
                });
                is_user && is_place
            })
        });
        let only = || match listed.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        own.or_else(only).map(|(_, params)| *params)
    }

    fn challenged(&mut self, response: &Response, cnonce: String) -> Verdict {
        let verdict = Kind::of(response.code).map(|kind| self.proof.challenged(kind, response, cnonce));
        match verdict {
            Some(proof::Verdict::Answered) => Verdict::Again,
            Some(proof::Verdict::Refused) => Verdict::Refused(Trouble::Login),
            Some(proof::Verdict::Unknown) | None => Verdict::Refused(Trouble::Challenge),
        }
    }

    fn too_brief(&mut self, response: &Response) -> Verdict {
        let least = first(response, Name::MinExpires).and_then(|value| value.trim().parse::<u32>().ok());
        match least.filter(|least| *least > self.expires_s && *least <= EXPIRES_S_MAX) {
            Some(least) if self.lengthened < LENGTHENED_MAX => {
                self.expires_s = least;
                self.lengthened += 1;
                Verdict::Again
            }
            _ => Verdict::Refused(Trouble::TooBrief),
        }
    }
}

fn values_of(response: &Response, wanted: Name) -> impl Iterator<Item = &str> {
    let fields = response.said.iter().filter(move |(name, _)| *name == wanted);
    fields.map(|(_, value)| value.as_str())
}

fn values(response: &Response, wanted: Name) -> impl Iterator<Item = &str> {
    values_of(response, wanted).flat_map(text::list)
}

pub(super) fn first(response: &Response, wanted: Name) -> Option<&str> {
    values_of(response, wanted).next()
}

/// `Retry-After: 120 (maintenance);duration=60` (RFC 3261 §20.33).
fn retry_after(response: &Response) -> Duration {
    let digits = first(response, Name::RetryAfter).map(|value| {
        let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        &value[..end]
    });
    let seconds = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Duration::from_secs(seconds).min(super::pace::PAUSE_MAX)
}

fn routes(response: &Response) -> Vec<IpAddr> {
    let hosts = values(response, Name::ServiceRoute).filter_map(text::address);
    let addresses = hosts.filter_map(|(uri, _)| uri::read(uri)?.address());
    addresses
        .map(|address| address.ip())
        .take(super::TARGETS_MAX)
        .collect()
}
