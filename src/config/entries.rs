//! Every setting as the operator is told of it: key, value, what it means, and when a change takes effect. One table, so
//! that `check` and a reload cannot say different things.

use super::{Config, HttpConfig, Scheduling, SipConfig, TlsConfig};
use crate::codec::SrtpPolicy;
use serde::Serialize;
use std::path::Path;

/// When a changed value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TakesEffect {
    /// With the next command: the running bridge does not use it.
    NextCommand,
    /// When the running bridge is told to read its settings again.
    Reload,
    /// When the bridge is started again.
    Restart,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// As the file writes it, section first.
    pub key: &'static str,
    /// What is set.
    pub value: String,
    /// What that means.
    pub effect: String,
    /// When a change takes effect.
    pub takes_effect: TakesEffect,
}

impl Config {
    /// Every setting, in the order of the file.
    pub fn entries(&self) -> Vec<Entry> {
        let mut all = sip(&self.sip);
        all.extend(tls(&self.tls));
        all.push(trunks(self));
        all.extend(capacity(self));
        all.extend(operation(self));
        all
    }

    /// The keys in which `newer` differs, with when the change takes effect.
    pub fn changes(&self, newer: &Config) -> Vec<(&'static str, TakesEffect)> {
        let pairs = self.entries().into_iter().zip(newer.entries());
        pairs
            .filter(|(old, new)| old.value != new.value)
            .map(|(old, _)| (old.key, old.takes_effect))
            .collect()
    }
}

fn entry(
    takes_effect: TakesEffect,
    key: &'static str,
    value: impl ToString,
    effect: impl Into<String>,
) -> Entry {
    Entry {
        key,
        value: value.to_string(),
        effect: effect.into(),
        takes_effect,
    }
}

/// Values of a list, as they are read.
fn listed(values: impl IntoIterator<Item: ToString>) -> String {
    let texts: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    texts.join(", ")
}

fn sip(sip: &SipConfig) -> Vec<Entry> {
    use TakesEffect::{NextCommand, Reload, Restart};
    let loopback = sip.listen.iter().all(|socket| socket.ip().is_loopback());
    let listen = match loopback {
        true => "telephone calls arrive here, by UDP and TCP; only this machine reaches it",
        false => "telephone calls arrive here, by UDP and TCP",
    };
    let shown = sip
        .listen
        .iter()
        .map(|socket| sip.given_ip(socket.ip()).unwrap_or(socket.ip()));
    let number = match sip.number {
        Some(_) => "the telephone number that invitations print",
        None => "invitations print no telephone number",
    };
    vec![
        entry(Restart, "sip.listen", listed(&sip.listen), listen),
        entry(
            Restart,
            "sip.advertise",
            listed(&sip.advertise),
            format!("callers send their voice to {}", listed(shown)),
        ),
        entry(
            Reload,
            "sip.trunks",
            listed(&sip.trunks),
            "these may call; everybody else gets no answer and is counted as \"unserved\"",
        ),
        entry(
            Restart,
            "sip.dscp",
            sip.dscp,
            "how routers on the way are asked to treat SIP",
        ),
        entry(
            NextCommand,
            "sip.number",
            sip.number.clone().unwrap_or_default(),
            number,
        ),
        entry(
            Restart,
            "sip.country",
            &sip.dial_plan.country,
            "numbers of rooms and of calls without a country code are of this country",
        ),
        entry(
            Restart,
            "sip.area",
            &sip.dial_plan.area,
            "numbers without an area code are of this area; empty: there are none",
        ),
        entry(
            Restart,
            "sip.name_server",
            sip.name_server
                .map_or_else(String::new, |server| server.to_string()),
            "it is asked where trunks are; empty: the system's name servers (/etc/resolv.conf)",
        ),
        entry(
            Restart,
            "sip.called_from",
            listed(sip.called_from.iter().map(|place| place.name())),
            "where the number that was dialled is looked for: if it is a room's own, the caller keys no room number",
        ),
    ]
}

fn tls(tls: &TlsConfig) -> Vec<Entry> {
    use TakesEffect::{Reload, Restart};
    let shown = |file: Option<&Path>| file.map_or_else(String::new, |file| file.display().to_string());
    let own = tls.own.as_ref();
    let listen = match tls.listen.is_empty() {
        true => "nobody can call over TLS",
        false => "telephone calls arrive here over TLS 1.2 and 1.3",
    };
    vec![
        entry(Restart, "tls.listen", listed(&tls.listen), listen),
        entry(
            Reload,
            "tls.certificate",
            shown(own.map(|own| own.certificate.as_path())),
            "with this the bridge proves who it is; its file is read again with every reload",
        ),
        entry(
            Reload,
            "tls.key",
            shown(own.map(|own| own.key.as_path())),
            "the certificate's key; its file is read again with every reload",
        ),
        entry(
            Reload,
            "tls.roots",
            shown(tls.roots.as_deref()),
            "authorities that are believed where a trunk names none; empty: the system's",
        ),
    ]
}

fn trunks(config: &Config) -> Entry {
    let effect = match config.trunks.len() {
        0 => "the bridge registers nowhere: calls come from sip.trunks alone",
        _ => "the bridge registers there, and calls from their addresses are served too",
    };
    entry(TakesEffect::Reload, "trunk", listed(&config.trunks), effect)
}

