//! Owns how a Via is read (RFC 3261 §20.42): what tells a transaction from another, and the way back. Must never follow what
//! it says to anywhere.

use super::{text, uri};
use std::net::IpAddr;

/// Branches that start so, and go on, are unique by themselves (RFC 3261 §8.1.1.7).
pub const COOKIE: &str = "z9hG4bK";

/// The topmost Via.
#[derive(Clone)]
pub struct Via {
    /// Host and port as written, without spaces, in lower case.
    pub sent_by: String,
    /// The host, where it is an address.
    pub ip: Option<IpAddr>,
    pub port: Option<u16>,
    pub branch: Option<String>,
    /// Whether the answer shall go to the port that the request came from (RFC 3581).
    pub rport: bool,
}

impl Via {
    /// The branch, if it is unique by itself. The cookie alone is none (RFC 4475 §3.2.1).
    pub fn unique_branch(&self) -> Option<&str> {
        let branch = self.branch.as_deref()?;
        (branch.starts_with(COOKIE) && branch.len() > COOKIE.len()).then_some(branch)
    }
}

/// `SIP / 2.0 / UDP host : port ;params`, with spaces where RFC 4475 §3.1.1.1 puts them, as sent-by and parameters.
fn sent_by(value: &str) -> Option<(&str, &str)> {
    let (sent, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    let mut protocol = sent.splitn(3, '/');
    let name = protocol.next()?.trim();
    let version = protocol.next()?.trim();
    let (transport, sent_by) = protocol.next()?.trim().split_once([' ', '\t'])?;
    let fits = name.eq_ignore_ascii_case("SIP") && text::is_token(version) && text::is_token(transport);
    fits.then_some((sent_by, params))
}

/// Whether a Via is fit to be repeated; where it leads matters to its own hop alone.
pub fn is_well_formed(value: &str) -> bool {
    sent_by(value).is_some_and(|(sent_by, params)| !sent_by.is_empty() && text::are_params(params))
}

/// Where a hop saw the request of the hop before it come from (RFC 3261 §18.2.1), if it says so.
pub fn received(value: &str) -> Option<IpAddr> {
    let (_, params) = sent_by(value)?;
    Some(uri::ip(text::param(params, "received")?)?.to_canonical())
}

/// Reads the topmost Via.
pub fn read(value: &str) -> Option<Via> {
    let (sent_by, params) = sent_by(value)?;
    let sent_by = sent_by.split_whitespace().collect::<String>().to_lowercase();
    let bare = || uri::ip(&sent_by).map(|_| (sent_by.as_str(), None));
    let (host, port) = uri::host_and_port(&sent_by).or_else(bare)?;
    Some(Via {
        ip: uri::ip(host),
        port: port.filter(|port| *port != 0),
        branch: text::param(params, "branch")
            .filter(|branch| !branch.is_empty())
            .map(str::to_owned),
        rport: text::param(params, "rport").is_some(),
        sent_by,
    })
}
