//! SIP over TCP and IPv6, seen from outside: the real program, real sockets on the loopback.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running bridge that listens on both families.
struct Bridge {
    child: Child,
    dir: TempDir,
    four: SocketAddr,
    six: SocketAddr,
}

impl Bridge {
    fn start(rtp_ports: &str) -> Bridge {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let (four, six): (SocketAddr, SocketAddr) = (
            ([127, 0, 0, 1], port).into(),
            (std::net::Ipv6Addr::LOCALHOST, port).into(),
        );
        let child = Command::new(env!("CARGO_BIN_EXE_rundruf"))
            .args(["serve", "--data", "data", "--rtp-ports", rtp_ports])
            .args(["--sip", &four.to_string(), "--sip", &six.to_string()])
            .current_dir(&dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        Bridge {
            child,
            dir,
            four,
            six,
        }
    }

    /// A connection to the bridge, once it listens.
    fn connect(&self, to: SocketAddr) -> Line {
        let until = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect(to) {
                Ok(stream) => return Line::new(stream),
                Err(error) => assert!(Instant::now() < until, "{to} does not listen: {error}"),
            }
        }
    }

    /// Asks for the status until it is as `wanted`.
    fn comes_to(&self, wanted: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let output = Command::new(env!("CARGO_BIN_EXE_rundruf"))
                .args(["status", "--json", "--data", "data"])
                .current_dir(&self.dir)
                .output()
                .expect("the program starts");
            let status: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
            if wanted(&status) {
                return;
            }
            assert!(Instant::now() < until, "{status:#}");
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A connection, read message by message.
struct Line {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Line {
    fn new(stream: TcpStream) -> Line {
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.set_nodelay(true).expect("set");
        Line {
            stream,
            unread: Vec::new(),
        }
    }

    fn local(&self) -> SocketAddr {
        self.stream.local_addr().expect("connected")
    }

    fn says(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("written");
    }

    /// More bytes; `false` at the end.
    fn reads(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let len = self.stream.read(&mut buffer).expect("something comes");
        self.unread.extend_from_slice(&buffer[..len]);
        len > 0
    }

    /// The next message.
    fn hears(&mut self) -> String {
        loop {
            let text = String::from_utf8(self.unread.clone()).expect("UTF-8");
            if let Some(head) = text.find("\r\n\r\n") {
                let end = head
                    + 4
                    + header(&text, "Content-Length")
                        .parse::<usize>()
                        .expect("a length");
                if text.len() >= end {
                    self.unread.drain(..end);
                    return text[..end].to_owned();
                }
            }
            assert!(self.reads(), "closed instead of a message");
        }
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let found = message
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in\n{message}"))
}

/// A request from `own` to the bridge at `to`.
fn request(own: SocketAddr, to: SocketAddr, method: &str, cseq: u32, to_tag: &str, body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{method} sip:100@{to};transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP {own};branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:200@{own}>;tag=far\r\nTo: <sip:100@{to}>{to_tag}\r\nCall-ID: call@{own}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:200@{own};transport=tcp>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn offer(media: SocketAddr) -> String {
    let family = if media.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (media.ip(), media.port());
    format!(
        "v=0\r\no=- 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
}

/// Our To tag of a response, ready to be put into a request.
fn to_tag(response: &str) -> String {
    let to = header(response, "To");
    let (_, tag) = to.split_once(";tag=").expect("a tag");
    format!(";tag={tag}")
}

/// A whole call by one connection: both sides are heard, and it ends by the caller's BYE.
fn calls(bridge: &Bridge, to: SocketAddr) {
    let mut line = bridge.connect(to);
    let own = line.local();
    let media = UdpSocket::bind((own.ip(), 0)).expect("a free port");
    media.set_read_timeout(Some(PATIENCE)).expect("set");
    let invite = request(
        own,
        to,
        "INVITE",
        1,
        "",
        &offer(media.local_addr().expect("bound")),
    );
    // In three pieces, the last of which brings the next request as well.
    let (first, rest) = invite.split_at(37);
    let (second, third) = rest.split_at(rest.len() - 11);
    let glued = third.to_owned() + &request(own, to, "OPTIONS", 2, "", "");
    for piece in [first, second, &glued] {
        line.says(piece);
    }
    let (mut ok, mut options) = (None, None);
    while ok.is_none() || options.is_none() {
        let heard = line.hears();
        match (heard.split(' ').nth(1), header(&heard, "CSeq")) {
            (Some("100"), _) => {}
            (Some("200"), "1 INVITE") => ok = Some(heard),
            (Some("200"), "2 OPTIONS") => options = Some(heard),
            _ => panic!("{heard}"),
        }
    }
    let ok = ok.expect("answered");
    assert_eq!(header(&ok, "Contact"), format!("<sip:{to};transport=tcp>"));
    let family = if to.is_ipv4() { "IP4" } else { "IP6" };
    assert!(ok.contains(&format!("c=IN {family} {}\r\n", to.ip())), "{ok}");
    line.says(&request(own, to, "ACK", 1, &to_tag(&ok), ""));
    let mut packet = [0; 500];
    let (len, from) = media.recv_from(&mut packet).expect("the greeting");
    assert_eq!((len, from.ip()), (172, to.ip()));
    line.says(&request(own, to, "BYE", 3, &to_tag(&ok), ""));
    loop {
        let heard = line.hears();
        if header(&heard, "CSeq") == "3 BYE" {
            assert!(heard.starts_with("SIP/2.0 200 "), "{heard}");
            return;
        }
    }
}

#[test]
fn a_call_by_tcp_on_both_families_leaves_only_resting_ports() {
    let bridge = Bridge::start("26000-26999");
    calls(&bridge, bridge.four);
    calls(&bridge, bridge.six);
    bridge.comes_to(|status| {
        let held = |name: &str| status["held"][name].as_u64();
        ["calls", "dialogs", "connections", "legs"]
            .iter()
            .all(|name| held(name) == Some(0))
            && held("resting_ports") == Some(2)
            && status["counters"]["connected"] == 2
    });
}

#[test]
fn keep_alives_are_answered_and_a_message_without_end_closes_the_connection() {
    let bridge = Bridge::start("27000-27999");
    let mut line = bridge.connect(bridge.four);
    let (own, to) = (line.local(), bridge.four);
    line.says("\r\n\r\n");
    while line.unread.len() < 2 {
        assert!(line.reads());
    }
    assert_eq!(line.unread, b"\r\n");
    line.unread.clear();
    let endless = request(own, to, "OPTIONS", 1, "", "").replace("Content-Length", "X-Length");
    line.says(&endless);
    assert!(line.hears().starts_with("SIP/2.0 400 Missing Content-Length\r\n"));
    assert!(!line.reads(), "closed");
    bridge.comes_to(|status| status["held"]["connections"] == 0 && status["refused"]["unframed"] == 1);
}

#[test]
fn a_connection_closed_in_the_middle_takes_nothing_with_it() {
    let bridge = Bridge::start("28000-28999");
    let mut line = bridge.connect(bridge.four);
    let (own, to) = (line.local(), bridge.four);
    let media = UdpSocket::bind((own.ip(), 0)).expect("a free port");
    let invite = request(
        own,
        to,
        "INVITE",
        1,
        "",
        &offer(media.local_addr().expect("bound")),
    );
    line.says(&invite);
    let ok = loop {
        let heard = line.hears();
        if heard.starts_with("SIP/2.0 200 ") {
            break heard;
        }
    };
    line.says(&request(own, to, "ACK", 1, &to_tag(&ok), ""));
    line.says("OPTIONS sip:half");
    drop(line);
    bridge.comes_to(|status| status["held"]["connections"] == 0 && status["held"]["calls"] == 1);
    // The caller comes back by another connection and hangs up.
    let mut line = bridge.connect(to);
    line.says(&request(own, to, "BYE", 2, &to_tag(&ok), ""));
    assert!(line.hears().starts_with("SIP/2.0 200 "));
    bridge.comes_to(|status| status["held"]["calls"] == 0 && status["held"]["legs"] == 0);
}
