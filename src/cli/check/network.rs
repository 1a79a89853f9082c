//! Ports and trunks.

use super::Bridge;
use super::finding::Finding;
use crate::bridge::status::{Status, TrunkStatus};
use crate::config::{Config, PasswordPlace, TrunkConfig};
use crate::io::trunks::password;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;

/// How many pairs are tried, evenly over the range.
const SAMPLES: u32 = 8;

pub(super) fn sip_ports(config: &Config, bridge: Bridge) -> Vec<Finding> {
    let listens = config.sip.listen.iter();
    listens.map(|listen| sip_port(*listen, bridge)).collect()
}

fn sip_port(listen: SocketAddr, bridge: Bridge) -> Finding {
    let udp = UdpSocket::bind(listen).map(drop).map_err(|error| ("UDP", error));
    let tcp = || {
        TcpListener::bind(listen)
            .map(drop)
            .map_err(|error| ("TCP", error))
    };
    match (udp.and_then(|()| tcp()), bridge) {
        (Ok(()), _) => Finding::good("SIP", format!("{listen} over UDP and TCP is free")),
        (Err(_), Bridge::Running) => Finding::good(
            "SIP",
            format!("{listen} over UDP and TCP, held by the running bridge"),
        ),
        (Err((transport, error)), Bridge::Stopped) => {
            let text = format!(
                "{listen} over {transport} cannot be taken ({error}): stop what uses it (`ss -ulpnt`), \
                 or give sip.listen another address or port"
            );
            Finding::missing("SIP", text)
        }
    }
}

pub(super) fn rtp_ports(config: &Config, bridge: Bridge) -> Finding {
    let (ports, max) = (config.rtp.ports, config.calls.max);
    let hosts: BTreeSet<IpAddr> = config.sip.listen.iter().map(SocketAddr::ip).collect();
    let sample = |index: u32| ports.pair(index * (ports.pairs() / SAMPLES).max(1));
    let samples: Vec<u16> = (0..SAMPLES.min(ports.pairs())).filter_map(sample).collect();
    let is_taken = |port: &u16| hosts.iter().any(|ip| !is_free(*ip, *port));
    let taken: Vec<u16> = samples.iter().copied().filter(is_taken).collect();
    let room = format!("{ports}: {} pairs for {max} calls", ports.pairs());
    if taken.is_empty() {
        Finding::good("RTP", room)
    } else if bridge == Bridge::Running {
        Finding::good("RTP", format!("{room}, in use by the running bridge"))
    } else if taken.len() == samples.len() {
        let text = format!("none of the ports tried ({taken:?}) can be taken: move rtp.ports");
        Finding::missing("RTP", text)
    } else {
        Finding::warning(
            "RTP",
            format!("{room}, but other programs hold some of them ({taken:?}): move rtp.ports"),
        )
    }
}

/// The page for machines, if it is wanted.
pub(super) fn http(config: &Config, bridge: Bridge) -> Option<Finding> {
    let listen = config.http.listen?;
    Some(match (TcpListener::bind(listen), bridge) {
        (Err(error), Bridge::Stopped) => {
            let text = format!(
                "{listen} cannot be taken ({error}): stop what uses it (`ss -tlpn`), or move http.listen"
            );
            Finding::missing("HTTP", text)
        }
        (Ok(_) | Err(_), _) if !listen.ip().is_loopback() => Finding::warning(
            "HTTP",
            format!("{listen} is reached from beyond this machine: keep it inside your own network"),
        ),
        (Err(_), Bridge::Running) => Finding::good("HTTP", format!("{listen}, held by the running bridge")),
        (Ok(_), _) => Finding::good("HTTP", format!("{listen} is free")),
    })
}

/// Where the kernel says how many neighbours it remembers at most, for IPv4 and IPv6.
const NEIGHBOURS_MAX: [&str; 2] = [
    "/proc/sys/net/ipv4/neigh/default/gc_thresh3",
    "/proc/sys/net/ipv6/neigh/default/gc_thresh3",
];
/// Neighbours beside the telephones: routers, name servers, whoever works on the machine.
const NEIGHBOURS_BESIDE: u64 = 64;

/// Telephones of the own network are neighbours, each with an entry in a table of the kernel's; where it is full, voice is not sent.
pub(super) fn neighbours(config: &Config) -> Option<Finding> {
    let is_v6 = |listen: &SocketAddr| listen.is_ipv6();
    let file = NEIGHBOURS_MAX[usize::from(config.sip.listen.iter().any(is_v6))];
    // Elsewhere than in a network of its own the file is there; where it is not, nobody can change it.
    let limit = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(judged_neighbours(limit, config.calls.max, file))
}

