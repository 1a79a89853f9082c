//! Registrations, with a registrar that says what each story needs. Whatever is asked must go to the registrar and to
//! nobody else, and its password never.

use super::{Asked, World, header, local, status};
use crate::secret::Password;
use crate::sip::{
    Census, Event, Login, Noted, Peer, Place, Refused, Target, Transport, Trouble, TrunkConfig, TrunkId,
    TrunkNews, TrunkView,
};
use std::net::SocketAddr;
use std::time::Duration;

const ID: TrunkId = TrunkId(0);
const PASSWORD: &str = "Sesam öffne dich";
const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n";
const SECOND: Duration = Duration::from_secs(1);

fn first() -> SocketAddr {
    "198.51.100.1:5060".parse().expect("address")
}

fn second() -> SocketAddr {
    "198.51.100.2:5060".parse().expect("address")
}

fn trunk() -> TrunkConfig {
    TrunkConfig {
        name: "sipgate".into(),
        domain: "pbx.example".into(),
        place: Place {
            host: "pbx.example".into(),
            port: None,
            transport: Transport::Udp,
        },
        proxy: None,
        user: "1234567e0".into(),
        number: "+4930555".into(),
        display: "Raum".into(),
        login: Login {
            user: "auth-1".into(),
            password: Password::new(PASSWORD),
        },
        expires: Duration::from_secs(600),
        keep_alive: None,
        number_block: false,
    }
}

/// An answer to a request of ours.
fn answer(request: &str, status: &str, more: &str) -> String {
    let repeated =
        ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
    let to = header(request, "To");
    format!(
        "SIP/2.0 {status}\r\n{}To: {to};tag=r\r\n{more}Content-Length: 0\r\n\r\n",
        repeated.concat()
    )
}

/// The one that keeps what it was asked for, for so long.
fn kept(request: &str, seconds: u32) -> String {
    let contact = header(request, "Contact").split(';').next().expect("a contact");
    answer(
        request,
        "200 OK",
        &format!("Contact: {contact};expires={seconds}\r\n"),
    )
}

fn password_is_safe(request: &str) {
    assert!(
        !request.contains("Sesam") && !request.contains("ffne"),
        "{request}"
    );
}

impl World {
    fn begins(&mut self, trunks: Vec<(TrunkId, TrunkConfig)>) {
        self.ua.register_at(self.now, trunks);
        self.drain();
    }

    /// Name servers answer what was asked: these, each with its priority.
    fn finds(&mut self, targets: &[(SocketAddr, u16)]) {
        let (id, place) = self.resolving.pop_front().expect("name servers were asked");
        let target = |(addr, priority): &(SocketAddr, u16)| Target {
            peer: Peer {
                transport: place.transport,
                addr: *addr,
            },
            priority: *priority,
        };
        let targets: Vec<_> = targets.iter().map(target).collect();
        self.ua.handle_resolved(self.now, id, &targets);
        self.drain();
    }

    fn registrar_says(&mut self, from: SocketAddr, text: &str) {
        self.hears_from(from, text.as_bytes());
    }

    /// A REGISTER that goes to `to`.
    fn asked(&mut self, to: SocketAddr) -> String {
        let (from, by, request) = self.sent_by();
        assert_eq!((from, by.addr), (local(), to), "{request}");
        assert!(
            request.starts_with("REGISTER sip:pbx.example SIP/2.0\r\n"),
            "{request}"
        );
        password_is_safe(&request);
        request
    }

    fn trunk(&self) -> TrunkView {
        self.ua.trunks().first().expect("a trunk").1
    }

    fn news(&mut self) -> TrunkNews {
        match self.told() {
            Event::Trunk { name, news } => {
                assert_eq!(name, "sipgate");
                news
            }
            other => panic!("{other:?}"),
        }
    }

    /// Registered for so long, with the login's nonce in use.
    fn registers(&mut self, config: TrunkConfig, seconds: u32) {
        self.begins(vec![(ID, config)]);
        self.finds(&[(first(), 0)]);
        let plain = self.asked(first());
        self.registrar_says(first(), &answer(&plain, "401 Unauthorized", CHALLENGE));
        let proven = self.asked(first());
        self.registrar_says(first(), &kept(&proven, seconds));
        assert_eq!(self.news(), TrunkNews::Registered);
        self.is_quiet();
    }

