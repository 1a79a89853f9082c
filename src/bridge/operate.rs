//! What the operator asks of a running bridge: to run dry, to take calls again, to mind changed settings.

use super::Bridge;
use super::status::TrunkStatus;
use crate::ids::Language;
use crate::sip::{Place, TrunkConfig, TrunkId, Whereabouts};
use crate::units::Time;
use ipnet::IpNet;

/// What a bridge takes over from changed settings while calls stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minded {
    /// Who may call from now on.
    pub served: Vec<IpNet>,
    /// In which language callers are greeted from now on.
    pub language: Language,
}

impl Bridge {
    /// From now on no new call is taken (503, try again later); those that stand may last until `until`, then they end by
    /// BYE. `None`: calls are taken again.
    ///
    /// | state | `Some(until)` | `None` | `until` is reached | shutdown |
    /// |---|---|---|---|---|
    /// | open | draining | open | – | stopping |
    /// | draining | draining, with the new deadline | open | stopping | stopping |
    /// | stopping | stopping | stopping | – | stopping |
    ///
    /// Whether it was done: a bridge that is stopping cannot be opened again.
    pub fn handle_drain(&mut self, now: Time, until: Option<Time>) -> bool {
        if self.stopping {
            return false;
        }
        self.draining = until;
        match until {
            Some(_) => self.agent.deregister(now),
            None => self.agent.register_again(now),
        }
        self.end_drain(now);
        self.hear_agent(now);
        true
    }

    /// Registers at these trunks from now on, and no more at others; while no call is taken, as soon as calls are again.
    pub fn handle_trunks(&mut self, now: Time, trunks: Vec<(TrunkId, TrunkConfig)>) {
        self.agent.register_at(now, trunks);
        self.hear_agent(now);
    }

    /// Name servers have answered: where a trunk's registrar is tried.
    pub fn handle_resolved(&mut self, now: Time, trunk: TrunkId, place: &Place, answer: &Whereabouts) {
        self.agent.handle_resolved(now, trunk, place, answer);
        self.hear_agent(now);
    }

    /// How each trunk is at which we register.
    pub fn trunks(&self, now: Time) -> Vec<TrunkStatus> {
        let trunks = self.agent.trunks().into_iter();
        trunks
            .map(|(name, view)| TrunkStatus::new(now, name, &view))
            .collect()
    }

    /// Settings were read again.
    pub fn handle_reload(&mut self, minded: Minded) {
        self.agent.reload_served(minded.served);
        self.language = minded.language;
    }

    /// Whether no new call is taken.
    pub fn is_draining(&self) -> bool {
        self.draining.is_some() || self.stopping
    }

    /// Whether the last call has ended of a bridge that takes no new ones.
    pub fn is_dry(&self) -> bool {
        self.is_draining() && self.is_idle()
    }