fn judged_neighbours(limit: u64, calls: u32, file: &str) -> Finding {
    let needed = u64::from(calls) + NEIGHBOURS_BESIDE;
    if limit >= needed {
        return Finding::good(
            "neighbours",
            format!("{limit} may be known, {needed} are needed at most"),
        );
    }
    let name = file.trim_start_matches("/proc/sys/").replace('/', ".");
    let first = name.replace("thresh3", "thresh2");
    let text = format!(
        "the system remembers {limit} hosts of its own network, {calls} calls can need {needed}: where telephones send their voice \
         directly, not by a telephone system, `sysctl -w {first}={needed} {name}={}`",
        2 * needed
    );
    Finding::warning("neighbours", text)
}

fn is_free(ip: IpAddr, rtp: u16) -> bool {
    UdpSocket::bind((ip, rtp))
        .and_then(|_| UdpSocket::bind((ip, rtp + 1)))
        .is_ok()
}

/// The trunks at which the bridge registers, or which have to answer: can its password be read, is its address known, does it work?
pub(super) fn registrations(config: &Config, running: Option<&Status>) -> Vec<Finding> {
    let one = |trunk: &TrunkConfig| registration(trunk, running);
    config.trunks.iter().map(one).collect()
}

fn registration(trunk: &TrunkConfig, running: Option<&Status>) -> Finding {
    let name = &trunk.name;
    let state = running.and_then(|status| status.trunks.iter().find(|other| other.name == *name));
    let Some(place) = &trunk.password else {
        return judged_answers(name, state);
    };
    if let Err(error) = password(place) {
        return match (place, state) {
            // The service has an environment of its own.
            (PasswordPlace::Env(_), Some(_)) => judged(name, state),
            _ => Finding::missing(
                "trunk",
                format!("{name}: {error:#}: run this as the bridge's user"),
            ),
        };
    }
    if let PasswordPlace::File(path) = place
        && std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    {
        let text = format!("{name}: others may read {path:?}: `chmod 600` it");
        return Finding::warning("trunk", text);
    }
    judged(name, state)
}

/// A trunk without registration.
fn judged_answers(name: &str, state: Option<&TrunkStatus>) -> Finding {
    let Some(state) = state else {
        let text =
            format!("{name}: no registration; `rundruf status` says whether it answers the running bridge");
        return Finding::good("trunk", text);
    };
    match (&state.trouble, &state.target, &state.waits_for) {
        (Some(why), _, _) => Finding::missing("trunk", format!("{name}: {why}")),
        (None, Some(target), Some(better)) => Finding::warning(
            "trunk",
            format!("{name}: {target} answers, because {better}, which goes before it, is away"),
        ),
        (None, Some(target), None) => Finding::good("trunk", format!("{name}: {target} answers")),
        (None, None, _) => Finding::warning(
            "trunk",
            format!("{name}: has not answered yet: look again in a few seconds"),
        ),
    }
}

fn judged(name: &str, state: Option<&TrunkStatus>) -> Finding {
    match state {
        None => Finding::good(
            "trunk",
            format!("{name}: its password is there; `rundruf status` says how the running bridge does"),
        ),
        Some(TrunkStatus {
            trouble: Some(why), ..
        }) => Finding::missing("trunk", format!("{name}: {why}")),
        Some(TrunkStatus {
            target: Some(target),
            waits_for: Some(better),
            ..
        }) => Finding::warning(
            "trunk",
            format!("{name}: registered at {target}, because {better}, which goes before it, is away"),
        ),
        Some(TrunkStatus {
            target: Some(target), ..
        }) => Finding::good("trunk", format!("{name}: registered at {target}")),
        Some(_) => Finding::warning(
            "trunk",
            format!("{name}: not registered yet: look again in a few seconds"),
        ),
    }
}

