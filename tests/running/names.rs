//! A name server of the test's own, which knows what the test tells it: NAPTR, SRV and A records, on loopback.

use super::LOCALHOST;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const A: u16 = 1;
const SRV: u16 = 33;
const NAPTR: u16 = 35;
const NO_SUCH_NAME: u8 = 3;
const TTL_S: u32 = 1;

/// One host of a domain.
pub struct Host {
    pub priority: u16,
    pub port: u16,
    pub name: &'static str,
}

/// A running name server; every host it names is 127.0.0.1.
pub struct NameServer {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Knows the hosts of `domain` for SIP over UDP.
    pub fn start(domain: &'static str, hosts: Vec<Host>) -> NameServer {
        let socket = UdpSocket::bind((LOCALHOST, 0)).expect("a socket");
        let patience = Some(Duration::from_millis(100));
        socket.set_read_timeout(patience).expect("set");
        let address = socket.local_addr().expect("bound");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((len, from)) = socket.recv_from(&mut buffer)
                    && let Some(answer) = answer(&buffer[..len], domain, &hosts)
                {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        NameServer {
            address,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to a question (RFC 1035 §4); `None` if it is none.
fn answer(query: &[u8], domain: &str, hosts: &[Host]) -> Option<Vec<u8>> {
    let (name, end) = read_name(query, 12)?;
    let kind = u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]);
    let mut records: Vec<Vec<u8>> = Vec::new();
    let is_domain = name == format!("_sip._udp.{domain}");
    let is_host = hosts.iter().any(|host| host.name == name);
    if is_domain && kind == SRV {
        records.extend(hosts.iter().map(|host| {
            let numbers = [host.priority, 10, host.port].map(u16::to_be_bytes).concat();
            record(SRV, &[numbers, written(host.name)].concat())
        }));
    } else if is_host && kind == A {
        records.push(record(A, &Ipv4Addr::LOCALHOST.octets()));
    } else if name == domain && kind == NAPTR {
        // Order, preference, flags, service, no expression, and what replaces the name (RFC 3403 §4.1).
        let rule = [&[0, 10, 0, 10, 1][..], b"s", &[7], b"SIP+D2U", &[0]].concat();
        records.push(record(
            NAPTR,
            &[rule, written(&format!("_sip._udp.{domain}"))].concat(),
        ));
    }
    let is_known = is_domain || is_host || name == domain;
    let code = if is_known { 0 } else { NO_SUCH_NAME };
    let mut answer = query[..2].to_vec();
    answer.extend([0x85, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    answer.extend(&query[12..end + 4]);
    answer.extend(records.concat());
    Some(answer)
}

/// A record of the name that was asked for.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xc0, 12];
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend(TTL_S.to_be_bytes());
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
    bytes
}

fn written(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

fn read_name(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let len = usize::from(*bytes.get(at)?);
        at += 1;
        if len == 0 {
            return Some((labels.join(".").to_ascii_lowercase(), at));
        }
        labels.push(String::from_utf8_lossy(bytes.get(at..at + len)?).into_owned());
        at += len;
    }
}
