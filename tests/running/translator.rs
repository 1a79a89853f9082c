//! A router that translates addresses, as far as SIP by UDP on loopback needs one: what is sent to its inside comes to the registrar
//! from its outside, and what comes to that goes to who was last heard inside. Media does not pass here.

use super::LOCALHOST;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the registrar sees what comes from the inside.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
/// How often it looks whether it shall end.
const NAP: Duration = Duration::from_millis(100);

/// A running one.
pub struct Translator {
    pub inside: SocketAddr,
    pub outside: SocketAddr,
    router: Arc<Router>,
    threads: Vec<JoinHandle<()>>,
}

struct Router {
    inside: UdpSocket,
    outside: UdpSocket,
    registrar: SocketAddr,
    /// Who was heard inside.
    client: Mutex<Option<SocketAddr>>,
    carried_in: AtomicUsize,
    ends: AtomicBool,
}

impl Translator {
    pub fn start(registrar: SocketAddr) -> Translator {
        let socket = |ip| {
            let socket = UdpSocket::bind((ip, 0)).expect("a free port");
            socket.set_read_timeout(Some(NAP)).expect("set");
            socket
        };
        let router = Arc::new(Router {
            inside: socket(LOCALHOST),
            outside: socket(OUTSIDE),
            registrar,
            client: Mutex::new(None),
            carried_in: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
        });
        let threads = [Router::carry_out, Router::carry_in].map(|carry| {
            let router = Arc::clone(&router);
            std::thread::spawn(move || router.carry(carry))
        });
        Translator {
            inside: router.inside.local_addr().expect("bound"),
            outside: router.outside.local_addr().expect("bound"),
            router,
            threads: threads.into(),
        }
    }

    /// How many datagrams have come in from the registrar's side.
    pub fn carried_in(&self) -> usize {
        self.router.carried_in.load(Relaxed)
    }
}

impl Router {
    fn carry(&self, one: fn(&Router, &mut [u8]) -> Option<()>) {
        let mut buffer = [0; 8_192];
        while !self.ends.load(Relaxed) {
            let _nothing_came = one(self, &mut buffer);
        }
    }

    fn carry_out(&self, buffer: &mut [u8]) -> Option<()> {
        let (len, from) = self.inside.recv_from(buffer).ok()?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
        self.outside.send_to(&buffer[..len], self.registrar).ok()?;
        Some(())
    }

    fn carry_in(&self, buffer: &mut [u8]) -> Option<()> {
        let (len, _) = self.outside.recv_from(buffer).ok()?;
        let client = *self.client.lock().unwrap_or_else(PoisonError::into_inner);
        self.inside.send_to(&buffer[..len], client?).ok()?;
        self.carried_in.fetch_add(1, Relaxed);
        Some(())
    }
}

impl Drop for Translator {
    fn drop(&mut self) {
        self.router.ends.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
