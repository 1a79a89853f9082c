//! One baresip in a folder of its own: a tone for a microphone, its `sndfile` filter's dumps for a recorder, its control
//! socket for fingers. Loopback or a namespace of the test's own, no audio device.

use super::netns::{Namespace, Place, carry_in};
use super::{Guarded, LOCALHOST, eventually, free_port_pair, read_wav};
use rundruf::caller::Tone;
use rundruf::units::SAMPLE_RATE;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Length of the tone that is said: longer than any test.
const TONE_S: u32 = 120;
/// Between two keys: baresip holds a key for about 0.1 s.
const KEY_GAP: Duration = Duration::from_millis(300);
/// How often, and how long each time, it may try to start.
const STARTS_MAX: usize = 3;
const START_MAX: Duration = Duration::from_secs(10);
const REPLY_MAX: Duration = Duration::from_secs(5);
/// How often its control socket is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Packets that its own jitter buffer holds, at least and at most.
const GOOD_LINE: &str = "1-10";
const BAD_LINE: &str = "6-12";

/// Where it runs, what it calls itself, and the line that it is set up for.
#[derive(Clone, Copy)]
struct Site {
    place: Place,
    ip: IpAddr,
    jitter_buffer: &'static str,
    /// As its account file names them.
    codecs: &'static str,
    /// How its voice is encrypted, as its account file names it; nothing: not at all.
    media_enc: &'static str,
}

const HERE: Site = Site {
    place: Place::Here,
    ip: LOCALHOST,
    jitter_buffer: GOOD_LINE,
    codecs: "PCMA,PCMU",
    media_enc: "",
};

/// Its control socket.
trait Control: Read + Write + Send {}
impl<S: Read + Write + Send> Control for S {}

/// A running baresip.
pub struct Baresip {
    pub tone: Tone,
    /// Where it can be called, over UDP; it answers at once.
    pub address: SocketAddr,
    /// The same over TLS.
    pub secure: SocketAddr,
    folder: tempfile::TempDir,
    control: Box<dyn Control>,
    said: String,
    _carrier: Option<Guarded>,
    _process: Guarded,
}

impl Baresip {
    /// Starts it, ready to dial; it offers G.711.
    pub fn start(tone: Tone) -> Baresip {
        Baresip::start_at(tone, HERE)
    }

    /// Starts it, ready to dial; it offers these codecs, as its account file names them.
    pub fn start_with(tone: Tone, codecs: &'static str) -> Baresip {
        Baresip::start_at(tone, Site { codecs, ..HERE })
    }

    /// Starts it, ready to dial with its voice encrypted so, as its account file names it ("srtp-mand").
    pub fn start_encrypted(tone: Tone, media_enc: &'static str) -> Baresip {
        Baresip::start_at(tone, Site { media_enc, ..HERE })
    }

    /// Starts it, ready to dial; it says this recording again and again instead of a tone.
    pub fn start_saying(recording: &[i16]) -> Baresip {
        let baresip = Baresip::start(Tone {
            hz: 1_000.0,
            dbfs: -100.0,
        });
        // The file is opened when a call begins.
        write_recording(&baresip.folder.path().join("say.wav"), recording);
        baresip
    }

    /// Starts it in a namespace, set up for a bad line.
    pub fn start_in(namespace: &Namespace, tone: Tone) -> Baresip {
        let site = Site {
            place: namespace.place(),
            ip: namespace.address.into(),
            jitter_buffer: BAD_LINE,
            ..HERE
        };
        Baresip::start_at(tone, site)
    }

    fn start_at(tone: Tone, site: Site) -> Baresip {
        let started = (0..STARTS_MAX).map(|_| Baresip::try_start(tone, site));
        let mut logs = String::new();
        for attempt in started {
            match attempt {
                Ok(baresip) => return baresip,
                Err(log) => logs = log,
            }
        }
        panic!("baresip does not start; log:\n{logs}")
    }

