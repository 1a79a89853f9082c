//! TLS for the telephone side: where it arrives, as whom we prove ourselves, and whom we believe. Files are named here and read
//! by the shell.

use super::error::shortened;
use super::{ConfigError, ConfigErrors, OneOrMany, SipConfig, addresses};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `[tls]` as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTls {
    /// IP addresses with their ports, or empty.
    pub listen: OneOrMany,
    /// Path of a file, or empty.
    pub certificate: String,
    /// Path of a file, or empty.
    pub key: String,
    /// Path of a file, or empty.
    pub roots: String,
}

impl Default for RawTls {
    fn default() -> RawTls {
        RawTls {
            listen: OneOrMany::One(String::new()),
            certificate: String::new(),
            key: String::new(),
            roots: String::new(),
        }
    }
}

/// `[tls]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Where SIP over TLS arrives; may be nowhere.
    pub listen: Vec<SocketAddr>,
    /// As whom we prove ourselves there.
    pub own: Option<Proof>,
    /// Whom we believe; none: whom the system believes.
    pub roots: Option<PathBuf>,
}

/// A certificate and its key, each in a file (PEM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Ours first, then those of the authorities between us and a root.
    pub certificate: PathBuf,
    /// Its owner's only.
    pub key: PathBuf,
}

impl TlsConfig {
    pub(super) fn from_raw(raw: &RawTls, errors: &mut ConfigErrors) -> Option<TlsConfig> {
        let listen = errors.keep_all(listen(&raw.listen));
        let own = errors.keep(proof(
            ("tls.certificate", &raw.certificate),
            ("tls.key", &raw.key),
        ));
        let (listen, own) = (listen?, own?);
        if own.is_none() && !listen.is_empty() {
            errors.add(
                "tls.certificate",
                "",
                "whoever calls over TLS wants to see a certificate: name its file, and that of its key in tls.key",
            );
        }
        let roots = file(&raw.roots);
        Some(TlsConfig { listen, own, roots })
    }

    /// What `[sip]` and `[tls]` can get wrong together only.
    pub(super) fn related(&self, sip: &SipConfig, errors: &mut ConfigErrors) {
        if let Some(twice) = self.listen.iter().find(|listen| sip.listen.contains(listen)) {
            errors.add(
                "tls.listen",
                &twice.to_string(),
                "sip.listen has it already: take another port, usually 5061",
            );
        }
    }
}

fn listen(typed: &OneOrMany) -> Result<Vec<SocketAddr>, Vec<ConfigError>> {
    match typed.texts() {
        [only] if only.trim().is_empty() => Ok(Vec::new()),
        [] => Ok(Vec::new()),
        _ => addresses::listen("tls.listen", typed),
    }
}

/// Both files, or none.
pub(super) fn proof(
    (certificate_key, certificate): (&'static str, &str),
    (key_key, key): (&'static str, &str),
) -> Result<Option<Proof>, ConfigError> {
    match (file(certificate), file(key)) {
        (Some(certificate), Some(key)) => Ok(Some(Proof { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::new(
            key_key,
            "",
            "a certificate proves nothing without its key: name the key's file (its owner's only)",
        )),
        (None, Some(_)) => Err(ConfigError::new(
            certificate_key,
            shortened(certificate),
            "a key proves nothing without its certificate: name the certificate's file",
        )),
    }
}

/// The path that was typed, if one was.
pub(super) fn file(typed: &str) -> Option<PathBuf> {
    let text = typed.trim();
    (!text.is_empty()).then(|| PathBuf::from(text))
}
