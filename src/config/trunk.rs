//! Trunks at which the bridge registers: `[[trunk]]`, once for each.

use super::error::shortened;
use super::{ConfigError, ConfigErrors, Proof, tls};
use crate::codec::SrtpPolicy;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

/// Most trunks at which the bridge registers.
pub const TRUNK_COUNT_MAX: usize = 32;
/// Most characters of each text.
const CHARS_MAX: usize = 128;
/// The user part of our address where we have no account.
const NOBODY: &str = "rundruf";
/// The shortest and the longest registration that may be asked for, in seconds.
const EXPIRES_S: std::ops::RangeInclusive<i64> = 60..=86_400;
/// The shortest and the longest pause between two signs of life, in seconds.
const KEEP_ALIVE_S: std::ops::RangeInclusive<i64> = 5..=600;

/// `[[trunk]]` as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTrunk {
    /// What the operator calls it.
    pub name: String,
    /// Host, or host:port.
    pub domain: String,
    /// Host, or host:port, or empty.
    pub proxy: String,
    /// "udp", "tcp", "tls" or "auto".
    pub transport: String,
    /// Path of a file, or empty.
    pub tls_roots: String,
    /// Path of a file, or empty.
    pub tls_certificate: String,
    /// Path of a file, or empty.
    pub tls_key: String,
    /// "never", "optional", "required", or empty.
    pub srtp: String,
    /// Whether sealed voices are agreed while registering.
    pub mediasec: bool,
    /// Whether the bridge registers there.
    pub register: bool,
    /// User part of the address there.
    pub user: String,
    /// User name of the login, or empty.
    pub auth_user: String,
    /// Path of a file, or empty.
    pub password_file: String,
    /// Name of an environment variable, or empty.
    pub password_env: String,
    /// Shown beside the address, or empty.
    pub display: String,
    /// User part under which calls come, or empty.
    pub number: String,
    /// Whether a block of numbers is registered (RFC 6140).
    pub number_block: bool,
    /// Seconds.
    pub expires_s: i64,
    /// Seconds, or 0.
    pub keep_alive_s: i64,
}

impl Default for RawTrunk {
    fn default() -> RawTrunk {
        RawTrunk {
            name: String::new(),
            domain: String::new(),
            proxy: String::new(),
            transport: "udp".into(),
            tls_roots: String::new(),
            tls_certificate: String::new(),
            tls_key: String::new(),
            srtp: String::new(),
            mediasec: false,
            register: true,
            user: String::new(),
            auth_user: String::new(),
            password_file: String::new(),
            password_env: String::new(),
            display: String::new(),
            number: String::new(),
            number_block: false,
            expires_s: 600,
            keep_alive_s: 20,
        }
    }
}

/// A trunk at which the bridge registers, or which has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkConfig {
    /// What the operator calls it.
    pub name: String,
    /// The registrar's domain.
    pub domain: HostPort,
    /// Where requests go instead.
    pub proxy: Option<HostPort>,
    /// What carries them.
    pub transport: TrunkTransport,
    /// Whom we believe over TLS; none: as `[tls]` says.
    pub tls_roots: Option<PathBuf>,
    /// As whom we prove ourselves over TLS, if that is wanted.
    pub tls_proof: Option<Proof>,
    /// Whether voices are sealed, if that is not as `[rtp]` has it.
    pub srtp: Option<SrtpPolicy>,
    /// Whether that is agreed while registering (`mediasec`).
    pub mediasec: bool,
    /// The user part of our address.
    pub user: String,
    /// The user name of the login.
    pub auth_user: String,
    /// Where the password is; none: nobody registers there.
    pub password: Option<PasswordPlace>,
    /// Shown beside our address; may be empty.
    pub display: String,
    /// The user part under which calls come.
    pub number: String,
    /// Whether a block of numbers is registered (RFC 6140).
    pub number_block: bool,
    /// How long a registration is asked for.
    pub expires: Duration,
    /// How often a sign of life is asked for.
    pub keep_alive: Option<Duration>,
}

