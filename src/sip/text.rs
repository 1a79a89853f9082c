//! Owns the three habits of SIP's header values that cut across all of them (RFC 3261 §25.1): lists with commas,
//! parameters with semicolons, addresses in angle brackets. Quoted strings and brackets hide separators. Pure functions.

/// Whether `text` is a token (RFC 3261 §25.1).
pub fn is_token(text: &str) -> bool {
    let token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(token_byte)
}

/// Byte positions of `wanted` outside quoted strings and, if `wanted` is not a bracket itself, angle brackets.
fn positions(text: &str, wanted: u8) -> impl Iterator<Item = usize> + '_ {
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        if quoted {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            quoted = !ends;
            return None;
        }
        match byte {
            b'"' if !bracketed => quoted = true,
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            _ => {}
        }
        let hidden = bracketed && wanted != b'<';
        (byte == wanted && !hidden).then_some(at)
    })
}

/// The trimmed parts of `text` between the separators that are neither quoted nor in brackets.
pub fn split(text: &str, separator: u8) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in positions(text, separator) {
        parts.push(text[start..at].trim());
        start = at + 1;
    }
    parts.push(text[start..].trim());
    parts
}

/// The non-empty values of a header that may list several in one line.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    split(text, b',').into_iter().filter(|part| !part.is_empty())
}

/// The value of a parameter in `;a;b=c`, whose name is compared without regard to case: `Some("")` if it has none.
pub fn param<'a>(params: &'a str, name: &str) -> Option<&'a str> {
    split(params, b';').into_iter().find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Whether parameters are in order: each has a name (RFC 4475 §3.1.2.1 is full of those that have none).
pub fn are_params(params: &str) -> bool {
    params.is_empty()
        || split(params, b';')
            .into_iter()
            .skip(1)
            .all(|part| !part.is_empty() && !part.starts_with('='))
}

/// A media type without its parameters, in lower case.
pub fn media_type(value: &str) -> String {
    let kind = value.split(';').next().unwrap_or_default();
    kind.split_whitespace().collect::<String>().to_ascii_lowercase()
}

/// An address: the URI alone, and the header parameters behind it (with their first semicolon).
/// `None` if the brackets do not match or nothing stands in them.
pub fn address(value: &str) -> Option<(&str, &str)> {
    let opened = positions(value, b'<').next();
    let (uri, params) = match opened {
        Some(open) => {
            let close = open + value[open..].find('>')?;
            (&value[open + 1..close], value[close + 1..].trim())
        }
        None => value.split_at(value.find(';').unwrap_or(value.len())),
    };
    let uri = uri.trim();
    let is_uri = uri
        .split_once(':')
        .is_some_and(|(scheme, rest)| is_token(scheme) && !rest.is_empty());
    let in_order = params.is_empty() || params.starts_with(';');
    // What a URI never holds unescaped (RFC 3986 §2): it would end early where it is written again.
    let never = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
    (is_uri && in_order && !uri.contains(never)).then_some((uri, params))
}

/// `text` with its `%` escapes resolved (RFC 3261 §19.1.2); `None` if one is broken or the result is no readable text.
pub fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let code = part
            .get(..2)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_brackets_separate_nothing() {
        let two = r#""a, \"b;" <sip:x@y;z,w>;q=1 , <sip:v@w>"#;
        assert_eq!(split(two, b','), [r#""a, \"b;" <sip:x@y;z,w>;q=1"#, "<sip:v@w>"]);
        assert_eq!(list("a,, b ,").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn an_address_is_found_behind_any_display_name() {
        for (value, expected) in [
            ("sip:a@b;tag=1", Some(("sip:a@b", ";tag=1"))),
            (r#""x <y>" <sip:a@b;lr> ;tag=1"#, Some(("sip:a@b;lr", ";tag=1"))),
            ("Bell <tel:+4930>", Some(("tel:+4930", ""))),
            ("<sip:a@b", None),
            ("<sip:a@b> tag=1", None),
            ("Bell", None),
            ("<>", None),
            ("sip: a@b", None),
            ("<sip:a@b:50<0>", None),
            ("<sip:a\"@b>", None),
        ] {
            assert_eq!(address(value), expected, "{value}");
        }
    }

    #[test]
    fn parameters_are_found_whatever_their_case_and_spacing() {
        assert_eq!(param(";branch=x ; RPort", "rport"), Some(""));
        assert_eq!(param("; Tag = abc", "tag"), Some("abc"));
        assert_eq!(param(";stag=1", "tag"), None);
    }

    #[test]
    fn escapes_are_resolved_and_broken_ones_refused() {
        assert_eq!(unescaped("%2b49%C3%BC"), Some("+49ü".to_owned()));
        for broken in ["%", "%4", "%zz", "a%00", "%ff", "%+1"] {
            assert_eq!(unescaped(broken), None, "{broken}");
        }
    }
}
