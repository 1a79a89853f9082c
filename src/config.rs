//! Owns the settings as they are meant ([`Config`]), made from the settings as they were typed ([`RawConfig`]).
//! Must never touch the world: reads no file, asks no clock, binds no port; the text is an argument. Every error names
//! key, value and remedy, and all of them are found in one go.

mod entries;
mod error;
mod operation;
mod ports;
mod raw;
#[cfg(test)]
mod tests;

pub use entries::{Entry, TakesEffect};
pub use error::{ConfigError, ConfigErrors};
pub use operation::{HttpConfig, LogConfig, LogFormat, MediaConfig, Scheduling};
pub use ports::PortRange;
pub use raw::{RawCalls, RawConfig, RawHttp, RawLog, RawMedia, RawRooms, RawRtp, RawSip, RawStore};

use crate::ids::Language;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The settings that are shipped, every key commented: what [`Config::default`] means.
pub const SHIPPED: &str = include_str!("../bridge.toml");
/// Most calls that can be configured.
pub const CALLS_MAX: u32 = 4_000;
/// Most seats a room can be booked for.
pub const SEATS_MAX: u32 = 2_000;
/// Most trunk addresses and networks.
pub const TRUNKS_MAX: usize = 256;
/// Most characters of the number that invitations print.
pub const NUMBER_CHARS_MAX: usize = 40;

const _: () = assert!(
    SEATS_MAX <= CALLS_MAX,
    "the largest room must fit into the largest bridge"
);
const _: () = assert!(
    CALLS_MAX * 2 <= 64_512,
    "the unprivileged ports must suffice for the largest bridge"
);

/// The settings as they are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The telephone side.
    pub sip: SipConfig,
    /// The voices' side.
    pub rtp: RtpConfig,
    /// Limits of the whole bridge.
    pub calls: CallsConfig,
    /// What a new room gets.
    pub rooms: RoomsConfig,
    /// Where rooms are kept.
    pub store: StoreConfig,
    /// The media thread.
    pub media: MediaConfig,
    /// Figures and health for machines.
    pub http: HttpConfig,
    /// The log.
    pub log: LogConfig,
}

/// `[sip]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipConfig {
    /// Where SIP over UDP arrives; IPv4 for now.
    pub listen: SocketAddr,
    /// What Contact and SDP say instead of `listen`'s address.
    pub advertise: Option<IpAddr>,
    /// Who may call.
    pub trunks: Vec<IpNet>,
    /// The telephone number as invitations print it, if the operator entered one.
    pub number: Option<String>,
}

/// `[rtp]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpConfig {
    /// The ports of the callers' voices.
    pub ports: PortRange,
}

/// `[calls]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallsConfig {
    /// Most calls at the same time, up to [`CALLS_MAX`].
    pub max: u32,
}

/// `[rooms]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomsConfig {
    /// Seats of a new room.
    pub seats: u32,
    /// Language of a new room.
    pub language: Language,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The data folder.
    pub data: PathBuf,
}

impl SipConfig {
    /// The address that Contact and SDP show.
    pub fn shown_ip(&self) -> IpAddr {
        self.advertise.unwrap_or(self.listen.ip())
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::from_raw(&RawConfig::default()).expect("the built-in settings are valid: a test holds it")
    }
}

impl Config {
    /// The settings written as the TOML `text`.
    pub fn parse(text: &str) -> Result<Config, ConfigErrors> {
        Config::from_raw(&RawConfig::parse(text)?)
    }

    /// What `raw` means, or everything that is wrong with it.
    pub fn from_raw(raw: &RawConfig) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let listen = errors.keep(listen(&raw.sip.listen));
        let advertise = errors.keep(advertise(&raw.sip.advertise));
        let trunks = errors.keep_all(trunks(&raw.sip.trunks));
        let number = errors.keep(number(&raw.sip.number));
        let ports = errors.keep(PortRange::parse(&raw.rtp.ports));
        let max = errors.keep(within("calls.max", raw.calls.max, CALLS_MAX));
        let seats = errors.keep(within("rooms.seats", raw.rooms.seats, SEATS_MAX));
        let language = errors.keep(language(&raw.rooms.language));
        let data = errors.keep(data(&raw.store.data));
        let media = MediaConfig::from_raw(&raw.media);
        let http = errors.keep(HttpConfig::from_raw(&raw.http));
        let log = errors.keep_all(LogConfig::from_raw(&raw.log));
        relations(listen, advertise, ports, max, raw, &mut errors);
        let all = (
            listen, advertise, trunks, number, ports, max, seats, language, data, http, log,
        );
        match (all, errors.is_empty()) {
            (
                (
                    Some(listen),
                    Some(advertise),
                    Some(trunks),
                    Some(number),
                    Some(ports),
                    Some(max),
                    Some(seats),
                    Some(language),
                    Some(data),
                    Some(http),
                    Some(log),
                ),
                true,
            ) => Ok(Config {
                sip: SipConfig {
                    listen,
                    advertise,
                    trunks,
                    number,
                },
                rtp: RtpConfig { ports },
                calls: CallsConfig { max },
                rooms: RoomsConfig { seats, language },
                store: StoreConfig { data },
                media,
                http,
                log,
            }),
            _ => Err(errors),
        }
    }
}

