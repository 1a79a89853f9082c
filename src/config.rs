//! Owns the settings as they are meant ([`Config`]), made from the settings as they were typed ([`RawConfig`]).
//! Must never touch the world: reads no file, asks no clock, binds no port; the text is an argument. Every error names
//! key, value and remedy, and all of them are found in one go.

mod addresses;
mod called;
mod dscp;
mod entries;
mod error;
mod operation;
mod ports;
mod raw;
#[cfg(test)]
mod tests;
mod tls;
mod trunk;

pub use dscp::Dscp;
pub use entries::{Entry, TakesEffect};
pub use error::{ConfigError, ConfigErrors};
pub use operation::{EchoDucking, HttpConfig, LogConfig, LogFormat, MediaConfig, Scheduling};
pub use ports::PortRange;
pub use raw::{
    OneOrMany, RawCalls, RawConfig, RawHttp, RawLog, RawMedia, RawPrompts, RawRooms, RawRtp, RawSip, RawStore,
};

pub use tls::{Proof, RawTls, TlsConfig};
pub use trunk::{HostPort, PasswordPlace, RawTrunk, TRUNK_COUNT_MAX, TrunkConfig, TrunkTransport};

use crate::codec::SrtpPolicy;
use crate::ids::Language;
use crate::number::{CalledFrom, DialPlan};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

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
/// Longest that somebody may be alone before being asked: a day.
pub const ALONE_MINUTES_MAX: u32 = 24 * 60;

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
    /// The telephone side over TLS.
    pub tls: TlsConfig,
    /// Where the bridge registers.
    pub trunks: Vec<TrunkConfig>,
    /// The voices' side.
    pub rtp: RtpConfig,
    /// Limits of the whole bridge.
    pub calls: CallsConfig,
    /// What a new room gets.
    pub rooms: RoomsConfig,
    /// Where rooms are kept.
    pub store: StoreConfig,
    /// What members hear.
    pub prompts: PromptsConfig,
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
    /// Where SIP arrives, over UDP and TCP; at least one.
    pub listen: Vec<SocketAddr>,
    /// What Contact and SDP say instead of the addresses of `listen`; at most one a family.
    pub advertise: Vec<IpAddr>,
    /// Who may call.
    pub trunks: Vec<IpNet>,
    /// The telephone number as invitations print it, if the operator entered one.
    pub number: Option<String>,
    /// How numbers are dialled here.
    pub dial_plan: DialPlan,
    /// Who is asked where trunks are; none: the system's name servers.
    pub name_server: Option<SocketAddr>,
    /// Where the number that was dialled is looked for, in order.
    pub called_from: Vec<CalledFrom>,
    /// How SIP is marked.
    pub dscp: Dscp,
}

/// `[rtp]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpConfig {
    /// The ports of the callers' voices.
    pub ports: PortRange,
    /// Whether voices are sealed.
    pub srtp: SrtpPolicy,
    /// How voices are marked, and RTCP with them.
    pub dscp: Dscp,
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
    /// After how long somebody who is alone is asked whether they are still there; zero: never.
    pub alone_after: Duration,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The data folder.
    pub data: PathBuf,
}

/// `[prompts]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptsConfig {
    /// The organisation's own recordings, if it has some.
    pub folder: Option<PathBuf>,
}

impl SipConfig {
    /// What Contact and SDP are to show instead of our address `own`.
    pub fn given_ip(&self, own: IpAddr) -> Option<IpAddr> {
        let of_family = |ip: &&IpAddr| ip.is_ipv4() == own.is_ipv4();
        self.advertise.iter().find(of_family).copied()
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
        let trunks = trunk::trunks(&raw.trunk, &mut errors);
        let sip = SipConfig::from_raw(&raw.sip, !raw.trunk.is_empty(), &mut errors);
        let tls = TlsConfig::from_raw(&raw.tls, &mut errors);
        let ports = errors.keep(PortRange::parse(&raw.rtp.ports));
        let srtp = errors.keep(srtp("rtp.srtp", &raw.rtp.srtp));
        let dscp = errors.keep(Dscp::parse("rtp.dscp", &raw.rtp.dscp));
        let rtp = ports.zip(srtp).zip(dscp);
        if let Some(srtp) = srtp {
            trunk::related(&trunks, srtp, &mut errors);
        }
        let max = errors.keep(within("calls.max", raw.calls.max, CALLS_MAX));
        let rooms = RoomsConfig::from_raw(&raw.rooms, &mut errors);
        let data = errors.keep(data(&raw.store.data));
        let media = errors.keep(MediaConfig::from_raw(&raw.media));
        let http = errors.keep(HttpConfig::from_raw(&raw.http));
        let log = errors.keep_all(LogConfig::from_raw(&raw.log));
        relations((sip.as_ref(), tls.as_ref()), ports, max, raw, &mut errors);
        match (sip, tls, rtp, max, rooms, data, media, http, log) {
            (
                Some(sip),
                Some(tls),
                Some(((ports, srtp), dscp)),
                Some(max),
                Some(rooms),
                Some(data),
                Some(media),
                Some(http),
                Some(log),
            ) if errors.is_empty() => Ok(Config {
                sip,
                tls,
                trunks,
                rtp: RtpConfig { ports, srtp, dscp },
                calls: CallsConfig { max },
                rooms,
                store: StoreConfig { data },
                prompts: prompts(&raw.prompts),
                media,
                http,
                log,
            }),
            _ => Err(errors),
        }
    }
}