    /// The ports that were free may be taken by the time that it wants them: the log, then. One at a time: of two that found the
    /// same port free, the second would be given the control of the first.
    fn try_start(tone: Tone, site: Site) -> Result<Baresip, String> {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (address, control_address) = configure(folder.path(), tone, site);
        let mut process = Guarded(spawn(folder.path(), site.place));
        let socket = folder.path().join("control");
        let carrier = match site.place {
            Place::Here => None,
            Place::Beside(_) => Some(carry_in(site.place, &socket, control_address.port())),
        };
        let mut control = None;
        eventually(START_MAX, || {
            control = match site.place {
                Place::Here => connect(control_address),
                Place::Beside(_) => connect_within(&socket),
            };
            control.is_some() || !matches!(process.0.try_wait(), Ok(None))
        });
        Ok(Baresip {
            control: control.ok_or_else(|| log_of(folder.path()))?,
            tone,
            address,
            secure: SocketAddr::new(address.ip(), address.port() + 1),
            folder,
            said: String::new(),
            _carrier: carrier,
            _process: process,
        })
    }

    /// Calls, and waits until the call is established.
    pub fn dial(&mut self, bridge: SocketAddr) {
        self.dial_uri(&format!("sip:meeting@{bridge}"));
    }

    /// Calls, and waits until that is refused.
    pub fn dial_in_vain(&mut self, bridge: SocketAddr) {
        self.command("dial", &format!("sip:meeting@{bridge}"));
        self.wait_for("CALL_CLOSED");
    }

    /// Calls over TCP, and waits until the call is established.
    pub fn dial_by_tcp(&mut self, bridge: SocketAddr) {
        self.dial_uri(&format!("sip:meeting@{bridge};transport=tcp"));
    }

    /// Calls over TLS, and waits until the call is established.
    pub fn dial_by_tls(&mut self, bridge: SocketAddr) {
        self.dial_uri(&format!("sip:meeting@{bridge};transport=tls"));
    }

    fn dial_uri(&mut self, uri: &str) {
        self.command("dial", uri);
        self.is_in_call();
    }

    /// Waits until the call is established.
    pub fn is_in_call(&mut self) {
        self.wait_for("CALL_ESTABLISHED");
    }

    /// Presses one key after the other.
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command("sndcode", &key.to_string());
            std::thread::park_timeout(KEY_GAP);
        }
    }

    /// Holds the call.
    pub fn hold(&mut self) {
        self.command("hold", "");
        self.wait_for("\"response\"");
    }

    /// Takes the held call up again.
    pub fn resume(&mut self) {
        self.command("resume", "");
        self.wait_for("\"response\"");
    }

    /// Hangs up, and waits until the call is closed.
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
        self.wait_for("CALL_CLOSED");
    }

    /// What it heard.
    pub fn heard(&self) -> Vec<i16> {
        read_wav(&self.dump("-dec.wav"))
    }

    /// What it sent, before encoding.
    pub fn sent(&self) -> Vec<i16> {
        read_wav(&self.dump("-enc.wav"))
    }

    fn dump(&self, ending: &str) -> PathBuf {
        let files = fs::read_dir(self.folder.path()).expect("the folder is ours");
        let mut dumps: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        dumps.retain(|file| file.to_string_lossy().ends_with(ending));
        assert_eq!(
            dumps.len(),
            1,
            "one call, one recording; log:\n{}",
            log_of(self.folder.path())
        );
        dumps.remove(0)
    }

    /// A command in a netstring, as baresip's ctrl_tcp module reads it.
    fn command(&mut self, command: &str, params: &str) {
        let json = serde_json::json!({ "command": command, "params": params, "token": command }).to_string();
        self.said.clear();
        write!(self.control, "{}:{json},", json.len()).expect("baresip listens");
    }

    fn wait_for(&mut self, event: &str) {
        let Baresip {
            control,
            said,
            folder,
            ..
        } = self;
        let came = eventually(REPLY_MAX, || {
            let mut buffer = [0; 4_096];
            match control.read(&mut buffer) {
                Ok(length) => said.push_str(&String::from_utf8_lossy(&buffer[..length])),
                Err(error) if is_silence(&error) => {}
                Err(error) => panic!("baresip has gone: {error}"),
            }
            said.contains(event)
        });
        assert!(came, "no {event}; log:\n{}", log_of(folder.path()));
    }
}

fn connect(address: SocketAddr) -> Option<Box<dyn Control>> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LOOK)).ok()?;
    Some(Box::new(stream))
}

fn connect_within(socket: &Path) -> Option<Box<dyn Control>> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(LOOK)).ok()?;
    Some(Box::new(stream))
}