    pub(super) fn end_drain(&mut self, now: Time) {
        if self.draining.is_some_and(|until| until <= now) {
            self.handle_shutdown(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Output;
    use crate::room::Policy;
    use crate::sip::{Listen, Peer, UaConfig, UserAgent};
    use std::net::SocketAddr;
    use std::time::Duration;

    const PEER: &str = "192.0.2.1:5060";
    const MINUTE: Duration = Duration::from_secs(60);

    fn own() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 9], 5_060))
    }

    struct Stage {
        bridge: Bridge,
        now: Time,
        calls: u32,
    }

    impl Stage {
        fn new() -> Stage {
            let config = UaConfig {
                listens_tls: Vec::new(),
                srtp: Default::default(),
                listens: vec![Listen {
                    socket: own(),
                    given: None,
                }],
                served: vec!["192.0.2.1/32".parse().expect("a network")],
                calls_max: 9,
                codecs: crate::media_api::Codecs::default(),
                called: Default::default(),
            };
            let mut drawn = 0;
            let random = move || {
                drawn += 1;
                drawn
            };
            Stage {
                bridge: Bridge::new(
                    UserAgent::new(config, Box::new(random)),
                    Language::De,
                    Policy::default(),
                ),
                now: Time::ZERO,
                calls: 0,
            }
        }

        /// A new call; what the bridge wants then, opened legs told.
        fn invite(&mut self) -> Vec<String> {
            self.calls += 1;
            let (n, sdp) = (
                self.calls,
                "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
            );
            let invite = format!(
                "INVITE sip:1@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n\
                 From: <sip:a@192.0.2.1>;tag={n}\r\nTo: <sip:1@192.0.2.9>\r\nCall-ID: {n}\r\nCSeq: 1 INVITE\r\n\
                 Contact: <sip:a@{PEER}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
                sdp.len()
            );
            self.hear(&invite)
        }

        /// What the bridge sent in answer, by its first line.
        fn hear(&mut self, text: &str) -> Vec<String> {
            let from: SocketAddr = PEER.parse().expect("an address");
            self.bridge
                .handle_message(self.now, Peer::udp(from), own(), text.as_bytes());
            self.drain_outputs()
        }

        fn drain_outputs(&mut self) -> Vec<String> {
            let mut sent = Vec::new();
            while let Some(output) = self.bridge.poll_output() {
                match output {
                    Output::Send { bytes, .. } => {
                        let text = String::from_utf8(bytes).expect("text");
                        if text.starts_with("SIP/2.0 200 OK") && text.contains("INVITE") {
                            self.acknowledge(&text);
                        }
                        sent.push(text);
                    }
                    Output::OpenLeg { leg, .. } => {
                        let media = "192.0.2.9:20000".parse().ok();
                        self.bridge.handle_opened(self.now, leg, media);
                    }
                    Output::Media(_) | Output::LookUp { .. } | Output::Close { .. } => {}
                    Output::LookUpCalled { .. } | Output::Resolve { .. } | Output::Trunk { .. } => {}
                }
            }
            sent
        }

        fn acknowledge(&mut self, ok: &str) {
            let to = ok.lines().find(|line| line.starts_with("To:")).expect("a To");
            let n = self.calls;
            let ack = format!(
                "ACK sip:1@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bKack{n}\r\nMax-Forwards: 70\r\n\
                 From: <sip:a@192.0.2.1>;tag={n}\r\n{to}\r\nCall-ID: {n}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
            );
            let from: SocketAddr = PEER.parse().expect("an address");
            self.bridge
                .handle_message(self.now, Peer::udp(from), own(), ack.as_bytes());
        }

        /// Goes to `at` by way of every timer.
        fn go_to(&mut self, at: Time) -> Vec<String> {
            let mut sent = Vec::new();
            while let Some(next) = self.bridge.poll_timeout().filter(|next| *next <= at) {
                self.now = self.now.max(next);
                self.bridge.handle_timeout(self.now);
                sent.extend(self.drain_outputs());
            }
            self.now = at;
            sent
        }

        fn refused(&self, why: &str) -> u64 {
            self.bridge.status().refused[why]
        }
    }

    fn has(sent: &[String], start: &str) -> bool {
        sent.iter().any(|text| text.starts_with(start))
    }

    #[test]
    fn a_draining_bridge_refuses_new_calls_and_keeps_the_standing_one_until_the_deadline() {
        let mut stage = Stage::new();
        assert!(has(&stage.invite(), "SIP/2.0 200"));
        let until = stage.now + MINUTE;
        assert!(stage.bridge.handle_drain(stage.now, Some(until)));
        let refusal = stage.invite();
        let refusal = refusal
            .iter()
            .find(|text| text.starts_with("SIP/2.0 503"))
            .expect("503");
        assert!(refusal.contains("Retry-After:"), "{refusal}");
        assert_eq!(stage.refused("draining"), 1);
        assert!(stage.bridge.status().draining && !stage.bridge.is_dry());

        // Short of a second: the caller in reception is still being asked for a room.
        assert!(!has(&stage.go_to(Time::from_millis(40_000)), "BYE"));
        assert!(
            stage
                .bridge
                .handle_drain(stage.now, Some(stage.now + Duration::from_secs(1)))
        );
        let sent = stage.go_to(stage.now + Duration::from_secs(2));
        assert!(has(&sent, "BYE"), "{sent:?}");
        // Nobody answers the BYE; its timer ends the dialog.
        stage.go_to(stage.now + MINUTE);
        assert!(stage.bridge.is_dry());
    }

    #[test]
    fn a_drain_is_taken_back() {
        let mut stage = Stage::new();
        stage.bridge.handle_drain(stage.now, Some(stage.now + MINUTE));
        assert!(stage.bridge.is_dry());
        assert!(stage.bridge.handle_drain(stage.now, None));
        assert!(has(&stage.invite(), "SIP/2.0 200"));
        assert!(!stage.bridge.is_draining());
        assert!(
            !has(&stage.go_to(Time::ZERO + MINUTE / 4), "BYE"),
            "the deadline is gone"
        );
        assert_eq!(stage.refused("draining"), 0);
    }

    #[test]
    fn a_stopping_bridge_stays_so() {
        let mut stage = Stage::new();
        stage.bridge.handle_drain(stage.now, Some(stage.now));
        assert!(!stage.bridge.handle_drain(stage.now, None));
        assert!(!stage.bridge.handle_drain(stage.now, Some(stage.now + MINUTE)));
        assert!(stage.bridge.is_dry());
        assert_eq!(stage.bridge.poll_timeout(), None, "no deadline is left behind");
    }

    #[test]
    fn reloaded_trunks_are_served_and_others_no_longer() {
        let mut stage = Stage::new();
        stage.bridge.handle_reload(Minded {
            served: vec!["198.51.100.1/32".parse().expect("a network")],
            language: Language::De,
        });
        assert_eq!(stage.invite(), Vec::<String>::new());
        assert_eq!(stage.refused("unserved"), 1);
    }
}
