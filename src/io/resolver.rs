//! Asks name servers where a registrar is (RFC 3263), off the control loop: the hosts of its domain for the transport that
//! the operator chose (SRV), or for those that the domain offers (NAPTR), else the domain's own addresses. A port that was
//! written down needs neither. What was answered is kept as long as the name servers say.

use super::serve::random;
use crate::sip::{
    Naptr, Peer, Place, Srv, TARGETS_MAX, Target, Transport, TrunkId, Whereabouts, ordered, services,
};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::{NAPTR, SRV};
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long name servers may take. Longer than the control side waits, so that a late answer is kept for the next time.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long one of them may take before the next is asked.
const PATIENCE_ONE: Duration = Duration::from_secs(2);
/// Answers that wait for the loop.
const ANSWERS: usize = 64;

/// What name servers answered to the question where this trunk's place is.
pub type Resolved = (TrunkId, Place, Whereabouts);

/// The way to name servers.
pub struct Resolver {
    names: Option<Arc<TokioResolver>>,
    tell: mpsc::Sender<Resolved>,
    told: mpsc::Receiver<Resolved>,
}

impl Resolver {
    /// Asks this name server, or those of the system.
    pub fn new(server: Option<SocketAddr>) -> Resolver {
        let (tell, told) = mpsc::channel(ANSWERS);
        let names = match names(server) {
            Ok(names) => Some(Arc::new(names)),
            Err(error) => {
                tracing::warn!(%error, "no name server can be asked: give sip.name_server one, or mend /etc/resolv.conf");
                None
            }
        };
        Resolver { names, tell, told }
    }

    /// Begins to ask; [`Resolver::next`] has the answer.
    pub fn ask(&self, trunk: TrunkId, place: Place) {
        let (names, tell) = (self.names.clone(), self.tell.clone());
        tokio::spawn(async move {
            let answer = match names {
                Some(names) => tokio::time::timeout(PATIENCE, Search::of(&names, &place)).await,
                None => Ok(Whereabouts::default()),
            };
            // The loop has ended: nobody waits for the answer.
            tell.send((trunk, place, answer.unwrap_or_default())).await.ok();
        });
    }

    /// The next answer.
    pub async fn next(&mut self) -> Option<Resolved> {
        self.told.recv().await
    }
}

fn names(server: Option<SocketAddr>) -> anyhow::Result<TokioResolver> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio()?,
        Some(server) => {
            let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
            (udp.port, tcp.port) = (server.port(), server.port());
            let mut only = NameServerConfig::udp(server.ip());
            only.connections = vec![udp, tcp];
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![only]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = PATIENCE_ONE;
    Ok(builder.build()?)
}

/// One search, and what it has found so far.
struct Search<'a> {
    names: &'a TokioResolver,
    targets: Vec<Target>,
    /// How many hosts of another priority, or by another transport, went before.
    rank: u16,
    until: Option<Instant>,
    is_guess: bool,
}

