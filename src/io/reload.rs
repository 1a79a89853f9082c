//! Reading the settings again while the bridge runs: off the control loop, which only takes over what came out. A file that
//! is broken changes nothing.

use super::control_socket::{Reloaded, Reply};
use super::tls::Tls;
use super::trunks;
use crate::config::{Config, TakesEffect, TlsConfig};
use crate::sip::{TrunkConfig, TrunkId};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Reads the settings again, as they were read at the start, and puts the log's filter in place; or says what is wrong
/// with them and leaves everything as it was. May block.
pub type Reread = Arc<dyn Fn() -> anyhow::Result<Config> + Send + Sync>;

/// The trunks at which we register, with their passwords.
pub type Trunks = Vec<(TrunkId, TrunkConfig)>;
/// What was read: the settings, and what they led to.
pub type Settings = (Config, Trunks, Tls);

type Read = (anyhow::Result<Settings>, oneshot::Sender<Reply>);

/// The settings that run, and the way to newer ones.
pub struct Reloader {
    running: Config,
    reread: Reread,
    is_reading: bool,
    tell: mpsc::Sender<Read>,
    told: mpsc::Receiver<Read>,
}

impl Reloader {
    /// `running` was read at the start; `reread` reads it again.
    pub fn new(running: Config, reread: Reread) -> Reloader {
        let (tell, told) = mpsc::channel(1);
        Reloader {
            running,
            reread,
            is_reading: false,
            tell,
            told,
        }
    }

    /// Starts to read the settings again; [`Reloader::reread`] has the outcome. One at a time.
    pub fn read_again(&mut self, reply: oneshot::Sender<Reply>) {
        if std::mem::replace(&mut self.is_reading, true) {
            let why = "the settings are being read again already".to_owned();
            // Who asked has gone away meanwhile.
            reply.send(Reply::Refused { why }).ok();
            return;
        }
        let (reread, tell) = (Arc::clone(&self.reread), self.tell.clone());
        tokio::spawn(async move {
            let read = tokio::task::spawn_blocking(move || {
                let config = reread()?;
                let trunks = trunks::load(&config)?;
                let tls = Tls::load(&config)?;
                Ok((config, trunks, tls))
            });
            let read = read.await;
            let settings = read.unwrap_or_else(|error| Err(error.into()));
            // The loop has ended: nobody waits for the settings.
            tell.send((settings, reply)).await.ok();
        });
    }

    /// The next outcome. May be dropped while it waits.
    pub async fn reread(&mut self) -> Option<Read> {
        let read = self.told.recv().await;
        self.is_reading = false;
        read
    }

    /// Runs `newer` from now on, as far as that goes without a restart; says so.
    pub fn adopt(&mut self, newer: Config) -> Reloaded {
        let mut reloaded = Reloaded::default();
        for (key, takes_effect) in self.running.changes(&newer) {
            match takes_effect {
                // The running bridge does not use it.
                TakesEffect::NextCommand => {}
                TakesEffect::Reload => reloaded.in_effect.push(key.to_owned()),
                TakesEffect::Restart => reloaded.needs_restart.push(key.to_owned()),
            }
        }
        self.running.sip.trunks = newer.sip.trunks;
        self.running.sip.number = newer.sip.number;
        self.running.trunks = newer.trunks;
        self.running.tls = TlsConfig {
            listen: self.running.tls.listen.clone(),
            ..newer.tls
        };
        self.running.rooms = newer.rooms;
        self.running.log.filter = newer.log.filter;
        tracing::info!(in_effect = ?reloaded.in_effect, "the settings were read again");
        if !reloaded.needs_restart.is_empty() {
            let keys = reloaded.needs_restart.join(", ");
            tracing::warn!(keys, "changed settings that need a restart of the bridge");
        }
        reloaded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reloader(text: &'static str) -> Reloader {
        let reread = move || Ok(Config::parse(text)?);
        Reloader::new(Config::default(), Arc::new(reread))
    }

    #[test]
    fn what_was_taken_over_is_told_once_and_what_needs_a_restart_until_then() {
        let newer = Config::parse("sip.trunks = ['192.0.2.1']\ncalls.max = 7\n").expect("settings");
        let mut reloader = reloader("");
        let first = reloader.adopt(newer.clone());
        assert_eq!(
            (first.in_effect, first.needs_restart.clone()),
            (vec!["sip.trunks".to_owned()], vec!["calls.max".to_owned()])
        );
        let again = reloader.adopt(newer);
        assert_eq!(
            (again.in_effect, again.needs_restart),
            (vec![], first.needs_restart)
        );
        assert_eq!(reloader.adopt(Config::default()).in_effect, ["sip.trunks"]);
    }

    #[tokio::test]
    async fn settings_are_read_one_at_a_time_and_a_broken_file_is_told() {
        let mut reloader = reloader("calls.max = 0");
        let ((first, _answer), (second, refused)) = (oneshot::channel(), oneshot::channel());
        reloader.read_again(first);
        reloader.read_again(second);
        assert!(matches!(refused.await, Ok(Reply::Refused { .. })));
        let (settings, _) = reloader.reread().await.expect("an outcome");
        let error = settings.expect_err("wrong settings").to_string();
        assert!(error.contains("calls.max = 0"), "{error}");
        assert!(!reloader.is_reading);
    }
}