/// A host and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The port, if one was written.
    pub port: Option<u16>,
}

/// What carries a trunk's signalling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrunkTransport {
    /// Datagrams.
    Udp,
    /// Connections.
    Tcp,
    /// Connections over TLS.
    Tls,
    /// As the domain's own rules have it (NAPTR, RFC 3263 §4.1).
    Auto,
}

/// Where a password is: never in the settings themselves, which are shown and mailed about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordPlace {
    /// The first line of a file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl TrunkTransport {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            TrunkTransport::Udp => "udp",
            TrunkTransport::Tcp => "tcp",
            TrunkTransport::Tls => "tls",
            TrunkTransport::Auto => "auto",
        }
    }
}

impl fmt::Display for PasswordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordPlace::File(path) => write!(f, "the file {}", path.display()),
            PasswordPlace::Env(name) => write!(f, "the variable {name}"),
        }
    }
}

impl fmt::Display for TrunkConfig {
    /// Everything but the password, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TrunkConfig {
            name, user, domain, ..
        } = self;
        write!(f, "{name}: {user} at {domain}")?;
        match self.transport {
            TrunkTransport::Auto => write!(f, " by what it offers")?,
            transport => write!(f, " by {}", transport.name())?,
        }
        if let Some(roots) = &self.tls_roots {
            write!(f, ", believes {}", roots.display())?;
        }
        if let Some(proof) = &self.tls_proof {
            write!(f, ", proves itself with {}", proof.certificate.display())?;
        }
        if let Some(srtp) = self.srtp {
            write!(f, ", voices encrypted: {}", srtp.name())?;
        }
        if self.mediasec {
            f.write_str(", agreed while registering")?;
        }
        if let Some(proxy) = &self.proxy {
            write!(f, " through {proxy}")?;
        }
        if self.password.is_some() && self.auth_user != *user {
            write!(f, ", logs in as {}", self.auth_user)?;
        }
        if self.number_block {
            write!(f, ", a block of numbers")?;
        } else if self.number != *user {
            write!(f, ", called as {}", self.number)?;
        }
        if !self.display.is_empty() {
            write!(f, ", shown as {:?}", self.display)?;
        }
        let keep_alive = self.keep_alive.map_or(0, |pause| pause.as_secs());
        match &self.password {
            Some(place) => write!(f, ", password in {place}, {} s", self.expires.as_secs())?,
            None => f.write_str(", no registration")?,
        }
        write!(f, ", sign of life every {keep_alive} s")
    }
}

/// All trunks, or everything that is wrong with them.
pub(super) fn trunks(typed: &[RawTrunk], errors: &mut ConfigErrors) -> Vec<TrunkConfig> {
    if typed.len() > TRUNK_COUNT_MAX {
        let shown = format!("{} of them", typed.len());
        errors.add("trunk", &shown, "the bridge registers at 32 trunks at most");
        return Vec::new();
    }
    let mut found: Vec<TrunkConfig> = Vec::new();
    for raw in typed {
        let Some(trunk) = trunk(raw, errors) else {
            continue;
        };
        if found.iter().any(|other| other.name == trunk.name) {
            errors.add("trunk.name", &trunk.name, "another trunk has this name already");
        }
        found.push(trunk);
    }
    found
}

/// What is agreed while registering has to be wanted, by the trunk's own word or by the general one.
pub(super) fn related(trunks: &[TrunkConfig], general: SrtpPolicy, errors: &mut ConfigErrors) {
    let is_vain = |trunk: &&TrunkConfig| trunk.mediasec && trunk.srtp.unwrap_or(general) == SrtpPolicy::Never;
    for _ in trunks.iter().filter(is_vain) {
        let remedy = "nothing is encrypted there: set srtp = \"required\" (or \"optional\") beside it, or take it away";
        errors.add("trunk.mediasec", "true", remedy);
    }
}

