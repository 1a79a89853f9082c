//! TLS as the SIP connections use it: certificates, keys and authorities are read once at the start and once at every reload;
//! what a handshake failed for becomes a word of the user agent's. A key never leaves this file but into rustls.

use crate::config::{Config, Proof, TrunkTransport};
use crate::sip::{TlsFault, TrunkId};
use anyhow::{Context, bail};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ConfigBuilder, ConfigSide, Error, RootCertStore,
    ServerConfig, WantsVerifier, WantsVersions,
};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage};

/// Most certificates in a file of ours, and most authorities in one of theirs.
const CHAIN_MAX: usize = 16;
const ROOTS_MAX: usize = 1_024;
/// Most bytes of such a file.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Everything that a handshake needs.
#[derive(Clone, Default)]
pub struct Tls {
    /// None: nobody can call over TLS.
    server: Option<Arc<ServerConfig>>,
    /// By the trunk that is reached so.
    trunks: BTreeMap<TrunkId, Arc<ClientConfig>>,
    /// For whoever called over TLS and is no trunk.
    others: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({} trunks)", self.trunks.len())
    }
}

/// How a connection is opened over TLS: whom we believe, and who the other end has to be.
#[derive(Clone)]
pub struct Client {
    /// Whom we believe, and what we prove ourselves with.
    pub config: Arc<ClientConfig>,
    /// Whose certificate it must be.
    pub name: ServerName<'static>,
}

impl Tls {
    /// Reads the files that the settings name; nothing is read where nothing goes over TLS. May block.
    pub fn load(config: &Config) -> anyhow::Result<Tls> {
        let numbered = config.trunks.iter().zip(0_u16..);
        let trunks: Vec<_> = numbered
            .filter(|(trunk, _)| trunk.transport == TrunkTransport::Tls)
            .collect();
        if trunks.is_empty() && config.tls.listen.is_empty() {
            return Ok(Tls::default());
        }
        let general = config.tls.roots.as_deref();
        let mut tls = Tls {
            server: config.tls.own.as_ref().map(server).transpose()?,
            others: Some(client(general, None)?),
            trunks: BTreeMap::new(),
        };
        for (trunk, nth) in trunks {
            let roots = trunk.tls_roots.as_deref().or(general);
            let client =
                client(roots, trunk.tls_proof.as_ref()).with_context(|| format!("trunk {:?}", trunk.name))?;
            tls.trunks.insert(TrunkId(nth), client);
        }
        Ok(tls)
    }

    /// How calls are answered over TLS.
    pub fn server(&self) -> Option<Arc<ServerConfig>> {
        self.server.clone()
    }

    /// How a connection is opened to who belongs to this trunk, or to none, and must have this name.
    pub fn client(&self, (trunk, name): (Option<TrunkId>, String)) -> Option<Client> {
        let own = trunk.and_then(|trunk| self.trunks.get(&trunk));
        let config = own.or(self.others.as_ref())?.clone();
        let bare = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).ok()?;
        Some(Client { config, name })
    }
}

