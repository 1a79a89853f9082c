//! Owns how a SIP URI is read (RFC 3261 §19.1): whom it names, where, and whether the grammar allows it. Must never resolve
//! a name, nor decide what the URI is good for.

use super::text;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The ports of a SIP address that names none (RFC 3261 §19.1.2).
pub const PORT: u16 = 5060;
pub const PORT_TLS: u16 = 5061;

/// A URI of the scheme `sip` or `sips`, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    pub is_secure: bool,
    /// Without password; escapes still in it.
    pub user: &'a str,
    pub host: &'a str,
    pub port: Option<u16>,
    /// From the first semicolon on.
    params: &'a str,
    /// Whether header fields stand in it.
    pub has_headers: bool,
}

/// Reads a URI; `None` if it is of another scheme or against the grammar.
pub fn read(text: &str) -> Option<Uri<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    let is_secure = scheme.eq_ignore_ascii_case("sips");
    if !is_secure && !scheme.eq_ignore_ascii_case("sip") {
        return None;
    }
    let (login, place) = rest.split_once('@').unwrap_or(("", rest));
    let has_login = rest.len() > place.len();
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let written = !has_login || (is_user(user) && is_password(password));
    let end = place.find([';', '?']).unwrap_or(place.len());
    let (sent_by, behind) = place.split_at(end);
    let (host, port) = host_and_port(sent_by)?;
    let (params, headers) = behind.split_once('?').unwrap_or((behind, ""));
    let fits = written && escapes_well(behind) && behind.bytes().all(is_unhidden);
    fits.then_some(Uri {
        is_secure,
        user,
        host,
        port,
        params,
        has_headers: !headers.is_empty(),
    })
}

impl<'a> Uri<'a> {
    /// The value of a parameter, `Some("")` if it has none.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        text::param(self.params, name)
    }

    /// Whether it is reached over TLS alone.
    pub fn means_tls(&self) -> bool {
        let transport = self.param("transport");
        self.is_secure || transport.is_some_and(|name| name.eq_ignore_ascii_case("tls"))
    }

    /// The address, if the host is one; one of IPv4 that is mapped into IPv6 is what it is.
    pub fn address(&self) -> Option<SocketAddr> {
        let port = self.port.unwrap_or(match self.means_tls() {
            true => PORT_TLS,
            false => PORT,
        });
        ip(self.host).map(|ip| SocketAddr::new(ip.to_canonical(), port))
    }
}

/// Host and port as they stand in URIs and Vias; `None` if it can be neither a name nor an address.
pub fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let host_end = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(host_end);
    // Underscores stand in no host name by the rules, and in many by habit.
    let is_name = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if !is_name && ip(host).is_none() {
        return None;
    }
    let port = match rest.strip_prefix(':') {
        None => rest.is_empty().then_some(None)?,
        Some(port) => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            Some(digits.then(|| port.parse().ok())??)
        }
    };
    Some((host, port))
}

/// The address that a host, or `received`, writes in numbers; brackets are optional (RFC 5118 §4.5). The grammar of RFC 3261 put
/// one colon too many before an IPv4 address inside IPv6; peers may have kept to it (RFC 5118 §4.10).
pub fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let Some(bare) = bare else {
        return host.parse().ok();
    };
    let six = bare.parse::<Ipv6Addr>().ok().or_else(|| {
        let (front, four) = bare.split_once(":::")?;
        let embeds = four.contains('.') && !four.contains(':');
        embeds.then(|| format!("{front}::{four}").parse().ok())?
    })?;
    Some(IpAddr::V6(six))
}

/// `user` of RFC 3261 §25.1, and `#`, which dial strings bring unescaped.
fn is_user(user: &str) -> bool {
    !user.is_empty()
        && escapes_well(user)
        && user
            .bytes()
            .all(|byte| is_unreserved(byte) || b"&=+$,;?/%#".contains(&byte))
}

fn is_password(password: &str) -> bool {
    escapes_well(password)
        && password
            .bytes()
            .all(|byte| is_unreserved(byte) || b"&=+$,%".contains(&byte))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// Whether nothing in it could end the URI, or begin another thing.
fn is_unhidden(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"<>\"@".contains(&byte)
}

/// Whether every `%` has its two digits.
fn escapes_well(text: &str) -> bool {
    let is_code = |code: &str| code.len() >= 2 && code.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_taken_apart() {
        let uri = read("sip:a;b=c%40d:p%20w@Host_1.example:5070;lr;x=y?To=z").expect("a URI");
        assert_eq!(
            (uri.user, uri.host, uri.port),
            ("a;b=c%40d", "Host_1.example", Some(5070))
        );
        assert_eq!(
            (uri.param("X"), uri.param("lr"), uri.param("y")),
            (Some("y"), Some(""), None)
        );
        assert!(uri.has_headers && !uri.is_secure);
        let bare = read("SIPS:[2001:db8::1]").expect("a URI");
        assert_eq!((bare.user, bare.port, bare.is_secure), ("", None, true));
        assert_eq!(bare.address(), "[2001:db8::1]:5061".parse().ok());
        for (text, port) in [
            ("sip:192.0.2.1", 5060),
            ("sip:192.0.2.1;transport=TLS", 5061),
            ("sips:192.0.2.1:7", 7),
        ] {
            let address = read(text).and_then(|uri| uri.address());
            assert_eq!(address.map(|address| address.port()), Some(port), "{text}");
        }
    }

    #[test]
    fn what_the_grammar_forbids_is_refused() {
        for text in [
            "tel:1",
            "sip:",
            "sip:@host",
            "sip:a@",
            "sip:a b@host",
            "sip:a@ho st",
            "sip:a@host:",
            "sip:a@host:x",
            "sip:a@host:+5",
            "sip:a@host:99999",
            "sip:2001:db8::1",
            "sip:[2001:db8::1",
            "sip:[nonsense]",
            "sip:[::1]x",
            "sip:a@b@c",
            "sip:%zz@host",
            "sip:%4@host",
            "sip:a@host;x=%4",
            "sip:<a>@host",
            "sip:a@host;x=\"y\"",
            "sip:ä@host",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_found_with_or_without_brackets() {
        for (host, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("2001:db8::9:255", Some("2001:db8::9:255")),
            ("[2001:db8::9:255]", Some("2001:db8::9:255")),
            ("[2001:db8:::192.0.2.1]", Some("2001:db8::192.0.2.1")),
            ("[:::192.0.2.1]", Some("::192.0.2.1")),
            ("[2001:db8:::10]", None),
            ("[2001:db8::::192.0.2.1]", None),
            ("[192.0.2.1]", None),
            ("host.example", None),
        ] {
            assert_eq!(
                ip(host),
                expected.map(|text| text.parse().expect("address")),
                "{host}"
            );
        }
    }
}
