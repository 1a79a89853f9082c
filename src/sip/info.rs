//! Owns how a key is read from an INFO request: `application/dtmf-relay` and `application/dtmf`, which no RFC describes
//! and many telephones send. Must never keep or name what was keyed.

use crate::secret::Key;

/// The bodies that are read, as `Accept` lists them.
pub const ACCEPT: &str = "application/dtmf-relay, application/dtmf";

/// What an INFO brings.
#[derive(Debug, PartialEq, Eq)]
pub enum Info {
    /// No body: somebody looks whether the call still stands.
    Nothing,
    Key(Key),
    /// A body for keys, in which none can be made out.
    Unreadable,
    /// A body of another kind.
    Unknown,
}

/// Reads an INFO by its Content-Type and body.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Info {
    let kind = content_type
        .and_then(|value| value.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase());
    if body.iter().all(u8::is_ascii_whitespace) {
        return Info::Nothing;
    }
    let body = std::str::from_utf8(body).unwrap_or_default();
    let face = match kind.as_deref() {
        Some("application/dtmf-relay") => body.lines().find_map(signal),
        Some("application/dtmf") => Some(body.trim()),
        _ => return Info::Unknown,
    };
    face.and_then(key).map_or(Info::Unreadable, Info::Key)
}

/// The value of a `Signal=` line.
fn signal(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
}

/// A key by its face, or by its event number (RFC 4733 §3.2).
fn key(face: &str) -> Option<Key> {
    let mut letters = face.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Key::from_char(letter.to_ascii_uppercase()),
        _ => face
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| face.parse().ok().and_then(Key::from_event))?,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_face_or_its_number() {
        for (face, event) in [
            ("0", Some(0)),
            ("9", Some(9)),
            ("*", Some(10)),
            ("#", Some(11)),
            ("10", Some(10)),
            ("11", Some(11)),
            ("A", Some(12)),
            ("d", Some(15)),
            ("15", Some(15)),
            ("16", None),
            ("!", None),
            ("", None),
            ("1a", None),
            ("+1", None),
        ] {
            assert_eq!(key(face), event.and_then(Key::from_event), "{face}");
        }
        assert_eq!(signal("Signal = 5 "), Some("5"));
        assert_eq!(signal("Duration=160"), None);
    }
}