fn trunk(raw: &RawTrunk, errors: &mut ConfigErrors) -> Option<TrunkConfig> {
    let name = errors.keep(name(&raw.name));
    let domain = errors.keep(host_port("trunk.domain", &raw.domain));
    let proxy = match raw.proxy.trim().is_empty() {
        true => Some(None),
        false => errors.keep(host_port("trunk.proxy", &raw.proxy)).map(Some),
    };
    let transport = errors.keep(transport(&raw.transport));
    let tls_proof = errors.keep(tls::proof(
        ("trunk.tls_certificate", &raw.tls_certificate),
        ("trunk.tls_key", &raw.tls_key),
    ));
    let srtp = match raw.srtp.trim().is_empty() {
        true => Some(None),
        false => errors.keep(super::srtp("trunk.srtp", &raw.srtp)).map(Some),
    };
    let user = match (raw.register, raw.user.trim().is_empty()) {
        (false, true) => Some(NOBODY.to_owned()),
        _ => errors.keep(user("trunk.user", &raw.user)),
    };
    let auth_user = errors.keep(quotable("trunk.auth_user", &raw.auth_user));
    let display = errors.keep(quotable("trunk.display", &raw.display));
    let number = match raw.number.trim().is_empty() {
        true => user.clone(),
        false => errors.keep(user_of_number(&raw.number)),
    };
    let password = match raw.register {
        true => errors.keep(password(raw)).map(Some),
        false => errors.keep(without_registration(raw)).map(|()| None),
    };
    let expires = errors.keep(seconds("trunk.expires_s", raw.expires_s, EXPIRES_S, None));
    let off = Some(0);
    let keep_alive = errors.keep(seconds("trunk.keep_alive_s", raw.keep_alive_s, KEEP_ALIVE_S, off));
    let user = user?;
    Some(TrunkConfig {
        name: name?,
        domain: domain?,
        proxy: proxy?,
        transport: transport?,
        tls_roots: tls::file(&raw.tls_roots),
        tls_proof: tls_proof?,
        srtp: srtp?,
        mediasec: raw.mediasec,
        auth_user: auth_user.map(|auth| if auth.is_empty() { user.clone() } else { auth })?,
        user,
        password: password?,
        display: display?,
        number: number?,
        number_block: raw.number_block,
        expires: expires?,
        keep_alive: keep_alive.map(|pause| (!pause.is_zero()).then_some(pause))?,
    })
}

fn name(typed: &str) -> Result<String, ConfigError> {
    let name = typed.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.len() <= 32 && name.chars().all(fits) {
        return Ok(name.to_owned());
    }
    let remedy = "give the trunk a name of letters, digits, `-`, `_` and `.`, for example \"sipgate\": status and log call it so";
    Err(ConfigError::new("trunk.name", shortened(typed), remedy))
}

fn host_port(key: &'static str, typed: &str) -> Result<HostPort, ConfigError> {
    let remedy = "write a host name or an IP address, with a port only if your provider names one: \
        \"sip.example.org\", \"192.0.2.10:5070\", \"[2001:db8::1]\"";
    split_host(typed.trim()).ok_or_else(|| ConfigError::new(key, shortened(typed), remedy))
}

fn split_host(text: &str) -> Option<HostPort> {
    let end = match text.strip_prefix('[') {
        Some(rest) => {
            let close = rest.find(']')?;
            rest[..close].parse::<Ipv6Addr>().ok()?;
            close + 2
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_name = end > 0 && end <= 253 && text[..end].bytes().all(fits);
            is_name.then_some(end)?
        }
    };
    let (host, rest) = text.split_at(end);
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
        None => rest.is_empty().then_some(None)?,
    };
    let host = host.to_owned();
    Some(HostPort { host, port })
}

fn transport(typed: &str) -> Result<TrunkTransport, ConfigError> {
    let known = [
        TrunkTransport::Udp,
        TrunkTransport::Tcp,
        TrunkTransport::Tls,
        TrunkTransport::Auto,
    ];
    let found = known.into_iter().find(|known| known.name() == typed.trim());
    found.ok_or_else(|| {
        ConfigError::new(
            "trunk.transport",
            shortened(typed),
            "take \"udp\", \"tcp\", \"tls\" or \"auto\"",
        )
    })
}