pub(super) fn trunks(config: &Config) -> Finding {
    let trunks = &config.sip.trunks;
    let listed = trunks
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if trunks.is_empty() {
        return Finding::good(
            "trunks",
            "none by address: those at which the bridge registers are served",
        );
    }
    let own_only = trunks.iter().all(|network| network.addr().is_loopback());
    let listens = &config.sip.listen;
    match (own_only, listens.iter().all(|listen| listen.ip().is_loopback())) {
        (true, _) if !config.trunks.is_empty() => Finding::good(
            "trunks",
            format!("{listed}, and those at which the bridge registers"),
        ),
        (true, _) => Finding::warning(
            "trunks",
            format!("{listed}: only this machine may call; list your telephone system in sip.trunks"),
        ),
        (false, true) => Finding::missing(
            "trunks",
            format!("{listed}: they cannot reach {listens:?}: give sip.listen an address of this machine",),
        ),
        (false, false) => Finding::good("trunks", listed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text).expect(text)
    }

    #[test]
    fn a_table_of_neighbours_that_calls_can_fill_is_named_with_its_remedy() {
        let judged = |limit| judged_neighbours(limit, 2_000, NEIGHBOURS_MAX[0]);
        assert_eq!(judged(2_064).verdict(), Verdict::Good);
        let full = judged(1_024);
        assert_eq!(full.verdict(), Verdict::Warning);
        let remedy =
            "sysctl -w net.ipv4.neigh.default.gc_thresh2=2064 net.ipv4.neigh.default.gc_thresh3=4128";
        assert!(format!("{full:?}").contains(remedy), "{full:?}");
    }

    #[test]
    fn a_taken_sip_port_is_missing_unless_our_bridge_has_it() {
        let taken = UdpSocket::bind("127.0.0.1:0").and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, _socket) = taken.expect("bound");
        assert_eq!(sip_port(address, Bridge::Stopped).verdict(), Verdict::Missing);
        assert_eq!(sip_port(address, Bridge::Running).verdict(), Verdict::Good);
    }

    #[test]
    fn a_page_for_machines_beyond_this_one_is_told() {
        assert!(http(&Config::default(), Bridge::Stopped).is_none());
        let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
        let mut config = Config::default();
        config.http.listen = taken.local_addr().ok();
        let verdict = |config: &Config, bridge| http(config, bridge).expect("asked for").verdict();
        assert_eq!(verdict(&config, Bridge::Stopped), Verdict::Missing);
        assert_eq!(verdict(&config, Bridge::Running), Verdict::Good);
        config.http.listen = "192.0.2.1:9464".parse().ok();
        assert_eq!(verdict(&config, Bridge::Running), Verdict::Warning);
    }

    #[test]
    fn trunks_that_cannot_reach_us_are_told() {
        assert_eq!(trunks(&Config::default()).verdict(), Verdict::Warning);
        let unreachable = config("sip.trunks = ['192.0.2.1']");
        assert_eq!(trunks(&unreachable).verdict(), Verdict::Missing);
        let reachable = config("sip = { trunks = ['192.0.2.1'], listen = '192.0.2.2:5060' }");
        assert_eq!(trunks(&reachable).verdict(), Verdict::Good);
    }

    #[test]
    fn a_trunk_is_missing_without_password_or_registration() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = format!(
            "[[trunk]]\nname = 'a'\ndomain = 'x.example'\nuser = '1'\npassword_file = {:?}\n",
            file.path()
        );
        let config = config(&text);
        let found = |running: Option<&Status>| registrations(&config, running).remove(0);
        assert_eq!(found(None).verdict(), Verdict::Missing, "an empty file");
        std::fs::write(&file, "secret\n").expect("written");
        assert_eq!(found(None).verdict(), Verdict::Good);
        let mut status = Status::default();
        status.trunks.push(TrunkStatus {
            name: "a".into(),
            ..TrunkStatus::default()
        });
        assert_eq!(found(Some(&status)).verdict(), Verdict::Warning);
        status.trunks[0].trouble = Some("it does not answer".into());
        assert_eq!(found(Some(&status)).verdict(), Verdict::Missing);
        (status.trunks[0].trouble, status.trunks[0].target) = (None, Some("192.0.2.1:5060 by UDP".into()));
        assert_eq!(found(Some(&status)).verdict(), Verdict::Good);
        status.trunks[0].waits_for = Some("192.0.2.9:5060 by UDP".into());
        assert_eq!(
            found(Some(&status)).verdict(),
            Verdict::Warning,
            "its second choice"
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("ours");
        assert_eq!(found(Some(&status)).verdict(), Verdict::Warning);
    }

    #[test]
    fn a_trunk_without_registration_is_missing_while_it_does_not_answer() {
        let config = config("[[trunk]]\nname = 'a'\ndomain = 'x.example'\nregister = false\n");
        let found = |running: Option<&Status>| registrations(&config, running).remove(0);
        assert_eq!(found(None).verdict(), Verdict::Good);
        let mut status = Status::default();
        status.trunks.push(TrunkStatus {
            name: "a".into(),
            is_static: true,
            ..TrunkStatus::default()
        });
        assert_eq!(found(Some(&status)).verdict(), Verdict::Warning);
        status.trunks[0].trouble = Some("it does not answer".into());
        assert_eq!(found(Some(&status)).verdict(), Verdict::Missing);
        (status.trunks[0].trouble, status.trunks[0].target) = (None, Some("192.0.2.1:5060 by UDP".into()));
        assert_eq!(found(Some(&status)).verdict(), Verdict::Good);
        status.trunks[0].waits_for = Some("192.0.2.9:5060 by UDP".into());
        assert_eq!(found(Some(&status)).verdict(), Verdict::Warning);
    }

    #[test]
    fn a_range_of_which_nothing_is_free_is_missing() {
        let bound = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let even = bound.local_addr().expect("bound").port() & !1;
        let mut config = config("calls.max = 1");
        config.rtp.ports = crate::config::PortRange::parse(&format!("{even}-{}", even + 1)).expect("a pair");
        assert_eq!(rtp_ports(&config, Bridge::Stopped).verdict(), Verdict::Missing);
        assert_eq!(rtp_ports(&config, Bridge::Running).verdict(), Verdict::Good);
    }
}