    /// Lets so much time pass, up to the next message of ours.
    fn passes_until_sent(&mut self, most: Duration) -> Duration {
        let begin = self.now;
        while self.sent.is_empty() {
            let next = self
                .ua
                .poll_timeout()
                .map(|(at, _)| at)
                .expect("something is waited for");
            assert!(next <= begin + most, "nothing was sent");
            self.now = next;
            self.ua.handle_timeout(next);
            self.drain();
            if let Some((_, place)) = self.resolving.front() {
                assert_eq!(place.host, "pbx.example");
                self.finds(&[(first(), 0)]);
            }
        }
        self.now.since(begin)
    }
}

#[test]
fn a_registration_proves_itself_once_and_is_refreshed_in_good_time_with_the_same_nonce() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    assert!(!plain.contains("Authorization"), "{plain}");
    assert!(header(&plain, "From").starts_with("\"Raum\" <sip:1234567e0@pbx.example>;tag="));
    assert_eq!(header(&plain, "To"), "<sip:1234567e0@pbx.example>");
    assert_eq!(
        header(&plain, "Contact"),
        "<sip:+4930555@192.0.2.100:5060>;expires=600"
    );
    assert_eq!(
        (header(&plain, "CSeq"), header(&plain, "Supported")),
        ("1 REGISTER", "path")
    );
    world.registrar_says(first(), &answer(&plain, "100 Trying", ""));
    world.registrar_says(first(), &answer(&plain, "401 Unauthorized", CHALLENGE));

    let proven = world.asked(first());
    assert_ne!(
        header(&plain, "Via"),
        header(&proven, "Via"),
        "a branch of its own"
    );
    assert_eq!(header(&plain, "Call-ID"), header(&proven, "Call-ID"));
    assert_eq!(header(&proven, "CSeq"), "2 REGISTER");
    let login = header(&proven, "Authorization");
    assert!(
        login.contains("username=\"auth-1\"") && login.contains("nc=00000001"),
        "{login}"
    );
    assert!(
        login.contains("algorithm=SHA-256") && login.contains("uri=\"sip:pbx.example\""),
        "{login}"
    );
    // Less is granted than was asked for.
    world.registrar_says(first(), &kept(&proven, 120));
    assert_eq!(world.news(), TrunkNews::Registered);
    let binding = world.trunk().binding.expect("registered");
    assert_eq!(
        (binding.until.since(world.now), binding.target),
        (120 * SECOND, Peer::udp(first()))
    );

    let waited = world.passes_until_sent(120 * SECOND);
    assert!((72 * SECOND..=96 * SECOND).contains(&waited), "{waited:?}");
    let refresh = world.asked(first());
    assert!(header(&refresh, "Authorization").contains("nc=00000002"));
    // The nonce has grown old: that is no wrong password.
    let stale = CHALLENGE.replace("n1", "n2").replace("qop", "stale=true, qop");
    world.registrar_says(first(), &answer(&refresh, "401 Unauthorized", &stale));
    let fresh = world.asked(first());
    assert!(header(&fresh, "Authorization").contains("nonce=\"n2\""));
    world.registrar_says(first(), &kept(&fresh, 120));
    world.is_quiet();
    assert_eq!(
        world.trunk().binding.map(|now| now.since),
        Some(binding.since),
        "since the first time"
    );
}

#[test]
fn a_wrong_password_is_asked_twice_and_then_left_alone_for_a_quarter_of_an_hour() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0), (second(), 0)]);
    let plain = world.asked(first());
    world.registrar_says(first(), &answer(&plain, "401 Unauthorized", CHALLENGE));
    let proven = world.asked(first());
    world.registrar_says(
        first(),
        &answer(&proven, "401 Unauthorized", &CHALLENGE.replace("n1", "n2")),
    );
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Login));
    assert_eq!(world.trunk().trouble, Some(Trouble::Login));
    let waited = world.passes_until_sent(1_800 * SECOND);
    assert!(waited >= 900 * SECOND, "{waited:?}");
    assert!(!world.asked(first()).contains("Authorization"), "it begins anew");
}

