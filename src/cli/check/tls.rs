//! What TLS needs: a port, files that can be read and belong together, and certificates of ours that are good for a while yet.

use super::Bridge;
use super::finding::Finding;
use crate::config::{Config, Proof};
use crate::io::tls::{Tls, good_until};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

const SUBJECT: &str = "TLS";
const DAY_S: u64 = 24 * 60 * 60;
/// Days before its end at which a certificate should have been renewed: who renews by machine does it at 30.
const RENEWED_DAYS: u64 = 21;

/// Where calls arrive over TLS, and what is read for it.
pub(super) fn findings(config: &Config, bridge: Bridge) -> Vec<Finding> {
    let ports = config.tls.listen.iter().map(|listen| port(*listen, bridge));
    let of_trunks = config.trunks.iter().filter_map(|trunk| trunk.tls_proof.as_ref());
    let proofs = config.tls.own.iter().chain(of_trunks);
    let files: Vec<Finding> = match Tls::load(config) {
        Ok(_) => proofs.map(|proof| file(proof, SystemTime::now())).collect(),
        Err(error) => vec![Finding::missing(
            SUBJECT,
            format!("{error:#}: run this as the bridge's user"),
        )],
    };
    ports.chain(files).collect()
}

fn port(listen: SocketAddr, bridge: Bridge) -> Finding {
    match (TcpListener::bind(listen), bridge) {
        (Ok(_), _) => Finding::good(SUBJECT, format!("{listen} is free")),
        (Err(_), Bridge::Running) => Finding::good(SUBJECT, format!("{listen}, held by the running bridge")),
        (Err(error), Bridge::Stopped) => Finding::missing(
            SUBJECT,
            format!("{listen} cannot be taken ({error}): stop what uses it (`ss -tlpn`), or move tls.listen"),
        ),
    }
}

fn file(proof: &Proof, now: SystemTime) -> Finding {
    let (certificate, key) = (proof.certificate.display(), &proof.key);
    let is_open = std::fs::metadata(key).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    if is_open {
        return Finding::warning(
            SUBJECT,
            format!("others may read the key {key:?}: `chmod 600` it"),
        );
    }
    let until = match good_until(&proof.certificate) {
        Ok(Some(until)) => until,
        Ok(None) => {
            return Finding::good(SUBJECT, format!("{certificate} and its key belong together"));
        }
        Err(error) => return Finding::missing(SUBJECT, format!("{error:#}")),
    };
    let renew = "renew it, then `rundruf reload`";
    match until
        .duration_since(now)
        .map(|left: Duration| left.as_secs() / DAY_S)
    {
        Err(_) => Finding::missing(SUBJECT, format!("{certificate} has expired: {renew}")),
        Ok(days) if days < RENEWED_DAYS => {
            Finding::warning(SUBJECT, format!("{certificate} expires in {days} days: {renew}"))
        }
        Ok(days) => Finding::good(
            SUBJECT,
            format!("{certificate} and its key belong together, and are good for {days} days"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use std::path::{Path, PathBuf};

    fn here(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
    }

    #[test]
    fn a_certificate_is_told_before_it_expires() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("key");
        std::fs::write(&key, std::fs::read(here("pbx.key")).expect("it is there")).expect("ours");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("ours");
        let proof = Proof {
            certificate: here("expired.pem"),
            key: key.clone(),
        };
        // It was good until the first of February 2020, 00:00 UTC.
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_580_515_200);
        let at = |days: u64| file(&proof, end - Duration::from_secs(days * DAY_S));
        assert_eq!(at(30).verdict(), Verdict::Good);
        assert_eq!(at(20).verdict(), Verdict::Warning);
        assert!(
            format!("{:?}", at(20)).contains("expires in 20 days"),
            "{:?}",
            at(20)
        );
        let expired = file(&proof, end + Duration::from_secs(1));
        assert_eq!(expired.verdict(), Verdict::Missing);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("ours");
        assert_eq!(at(30).verdict(), Verdict::Warning, "others may read it");
    }
}
