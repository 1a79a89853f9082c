//! A key by INFO: the first line is the Content-Type (empty: none), the rest is the body.

use rundruf::secret::Key;
use rundruf::sip::probe;

/// Runs one input.
pub fn run(data: &[u8]) {
    let (kind, body) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let kind = std::str::from_utf8(kind).ok().filter(|kind| !kind.is_empty());
    let key = probe::info(kind, body);
    assert_eq!(key, expected(kind, body));
    let loud = kind.map(str::to_ascii_uppercase);
    assert!(key == probe::info(loud.as_deref(), body), "case matters");
    assert!(
        key == probe::info(kind, &[body, b"\r\n"].concat()),
        "a line end matters"
    );
    let other = format!("x{}", kind.unwrap_or_default());
    assert!(probe::info(Some(&other), body).is_none(), "another kind of body");
}

/// The key, read another way.
fn expected(kind: Option<&str>, body: &[u8]) -> Option<Key> {
    let kind = kind?.split(';').next()?.trim();
    let body = std::str::from_utf8(body).ok()?;
    let face = if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        let values = body.split('\n').filter_map(|line| {
            let (name, value) = line.split_at(line.find('=')?);
            name.trim()
                .eq_ignore_ascii_case("signal")
                .then(|| value[1..].trim())
        });
        values.into_iter().next()?
    } else if kind.eq_ignore_ascii_case("application/dtmf") {
        body.trim()
    } else {
        return None;
    };
    let faces = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D",
    ];
    let by_face = faces.iter().position(|known| face.eq_ignore_ascii_case(known));
    let numbered = || {
        let digits = !face.is_empty() && face.bytes().all(|byte| byte.is_ascii_digit());
        let number = face.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        digits
            .then(|| (0..16).find(|event| event.to_string() == number))
            .flatten()
    };
    let event = by_face.or_else(numbered)?;
    Key::from_event(event as u8)
}