/// What only two keys together can get wrong.
fn relations(
    listen: Option<SocketAddr>,
    advertise: Option<Option<IpAddr>>,
    ports: Option<PortRange>,
    max: Option<u32>,
    raw: &RawConfig,
    errors: &mut ConfigErrors,
) {
    if let (Some(listen), Some(None)) = (listen, advertise)
        && listen.ip().is_unspecified()
    {
        errors.add(
            "sip.advertise",
            &raw.sip.advertise,
            "sip.listen is every address of this machine: \
             enter the one that callers reach, for example \"192.0.2.1\"",
        );
    }
    if let (Some(ports), Some(max)) = (ports, max)
        && ports.pairs() < max
    {
        let remedy = format!(
            "these are {} pairs of ports, but calls.max = {max} needs {max}: \
             take {} ports or more, or lower calls.max",
            ports.pairs(),
            max * 2
        );
        errors.add("rtp.ports", &raw.rtp.ports, &remedy);
    }
    if let (Some(ports), Some(listen)) = (ports, listen)
        && ports.contains(listen.port())
    {
        let remedy = format!(
            "the SIP port {} lies among them: move either, for example to \"20000-39999\"",
            listen.port()
        );
        errors.add("rtp.ports", &raw.rtp.ports, &remedy);
    }
}

fn listen(typed: &str) -> Result<SocketAddr, ConfigError> {
    let error = |remedy| ConfigError::new("sip.listen", typed, remedy);
    let Ok(address) = typed.trim().parse::<SocketAddr>() else {
        return Err(error(
            "write an IPv4 address and a port, for example \"127.0.0.1:5060\"",
        ));
    };
    if address.port() == 0 {
        return Err(error(
            "port 0 cannot be dialled: write the real one, usually 5060",
        ));
    }
    if !address.is_ipv4() || address.ip().is_multicast() {
        return Err(error(
            "only IPv4 is served so far: for example \"192.0.2.1:5060\" or \"0.0.0.0:5060\"",
        ));
    }
    Ok(address)
}

fn advertise(typed: &str) -> Result<Option<IpAddr>, ConfigError> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let fits = |ip: &IpAddr| ip.is_ipv4() && !ip.is_unspecified() && !ip.is_multicast();
    let remedy = "write one IPv4 address that callers reach, for example \"192.0.2.1\", or leave it empty";
    let address = typed.trim().parse().ok().filter(fits);
    address
        .map(Some)
        .ok_or_else(|| ConfigError::new("sip.advertise", typed, remedy))
}

fn trunks(typed: &[String]) -> Result<Vec<IpNet>, Vec<ConfigError>> {
    let error = |value: &str, remedy| ConfigError::new("sip.trunks", value, remedy);
    if typed.is_empty() {
        return Err(vec![error(
            "",
            "nobody could call: list your telephone system's address, for example [\"192.0.2.10\"]",
        )]);
    }
    if typed.len() > TRUNKS_MAX {
        let shown = format!("{} entries", typed.len());
        return Err(vec![error(
            &shown,
            "at most 256 are possible: join neighbours into networks like \"198.51.100.0/24\"",
        )]);
    }
    let (good, bad): (Vec<_>, Vec<_>) = typed
        .iter()
        .map(|text| trunk(text).ok_or_else(|| error(text, TRUNK_REMEDY)))
        .partition(Result::is_ok);
    if bad.is_empty() {
        Ok(good.into_iter().flatten().collect())
    } else {
        Err(bad.into_iter().filter_map(Result::err).collect())
    }
}

const TRUNK_REMEDY: &str = "host names are not looked up yet: write the IP address (`getent hosts NAME` shows it) \
     or a network, for example \"192.0.2.10\" or \"198.51.100.0/24\"";

fn trunk(typed: &str) -> Option<IpNet> {
    let text = typed.trim();
    let network = text.parse::<IpNet>().ok().map(|network| network.trunc());
    network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn number(typed: &str) -> Result<Option<String>, ConfigError> {
    let text = typed.trim();
    let dialled = |c: char| c.is_ascii_digit() || "+-/() ".contains(c);
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() <= NUMBER_CHARS_MAX
        && text.chars().all(dialled)
        && text.contains(|c: char| c.is_ascii_digit())
    {
        return Ok(Some(text.to_owned()));
    }
    let remedy = "write the telephone number as members dial it, in at most 40 characters, for example \"030 1234567\"";
    Err(ConfigError::new("sip.number", typed, remedy))
}

fn within(key: &'static str, typed: i64, most: u32) -> Result<u32, ConfigError> {
    let count = u32::try_from(typed)
        .ok()
        .filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| ConfigError::bare(key, typed, &format!("take a number from 1 to {most}")))
}

fn language(typed: &str) -> Result<Language, ConfigError> {
    let known = Language::ALL
        .map(|language| format!("{:?}", language.code()))
        .join(", ");
    let remedy = format!("the languages are {known}");
    Language::from_code(typed.trim()).ok_or_else(|| ConfigError::new("rooms.language", typed, &remedy))
}

fn data(typed: &str) -> Result<PathBuf, ConfigError> {
    if typed.trim().is_empty() {
        let remedy = "name the folder of the rooms, for example \"rundruf-data\"";
        return Err(ConfigError::new("store.data", typed, remedy));
    }
    Ok(PathBuf::from(typed))
}