#[test]
fn a_registrar_that_finds_every_nonce_stale_is_not_asked_for_ever() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let stale = CHALLENGE.replace("qop", "stale=true, qop");
    for _ in 0..4 {
        let request = world.asked(first());
        world.registrar_says(first(), &answer(&request, "401 Unauthorized", &stale));
    }
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Login));
    world.is_quiet();
}

#[test]
fn a_proxy_and_a_registrar_may_both_want_a_proof() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let plain = world.asked(first());
    let by_proxy = CHALLENGE
        .replace("WWW-Authenticate", "Proxy-Authenticate")
        .replace("SHA-256", "MD5");
    world.registrar_says(
        first(),
        &answer(&plain, "407 Proxy Authentication Required", &by_proxy),
    );
    let once = world.asked(first());
    assert!(once.contains("\r\nProxy-Authorization: Digest ") && !once.contains("\r\nAuthorization"));
    world.registrar_says(first(), &answer(&once, "401 Unauthorized", CHALLENGE));
    let twice = world.asked(first());
    assert!(header(&twice, "Authorization").contains("SHA-256"));
    assert!(header(&twice, "Proxy-Authorization").contains("nc=00000002"));
    world.registrar_says(first(), &kept(&twice, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
}

#[test]
fn a_registrar_that_wants_longer_registrations_gets_them() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let brief = world.asked(first());
    world.registrar_says(
        first(),
        &answer(&brief, "423 Interval Too Brief", "Min-Expires: 3600\r\n"),
    );
    let long = world.asked(first());
    assert_eq!(header(&long, "Expires"), "3600");
    // Without a word about the Contact, what was asked for is granted.
    world.registrar_says(first(), &answer(&long, "200 OK", ""));
    let left = world.trunk().binding.expect("registered").until.since(world.now);
    assert_eq!(left, 3_600 * SECOND);
    assert_eq!(world.news(), TrunkNews::Registered);
    let waited = world.passes_until_sent(3_600 * SECOND);
    assert!(waited >= 2_160 * SECOND, "{waited:?}");
    assert_eq!(
        header(&world.asked(first()), "Expires"),
        "3600",
        "it is remembered"
    );
}

#[test]
fn a_registrar_that_wants_nonsense_is_refused() {
    for nonsense in [
        "",
        "Min-Expires: 60\r\n",
        "Min-Expires: 4000000000\r\n",
        "Min-Expires: x\r\n",
    ] {
        let mut world = World::new();
        world.begins(vec![(ID, trunk())]);
        world.finds(&[(first(), 0)]);
        let brief = world.asked(first());
        world.registrar_says(first(), &answer(&brief, "423 Interval Too Brief", nonsense));
        assert_eq!(world.news(), TrunkNews::Failed(Trouble::TooBrief), "{nonsense}");
    }
}

#[test]
fn of_several_contacts_ours_says_how_long() {
    for (contacts, seconds) in [
        (
            "Contact: <sip:+4930555@192.0.2.7:5060>;expires=30, <sip:+4930555@192.0.2.100:5060>;expires=90\r\n",
            90,
        ),
        (
            "Contact: <sip:%2B4930555@192.0.2.100>;q=0.5;expires=80\r\nContact: <sip:b@192.0.2.7>;expires=9\r\n",
            80,
        ),
        ("Contact: <sip:rewritten@10.0.0.1:1>;expires=70\r\n", 70),
        (
            "Contact: <sip:a@10.0.0.1>;expires=7, <sip:b@10.0.0.1>;expires=8\r\nExpires: 300\r\n",
            300,
        ),
        ("Expires: 200\r\n", 200),
        (
            "Contact: <sip:+4930555@192.0.2.100:5060>;expires=99999999\r\n",
            86_400,
        ),
    ] {
        let mut world = World::new();
        world.begins(vec![(ID, trunk())]);
        world.finds(&[(first(), 0)]);
        let request = world.asked(first());
        world.registrar_says(first(), &answer(&request, "200 OK", contacts));
        let binding = world.trunk().binding.expect(contacts);
        assert_eq!(binding.until.since(world.now), seconds * SECOND, "{contacts}");
    }
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    world.registrar_says(first(), &kept(&request, 0));
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::NotKept));
}

