//! One SIPp in a folder of its own: many calls of one scenario of `tests/sipp/`, and its own statistics about them. It
//! plays digits and voices through raw sockets, so it needs root or CAP_NET_RAW (script/test sees to that).

use super::{Guarded, LOCALHOST, eventually, free_port_pair};
use audio_codec_algorithms::encode_alaw;
use rundruf::caller::{Tone, Voice};
use rundruf::units::FRAME;
use std::fs;
use std::io::{BufWriter, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where script/test puts a SIPp that may open raw sockets, if the installed one may not.
const PROGRAM_KEY: &str = "RUNDRUF_SIPP";
/// The first media port is one of these; each call takes the fourth after the one before. Clear of the bridge's ports
/// and of the system's own choice.
const MEDIA_PORTS: std::ops::Range<u16> = 10_000..18_000;

/// What SIPp shall do.
pub struct Plan<'a> {
    /// A file of `tests/sipp/`, without its ending.
    pub scenario: &'a str,
    pub calls: usize,
    pub calls_per_s: usize,
    /// How long a call stays.
    pub stay: Duration,
    /// What the calls key, in turn.
    pub keys: &'a [String],
    /// What `talk` says.
    pub tone: Option<Tone>,
}

/// What SIPp says about its calls.
#[derive(Debug)]
pub struct Totals {
    pub successful: usize,
    pub failed: usize,
    /// From INVITE to 200, in milliseconds, in rising order.
    pub answered_ms: Vec<f64>,
}

impl Totals {
    /// The response time that `percent` of the calls did not exceed.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.answered_ms.len().saturating_sub(1);
        self.answered_ms
            .get(last * percent / 100)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// A running SIPp.
pub struct Sipp {
    folder: tempfile::TempDir,
    process: Guarded,
}

impl Sipp {
    pub fn start(bridge: SocketAddr, plan: &Plan) -> Sipp {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let here = folder.path();
        let keys: String = plan.keys.iter().map(|keys| format!("{keys};\n")).collect();
        fs::write(here.join("keys.csv"), format!("SEQUENTIAL\n{keys}")).expect("the folder is ours");
        if let Some(tone) = plan.tone {
            write_pcap(&here.join("say.pcap"), tone);
        }
        let log = fs::File::create(here.join("log")).expect("the folder is ours");
        let program = std::env::var_os(PROGRAM_KEY).unwrap_or_else(|| "sipp".into());
        let localhost = LOCALHOST.to_string();
        let child = Command::new(program)
            .current_dir(here)
            .arg(bridge.to_string())
            .arg("-sf")
            .arg(scenario(plan.scenario))
            .args(["-inf", "keys.csv", "-i", &localhost, "-mi", &localhost])
            .args(["-p", &free_port_pair().to_string()])
            .args(["-mp", &media_port().to_string()])
            .args(["-m", &plan.calls.to_string(), "-l", &plan.calls.to_string()])
            .args(["-r", &plan.calls_per_s.to_string()])
            .args(["-d", &plan.stay.as_millis().to_string()])
            .args(["-nostdin", "-trace_err", "-error_file", "errors"])
            .args([
                "-trace_stat",
                "-stf",
                "totals.csv",
                "-trace_rtt",
                "-rtt_freq",
                "1",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("SIPp is installed (`apt-get install sip-tester`, or run script/test once)");
        Sipp {
            folder,
            process: Guarded(child),
        }
    }

    /// Waits until all its calls are over.
    pub fn finish(mut self, limit: Duration) -> Totals {
        let process = &mut self.process.0;
        let ended = eventually(limit, || !matches!(process.try_wait(), Ok(None)));
        assert!(ended, "SIPp goes on and on\n{}", self.complaints());
        let totals = self.read("totals.csv");
        let count = |column: &str| {
            let (head, last) = (totals.lines().next()?, totals.lines().last()?);
            let place = head.split(';').position(|name| name == column)?;
            last.split(';').nth(place)?.parse().ok()
        };
        let (Some(successful), Some(failed)) = (count("SuccessfulCall(C)"), count("FailedCall(C)")) else {
            panic!("SIPp told no totals\n{}", self.complaints());
        };
        Totals {
            successful,
            failed,
            answered_ms: self.answered_ms(),
        }
    }

    /// What it complained of.
    pub fn complaints(&self) -> String {
        self.read("log") + &self.read("errors")
    }

    fn answered_ms(&self) -> Vec<f64> {
        let files = fs::read_dir(self.folder.path()).expect("the folder is ours");
        let mut times: Vec<f64> = files
            .filter_map(|file| file.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with("_rtt.csv"))
            .flat_map(|name| self.read(&name).lines().map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|line| line.split(';').nth(1)?.parse().ok())
            .collect();
        times.sort_by(f64::total_cmp);
        times
    }

    fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sipp")
        .join(name)
        .with_extension("xml")
}

/// SIPp itself listens at the first media port, and its video port two above.
fn media_port() -> u16 {
    let is_free = |port| UdpSocket::bind((LOCALHOST, port)).is_ok();
    let drawn = || {
        let listener = TcpListener::bind((LOCALHOST, 0)).ok()?;
        let spread = MEDIA_PORTS.end - MEDIA_PORTS.start;
        let port = MEDIA_PORTS.start + listener.local_addr().ok()?.port() % spread / 4 * 4;
        (is_free(port) && is_free(port + 2)).then_some(port)
    };
    (0..100).find_map(|_| drawn()).expect("a free media port")
}

/// How long the voice of a capture lasts.
const CAPTURE_FRAMES: u32 = 50 * 90;
const RTP_BYTES: usize = 12 + FRAME;

/// Writes a capture of Ethernet frames that carry RTP with `tone` in A-law; SIPp puts its own addresses in.
fn write_pcap(file: &Path, tone: Tone) {
    let mut out = BufWriter::new(fs::File::create(file).expect("the folder is ours"));
    let mut put = |bytes: &[u8]| out.write_all(bytes).expect("there is room on the disk");
    // Magic number, version 2.4, zone and accuracy, longest packet, Ethernet.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        put(&word.to_le_bytes());
    }
    let mut voice = Voice::Tone(tone);
    for frame in 0..CAPTURE_FRAMES {
        let bytes = [&headers()[..], &rtp(frame, &mut voice)].concat();
        let length = bytes.len() as u32;
        for word in [frame / 50, frame % 50 * 20_000, length, length] {
            put(&word.to_le_bytes());
        }
        put(&bytes);
    }
}

/// Ethernet, IPv4 and UDP in front of an RTP packet.
fn headers() -> Vec<u8> {
    let udp = (8 + RTP_BYTES) as u16;
    let mut bytes = vec![0; 12];
    bytes.extend([0x08, 0x00, 0x45, 0x00]);
    bytes.extend((20 + udp).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    for word in [4_000, 4_000, udp, 0] {
        bytes.extend(word.to_be_bytes());
    }
    bytes
}

fn rtp(frame: u32, voice: &mut Voice) -> Vec<u8> {
    let position = frame * FRAME as u32;
    let mut bytes = vec![0x80, 8];
    bytes.extend((frame as u16).to_be_bytes());
    bytes.extend(position.to_be_bytes());
    bytes.extend(*b"tone");
    bytes.extend(voice.next_frame(u64::from(position)).map(encode_alaw));
    bytes
}
