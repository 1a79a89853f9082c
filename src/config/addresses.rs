//! Our own addresses: where SIP arrives, and what callers are told instead.

use super::{ConfigError, ConfigErrors, OneOrMany};
use std::net::{IpAddr, SocketAddr};

/// Most addresses at which SIP arrives.
pub const LISTEN_MAX: usize = 8;

/// The addresses at which SIP arrives.
pub(super) fn listen(key: &'static str, typed: &OneOrMany) -> Result<Vec<SocketAddr>, Vec<ConfigError>> {
    let texts = typed.texts();
    let error = |value: &str, remedy| vec![ConfigError::new(key, value, remedy)];
    if texts.is_empty() {
        return Err(error(
            "",
            "nobody could call: write an address and a port, for example \"127.0.0.1:5060\"",
        ));
    }
    if texts.len() > LISTEN_MAX {
        let shown = format!("{} entries", texts.len());
        return Err(error(
            &shown,
            "at most 8 are possible: \"0.0.0.0:5060\" and \"[::]:5060\" mean every address",
        ));
    }
    let found = all(texts, |typed| one_listen(key, typed))?;
    let twice = found
        .iter()
        .enumerate()
        .find(|(at, address)| found[..*at].contains(address));
    match twice {
        Some((at, _)) => Err(error(&texts[at], "it is listed twice: remove one")),
        None => Ok(found),
    }
}

fn one_listen(key: &'static str, typed: &str) -> Result<SocketAddr, ConfigError> {
    let error = |remedy| ConfigError::new(key, typed, remedy);
    let Ok(address) = typed.trim().parse::<SocketAddr>() else {
        return Err(error(
            "write an IP address and a port, for example \"127.0.0.1:5060\" or \"[::1]:5060\"",
        ));
    };
    if address.port() == 0 {
        return Err(error(
            "port 0 cannot be dialled: write the real one, usually 5060",
        ));
    }
    let scoped = matches!(address, SocketAddr::V6(v6) if v6.scope_id() != 0);
    let mapped = address.ip().to_canonical() != address.ip();
    if address.ip().is_multicast() || scoped || mapped {
        return Err(error(
            "take an ordinary address of this machine, for example \"192.0.2.1:5060\" or \"[2001:db8::1]:5060\"",
        ));
    }
    Ok(address)
}

/// What callers are told instead of our own addresses.
pub(super) fn advertise(typed: &OneOrMany) -> Result<Vec<IpAddr>, Vec<ConfigError>> {
    let texts = typed.texts();
    if let [only] = texts
        && only.trim().is_empty()
    {
        return Ok(Vec::new());
    }
    let found = all(texts, one_advertise)?;
    let same_family = |at: usize| found[..at].iter().any(|ip| ip.is_ipv4() == found[at].is_ipv4());
    match (0..found.len()).find(|at| same_family(*at)) {
        Some(at) => Err(vec![ConfigError::new(
            "sip.advertise",
            &texts[at],
            "callers can be told one IPv4 and one IPv6 address: remove the others",
        )]),
        None => Ok(found),
    }
}

fn one_advertise(typed: &str) -> Result<IpAddr, ConfigError> {
    let fits = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast();
    let remedy = "write one IP address that callers reach, for example \"192.0.2.1\", or leave it empty";
    let address = typed.trim().parse().ok().filter(fits);
    address.ok_or_else(|| ConfigError::new("sip.advertise", typed, remedy))
}

/// Who is asked where trunks are; 53 is every name server's port.
pub(super) fn name_server(typed: &str) -> Result<Option<SocketAddr>, ConfigError> {
    let text = typed.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bare = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53));
    let found = text
        .parse()
        .ok()
        .or_else(bare)
        .filter(|server: &SocketAddr| server.port() != 0);
    let remedy = "write the IP address of a name server, for example \"192.0.2.53\", or leave it empty for the system's";
    found
        .map(Some)
        .ok_or_else(|| ConfigError::new("sip.name_server", typed, remedy))
}

/// Every address of this machine is nothing that callers could be told.
pub(super) fn related(
    listen: &[SocketAddr],
    advertise: &[IpAddr],
    typed: &OneOrMany,
    errors: &mut ConfigErrors,
) {
    let is_told = |own: &IpAddr| advertise.iter().any(|ip| ip.is_ipv4() == own.is_ipv4());
    let own = listen.iter().map(SocketAddr::ip);
    let Some(open) = own
        .filter(IpAddr::is_unspecified)
        .find(|address| !is_told(address))
    else {
        return;
    };
    let example = if open.is_ipv4() {
        "192.0.2.1"
    } else {
        "2001:db8::1"
    };
    let remedy = format!(
        "sip.listen is every address of this machine: enter the one that callers reach, for example {example:?}"
    );
    errors.add("sip.advertise", &typed.texts().join(", "), &remedy);
}

/// What `read` makes of each text, or every fault.
fn all<T>(
    texts: &[String],
    read: impl Fn(&str) -> Result<T, ConfigError>,
) -> Result<Vec<T>, Vec<ConfigError>> {
    let (good, bad): (Vec<_>, Vec<_>) = texts.iter().map(|text| read(text)).partition(Result::is_ok);
    match bad.is_empty() {
        true => Ok(good.into_iter().flatten().collect()),
        false => Err(bad.into_iter().filter_map(Result::err).collect()),
    }
}
