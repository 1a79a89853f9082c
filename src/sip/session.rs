//! Owns the session timer (RFC 4028): what is agreed with an INVITE or UPDATE, and when a session is over. Must never be
//! the reason to refuse who knows nothing of it. Whether a refresh is an UPDATE or a re-INVITE is not its business.

use super::message::{Method, Request};
use super::text;
use std::time::Duration;

/// The shortest interval that we take (RFC 4028 §5: not below 90 s).
pub const INTERVAL_S_MIN: u32 = 90;
/// Longer than any call; what comes later is no timer.
const INTERVAL_S_MAX: u32 = 86_400;
/// RFC 4028 §10: a third of the interval, at most 32 s, before its end the session is given up.
const MARGIN_S_MAX: u32 = 32;

/// Who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    Us,
    Peer,
}

/// What is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub interval_s: u32,
    pub refresher: Refresher,
}

/// What a request means for the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// There is none from now on.
    Nothing,
    Agreed(Session),
    /// 422: shorter than we take.
    TooShort,
}

impl Session {
    /// When we refresh, or give up, after the last refresh.
    pub fn wait(self) -> Duration {
        let seconds = match self.refresher {
            Refresher::Us => self.interval_s / 2,
            Refresher::Peer => self.interval_s - (self.interval_s / 3).min(MARGIN_S_MAX),
        };
        Duration::from_secs(u64::from(seconds))
    }

    /// When the session is over although we have tried to refresh it.
    pub fn end(self) -> Duration {
        let peer = Session {
            refresher: Refresher::Peer,
            ..self
        };
        peer.wait()
    }

    /// The same with an interval of `least_s`, which a 422 asks for; `None` if that is nothing new, or beyond reason.
    pub fn longer(self, least_s: Option<u32>) -> Option<Session> {
        let interval_s = least_s.filter(|least| (self.interval_s + 1..=INTERVAL_S_MAX).contains(least))?;
        Some(Session { interval_s, ..self })
    }

    /// Session-Expires of our 200: seen from the peer, who sent the request, we are the UAS.
    pub fn answer(self) -> String {
        let refresher = match self.refresher {
            Refresher::Us => "uas",
            Refresher::Peer => "uac",
        };
        format!("{};refresher={refresher}", self.interval_s)
    }

    /// Session-Expires of our own refresh: we are the UAC.
    pub fn request(self) -> String {
        format!("{};refresher=uac", self.interval_s)
    }
}

/// What an INVITE or UPDATE of the peer's asks for (RFC 4028 §9).
pub fn asked(request: &Request) -> Asked {
    let Some((interval_s, refresher)) = request.session_expires.as_deref().and_then(read) else {
        return Asked::Nothing;
    };
    let is_known = request.supports("timer");
    if interval_s < INTERVAL_S_MIN {
        return if is_known { Asked::TooShort } else { Asked::Nothing };
    }
    let refresher = match refresher {
        Some("uac") => Refresher::Peer,
        Some("uas") => Refresher::Us,
        // A proxy asks for it, and the peer cannot.
        _ if !is_known => Refresher::Us,
        _ => Refresher::Peer,
    };
    Asked::Agreed(Session {
        interval_s: interval_s.min(INTERVAL_S_MAX),
        refresher,
    })
}

/// Whether a request says that its sender takes UPDATE (RFC 3311 §4); `None` where it does not say.
pub fn takes_update(request: &Request) -> Option<bool> {
    let is_said = !request.allow.is_empty() || request.method == Method::Update;
    is_said.then(|| request.allows("UPDATE") || request.method == Method::Update)
}

/// How long to wait after our request met one of the peer's (RFC 3261 §14.1): up to 2 s, in steps of 10 ms, since the Call-ID of a
/// call that came to us is the peer's, who waits for 2.1 s at least. `random` is any number.
pub fn glare_pause(random: u64) -> Duration {
    Duration::from_millis(10 * (random % 201))
}

/// What the answer to our refresh says of the next one: it names us as before, or the peer.
pub fn answered(value: &str) -> Option<Session> {
    let (interval_s, refresher) = read(value)?;
    let refresher = match refresher {
        Some("uas") => Refresher::Peer,
        _ => Refresher::Us,
    };
    let interval_s = interval_s.clamp(INTERVAL_S_MIN, INTERVAL_S_MAX);
    Some(Session {
        interval_s,
        refresher,
    })
}

/// The seconds of Session-Expires, and its refresher.
fn read(value: &str) -> Option<(u32, Option<&str>)> {
    let (seconds, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    Some((seconds.trim().parse().ok()?, text::param(params, "refresher")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_comes_a_third_or_32_s_early_and_a_refresh_at_half() {
        let session = |interval_s, refresher| Session {
            interval_s,
            refresher,
        };
        for (interval_s, refresher, wait_s) in [
            (90, Refresher::Peer, 60),
            (1_800, Refresher::Peer, 1_768),
            (90, Refresher::Us, 45),
            (1_800, Refresher::Us, 900),
        ] {
            assert_eq!(session(interval_s, refresher).wait(), Duration::from_secs(wait_s));
        }
        assert_eq!(session(1_800, Refresher::Us).end(), Duration::from_secs(1_768));
    }

    #[test]
    fn an_answer_names_who_refreshes_next() {
        let us = |interval_s| {
            Some(Session {
                interval_s,
                refresher: Refresher::Us,
            })
        };
        assert_eq!(answered("1800;refresher=uac"), us(1_800));
        assert_eq!(answered("10"), us(90));
        let peer = answered("600 ; refresher=uas").map(|session| session.refresher);
        assert_eq!(peer, Some(Refresher::Peer));
        assert_eq!(answered("soon"), None);
    }
}
