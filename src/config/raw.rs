//! The settings as they were typed: texts and numbers, not yet judged. The command line's own values are put over them
//! before [`super::Config::from_raw`] judges, so that both are held to the same rules.

use super::{ConfigErrors, RawTls, RawTrunk};
use crate::codec::{CodecName, SrtpPolicy};
use crate::number::CalledFrom;
use serde::{Deserialize, Serialize};

/// A whole `bridge.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawConfig {
    /// `[sip]`
    pub sip: RawSip,
    /// `[tls]`
    pub tls: RawTls,
    /// `[rtp]`
    pub rtp: RawRtp,
    /// `[calls]`
    pub calls: RawCalls,
    /// `[rooms]`
    pub rooms: RawRooms,
    /// `[store]`
    pub store: RawStore,
    /// `[prompts]`
    pub prompts: RawPrompts,
    /// `[media]`
    pub media: RawMedia,
    /// `[http]`
    pub http: RawHttp,
    /// `[log]`
    pub log: RawLog,
    /// `[[trunk]]`, once for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trunk: Vec<RawTrunk>,
}

/// `[sip]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSip {
    /// IP addresses with their ports.
    pub listen: OneOrMany,
    /// IP addresses, or empty.
    pub advertise: OneOrMany,
    /// IP addresses and networks.
    pub trunks: Vec<String>,
    /// Telephone number, or empty.
    pub number: String,
    /// Digits.
    pub country: String,
    /// Digits, or empty.
    pub area: String,
    /// IP address, perhaps with a port, or empty.
    pub name_server: String,
    /// Where the number that was dialled stands, the likeliest place first.
    pub called_from: Vec<String>,
    /// A name or number of DiffServ.
    pub dscp: String,
}

/// A text, or a list of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// Each text.
    pub fn texts(&self) -> &[String] {
        match self {
            OneOrMany::One(text) => std::slice::from_ref(text),
            OneOrMany::Many(texts) => texts,
        }
    }
}

/// `[rtp]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRtp {
    /// "first-last".
    pub ports: String,
    /// "never", "optional" or "required".
    pub srtp: String,
    /// A name or number of DiffServ.
    pub dscp: String,
}

/// `[calls]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawCalls {
    /// Most calls at the same time.
    pub max: i64,
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRooms {
    /// Seats of a new room.
    pub seats: i64,
    /// ISO 639-1 code.
    pub language: String,
    /// Minutes until somebody who is alone is asked; 0 is never.
    pub alone_minutes: i64,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawStore {
    /// Path of a folder.
    pub data: String,
}

/// `[prompts]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPrompts {
    /// Path of a folder, or empty.
    pub folder: String,
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawMedia {
    /// Names of codecs, the preferred one first.
    pub codecs: Vec<String>,
    /// Whether precedence is asked for.
    pub realtime: bool,
    /// How many threads, or 0.
    pub threads: i64,
    /// A percentage.
    pub refuse_load_pct: i64,
    /// A percentage.
    pub shed_load_pct: i64,
    /// Whether echo is looked for.
    pub echo: bool,
    /// How many cancellers each thread has.
    pub echo_cancellers: i64,
    /// dB below what was sent, or 0.
    pub echo_duck_db: i64,
    /// Seconds of speech.
    pub echo_duck_seconds: i64,
}

/// `[http]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawHttp {
    /// IP address and port, or empty.
    pub listen: String,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLog {
    /// "text" or "json".
    pub format: String,
    /// What `RUNDRUF_LOG` understands.
    pub filter: String,
}

impl RawConfig {
    /// The settings written as the TOML `text`.
    pub fn parse(text: &str) -> Result<RawConfig, ConfigErrors> {
        toml::from_str(text).map_err(|error| ConfigErrors::unreadable(&error.to_string()))
    }
}

impl Default for RawSip {
    fn default() -> RawSip {
        RawSip {
            listen: OneOrMany::One("127.0.0.1:5060".into()),
            advertise: OneOrMany::One(String::new()),
            trunks: vec!["127.0.0.1".into(), "::1".into()],
            number: String::new(),
            country: "49".into(),
            area: String::new(),
            name_server: String::new(),
            called_from: CalledFrom::ALL.map(|place| place.name().to_owned()).into(),
            dscp: "CS3".into(),
        }
    }
}

impl Default for RawRtp {
    fn default() -> RawRtp {
        RawRtp {
            ports: "20000-39999".into(),
            srtp: SrtpPolicy::default().name().into(),
            dscp: "EF".into(),
        }
    }
}

impl Default for RawCalls {
    fn default() -> RawCalls {
        RawCalls { max: 200 }
    }
}

impl Default for RawRooms {
    fn default() -> RawRooms {
        RawRooms {
            seats: 20,
            language: "de".into(),
            alone_minutes: 4,
        }
    }
}

impl Default for RawStore {
    fn default() -> RawStore {
        RawStore {
            data: "rundruf-data".into(),
        }
    }
}

impl Default for RawMedia {
    fn default() -> RawMedia {
        let codecs = CodecName::ALL.iter().map(|codec| codec.encoding().to_owned());
        RawMedia {
            codecs: codecs.collect(),
            realtime: true,
            threads: 0,
            refuse_load_pct: 85,
            shed_load_pct: 90,
            echo: true,
            echo_cancellers: 128,
            echo_duck_db: 20,
            echo_duck_seconds: 15,
        }
    }
}

impl Default for RawLog {
    fn default() -> RawLog {
        RawLog {
            format: "text".into(),
            filter: "info".into(),
        }
    }
}
