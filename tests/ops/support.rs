//! A running program for the operator's stories, and the smallest telephone that can hold a call with it.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing takes longer than this but on a broken bridge; whatever comes earlier is seen earlier.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `look` finds what it looks for.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    socket.expect("a port").port()
}

/// A `rundruf serve` in a folder of its own.
pub struct Bridge {
    dir: TempDir,
    child: Child,
    pub sip: u16,
    pub http: u16,
}

impl Bridge {
    /// Starts one; `extra` stands at the top of its settings, before the first section.
    pub fn start(extra: &str) -> Bridge {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (sip, http) = (free_port(), free_port());
        // Below the ports that the system gives out, so that neither of them lies within.
        let rtp = 10_000 + sip % 100 * 100;
        let text = format!(
            "sip = {{ listen = '127.0.0.1:{sip}', trunks = ['127.0.0.1'] }}\nrtp.ports = '{rtp}-{}'\n\
             http.listen = '127.0.0.1:{http}'\ncalls.max = 8\n{extra}\n",
            rtp + 100
        );
        std::fs::write(dir.path().join("bridge.toml"), text).expect("written");
        let log = std::fs::File::create(dir.path().join("log")).expect("created");
        let child = command(dir.path(), &["serve"])
            .stderr(Stdio::from(log))
            .spawn()
            .expect("the program starts");
        let bridge = Bridge {
            dir,
            child,
            sip,
            http,
        };
        eventually("the bridge is open", || {
            bridge.log().contains("the bridge is open").then_some(())
        });
        bridge
    }

    pub fn settings_file(&self) -> PathBuf {
        self.dir.path().join("bridge.toml")
    }

    /// Puts something else in the place of what stands in the settings.
    pub fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.settings_file()).expect("settings");
        assert!(text.contains(from), "{text}");
        std::fs::write(self.settings_file(), text.replace(from, to)).expect("written");
    }

    /// Runs another command beside the bridge.
    pub fn run(&self, arguments: &[&str]) -> Output {
        command(self.dir.path(), arguments)
            .output()
            .expect("the program starts")
    }

    /// Its standard output, if it succeeded.
    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.good(&["status", "--json"])).expect("JSON")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// How it ended, once it has.
    pub fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the bridge ends", || child.try_wait().expect("a child"))
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Code and body of a page.
    pub fn page(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("a page is served");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered and closed");
        let code = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        (code.expect("a code"), body.to_owned())
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rundruf"));
    command
        .args(arguments)
        .args(["--data", "data"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .env_remove("RUNDRUF_LOG");
    command
}

/// One call's telephone.
pub struct Phone {
    socket: UdpSocket,
    name: String,
    to: String,
}

impl Phone {
    /// Calls the bridge; the final response.
    pub fn call(bridge: &Bridge, name: &str) -> (Phone, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(("127.0.0.1", bridge.sip)).expect("an address");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut phone = Phone {
            socket,
            name: name.to_owned(),
            to: "To: <sip:1@127.0.0.1>".to_owned(),
        };
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n";
        phone.send("INVITE", 1, "INVITE", sdp);
        let response = phone.hear(|text| text.starts_with("SIP/2.0") && !text.starts_with("SIP/2.0 1"));
        let to = response
            .lines()
            .find(|line| line.starts_with("To:"))
            .expect("a To");
        phone.to = to.to_owned();
        let branch = if response.starts_with("SIP/2.0 200") {
            "ACK"
        } else {
            "INVITE"
        };
        phone.send("ACK", 1, branch, "");
        (phone, response)
    }

    /// Waits for a message.
    pub fn hear(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let mut bytes = [0; 4_096];
        loop {
            let len = self.socket.recv(&mut bytes).expect("the bridge says something");
            let text = String::from_utf8_lossy(&bytes[..len]).into_owned();
            if is_wanted(&text) {
                return text;
            }
        }
    }

    /// Whether nothing has come that is wanted.
    pub fn has_not_heard(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        self.socket.set_nonblocking(true).expect("a socket");
        let mut bytes = [0; 4_096];
        let mut heard = std::iter::from_fn(|| {
            let len = self.socket.recv(&mut bytes).ok()?;
            Some(String::from_utf8_lossy(&bytes[..len]).into_owned())
        });
        let nothing = !heard.any(|text| is_wanted(&text));
        self.socket.set_nonblocking(false).expect("a socket");
        nothing
    }

    pub fn hang_up(&self) {
        self.send("BYE", 2, "BYE", "");
        self.hear(|text| text.contains("CSeq: 2 BYE"));
    }

    /// Waits for the bridge's BYE and answers it.
    pub fn is_hung_up(&self) {
        let bye = self.hear(|text| text.starts_with("BYE"));
        let echoed: String = bye
            .lines()
            .filter(|line| {
                ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .map(|line| format!("{line}\r\n"))
            .collect();
        let answer = format!("SIP/2.0 200 OK\r\n{echoed}Content-Length: 0\r\n\r\n");
        self.socket.send(answer.as_bytes()).expect("sent");
    }

    fn send(&self, method: &str, cseq: u32, branch: &str, body: &str) {
        let (own, name, to) = (self.socket.local_addr().expect("bound"), &self.name, &self.to);
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{name}{branch}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{name}@127.0.0.1>;tag={name}\r\n{to}\r\nCall-ID: {name}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:{name}@{own}>\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.send(text.as_bytes()).expect("sent");
    }
}
