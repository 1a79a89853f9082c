//! Asks name servers where a registrar is, off the control loop.

use crate::sip::{Peer, Place, Target, TrunkId};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the name servers may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// Answers that wait for the loop.
const ANSWERS: usize = 64;

/// What name servers answered: where a trunk's registrar is tried, nothing if they know no address.
pub type Resolved = (TrunkId, Vec<Target>);

/// The way to name servers.
pub struct Resolver {
    tell: mpsc::Sender<Resolved>,
    told: mpsc::Receiver<Resolved>,
}

impl Resolver {
    pub fn new() -> Resolver {
        let (tell, told) = mpsc::channel(ANSWERS);
        Resolver { tell, told }
    }

    /// Begins to ask; [`Resolver::next`] has the answer.
    pub fn ask(&self, trunk: TrunkId, place: Place) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let targets = tokio::time::timeout(PATIENCE, addresses(&place)).await;
            let targets = targets.unwrap_or_default();
            // The loop has ended: nobody waits for the answer.
            tell.send((trunk, targets)).await.ok();
        });
    }

    /// The next answer. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Resolved> {
        self.told.recv().await
    }
}

/// All addresses of a name are equally good, in the order of the answer.
async fn addresses(place: &Place) -> Vec<Target> {
    let port = place.port.unwrap_or(place.transport.port());
    let found = tokio::net::lookup_host((place.host.as_str(), port)).await;
    let target = |addr| Target {
        peer: Peer {
            transport: place.transport,
            addr,
        },
        priority: 0,
    };
    found.map(|found| found.map(target).collect()).unwrap_or_default()
}
