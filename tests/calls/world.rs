//! The bridge's pure cores, the real tick included, and some telephones, in a time that only passes when it is told to.

use super::telephone::Telephone;
use super::tones;
use rundruf::bridge::{Found, MediaRequest};
use rundruf::ids::{ClipId, Language, LegId, RoomNumber};
use rundruf::media::ClipBank;
use rundruf::media_api::{Event, Fault};
use rundruf::number::PhoneNumber;
use rundruf::room::{Booking, Policy};
use rundruf::secret::Pin;
use rundruf::sim::{Deed, Site};
use rundruf::sip::{Listen, Peer, UaConfig, UserAgent};
use rundruf::units::Time;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

const SEATS: u32 = 16;

/// The bridge's SIP address.
fn own() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 5_060))
}

/// What the store does in this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreMood {
    Answers,
    Fails,
    NeverAnswers,
}

pub struct World {
    pub site: Site,
    pub telephones: Vec<Telephone>,
    pub store: BTreeMap<RoomNumber, Booking>,
    pub mood: StoreMood,
    /// Who was told to be heard one way only, or both ways again, and when.
    pub one_way: Vec<(u64, usize, Option<Fault>)>,
    /// Every clip that a telephone was to hear.
    pub said: Vec<(usize, ClipId)>,
    /// Keys that the media side told, in whatever form.
    pub keys_told: usize,
    legs: BTreeMap<LegId, usize>,
    /// Whose message the bridge is looking at.
    current: usize,
    ms: u64,
}

/// The real recordings, decoded once a test run.
fn bank() -> Arc<ClipBank> {
    static BANK: OnceLock<Arc<ClipBank>> = OnceLock::new();
    let decoded = || ClipBank::new(rundruf::speech::clips().map(|clip| clip.samples()).collect());
    BANK.get_or_init(|| Arc::new(decoded())).clone()
}