fn capacity(config: &Config) -> Vec<Entry> {
    use TakesEffect::{NextCommand, Reload, Restart};
    let (max, seats) = (config.calls.max, config.rooms.seats);
    let pairs = config.rtp.ports.pairs();
    vec![
        entry(
            Restart,
            "rtp.ports",
            config.rtp.ports,
            format!("UDP ports of the callers' voices, room for {pairs} calls: open them in the firewall"),
        ),
        entry(
            Restart,
            "rtp.srtp",
            config.rtp.srtp.name(),
            match config.rtp.srtp {
                SrtpPolicy::Never => "voices travel in clear",
                SrtpPolicy::Optional => "voices are encrypted where the telephone system offers it (SRTP)",
                SrtpPolicy::Required => "calls whose voices are not encrypted (SRTP) are refused with 488",
            },
        ),
        entry(
            Restart,
            "rtp.dscp",
            config.rtp.dscp,
            "how routers on the way are asked to treat the callers' voices",
        ),
        entry(
            Restart,
            "calls.max",
            max,
            format!("{max} calls at the same time; one more is told to try again later"),
        ),
        entry(
            NextCommand,
            "rooms.seats",
            seats,
            format!("a new room is booked for {seats} members unless --seats says otherwise"),
        ),
        entry(
            Reload,
            "rooms.language",
            config.rooms.language.code(),
            "callers are greeted in it, and new rooms speak it",
        ),
        entry(
            Restart,
            "rooms.alone_minutes",
            config.rooms.alone_after.as_secs() / 60,
            "who is alone in a room for so long is asked, and without an answer the call ends; 0: never",
        ),
        entry(
            Restart,
            "store.data",
            config.store.data.display(),
            "folder of the rooms and the key of their PINs: back it up",
        ),
    ]
}

fn operation(config: &Config) -> Vec<Entry> {
    use TakesEffect::{Reload, Restart};
    let realtime = config.media.scheduling == Scheduling::Realtime;
    let precedence = match realtime {
        true => "voices come before every other program where the system permits it",
        false => "voices wait their turn like every other program",
    };
    let HttpConfig { listen } = config.http;
    let figures = match listen {
        Some(at) => format!("figures at http://{at}/metrics, health at http://{at}/health"),
        None => "no figures for machines; `rundruf status` shows them to people".to_owned(),
    };
    let format = match config.log.format {
        super::LogFormat::Text => "log lines are written for people",
        super::LogFormat::Json => "log lines are JSON objects",
    };
    let listen = listen.map_or_else(String::new, |at| at.to_string());
    let own = config
        .prompts
        .folder
        .as_ref()
        .map(|folder| folder.display().to_string())
        .unwrap_or_default();
    vec![
        entry(
            Restart,
            "prompts.folder",
            own,
            "recordings in this folder replace the built-in ones of the same name; empty: none",
        ),
        entry(
            Restart,
            "media.codecs",
            listed(config.media.codecs.names().iter().map(|codec| codec.encoding())),
            "how voices travel: of what a caller's telephone offers, the first of these",
        ),
        entry(Restart, "media.realtime", realtime, precedence),
        entry(
            Restart,
            "media.threads",
            config.media.threads,
            "threads that do nothing but voices, rooms shared out among them",
        ),
        entry(
            Restart,
            "media.refuse_load_pct",
            config.media.refuse_load_pct,
            "calls are refused (503) while such a thread has no more time left than this leaves",
        ),
        entry(
            Restart,
            "media.shed_load_pct",
            config.media.shed_load_pct,
            "what is missed least is left out while such a thread has no more time left than this leaves",
        ),
        entry(
            Restart,
            "media.echo",
            config.media.echo,
            match config.media.echo {
                true => "telephones that return what they hear are found, on lines of 8 kHz",
                false => "telephones that return what they hear are heard by everybody",
            },
        ),
        entry(
            Restart,
            "media.echo_cancellers",
            config.media.echo_cancellers,
            "so many echoing lines of each such thread have their echo taken out at the same time",
        ),
        entry(
            Restart,
            "media.echo_duck_db",
            config.media.echo_ducking.map_or(0, |ducking| ducking.loss_db),
            "a line whose echo stays as loud as this is turned down while others speak; 0: never",
        ),
        entry(
            Restart,
            "media.echo_duck_seconds",
            config.media.echo_ducking.map_or(0, |ducking| ducking.seconds),
            "… once others have spoken for so long meanwhile",
        ),
        entry(Restart, "http.listen", listen, figures),
        entry(Restart, "log.format", config.log.format.name(), format),
        entry(
            Reload,
            "log.filter",
            &config.log.filter,
            "what is logged; RUNDRUF_LOG wins over it",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RawConfig;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_of_the_file_is_explained_once() {
        let typed = toml::Table::try_from(RawConfig::default()).expect("plain texts and numbers");
        let keys: BTreeSet<String> = typed
            .iter()
            .flat_map(|(section, keys)| {
                let keys = keys.as_table().expect("sections only").keys();
                keys.map(move |key| format!("{section}.{key}"))
            })
            .collect();
        // Registering is the default of nobody: the section may stand several times, and is explained as one.
        let keys: BTreeSet<String> = keys.into_iter().chain(["trunk".to_owned()]).collect();
        let entries = Config::default().entries();
        let explained: BTreeSet<String> = entries.iter().map(|entry| entry.key.to_owned()).collect();
        assert_eq!(keys, explained, "a new key needs a line in config/entries.rs");
        assert_eq!(entries.len(), explained.len());
        assert!(entries.iter().all(|entry| entry.effect.len() > 10));
    }

    #[test]
    fn a_change_is_told_with_when_it_takes_effect() {
        let old = Config::default();
        let text = "sip.trunks = ['192.0.2.1']\ncalls.max = 7\nrooms.seats = 8\n";
        let new = Config::parse(text).expect(text);
        assert_eq!(
            old.changes(&new),
            [
                ("sip.trunks", TakesEffect::Reload),
                ("calls.max", TakesEffect::Restart),
                ("rooms.seats", TakesEffect::NextCommand)
            ]
        );
        assert_eq!(old.changes(&old), []);
    }
}