/// What may stand in a SIP address without being escaped (RFC 3261 §25.1).
fn user(key: &'static str, typed: &str) -> Result<String, ConfigError> {
    let user = typed.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,/".contains(c);
    if !user.is_empty() && user.len() <= CHARS_MAX && user.chars().all(fits) {
        return Ok(user.to_owned());
    }
    let remedy = "write the user part alone, as your provider names it (SIP user, SIP-ID or number), without \"sip:\" and \
        without what follows the \"@\"";
    Err(ConfigError::new(key, shortened(typed), remedy))
}

/// A number as people write it loses what only people need.
fn user_of_number(typed: &str) -> Result<String, ConfigError> {
    let bare: String = typed.chars().filter(|c| !" ()/-".contains(*c)).collect();
    user("trunk.number", &bare).map_err(|_| {
        let remedy =
            "write the number under which calls shall come, for example \"+49301234567\", or leave it empty";
        ConfigError::new("trunk.number", shortened(typed), remedy)
    })
}

/// What stands between quotes.
fn quotable(key: &'static str, typed: &str) -> Result<String, ConfigError> {
    let text = typed.trim();
    let fits = |c: char| !c.is_control() && c != '"' && c != '\\';
    if text.chars().count() <= CHARS_MAX && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    let remedy = "at most 128 characters, without quotes and backslashes";
    Err(ConfigError::new(key, shortened(typed), remedy))
}

/// Where nobody registers, nothing may be asked for that only a registrar could do.
fn without_registration(raw: &RawTrunk) -> Result<(), ConfigError> {
    let places = [
        ("trunk.password_file", &raw.password_file),
        ("trunk.password_env", &raw.password_env),
    ];
    for (key, place) in places {
        if !place.trim().is_empty() {
            let remedy =
                "without registration nobody asks for a password: take it away, or set register = true";
            return Err(ConfigError::new(key, shortened(place), remedy));
        }
    }
    if raw.number_block {
        let remedy = "a block of numbers has to be registered: take this away, or set register = true";
        return Err(ConfigError::bare("trunk.number_block", true, remedy));
    }
    if raw.mediasec {
        let remedy = "encryption is agreed so while registering: take this away, or set register = true";
        return Err(ConfigError::bare("trunk.mediasec", true, remedy));
    }
    if raw.keep_alive_s == 0 {
        let remedy = "a trunk without registration is asked whether it is there, every 5 to 600 seconds; if it must not be, write \
            its addresses into sip.trunks instead";
        return Err(ConfigError::bare("trunk.keep_alive_s", 0, remedy));
    }
    Ok(())
}

fn password(raw: &RawTrunk) -> Result<PasswordPlace, ConfigError> {
    let (file, env) = (raw.password_file.trim(), raw.password_env.trim());
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match (file.is_empty(), env.is_empty()) {
        (false, true) => Ok(PasswordPlace::File(PathBuf::from(file))),
        (true, false) if is_name(env) => Ok(PasswordPlace::Env(env.to_owned())),
        (true, false) => {
            let remedy = "write the name of an environment variable: letters, digits and `_`";
            Err(ConfigError::new("trunk.password_env", shortened(env), remedy))
        }
        (both_empty, _) => {
            let remedy = "name the file that holds the password (its owner's only), or in trunk.password_env a variable \
                that does; one of them";
            let shown = if both_empty { "" } else { file };
            Err(ConfigError::new("trunk.password_file", shortened(shown), remedy))
        }
    }
}

fn seconds(
    key: &'static str,
    typed: i64,
    range: std::ops::RangeInclusive<i64>,
    also: Option<i64>,
) -> Result<Duration, ConfigError> {
    if range.contains(&typed) || Some(typed) == also {
        return Ok(Duration::from_secs(typed.unsigned_abs()));
    }
    let off = also.map_or("", |_| ", or 0 for never");
    let remedy = format!("take {} to {} seconds{off}", range.start(), range.end());
    Err(ConfigError::bare(key, typed, &remedy))
}