/// A certificate and its key, ready to prove who we are. May block.
pub fn server(proof: &Proof) -> anyhow::Result<Arc<ServerConfig>> {
    let (chain, key) = read_proof(proof)?;
    let config = versions(ServerConfig::builder_with_provider(provider()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| does_not_fit(proof))?;
    Ok(Arc::new(config))
}

/// Authorities whom we believe, the system's if no file is named, and perhaps a proof of ours. May block.
pub fn client(roots: Option<&Path>, proof: Option<&Proof>) -> anyhow::Result<Arc<ClientConfig>> {
    let roots = match roots {
        Some(file) => read_roots(file)?,
        None => system_roots()?,
    };
    let builder = versions(ClientConfig::builder_with_provider(provider()))?.with_root_certificates(roots);
    let config = match proof {
        None => builder.with_no_client_auth(),
        Some(proof) => {
            let (chain, key) = read_proof(proof)?;
            builder
                .with_client_auth_cert(chain, key)
                .with_context(|| does_not_fit(proof))?
        }
    };
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn versions<S: ConfigSide>(
    builder: ConfigBuilder<S, WantsVersions>,
) -> anyhow::Result<ConfigBuilder<S, WantsVerifier>> {
    Ok(builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?)
}

fn does_not_fit(proof: &Proof) -> String {
    format!(
        "{} and {} do not belong together, or the first is no certificate",
        proof.certificate.display(),
        proof.key.display()
    )
}

/// Until when the first certificate in a file is good; `None` if that is for ever. May block.
pub fn good_until(file: &Path) -> anyhow::Result<Option<SystemTime>> {
    let shown = file.display();
    let chain = certificates(file, CHAIN_MAX)?;
    let own = chain.first().and_then(|own| EndEntityCert::try_from(own).ok());
    let own = own.with_context(|| format!("{shown} does not begin with a certificate of ours"))?;
    // When it ends is looked at before anything else: at the end of all days, that is what is wrong with it.
    let end_of_days = UnixTime::since_unix_epoch(Duration::from_secs(253_402_300_799));
    let usage = KeyUsage::server_auth();
    let found = own.verify_for_usage(ALL_VERIFICATION_ALGS, &[], &[], end_of_days, usage, None, None);
    Ok(match found {
        Err(webpki::Error::CertExpired { not_after, .. }) => {
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    })
}

fn read_proof(proof: &Proof) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificates(&proof.certificate, CHAIN_MAX)?;
    let shown = proof.key.display();
    // The error would quote what was read.
    let key = PrivateKeyDer::from_pem_slice(&bytes(&proof.key)?)
        .ok()
        .with_context(|| format!("{shown} holds no private key (PEM, without a password)"))?;
    Ok((chain, key))
}

fn certificates(file: &Path, most: usize) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let shown = file.display();
    let found: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(&bytes(file)?).collect();
    let found = found
        .ok()
        .with_context(|| format!("{shown} is no file of certificates (PEM)"))?;
    if found.is_empty() || found.len() > most {
        bail!(
            "{shown} holds {} certificates: 1 to {most} are wanted",
            found.len()
        );
    }
    Ok(found)
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let length = std::fs::metadata(file)
        .with_context(|| format!("{shown} cannot be read"))?
        .len();
    if length > FILE_BYTES_MAX {
        bail!("{shown} is too long");
    }
    std::fs::read(file).with_context(|| format!("{shown} cannot be read"))
}

fn read_roots(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for root in certificates(file, ROOTS_MAX)? {
        roots
            .add(root)
            .with_context(|| format!("{} holds something that is no authority", file.display()))?;
    }
    Ok(roots)
}

fn system_roots() -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (known, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if known == 0 {
        bail!("the system knows no authorities: install ca-certificates, or name a file in tls.roots");
    }
    Ok(roots)
}

/// Why a handshake failed.
pub fn fault(error: &io::Error) -> TlsFault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        None if error.kind() == io::ErrorKind::TimedOut => TlsFault::Silent,
        None => TlsFault::Refused,
        Some(Error::InvalidCertificate(why)) => of_certificate(why),
        Some(Error::AlertReceived(alert)) => of_alert(*alert),
        Some(Error::PeerIncompatible(_)) => TlsFault::Nothing,
        Some(Error::InvalidMessage(_) | Error::InappropriateMessage { .. }) => TlsFault::NotTls,
        Some(_) => TlsFault::Refused,
    }
}

fn of_certificate(why: &CertificateError) -> TlsFault {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYet,
        CertificateError::UnknownIssuer => TlsFault::Issuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::Name,
        _ => TlsFault::Certificate,
    }
}

fn of_alert(alert: AlertDescription) -> TlsFault {
    match alert {
        AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::CertificateRequired => TlsFault::Ours,
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => TlsFault::Nothing,
        _ => TlsFault::Refused,
    }
}

#[cfg(test)]
mod tests;
