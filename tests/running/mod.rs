//! The running program as callers and peers meet it: a bridge on loopback, booked rooms, free ports, recordings. Every
//! process is ended by its own id when its guard is dropped. Each test program uses a part of it.
#![allow(dead_code)]

pub mod baresip;
pub mod churn;
pub mod flood;
pub mod hearing;
pub mod kamailio;
pub mod linphone;
pub mod names;
pub mod netns;
pub mod relay;
pub mod simulated_line;
pub mod sipp;
pub mod third_party;
pub mod translator;

use netns::{Namespace, Place};
use rundruf::bridge::status::Status;
use rundruf::caller::options_answered;
use rundruf::units::SAMPLE_RATE;
use rustix::process::{Pid, Signal, kill_process};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A process that ends with its guard: by SIGTERM, by SIGKILL if that is not enough.
pub struct Guarded(pub Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        if !eventually(Duration::from_secs(5), || !matches!(self.0.try_wait(), Ok(None))) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Asks again and again until `done` holds, at most for `limit`.
pub fn eventually(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if done() {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    done()
}

/// A port such that it and the next one are free for UDP and TCP.
pub fn free_port_pair() -> u16 {
    let is_free =
        |port| UdpSocket::bind((LOCALHOST, port)).is_ok() && TcpListener::bind((LOCALHOST, port)).is_ok();
    let pair = || {
        let port = UdpSocket::bind((LOCALHOST, 0)).ok()?.local_addr().ok()?.port();
        (is_free(port) && is_free(port.checked_add(1)?)).then_some(port)
    };
    (0..100).find_map(|_| pair()).expect("two free ports in a row")
}

/// A room that was booked for a test.
pub struct Room {
    pub number: String,
    pub pin: String,
}

impl Room {
    /// What a member keys to come in.
    pub fn keys(&self) -> String {
        format!("{}#{}#", self.number, self.pin)
    }
}

/// `rundruf serve` with a data folder of its own.
pub struct Bridge {
    pub address: SocketAddr,
    data: tempfile::TempDir,
    process: Guarded,
    manner: Manner,
}

/// How the bridge is started: where, how much it tells, and the ports of its calls.
#[derive(Clone, Copy)]
struct Manner {
    place: Place,
    log: &'static str,
    rtp_ports: &'static str,
    /// Nobody is served by address.
    is_closed: bool,
}

/// At the finest level.
const TALKATIVE: Manner = Manner {
    place: Place::Here,
    log: "trace",
    rtp_ports: "24000-25999",
    is_closed: false,
};
/// As an operator has it, with ports for 200 calls a second that rest for 30 s each; clear of the system's own choice.
const LOADED: Manner = Manner {
    place: Place::Here,
    log: "info",
    rtp_ports: "18100-32699",
    is_closed: false,
};

impl Bridge {
    pub fn start() -> Bridge {
        Bridge::start_with("")
    }

    /// With settings of its own, as they would stand in `bridge.toml`.
    pub fn start_with(settings: &str) -> Bridge {
        let is_closed = settings.contains("sip.trunks = []");
        Bridge::start_at(
            here(),
            settings,
            Manner {
                is_closed,
                ..TALKATIVE
            },
        )
    }

    /// For many calls or messages at once.
    pub fn start_for_load(settings: &str) -> Bridge {
        Bridge::start_at(here(), settings, LOADED)
    }

    /// In a network namespace of its own, for callers of its network.
    pub fn start_in(namespace: &Namespace) -> Bridge {
        let address = SocketAddr::new(namespace.address.into(), 5_060);
        let settings = format!("sip.trunks = [\"{}/24\"]\n", namespace.address);
        let manner = Manner {
            place: namespace.place(),
            ..TALKATIVE
        };
        Bridge::start_at(address, &settings, manner)
    }

    fn start_at(address: SocketAddr, settings: &str, manner: Manner) -> Bridge {
        let data = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(data.path().join("bridge.toml"), settings).expect("the folder is ours");
        let bridge = Bridge {
            address,
            process: serve(address, data.path(), manner),
            data,
            manner,
        };
        bridge.wait_until_open();
        bridge
    }

    fn wait_until_open(&self) {
        let answers = || match self.manner.place {
            // Who registers elsewhere may serve nobody but that.
            Place::Here if self.manner.is_closed => self.answer(&["status", "--json"]).status.success(),
            Place::Here => {
                options_answered(LOCALHOST, self.address, Duration::from_millis(200)).unwrap_or(false)
            }
            Place::Beside(_) => self.answer(&["status", "--json"]).status.success(),
        };
        assert!(
            eventually(Duration::from_secs(20), answers),
            "no answer; log:\n{}",
            self.log()
        );
    }

    /// The end that nobody is told of: SIGKILL. Then the bridge is started again on the same folder.
    pub fn kill_and_restart(&mut self) {
        self.process.0.kill().expect("it runs");
        self.process.0.wait().expect("it was killed");
        self.process = serve(self.address, self.data.path(), self.manner);
        self.wait_until_open();
    }

    /// Has the settings read again.
    pub fn reload(&self) {
        let output = self.answer(&["reload"]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM).expect("it runs");
    }

    /// Waits for the program's own end; whether it was a good one.
    pub fn ended_well(&mut self) -> bool {
        let process = &mut self.process.0;
        eventually(Duration::from_secs(10), || {
            !matches!(process.try_wait(), Ok(None))
        }) && process.wait().is_ok_and(|status| status.success())
    }

    /// What the program found in its environment.
    pub fn environment(&self) -> String {
        let file = format!("/proc/{}/environ", self.process.0.id());
        String::from_utf8_lossy(&std::fs::read(file).expect("it runs")).into_owned()
    }

    /// How many descriptors the program holds.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.process.0.id());
        std::fs::read_dir(folder).expect("it runs").count()
    }

    /// What the program holds in memory (VmRSS), in KiB.
    pub fn resident_kib(&self) -> u64 {
        let file = format!("/proc/{}/status", self.process.0.id());
        let text = std::fs::read_to_string(file).expect("it runs");
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        figure.expect("Linux tells it")
    }

    pub fn book(&self, name: &str) -> Room {
        self.book_with(name, &[])
    }

    /// Books with more flags.
    pub fn book_with(&self, name: &str, flags: &[&str]) -> Room {
        let booked = self.ask(&[&["room", "book", name, "--json"], flags].concat());
        let text = |key: &str| {
            booked[key]
                .as_str()
                .unwrap_or_else(|| panic!("`room book` told no {key}"))
                .to_owned()
        };
        Room {
            number: text("room"),
            pin: text("pin"),
        }
    }

    pub fn status(&self) -> Status {
        serde_json::from_value(self.ask(&["status", "--json"])).expect("a status")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("serve.log")).unwrap_or_default()
    }

    /// Asks the program something; its JSON answer.
    pub fn ask(&self, words: &[&str]) -> serde_json::Value {
        let output = self.answer(words);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {}: {complaint}", words[0], words[1]);
        serde_json::from_slice(&output.stdout).expect("one JSON value")
    }

    fn answer(&self, words: &[&str]) -> Output {
        let data = self.data.path();
        let mut command = rundruf(Place::Here, data);
        command.args(words).arg("--data").arg(data);
        command.output().expect("the program runs")
    }
}

