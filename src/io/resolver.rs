//! Asks name servers where a registrar is (RFC 3263), off the control loop: the hosts of the domain for the transport that
//! the operator chose (SRV), else the domain's own addresses. A port that was written down needs no SRV. What was answered is
//! kept as long as the name servers say.

use super::serve::random;
use crate::sip::{Peer, Place, Srv, Target, Transport, TrunkId, ordered};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the name servers may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// Answers that wait for the loop.
const ANSWERS: usize = 64;
/// Hosts of a domain that are looked at.
const HOSTS_MAX: usize = 16;
/// The port of a SIP host that names none (RFC 3261 §19.1.2).
const PORT: u16 = 5_060;

/// What name servers answered: where a trunk's registrar is tried, nothing if they know no address.
pub type Resolved = (TrunkId, Vec<Target>);

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
            let targets = match names {
                Some(names) => tokio::time::timeout(PATIENCE, targets(&names, &place))
                    .await
                    .unwrap_or_default(),
                None => Vec::new(),
            };
            // The loop has ended: nobody waits for the answer.
            tell.send((trunk, targets)).await.ok();
        });
    }

    /// The next answer. May be dropped while it waits.
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
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    Ok(builder.build()?)
}

/// Where a place is tried, in order.
async fn targets(names: &TokioResolver, place: &Place) -> Vec<Target> {
    if let Some(port) = place.port {
        return addresses(names, &place.host, port, 0, place.transport).await;
    }
    let Some(hosts) = hosts(names, place).await else {
        return addresses(names, &place.host, PORT, 0, place.transport).await;
    };
    let mut found = Vec::new();
    for host in ordered(hosts, random).into_iter().take(HOSTS_MAX) {
        found.extend(addresses(names, &host.host, host.port, host.priority, place.transport).await);
    }
    found
}

/// The hosts of a domain; `None` if it lists none. One that lists the root alone offers nothing (RFC 2782).
async fn hosts(names: &TokioResolver, place: &Place) -> Option<Vec<Srv>> {
    let transport = match place.transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
    };
    let lookup = names
        .srv_lookup(format!("_sip._{transport}.{}.", place.host))
        .await
        .ok()?;
    let mut hosts = Vec::new();
    for record in lookup.answers() {
        if let RData::SRV(srv) = &record.data {
            hosts.push(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                host: srv.target.to_ascii(),
            });
        }
    }
    let is_offered = !hosts.is_empty();
    hosts.retain(|host| host.host != ".");
    is_offered.then_some(hosts)
}

async fn addresses(
    names: &TokioResolver,
    host: &str,
    port: u16,
    priority: u16,
    transport: Transport,
) -> Vec<Target> {
    let found = names.lookup_ip(host).await;
    let target = |ip: IpAddr| Target {
        peer: Peer {
            transport,
            addr: SocketAddr::new(ip, port),
        },
        priority,
    };
    found
        .map(|found| found.iter().map(target).collect())
        .unwrap_or_default()
}