#[test]
fn a_silent_registrar_is_tried_later_and_later_and_the_second_address_at_once() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(second(), 20), (first(), 10)]);
    world.asked(first());
    world.passes(Duration::from_millis(3_999));
    assert_eq!(world.sent_count(), 3, "repeated after 0.5, 1.5 and 3.5 s");
    world.passes(Duration::from_millis(1));
    let request = world.asked(second());
    world.registrar_says(second(), &kept(&request, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
    assert_eq!(
        world.trunk().binding.map(|binding| binding.target),
        Some(Peer::udp(second()))
    );
    // The first one's answer is late, and changes nothing.
    world.passes(28 * SECOND);
    world.sent_count();

    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let request = world.asked(first());
        let begun = world.now;
        while world.trunk().next.is_none() {
            world.passes(SECOND);
            assert!(world.now.since(begun) < 60 * SECOND);
        }
        world.sent_count();
        pauses.push(world.trunk().next.expect("a next try").since(world.now).as_secs());
        // Nobody was ever there, so nobody is greeted as returned.
        while world.resolving.is_empty() {
            world.passes(SECOND);
        }
        world.sent_count();
        world.finds(&[(first(), 0)]);
        assert_eq!(
            header(&request, "Contact"),
            "<sip:+4930555@192.0.2.100:5060>;expires=600"
        );
    }
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Silent));
    assert!(world.events.is_empty(), "the same trouble is told once");
    for (pause, longest) in pauses.iter().zip([60, 120, 240, 480, 960, 1_800]) {
        assert!((longest / 2 - 1..=longest).contains(pause), "{pauses:?}");
    }
}

#[test]
fn a_registrar_that_returns_is_asked_within_five_seconds() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    // For an hour nobody is there.
    let mut last = String::new();
    let end = world.now + 3_600 * SECOND;
    while world.now < end {
        world.passes(SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        while let Some((_, to, text)) = world.sent.pop_front() {
            assert_eq!(to.addr, first());
            last = text;
        }
    }
    let back = world.now;
    // Now whatever it is asked is answered.
    while world.trunk().binding.is_none() {
        world.passes(Duration::from_millis(100));
        assert!(world.now.since(back) < 5 * SECOND, "{last}");
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        while let Some((_, _, text)) = world.sent.pop_front() {
            let reply = match text.starts_with("REGISTER") {
                true => kept(&text, 600),
                false => answer(&text, "404 Not Found", ""),
            };
            world.registrar_says(first(), &reply);
        }
    }
}

#[test]
fn a_registrar_that_no_longer_answers_is_left_for_the_second_within_ten_seconds() {
    let mut world = World::new();
    let config = TrunkConfig {
        keep_alive: Some(5 * SECOND),
        ..trunk()
    };
    world.registers(config, 600);
    for _ in 0..10 {
        world.passes(5 * SECOND);
        let (to, ping) = world.sent_to();
        assert!(
            to == first() && ping.starts_with("OPTIONS sip:pbx.example "),
            "{ping}"
        );
        world.registrar_says(first(), &answer(&ping, "200 OK", ""));
    }
    world.is_quiet();
    let silent = world.now;
    while world.trunk().binding.map(|binding| binding.target) != Some(Peer::udp(second())) {
        world.passes(Duration::from_millis(100));
        assert!(world.now.since(silent) < 10 * SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 10), (second(), 20)]);
        }
        while let Some((_, to, text)) = world.sent.pop_front() {
            if to.addr == second() {
                world.registrar_says(second(), &kept(&text, 600));
            }
        }
    }
    assert_eq!(world.ua.counters().noted(Noted::RegistrarSilent), 1);
}