/// A free address on loopback.
fn here() -> SocketAddr {
    SocketAddr::new(LOCALHOST, free_port_pair())
}

/// Starts the bridge; its log is added to the folder's.
fn serve(address: SocketAddr, data: &Path, manner: Manner) -> Guarded {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(data.join("serve.log"));
    let child = rundruf(manner.place, data)
        .args([
            "serve",
            "--sip",
            &address.to_string(),
            "--rtp-ports",
            manner.rtp_ports,
            "--data",
        ])
        .arg(data)
        .env("RUNDRUF_LOG", manner.log)
        .stdout(Stdio::null())
        .stderr(log.expect("the folder is ours"))
        .spawn()
        .expect("the program runs");
    Guarded(child)
}

fn rundruf(place: Place, folder: &Path) -> Command {
    let mut command = place.command(env!("CARGO_BIN_EXE_rundruf"));
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("GLIBC_TUNABLES");
    command
}

/// The samples of a WAV file of 16 bit: the first channel, of a higher rate as many as 8 kHz has (test tones lie below 4 kHz).
pub fn read_wav(file: &Path) -> Vec<i16> {
    let reader = hound::WavReader::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let spec = reader.spec();
    let every = usize::from(spec.channels) * (spec.sample_rate / SAMPLE_RATE) as usize;
    let samples = reader.into_samples::<i16>().map_while(Result::ok);
    samples.step_by(every).collect()
}
