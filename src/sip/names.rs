//! Owns the names of the header fields that are read, with their compact forms (RFC 3261 §7.3.3). Must never look at a
//! value.

/// A header field that somebody here reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Via,
    From,
    To,
    CallId,
    CSeq,
    MaxForwards,
    Contact,
    RecordRoute,
    Require,
    Accept,
    Asserted,
    ContentType,
    ContentLength,
    ContentEncoding,
    ContentDisposition,
    Timestamp,
    Expires,
    MinExpires,
    RetryAfter,
    ServiceRoute,
    WwwAuthenticate,
    ProxyAuthenticate,
    AuthenticationInfo,
    CalledParty,
    Diversion,
    HistoryInfo,
    Supported,
    Allow,
    SessionExpires,
    MinSe,
    SecurityServer,
}

impl Name {
    /// The field of this name, in whatever case; `None` if nobody reads it.
    pub fn of(written: &str) -> Option<Name> {
        let known = TABLE.iter().find(|(_, long, short)| {
            written.eq_ignore_ascii_case(long) || (!short.is_empty() && written.eq_ignore_ascii_case(short))
        });
        known.map(|(name, _, _)| *name)
    }
}

/// Each name, long and short, the frequent ones first.
const TABLE: [(Name, &str, &str); 31] = [
    (Name::Via, "Via", "v"),
    (Name::From, "From", "f"),
    (Name::To, "To", "t"),
    (Name::CallId, "Call-ID", "i"),
    (Name::CSeq, "CSeq", ""),
    (Name::MaxForwards, "Max-Forwards", ""),
    (Name::Contact, "Contact", "m"),
    (Name::RecordRoute, "Record-Route", ""),
    (Name::ContentType, "Content-Type", "c"),
    (Name::ContentLength, "Content-Length", "l"),
    (Name::Require, "Require", ""),
    (Name::Accept, "Accept", ""),
    (Name::Asserted, "P-Asserted-Identity", ""),
    (Name::ContentEncoding, "Content-Encoding", "e"),
    (Name::ContentDisposition, "Content-Disposition", ""),
    (Name::Timestamp, "Timestamp", ""),
    (Name::Expires, "Expires", ""),
    (Name::MinExpires, "Min-Expires", ""),
    (Name::RetryAfter, "Retry-After", ""),
    (Name::ServiceRoute, "Service-Route", ""),
    (Name::WwwAuthenticate, "WWW-Authenticate", ""),
    (Name::ProxyAuthenticate, "Proxy-Authenticate", ""),
    (Name::AuthenticationInfo, "Authentication-Info", ""),
    (Name::CalledParty, "P-Called-Party-ID", ""),
    (Name::Diversion, "Diversion", ""),
    (Name::HistoryInfo, "History-Info", ""),
    (Name::Supported, "Supported", "k"),
    (Name::Allow, "Allow", ""),
    (Name::SessionExpires, "Session-Expires", "x"),
    (Name::MinSe, "Min-SE", ""),
    (Name::SecurityServer, "Security-Server", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_in_both_forms_and_any_case() {
        for (name, long, short) in TABLE {
            assert_eq!(Name::of(long), Some(name));
            assert_eq!(Name::of(&long.to_uppercase()), Some(name));
            if !short.is_empty() {
                assert_eq!(Name::of(&short.to_uppercase()), Some(name));
            }
        }
        assert_eq!(Name::of(""), None);
        assert_eq!(Name::of("Subject"), None);
    }
}