#[test]
fn the_silence_of_one_that_never_answered_a_sign_of_life_means_nothing() {
    let mut world = World::new();
    let config = TrunkConfig {
        keep_alive: Some(20 * SECOND),
        ..trunk()
    };
    world.registers(config, 3_600);
    world.passes(600 * SECOND);
    assert_eq!(world.sent_count(), 30, "one every 20 s");
    assert_eq!(world.trunk().trouble, None);
}

#[test]
fn what_a_status_means_is_told_in_words_and_retry_after_is_kept() {
    for (line, why, least_s) in [
        ("403 Forbidden", Trouble::Forbidden, 900),
        ("404 Not Found", Trouble::Unknown, 900),
        ("500 Oops", Trouble::Status(500), 30),
        ("302 Moved", Trouble::Status(302), 30),
    ] {
        let mut world = World::new();
        world.begins(vec![(ID, trunk())]);
        world.finds(&[(first(), 0)]);
        let request = world.asked(first());
        world.registrar_says(first(), &answer(&request, line, ""));
        assert_eq!(world.news(), TrunkNews::Failed(why));
        let next = world.trunk().next.expect("a next try").since(world.now);
        assert!(next >= least_s * SECOND, "{line} {next:?}");
    }
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    world.registrar_says(
        first(),
        &answer(&request, "503 Busy", "Retry-After: 700 (maintenance)\r\n"),
    );
    assert_eq!(
        world.trunk().next.map(|next| next.since(world.now)),
        Some(700 * SECOND)
    );
    assert_eq!(world.trunk().trouble, Some(Trouble::Status(503)));
    let request = answer(
        &request,
        "401 Unauthorized",
        "WWW-Authenticate: Basic realm=\"x\"\r\n",
    );
    world.registrar_says(first(), &request);
    assert_eq!(
        world.ua.counters().noted(Noted::StrayResponse),
        0,
        "it is repeated, and absorbed"
    );
}

#[test]
fn a_name_without_addresses_is_told_and_asked_for_again() {
    let mut world = World::new();
    world.begins(vec![(ID, trunk())]);
    world.finds(&[]);
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Unresolved));
    world.passes(60 * SECOND);
    let six = "[2001:db8::1]:5060".parse().expect("address");
    world.finds(&[(six, 0)]);
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Family));
    // And a name server that says nothing at all.
    world.passes(120 * SECOND);
    world.resolving.pop_front().expect("asked again");
    world.passes(10 * SECOND);
    assert_eq!(world.trunk().trouble, Some(Trouble::Unresolved));
}

#[test]
fn who_registers_us_may_call_and_nobody_else() {
    let mut world = World::with(&[("192.0.2.100:5060", "192.0.2.100:5060")], 10);
    let (provider, route) = (first(), SocketAddr::from(([203, 0, 113, 9], 5_060)));
    let invite = |world: &mut World, from: SocketAddr, call: &'static str| {
        let asked = Asked {
            call,
            via: format!("SIP/2.0/UDP {from};rport;branch=z9hG4bK{call}"),
            ..Asked::invite()
        };
        world.hears_from(from, asked.text().as_bytes());
    };
    invite(&mut world, provider, "a");
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 1);
    world.begins(vec![(ID, trunk())]);
    world.finds(&[(provider, 0)]);
    let request = world.asked(provider);
    let routed = format!(
        "Contact: {}\r\nService-Route: <sip:203.0.113.9;lr>\r\n",
        header(&request, "Contact")
    );
    world.registrar_says(provider, &answer(&request, "200 OK", &routed));
    assert_eq!(world.news(), TrunkNews::Registered);
    for (from, call) in [(provider, "b"), (route, "c")] {
        invite(&mut world, from, call);
        assert_eq!(status(&world.sent()), 100);
        world.invited();
    }
    assert_eq!(world.trunk().calls, 2);
    invite(&mut world, SocketAddr::from(([203, 0, 113, 10], 5_060)), "d");
    assert_eq!(world.ua.counters().refused(Refused::Unserved), 2);
    // The operator's list changes; the registrar is still served.
    world.ua.reload_served(Vec::new());
    invite(&mut world, provider, "e");
    assert_eq!(status(&world.sent()), 100);
}

