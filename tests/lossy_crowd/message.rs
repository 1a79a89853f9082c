//! What the crowd reads and writes: a few fields of SIP, by hand, so that it shares nothing with what it tests.

/// The value of a header field.
pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let mut lines = message.split("\r\n").take_while(|line| !line.is_empty());
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("no {name} in\n{message}"))
}

/// The status of a response; none of a request.
pub fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

pub fn method(message: &str) -> &str {
    match status(message) {
        None => message.split(' ').next().unwrap_or_default(),
        Some(_) => header(message, "CSeq").split(' ').nth(1).unwrap_or_default(),
    }
}

pub fn cseq(message: &str) -> u32 {
    let number = header(message, "CSeq").split(' ').next();
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// The answer to a request; `tag` for its To, if it has none.
pub fn answer(request: &str, line: &str, tag: &str, more: &str) -> String {
    answer_with(request, line, tag, more, "")
}

/// The same with a session description, or none.
pub fn answer_with(request: &str, line: &str, tag: &str, more: &str, sdp: &str) -> String {
    let copied = ["Via", "From", "Call-ID", "CSeq"]
        .map(|name| format!("{name}: {}\r\n", header(request, name)))
        .concat();
    let to = header(request, "To");
    let tag = if to.contains(";tag=") {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let kind = if sdp.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    let len = sdp.len();
    format!("SIP/2.0 {line}\r\n{copied}To: {to}{tag}\r\n{more}{kind}Content-Length: {len}\r\n\r\n{sdp}")
}