impl SipConfig {
    fn from_raw(raw: &RawSip, registers: bool, errors: &mut ConfigErrors) -> Option<SipConfig> {
        let listen = errors.keep_all(addresses::listen("sip.listen", &raw.listen));
        let advertise = errors.keep_all(addresses::advertise(&raw.advertise));
        let trunks = errors.keep_all(trunks(&raw.trunks, registers));
        let number = errors.keep(number(&raw.number));
        let dial_plan = errors.keep_all(called::dial_plan(&raw.country, &raw.area));
        let name_server = errors.keep(addresses::name_server(&raw.name_server));
        let called_from = errors.keep(called::places(&raw.called_from));
        let dscp = errors.keep(Dscp::parse("sip.dscp", &raw.dscp));
        if let (Some(listen), Some(advertise)) = (&listen, &advertise) {
            addresses::related(listen, advertise, &raw.advertise, errors);
        }
        Some(SipConfig {
            listen: listen?,
            advertise: advertise?,
            trunks: trunks?,
            number: number?,
            dial_plan: dial_plan?,
            name_server: name_server?,
            called_from: called_from?,
            dscp: dscp?,
        })
    }
}

impl RoomsConfig {
    fn from_raw(raw: &RawRooms, errors: &mut ConfigErrors) -> Option<RoomsConfig> {
        let seats = errors.keep(within("rooms.seats", raw.seats, SEATS_MAX));
        let language = errors.keep(language(&raw.language));
        let minutes = errors.keep(alone_minutes(raw.alone_minutes));
        let alone_after = Duration::from_secs(60 * u64::from(minutes?));
        Some(RoomsConfig {
            seats: seats?,
            language: language?,
            alone_after,
        })
    }
}

fn alone_minutes(typed: i64) -> Result<u32, ConfigError> {
    let fits = |minutes: &u32| *minutes <= ALONE_MINUTES_MAX;
    u32::try_from(typed).ok().filter(fits).ok_or_else(|| {
        let remedy = format!("choose 1 to {ALONE_MINUTES_MAX} minutes, or 0 for never");
        ConfigError::new("rooms.alone_minutes", &typed.to_string(), &remedy)
    })
}

/// What only two keys together can get wrong.
fn relations(
    (sip, tls): (Option<&SipConfig>, Option<&TlsConfig>),
    ports: Option<PortRange>,
    max: Option<u32>,
    raw: &RawConfig,
    errors: &mut ConfigErrors,
) {
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
    if let (Some(sip), Some(tls)) = (sip, tls) {
        tls.related(sip, errors);
    }
    let among = |ports: PortRange| {
        let plain = sip.into_iter().flat_map(|sip| &sip.listen);
        let all = plain.chain(tls.into_iter().flat_map(|tls| &tls.listen));
        all.map(SocketAddr::port).find(|port| ports.contains(*port))
    };
    if let Some(port) = ports.and_then(among) {
        let remedy =
            format!("the SIP port {port} lies among them: move either, for example to \"20000-39999\"");
        errors.add("rtp.ports", &raw.rtp.ports, &remedy);
    }
}

fn srtp(key: &'static str, typed: &str) -> Result<SrtpPolicy, ConfigError> {
    let found = SrtpPolicy::ALL
        .into_iter()
        .find(|policy| policy.name() == typed.trim());
    found.ok_or_else(|| ConfigError::new(key, typed, "take \"never\", \"optional\" or \"required\""))
}

fn trunks(typed: &[String], registers: bool) -> Result<Vec<IpNet>, Vec<ConfigError>> {
    let error = |value: &str, remedy| ConfigError::new("sip.trunks", value, remedy);
    if typed.is_empty() && !registers {
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

/// Whether the folder is there is for the shell to see.
fn prompts(raw: &RawPrompts) -> PromptsConfig {
    let typed = !raw.folder.trim().is_empty();
    PromptsConfig {
        folder: typed.then(|| PathBuf::from(&raw.folder)),
    }
}

fn data(typed: &str) -> Result<PathBuf, ConfigError> {
    if typed.trim().is_empty() {
        let remedy = "name the folder of the rooms, for example \"rundruf-data\"";
        return Err(ConfigError::new("store.data", typed, remedy));
    }
    Ok(PathBuf::from(typed))
}