impl World {
    pub fn new() -> World {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 31
        };
        let config = UaConfig {
            listens_tls: Vec::new(),
            srtp: Default::default(),
            listens: vec![Listen {
                socket: own(),
                given: None,
            }],
            served: vec!["127.0.0.1/32".parse().expect("a network")],
            calls_max: SEATS as usize,
            codecs: rundruf::media_api::Codecs::default(),
            called: Default::default(),
        };
        let agent = UserAgent::new(config, Box::new(random));
        World {
            site: Site::new(own(), agent, Policy::default(), SEATS as usize, bank()),
            telephones: Vec::new(),
            store: BTreeMap::new(),
            mood: StoreMood::Answers,
            one_way: Vec::new(),
            said: Vec::new(),
            keys_told: 0,
            legs: BTreeMap::new(),
            current: 0,
            ms: 0,
        }
    }

    pub fn now(&self) -> Time {
        Time::from_millis(self.ms)
    }

    /// Books the `index`-th room; its number as it is keyed.
    pub fn book(&mut self, index: u32, pin: Option<&str>, seats: u32) -> String {
        let number = RoomNumber::nth(index).expect("in range");
        let pin = pin.map(|digits| Pin::parse(digits).expect("4 to 10 digits"));
        let booking = Booking {
            number,
            direct: None,
            name: None,
            pin,
            leader_pin: None,
            former_pin: None,
            seats,
            language: Language::De,
            echo: true,
            created: 0,
            expires: None,
        };
        self.store.insert(number, booking);
        number.to_string()
    }

    /// Gives the `index`-th room a leader PIN.
    pub fn appoint_leader(&mut self, index: u32, leader_pin: &str) {
        let number = RoomNumber::nth(index).expect("in range");
        let booking = self.store.get_mut(&number).expect("booked");
        booking.leader_pin = Pin::parse(leader_pin);
    }

    /// Telephone `n` keys this, and all is waited for, the answer's first words included.
    pub fn key(&mut self, n: usize, keys: &str) {
        self.telephones[n].key(keys);
        self.run_until_keyed();
    }

    /// Telephone `n` sends one key as an INFO.
    pub fn key_by_info(&mut self, n: usize, cseq: u32, key: char) {
        let body = format!("Signal={key}\r\nDuration=160\r\n");
        let text = String::from_utf8(self.telephones[n].request("INFO", cseq, &body)).expect("text");
        self.sip(
            n,
            text.replace("application/sdp", "application/dtmf-relay")
                .as_bytes(),
        );
    }

    /// Another telephone calls; its index.
    pub fn call(&mut self) -> usize {
        let telephone = Telephone::new(self.telephones.len());
        let invite = telephone.request("INVITE", 1, &telephone.offer());
        let n = telephone.n;
        self.telephones.push(telephone);
        self.sip(n, &invite);
        n
    }

    /// A telephone calls, keys `digits` after the greeting began, and says its tone.
    pub fn call_and_key(&mut self, digits: &str) -> usize {
        let n = self.call();
        self.run_ms(1_000);
        self.telephones[n].key(digits);
        self.telephones[n].speaks = true;
        n
    }

    /// A telephone sends a SIP message.
    pub fn sip(&mut self, n: usize, bytes: &[u8]) {
        let from = self.telephones[n].sip();
        self.current = n;
        self.site.handle_message(self.now(), Peer::udp(from), bytes);
        self.settle();
    }

    pub fn hang_up(&mut self, n: usize) {
        // Higher than whatever the call's other requests had.
        let bye = self.telephones[n].request("BYE", 1_000, "");
        self.sip(n, &bye);
    }

    pub fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.ms += 1;
            for telephone in &mut self.telephones {
                // Each telephone has its own phase.
                if self.ms % 20 == (telephone.n as u64 * 7) % 20 {
                    for (port, packet) in telephone.tick() {
                        self.site.handle_rtp(telephone.rtp(), port, packet);
                    }
                }
            }
            self.site.run_slot(self.now());
            let (legs, telephones) = (&self.legs, &mut self.telephones);
            self.site
                .take_sent(|leg, packet| telephones[legs[&leg]].hear(&packet));
            self.site.handle_timeout(self.now());
            // As often as the control loop looks.
            if self.ms.is_multiple_of(5_000) {
                self.site.tell_who_is_heard(self.now());
            }
            self.settle();
        }
    }

    /// Runs until all keys were sent, and a little longer.
    pub fn run_until_keyed(&mut self) {
        while !self.telephones.iter().all(Telephone::has_keyed) {
            self.run_ms(20);
        }
        self.run_ms(600);
    }

    fn settle(&mut self) {
        self.site.settle(self.now());
        while let Some(deed) = self.site.poll_deed() {
            match deed {
                Deed::Sent { to, bytes } => self.deliver(to.addr, &bytes),
                Deed::Opened { leg } => _ = self.legs.insert(leg, self.current),
                Deed::LooksUp { leg, number } => self.look_up(leg, number),
                Deed::LooksUpCalled { leg, numbers } => self.look_up_called(leg, &numbers),
                Deed::Asked(MediaRequest::Play { leg, clips, .. }) => {
                    let n = self.legs[&leg];
                    self.said.extend(clips.clips().iter().map(|clip| (n, *clip)));
                }
                Deed::Heard(Event::OneWay { leg, fault }) => {
                    self.one_way.push((self.ms, self.legs[&leg], fault));
                }
                Deed::Heard(Event::Key { .. }) => self.keys_told += 1,
                Deed::Asked(_) | Deed::Heard(_) | Deed::Closed { .. } => {}
            }
        }
    }

    fn deliver(&mut self, to: SocketAddr, bytes: &[u8]) {
        let Some(n) = self.telephones.iter().position(|telephone| telephone.sip() == to) else {
            return;
        };
        if let Some(answer) = self.telephones[n].hear_sip(bytes) {
            self.site.handle_message(self.now(), Peer::udp(to), &answer);
        }
    }

    fn look_up(&mut self, leg: LegId, number: RoomNumber) {
        if let Some(found) = self.found(self.store.get(&number)) {
            self.site.bridge.handle_found(self.now(), leg, found);
        }
    }

    fn look_up_called(&mut self, leg: LegId, numbers: &[PhoneNumber]) {
        let own = |booking: &&Booking| booking.direct.as_ref().is_some_and(|own| numbers.contains(own));
        if let Some(found) = self.found(self.store.values().find(own)) {
            self.site.bridge.handle_called(self.now(), leg, found);
        }
    }

    /// What the store says of a booking that it has or has not, in the mood it is in; nothing if it never answers.
    fn found(&self, booking: Option<&Booking>) -> Option<Found> {
        Some(match (self.mood, booking) {
            (StoreMood::NeverAnswers, _) => return None,
            (StoreMood::Fails, _) => Found::Unavailable,
            (StoreMood::Answers, None) => Found::Unknown,
            (StoreMood::Answers, Some(booking)) => Found::Booked {
                booking: booking.clone(),
                ends: None,
            },
        })
    }

    /// Gives the `index`-th room the number that the telephones dial.
    pub fn call_directly(&mut self, index: u32) {
        let number = RoomNumber::nth(index).expect("in range");
        let booking = self.store.get_mut(&number).expect("booked");
        booking.direct = PhoneNumber::parse("+4930555");
    }

    /// Whom telephone `n` hears, judged over the next 1.2 s.
    pub fn hears(&mut self, n: usize) -> Vec<usize> {
        self.run_ms(1_200);
        tones::heard(self.telephones.len(), &self.telephones[n].sound)
    }

    /// Whether telephone `n` heard anything in the last second.
    pub fn hears_something(&self, n: usize) -> bool {
        self.telephones[n]
            .sound
            .iter()
            .rev()
            .take(8_000)
            .any(|sample| sample.unsigned_abs() > 400)
    }

    /// How loud the last second was for telephone `n`, in dB below full scale.
    pub fn loudness_dbov(&self, n: usize) -> f64 {
        let second: Vec<_> = self.telephones[n]
            .sound
            .iter()
            .rev()
            .take(8_000)
            .map(|&s| f64::from(s))
            .collect();
        let power = second.iter().map(|s| s * s).sum::<f64>() / second.len() as f64;
        10.0 * (power / 32_768.0f64.powi(2)).max(1e-12).log10()
    }

    /// How often telephone `n` saw this signal.
    pub fn signals(&self, n: usize, signal: &str) -> usize {
        self.telephones[n]
            .signals
            .iter()
            .filter(|seen| *seen == signal)
            .count()
    }

    /// After all calls have ended and their transactions have run out, nothing is left of them.
    pub fn assert_nothing_is_left(&mut self) {
        self.run_ms(40_000);
        let status = self.site.bridge.status();
        assert!(status.held.values().all(|&held| held == 0), "{:?}", status.held);
        assert_eq!(
            (status.in_reception, status.in_rooms, status.rooms.len()),
            (0, 0, 0)
        );
        assert_eq!(self.site.held(), 0, "every leg came back");
        assert_eq!(self.site.bridge.poll_timeout(), None, "no timer is left");
    }
}
