//! One linphonec in a folder of its own, without any sound card: it speaks from a file and writes down what it hears.
//! Its standard input is the keyboard, its standard output the screen. Loopback only.

use super::baresip::write_tone;
use super::{Guarded, LOCALHOST, eventually, free_port_pair, read_wav};
use rundruf::caller::Tone;
use rundruf::units::SAMPLE_RATE;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// How often it may try to call: at first it still believes to have no network.
const CALLS_MAX: usize = 20;
/// From key to key, where each shall leave by itself.
const KEY_GAP: Duration = Duration::from_millis(1_300);
const REPLY_MAX: Duration = Duration::from_secs(20);

/// How its keys are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// RFC 4733, with end packets that repeat a sequence number.
    Events,
    /// SIP INFO with application/dtmf-relay.
    Info,
}

/// A running linphonec.
pub struct Linphone {
    pub tone: Tone,
    digits: Digits,
    folder: tempfile::TempDir,
    keyboard: ChildStdin,
    /// How much of the screen has been read.
    seen: usize,
    _process: Guarded,
}

impl Linphone {
    /// Starts it, ready to dial.
    pub fn start(tone: Tone, digits: Digits) -> Linphone {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let here = folder.path();
        configure(here, digits);
        write_tone(&here.join("say.wav"), tone, SAMPLE_RATE);
        let mut child = spawn(here);
        let keyboard = child.stdin.take().expect("it is piped");
        let mut linphone = Linphone {
            tone,
            digits,
            keyboard,
            seen: 0,
            _process: Guarded(child),
            folder,
        };
        linphone.wait_for(&["linphonec>"]);
        let here = linphone.folder.path().display().to_string();
        linphone.enter("soundcard use files");
        linphone.enter(&format!("play {here}/say.wav"));
        linphone.enter(&format!("record {here}/heard.wav"));
        linphone
    }

    /// Calls, and waits until the call is established; a call of which linphone tells nothing more is tried once more, and said.
    pub fn dial(&mut self, bridge: SocketAddr) {
        let mut connected = false;
        for _ in 0..CALLS_MAX {
            self.enter(&format!("call sip:meeting@{bridge}"));
            let came = self.look_for(&["Media streams established", " error"]);
            connected = came == Some(0);
            if connected {
                break;
            }
            if came.is_none() {
                println!("linphone tells nothing of its call any more: once more");
                self.enter("terminate");
            }
            std::thread::park_timeout(Duration::from_millis(500));
        }
        assert!(connected, "linphone cannot call\n{}", self.screen());
    }

    /// Presses one key after the other. linphonec takes a second for each, and does nothing else meanwhile: events leave
    /// by its media thread, so this returns at once; INFO leaves in between, so this takes its time.
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.enter(&key.to_string());
            if self.digits == Digits::Info {
                std::thread::park_timeout(KEY_GAP);
            }
        }
    }

    /// Holds the call, and waits until that is agreed.
    pub fn hold(&mut self) {
        self.enter("pause");
        self.wait_for(&["is now paused"]);
    }

    /// Takes the call up again, and waits until that is agreed.
    pub fn resume(&mut self) {
        self.enter("resume");
        self.wait_for(&["Media streams established"]);
    }

    /// Hangs up, and waits until the call is over.
    pub fn hang_up(&mut self) {
        self.enter("terminate");
        self.wait_for(&[" ended"]);
    }

    /// What it heard, held times left out.
    pub fn heard(&self) -> Vec<i16> {
        read_wav(&self.folder.path().join("heard.wav"))
    }

    fn enter(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").expect("linphone reads");
    }

    /// Waits for one of `words` on the part of the screen that nobody has waited for yet; which one came.
    fn wait_for(&mut self, words: &[&str]) -> usize {
        let came = self.look_for(words);
        came.unwrap_or_else(|| panic!("no {words:?}; screen:\n{}", self.screen()))
    }

    /// The same; none: nothing of it came.
    fn look_for(&mut self, words: &[&str]) -> Option<usize> {
        let mut came = None;
        eventually(REPLY_MAX, || {
            let screen = self.screen();
            let unread = screen.get(self.seen..).unwrap_or_default();
            let found = words
                .iter()
                .enumerate()
                .filter_map(|(n, word)| Some((unread.find(word)? + word.len(), n)));
            came = found.min();
            came.is_some()
        });
        let (end, which) = came?;
        self.seen += end;
        Some(which)
    }

    fn screen(&self) -> String {
        let bytes = fs::read(self.folder.path().join("screen")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn spawn(folder: &Path) -> Child {
    let screen = fs::File::create(folder.join("screen")).expect("the folder is ours");
    Command::new("linphonec")
        .arg("-c")
        .arg(folder.join("settings"))
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(screen)
        .stderr(Stdio::null())
        .spawn()
        .expect("linphonec is installed (`apt-get install linphone-cli`, or run script/test once)")
}

fn configure(folder: &Path, digits: Digits) {
    let (sip, rtp) = (free_port_pair(), free_port_pair());
    let info = u8::from(digits == Digits::Info);
    let events = u8::from(digits == Digits::Events);
    let settings = format!(
        "[sip]\nsip_port={sip}\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\nguess_hostname=0\n\
         bind_address={LOCALHOST}\ncontact=sip:member@{LOCALHOST}\nuse_info={info}\nuse_rfc2833={events}\n\
         [rtp]\nbind_address={LOCALHOST}\naudio_rtp_port={rtp}\n[sound]\nechocancellation=0\n"
    );
    fs::write(folder.join("settings"), settings).expect("the folder is ours");
    // Without this folder it complains that it cannot keep a list of calls.
    fs::create_dir_all(folder.join(".local/share/linphone")).expect("the folder is ours");
}