/// Whether it just says nothing at the moment.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn spawn(folder: &Path, place: Place) -> Child {
    let log = fs::File::create(folder.join("log")).expect("the folder is ours");
    place
        .command("baresip")
        .args(["-4", "-v", "-s", "-t", "120", "-f"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("baresip is installed (`apt-get install baresip-core`, or run script/test once)")
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Writes configuration, account and tone; returns where it can be called, and where the control socket will listen.
fn configure(folder: &Path, tone: Tone, site: Site) -> (SocketAddr, SocketAddr) {
    let Site {
        ip,
        jitter_buffer,
        codecs,
        media_enc,
        ..
    } = site;
    // TLS takes the port after SIP's.
    let sip = free_port_pair();
    let rtp = free_port_pair();
    let listener = TcpListener::bind((LOCALHOST, 0)).expect("a free port");
    let control = listener.local_addr().expect("it is bound");
    let here = folder.display();
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    let authority = tls.join("authority.pem");
    let authority = authority.display();
    let proof = ["pbx.pem", "pbx.key"].map(|file| fs::read_to_string(tls.join(file)).expect("it is ours"));
    // It does not bring a source of 8 kHz to the 16 of G.722.
    let rate = if codecs.contains("16000") {
        16_000
    } else {
        SAMPLE_RATE
    };
    let config = format!(
        "sip_listen {ip}:{sip}\nnet_interface {ip}\naudio_path /nonexistent\naudio_player none,none\n\
         audio_alert none,none\naudio_source aufile,{here}/say.wav\nausrc_srate {rate}\nauplay_srate {rate}\n\
         ausrc_channels 1\nauplay_channels 1\nausrc_format s16\nauplay_format s16\nauenc_format s16\naudec_format s16\n\
         rtp_ports {rtp}-{}\njitter_buffer_delay {jitter_buffer}\nmodule_path {}\nmodule g711.so\nmodule g722.so\n\
         module opus.so\nmodule aufile.so\nmodule srtp.so\nsip_cafile {authority}\nsip_certificate {here}/own.pem\n\
         module sndfile.so\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen {control}\nsnd_path {here}\n",
        rtp.saturating_add(20),
        module_path(),
    );
    let encryption = match media_enc {
        "" => String::new(),
        how => format!(";mediaenc={how}"),
    };
    let account = format!(
        "<sip:member@{ip}>;regint=0;audio_codecs={codecs};ptime=20;dtmfmode=rtpevent;answermode=auto{encryption}\n"
    );
    fs::write(folder.join("config"), config).expect("the folder is ours");
    fs::write(folder.join("accounts"), account).expect("the folder is ours");
    fs::write(folder.join("contacts"), "").expect("the folder is ours");
    fs::write(folder.join("own.pem"), proof.concat()).expect("the folder is ours");
    write_tone(&folder.join("say.wav"), tone, rate);
    (SocketAddr::new(ip, sip), control)
}

/// Where the distribution keeps baresip's modules.
fn module_path() -> &'static str {
    let known = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"];
    let found = known
        .into_iter()
        .find(|path| Path::new(path).join("ctrl_tcp.so").exists());
    found.expect("baresip's modules are installed (package baresip-core)")
}

/// Writes the tone with so many samples a second.
pub(super) fn write_tone(file: &Path, tone: Tone, rate: u32) {
    let peak = f64::from(i16::MAX) * 10f64.powf(tone.dbfs / 20.0);
    let sample = |at: u32| {
        let angle = std::f64::consts::TAU * tone.hz * f64::from(at) / f64::from(rate);
        (peak * angle.sin()).round() as i16
    };
    write_wav(file, rate, (0..TONE_S * rate).map(sample));
}

/// Writes the recording, again and again for as long as a tone.
fn write_recording(file: &Path, recording: &[i16]) {
    let samples = recording.iter().copied().cycle();
    write_wav(file, SAMPLE_RATE, samples.take((TONE_S * SAMPLE_RATE) as usize));
}

fn write_wav(file: &Path, rate: u32, samples: impl Iterator<Item = i16>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).expect("the folder is ours");
    for sample in samples {
        writer.write_sample(sample).expect("there is room on the disk");
    }
    writer.finalize().expect("there is room on the disk");
}
