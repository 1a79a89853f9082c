//! Network namespaces of the test's own, each joined to the world by one TUN device only: whatever is sent there comes as
//! datagrams, one IP packet each, to a UNIX socket of the relay. They have no name: they end with their processes.

use super::{Guarded, eventually};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const START_MAX: Duration = Duration::from_secs(10);
/// What somebody must do whose machine does not make one.
const REMEDY: &str = "run this as root, as script/test does where it must; or permit yourself user namespaces (Ubuntu: \
    sysctl kernel.apparmor_restrict_unprivileged_userns=0) and /dev/net/tun (modprobe tun; chmod 666 /dev/net/tun). \
    Packages: socat, iproute2, util-linux";

/// Where a program runs.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Here,
    /// In the namespace of this process.
    Beside(u32),
}

impl Place {
    /// A command that runs there. It keeps its process: what is sent to it reaches the program.
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let Place::Beside(process) = self else {
            return Command::new(program);
        };
        let mut command = Command::new("nsenter");
        command.args(["--target", &process.to_string(), "--net"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(program);
        command
    }
}

/// A namespace with a TUN device and a loopback of its own.
pub struct Namespace {
    pub address: Ipv4Addr,
    process: Guarded,
}

impl Namespace {
    /// Makes one of this address in a /24. What its TUN device sends comes to the socket `relay`; what is sent to the socket
    /// `tun`, which is made here, arrives at the device.
    pub fn make(address: Ipv4Addr, relay: &Path, tun: &Path) -> Namespace {
        let log = tun.with_extension("log");
        let bridge = format!(
            "ip link set lo up && exec socat TUN:{address}/24,tun-type=tun,iff-no-pi,iff-up UNIX-SENDTO:{},bind={}",
            relay.display(),
            tun.display()
        );
        let mut command = Command::new("unshare");
        if !is_root() {
            command.arg("--map-root-user");
        }
        let child = command
            .args(["--net", "sh", "-c", &bridge])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("the folder is ours"))
            .spawn()
            .unwrap_or_else(|error| panic!("no network namespace: unshare: {error}. {REMEDY}"));
        let mut process = Guarded(child);
        // It binds this socket when the device stands.
        eventually(START_MAX, || {
            tun.exists() || !matches!(process.0.try_wait(), Ok(None))
        });
        let complaint = fs::read_to_string(&log).unwrap_or_default();
        assert!(tun.exists(), "no network namespace: {complaint}{REMEDY}");
        Namespace { address, process }
    }

    pub fn place(&self) -> Place {
        Place::Beside(self.process.0.id())
    }
}

/// Connects to a port on a place's loopback, as soon as somebody listens there, and then carries one connection to it from a UNIX
/// socket, which is made then.
pub fn carry_in(place: Place, socket: &Path, port: u16) -> Guarded {
    let child = place
        .command("socat")
        .arg(format!("TCP:127.0.0.1:{port},retry=200,interval=0.05"))
        .arg(format!("UNIX-LISTEN:{}", socket.display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Guarded(child.expect("nsenter and socat were found before"))
}

/// The names of a namespace's two sockets in the relay's folder: the relay's end and the device's.
pub fn socket_names(folder: &Path, host: usize) -> (PathBuf, PathBuf) {
    (
        folder.join(format!("{host}.relay")),
        folder.join(format!("{host}.tun")),
    )
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