#[test]
fn a_drain_takes_the_registration_back_and_its_end_brings_it_again() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.ua.deregister(world.now);
    world.drain();
    let leave = world.asked(first());
    assert_eq!(
        (header(&leave, "Expires"), header(&leave, "Contact")),
        ("0", "<sip:+4930555@192.0.2.100:5060>;expires=0")
    );
    assert!(header(&leave, "Authorization").contains("nc=00000002") && world.ua.is_deregistering());
    world.registrar_says(first(), &answer(&leave, "200 OK", ""));
    assert_eq!(world.news(), TrunkNews::Left);
    assert!(!world.ua.is_deregistering() && world.trunk().binding.is_none());
    // Settings that are read again meanwhile bring nothing back.
    world.begins(vec![(ID, trunk())]);
    world.is_quiet();
    world.passes(40 * SECOND);
    assert_eq!(world.ua.census(), Census::default());
    world.ua.register_again(world.now);
    world.drain();
    world.finds(&[(first(), 0)]);
    let again = world.asked(first());
    world.registrar_says(first(), &kept(&again, 600));
    assert_eq!(world.news(), TrunkNews::Registered);
}

#[test]
fn a_registrar_that_does_not_answer_a_farewell_keeps_nobody() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    world.ua.deregister(world.now);
    world.drain();
    world.passes(32 * SECOND);
    assert!(world.sent_count() > 5 && !world.ua.is_deregistering());
    assert_eq!(world.news(), TrunkNews::Left);
    world.ends();
}

#[test]
fn a_registration_that_cannot_be_refreshed_is_over_in_its_own_time() {
    let mut world = World::new();
    world.registers(trunk(), 120);
    let mut lost = None;
    let begun = world.now;
    while lost.is_none() {
        world.passes(SECOND);
        if !world.resolving.is_empty() {
            world.finds(&[(first(), 0)]);
        }
        world.sent_count();
        lost = world.trunk().binding.is_none().then_some(world.now);
    }
    assert_eq!(lost.map(|at| at.since(begun)), Some(120 * SECOND));
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Silent));
}

#[test]
fn a_block_of_numbers_is_registered_as_rfc_6140_has_it() {
    let mut world = World::new();
    let config = TrunkConfig {
        number_block: true,
        proxy: Some("sbc.example:5070".into()),
        display: String::new(),
        ..trunk()
    };
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    let request = world.asked(first());
    assert_eq!(
        header(&request, "Contact"),
        "<sip:192.0.2.100:5060;bnc>;expires=600"
    );
    assert_eq!(
        (header(&request, "Require"), header(&request, "Proxy-Require")),
        ("gin", "gin")
    );
    assert_eq!(header(&request, "Supported"), "path, gin");
    assert_eq!(header(&request, "Route"), "<sip:sbc.example:5070;lr>");
    assert!(header(&request, "From").starts_with("<sip:1234567e0@pbx.example>;tag="));
    world.registrar_says(first(), &kept(&request, 300));
    assert_eq!(
        world
            .trunk()
            .binding
            .map(|binding| binding.until.since(world.now)),
        Some(300 * SECOND)
    );
}

#[test]
fn an_address_as_domain_needs_no_name_server_and_translation_is_noticed() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.host = "198.51.100.1".into();
    config.domain = "pbx.example".into();
    world.begins(vec![(ID, config)]);
    let request = world.asked(first());
    let via = header(&request, "Via").replace(";rport", ";rport=40000;received=203.0.113.7");
    let reply = kept(&request, 600).replace(header(&request, "Via"), &via);
    world.registrar_says(first(), &reply);
    let seen_as = world.trunk().binding.and_then(|binding| binding.seen_as);
    assert_eq!(seen_as, "203.0.113.7:40000".parse().ok());
}

