//! Registrations, with a registrar that says what each story needs. Whatever is asked must go to the registrar and to
//! nobody else, and its password never.

mod hosts;
mod long;
mod mediasec;
mod proved;
mod returns;
mod seen;
mod trouble;
mod unregistered;
mod ways;

use super::{World, header, local};
use crate::secret::Password;
use crate::sip::{
    Event, Login, Peer, Place, Target, Transport, Trouble, TrunkConfig, TrunkId, TrunkNews, TrunkView,
    Whereabouts,
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
            transport: Some(Transport::Udp),
        },
        proxy: None,
        user: "1234567e0".into(),
        number: "+4930555".into(),
        display: "Raum".into(),
        login: Some(Login {
            user: "auth-1".into(),
            password: Password::new(PASSWORD),
        }),
        expires: Duration::from_secs(600),
        keep_alive: None,
        number_block: false,
        srtp: Default::default(),
        mediasec: false,
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
    let (contact, _) = header(request, "Contact").split_once('>').expect("a contact");
    answer(
        request,
        "200 OK",
        &format!("Contact: {contact}>;expires={seconds}\r\n"),
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
        self.finds_for(targets, 86_400 * SECOND);
    }

    /// And say how long that may be kept.
    fn finds_for(&mut self, targets: &[(SocketAddr, u16)], ttl: Duration) {
        let (id, place) = self.resolving.pop_front().expect("name servers were asked");
        let target = |(addr, priority): &(SocketAddr, u16)| Target {
            peer: Peer {
                transport: place.transport.unwrap_or(Transport::Udp),
                addr: *addr,
            },
            priority: *priority,
        };
        let targets = targets.iter().map(target).collect();
        let answer = Whereabouts {
            targets,
            ttl,
            is_guess: false,
        };
        self.ua.handle_resolved(self.now, id, &place, &answer);
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

    /// Lets time pass until name servers are asked.
    fn passes_until_asked(&mut self) {
        while self.resolving.is_empty() {
            self.passes(SECOND);
        }
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
    assert_eq!(header(&plain, "Contact"), "<sip:+4930555@192.0.2.100:5060>");
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

proptest::proptest! {
    /// Whatever a registrar writes into its answer, the next thing is a REGISTER to it, a binding of some length, or a
    /// trouble in words; and its nonces never bring the password out.
    #[test]
    fn a_registrar_may_write_what_it_likes(
        code in 200_u16..700,
        fields in proptest::collection::vec((0_usize..9, "[ -~]{0,60}"), 0..6),
    ) {
        let names = [
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", ", "WWW-Authenticate: ", "Proxy-Authenticate: Digest ",
            "Contact: ", "Expires: ", "Min-Expires: ", "Retry-After: ", "Service-Route: ", "Authentication-Info: ",
        ];
        let more: String = fields.iter().map(|(at, text)| format!("{}{text}\r\n", names[*at])).collect();
        let mut world = World::new();
        world.checks_grammar = false;
        world.begins(vec![(ID, trunk())]);
        world.finds(&[(first(), 0)]);
        for _ in 0..8 {
            let Some((_, to, request)) = world.sent.pop_front() else {
                break;
            };
            proptest::prop_assert_eq!(to.addr, first());
            password_is_safe(&request);
            world.registrar_says(first(), &answer(&request, &format!("{code} X"), &more));
        }
        proptest::prop_assert!(world.sent.is_empty(), "asked again and again");
        let view = world.trunk();
        proptest::prop_assert!(view.binding.is_some() || view.trouble.is_some_and(|why| !why.to_string().is_empty()));
        proptest::prop_assert!(view.next.is_some());
    }
}