impl Search<'_> {
    /// Where a place is tried, in order.
    async fn of(names: &TokioResolver, place: &Place) -> Whereabouts {
        let mut search = Search {
            names,
            targets: Vec::new(),
            rank: 0,
            until: None,
            is_guess: false,
        };
        let host = place.host.trim_end_matches('.');
        match (place.port, place.transport) {
            // RFC 3263 §4.1: with a port and no transport, UDP is meant.
            (Some(port), transport) => {
                let transport = transport.unwrap_or(Transport::Udp);
                search.addresses(host, port, transport).await;
            }
            (None, Some(transport)) => {
                search
                    .offered(&[(transport, listed(transport, host))], host)
                    .await
            }
            (None, None) => {
                let offers = search.services(host).await;
                search.offered(&offers, host).await;
            }
        }
        let ttl = search
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        Whereabouts {
            targets: search.targets,
            ttl: ttl.unwrap_or_default(),
            is_guess: search.is_guess,
        }
    }

    /// The transports that a domain offers, each with the name of its list of hosts; UDP and TCP if it does not say. TLS is not
    /// among them: whoever wants it says so, for then nothing goes on in clear when its hosts fail.
    async fn services(&mut self, host: &str) -> Vec<(Transport, String)> {
        let lookup = self
            .names
            .lookup(format!("{host}."), RecordType::NAPTR)
            .await
            .ok();
        let rules = self
            .records(lookup.as_ref())
            .filter_map(|data| match data {
                RData::NAPTR(rule) => Some(naptr(rule)),
                _ => None,
            })
            .collect();
        let mut offers = services(rules);
        if offers.is_empty() {
            offers.extend(
                [Transport::Udp, Transport::Tcp].map(|transport| (transport, listed(transport, host))),
            );
        }
        offers
    }

    /// The hosts of each of these lists; if there is none of them, the domain is a host itself.
    async fn offered(&mut self, offers: &[(Transport, String)], host: &str) {
        let mut is_listed = false;
        for (transport, list) in offers {
            match self.names.lookup(list.as_str(), RecordType::SRV).await {
                Ok(lookup) => is_listed |= self.hosts(&lookup, *transport).await,
                Err(error) if is_empty(&error) => {}
                // It may be listed, only nobody says so now: the domain's own address can be that of a web page.
                Err(_) => self.is_guess = true,
            }
        }
        if !is_listed {
            let transport = offers.first().map_or(Transport::Udp, |(transport, _)| *transport);
            self.addresses(host, transport.port(), transport).await;
        }
    }

    /// The hosts of one list; whether there are any. One that lists the root alone offers nothing, and means it (RFC 2782).
    async fn hosts(&mut self, lookup: &Lookup, transport: Transport) -> bool {
        let hosts: Vec<Srv> = self
            .records(Some(lookup))
            .filter_map(|data| match data {
                RData::SRV(host) => Some(srv(host)),
                _ => None,
            })
            .collect();
        let is_listed = !hosts.is_empty();
        let mut last = None;
        for host in ordered(hosts, random).into_iter().filter(|host| host.host != ".") {
            if last.is_some_and(|priority| priority != host.priority) {
                self.rank += 1;
            }
            last = Some(host.priority);
            self.addresses(&host.host, host.port, transport).await;
        }
        self.rank += 1;
        is_listed
    }

    async fn addresses(&mut self, host: &str, port: u16, transport: Transport) {
        if self.targets.len() >= TARGETS_MAX {
            return;
        }
        let found = match self.names.lookup_ip(host).await {
            Ok(found) => found,
            Err(error) => {
                self.is_guess |= !is_empty(&error);
                return;
            }
        };
        self.keep_until(found.valid_until());
        let target = |ip: IpAddr| Target {
            peer: Peer {
                transport,
                addr: SocketAddr::new(ip, port),
            },
            priority: self.rank,
        };
        self.targets.extend(found.iter().map(target));
    }

    fn records<'a>(&mut self, lookup: Option<&'a Lookup>) -> impl Iterator<Item = &'a RData> + use<'a> {
        if let Some(lookup) = lookup {
            self.keep_until(lookup.valid_until());
        }
        lookup
            .into_iter()
            .flat_map(|lookup| lookup.answers().iter().map(|record| &record.data))
    }

    /// The shortest time counts.
    fn keep_until(&mut self, until: Instant) {
        self.until = Some(self.until.map_or(until, |known| known.min(until)));
    }
}

/// Name servers know of the name, or know that there is none.
fn is_empty(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

/// Under which name the hosts of a domain are listed (RFC 3263 §4.1).
fn listed(transport: Transport, host: &str) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    };
    format!("{service}.{host}.")
}

fn srv(host: &SRV) -> Srv {
    Srv {
        priority: host.priority,
        weight: host.weight,
        port: host.port,
        host: host.target.to_ascii(),
    }
}

fn naptr(rule: &NAPTR) -> Naptr {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Naptr {
        order: rule.order,
        preference: rule.preference,
        flags: text(&rule.flags),
        service: text(&rule.services),
        replacement: rule.replacement.to_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transport_has_a_list_and_a_port_of_its_own() {
        for (transport, list, port) in [
            (Transport::Udp, "_sip._udp.pbx.example.", 5_060),
            (Transport::Tcp, "_sip._tcp.pbx.example.", 5_060),
            (Transport::Tls, "_sips._tcp.pbx.example.", 5_061),
        ] {
            assert_eq!(listed(transport, "pbx.example"), list);
            assert_eq!(transport.port(), port, "{list}");
        }
    }
}