#[test]
fn a_connection_that_is_gone_is_opened_again_but_never_in_a_hurry() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Transport::Tcp;
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0)]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let (_, by, request) = world.sent_by();
        assert_eq!(by, Peer::tcp(first()));
        assert!(
            header(&request, "Contact").contains("@192.0.2.100:5060;transport=tcp>"),
            "{request}"
        );
        assert!(header(&request, "Via").starts_with("SIP/2.0/TCP "));
        let asked = world.now;
        assert_eq!(
            world.ua.handle_connected(world.now, first(), local()),
            crate::sip::Admission::Welcome
        );
        world
            .ua
            .handle_stream(world.now, first(), kept(&request, 600).as_bytes());
        world.drain();
        world.ua.handle_closed(world.now, first());
        world.drain();
        world.passes_until_sent(400 * SECOND);
        pauses.push(world.now.since(asked).as_secs());
    }
    assert_eq!(pauses, [3, 6, 12, 24, 48, 96]);
}

#[test]
fn a_refused_connection_is_no_reason_to_wait_for_an_answer() {
    let mut world = World::new();
    let mut config = trunk();
    config.place.transport = Transport::Tcp;
    world.begins(vec![(ID, config)]);
    world.finds(&[(first(), 0), (second(), 1)]);
    assert_eq!(world.sent_by().1, Peer::tcp(first()));
    world.ua.handle_closed(world.now, first());
    world.drain();
    assert_eq!(world.sent_by().1, Peer::tcp(second()));
    world.ua.handle_closed(world.now, second());
    world.drain();
    assert_eq!(world.news(), TrunkNews::Failed(Trouble::Disconnected));
    // Every two seconds somebody knocks; who opens is asked.
    world.passes(2 * SECOND);
    assert_eq!(world.sent_by().1, Peer::tcp(first()));
    assert_eq!(
        world.ua.handle_connected(world.now, first(), local()),
        crate::sip::Admission::Welcome
    );
    world.sent_count();
    world.passes_until_sent(5 * SECOND);
    let (_, by, request) = world.sent_by();
    assert!(
        by == Peer::tcp(first()) && request.starts_with("REGISTER"),
        "{request}"
    );
}

#[test]
fn trunks_come_and_go_with_the_settings() {
    let mut world = World::new();
    world.registers(trunk(), 600);
    let other = TrunkConfig {
        name: "other".into(),
        user: "2".into(),
        ..trunk()
    };
    world.begins(vec![(ID, trunk()), (TrunkId(1), other.clone())]);
    assert_eq!(world.resolving.len(), 1, "the first one is left alone");
    world.finds(&[(second(), 0)]);
    let request = world.asked(second());
    world.registrar_says(second(), &kept(&request, 600));
    world.told();
    world.begins(vec![(TrunkId(1), other)]);
    let leave = world.asked(first());
    assert_eq!(header(&leave, "Expires"), "0");
    assert_eq!(world.ua.trunks().len(), 1);
    // A new password is tried at once, without taking the same registration back.
    let mut changed = world.ua.trunks();
    assert_eq!(changed.remove(0).0, "other");
    let newer = TrunkConfig {
        name: "other".into(),
        user: "2".into(),
        login: Login {
            user: "auth-1".into(),
            password: Password::new("neu"),
        },
        ..trunk()
    };
    world.begins(vec![(TrunkId(1), newer)]);
    world.finds(&[(second(), 0)]);
    assert_eq!(header(&world.asked(second()), "Expires"), "600");
}

#[test]
fn nothing_of_a_registration_goes_to_an_address_of_another_family() {
    let mut world = World::with(
        &[
            ("192.0.2.100:5060", "203.0.113.1:5060"),
            ("[2001:db8::100]:5060", "[2001:db8::100]:5060"),
        ],
        10,
    );
    world.begins(vec![(ID, trunk())]);
    let six = "[2001:db8::1]:5060".parse().expect("address");
    world.finds(&[(six, 0), (first(), 1)]);
    let (from, by, request) = world.sent_by();
    assert_eq!(
        (from, by),
        ("[2001:db8::100]:5060".parse().expect("address"), Peer::udp(six))
    );
    assert!(
        header(&request, "Contact").contains("@[2001:db8::100]:5060>"),
        "{request}"
    );
    world.passes(4 * SECOND);
    while world.sent.len() > 1 {
        world.sent_by();
    }
    let request = world.asked(first());
    assert!(
        header(&request, "Contact").contains("@203.0.113.1:5060>"),
        "as it is shown: {request}"
    );
}
