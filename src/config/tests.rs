use super::*;

fn errors(text: &str) -> String {
    Config::parse(text).expect_err(text).to_string()
}

#[test]
fn the_shipped_file_means_the_built_in_settings() {
    assert_eq!(Config::parse(SHIPPED), Ok(Config::default()));
    assert_eq!(Config::parse(""), Ok(Config::default()));
}

#[test]
fn the_shipped_file_has_every_key_and_a_comment_above_each() {
    let typed = toml::to_string(&RawConfig::default()).expect("plain texts and numbers");
    let mut lines = SHIPPED.lines();
    for wanted in typed.lines().filter(|line| !line.is_empty()) {
        let mut before = "";
        let line = lines.find(|line| {
            let found = line == &wanted;
            before = if found { before } else { line };
            found
        });
        assert_eq!(line, Some(wanted));
        assert!(
            wanted.starts_with('[') || before.starts_with('#'),
            "{wanted} has no comment"
        );
    }
}

/// The section that may stand several times is shown as a comment: each key of it once, with a comment above.
#[test]
fn the_shipped_file_shows_how_a_trunk_is_written() {
    let begin = SHIPPED.find("#[[trunk]]").expect("the example");
    let example: String = SHIPPED[begin..]
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    let raw = RawConfig::parse(&example).expect("the example is in order");
    let trunk = raw.trunk.first().expect("one trunk");
    assert!(Config::from_raw(&raw).is_ok(), "{:?}", Config::from_raw(&raw));
    let keys = toml::Table::try_from(trunk).expect("plain texts and numbers");
    for key in keys.keys() {
        let lines = example
            .lines()
            .filter(|line| line.starts_with(&format!("{key} = ")));
        assert_eq!(lines.count(), 1, "{key}");
    }
}

const TRUNK: &str = "[[trunk]]\nname = 'a'\ndomain = 'x.example'\nuser = '123'\npassword_file = '/p'\n";

#[test]
fn a_trunk_needs_little_and_takes_five_names_apart() {
    let few = Config::parse(TRUNK).expect(TRUNK).trunks;
    assert_eq!(
        (few[0].auth_user.as_str(), few[0].number.as_str()),
        ("123", "123")
    );
    let all = format!(
        "{TRUNK}auth_user = '1@x.example'\ndisplay = 'Tür 1'\nnumber = '+49 (30) 12-3'\ntransport = 'tcp'\nproxy = '[::1]:5070'\n"
    );
    let trunk = &Config::parse(&all).expect(&all).trunks[0];
    assert_eq!(
        trunk.to_string(),
        "a: 123 at x.example by tcp through [::1]:5070, logs in as 1@x.example, called as +4930123, shown as \"Tür 1\", \
         password in the file /p, 600 s, sign of life every 20 s"
    );
    let alone = format!("sip.trunks = []\n{TRUNK}");
    assert!(
        Config::parse(&alone).is_ok(),
        "whoever registers needs no list of addresses"
    );
}

#[test]
fn each_fault_of_a_trunk_names_key_value_and_remedy() {
    for (text, wanted) in [
        ("name = 'a b'", "trunk.name = \"a b\": give the trunk a name"),
        (
            "domain = 'sip:x.example'",
            "trunk.domain = \"sip:x.example\": write a host name",
        ),
        ("domain = 'x.example:0'", "trunk.domain"),
        ("domain = '2001:db8::1'", "trunk.domain"),
        ("proxy = '[x]'", "trunk.proxy = \"[x]\""),
        ("transport = 'sctp'", "trunk.transport = \"sctp\": take"),
        (
            "user = '1@x.example'",
            "trunk.user = \"1@x.example\": write the user part alone",
        ),
        ("auth_user = 'a\"b'", "trunk.auth_user"),
        ("number = 'Büro'", "trunk.number = \"Büro\""),
        ("password_file = ''", "trunk.password_file = \"\": name the file"),
        (
            "password_env = 'A'",
            "trunk.password_file = \"/p\": name the file",
        ),
        ("expires_s = 10", "trunk.expires_s = 10: take 60 to 86400 seconds"),
        (
            "keep_alive_s = 1",
            "trunk.keep_alive_s = 1: take 5 to 600 seconds, or 0 for never",
        ),
    ] {
        let key = text.split(' ').next().expect("a key");
        let others = TRUNK.lines().filter(|line| !line.starts_with(&format!("{key} ")));
        let all = others.chain([text]).collect::<Vec<_>>().join("\n");
        let found = errors(&all);
        assert!(found.contains(wanted), "{text}: {found}");
        assert_eq!(found.lines().count(), 1, "{text}: {found}");
    }
    let twice = errors(&format!("{TRUNK}{TRUNK}"));
    assert!(twice.contains("another trunk has this name"), "{twice}");
    for srtp in ["srtp = 'never'", "[rtp]\nsrtp = 'never'"] {
        let vain = errors(&format!("{TRUNK}mediasec = true\n{srtp}"));
        assert!(
            vain.contains("trunk.mediasec = \"true\": nothing is encrypted there"),
            "{vain}"
        );
    }
    for (text, wanted) in [
        (
            "mediasec = true",
            "trunk.mediasec = true: encryption is agreed so while registering",
        ),
        (
            "password_env = 'A'",
            "trunk.password_env = \"A\": without registration nobody asks for a password",
        ),
        (
            "number_block = true",
            "trunk.number_block = true: a block of numbers has to be registered",
        ),
        (
            "keep_alive_s = 0",
            "trunk.keep_alive_s = 0: a trunk without registration is asked whether it is there",
        ),
    ] {
        let found = errors(&format!(
            "[[trunk]]\nname = 'a'\ndomain = 'pbx.example'\nregister = false\n{text}"
        ));
        assert!(
            found.contains(wanted) && found.lines().count() == 1,
            "{text}: {found}"
        );
    }
    let env = TRUNK.replace("password_file = '/p'", "password_env = 'A B'");
    assert!(errors(&env).contains("trunk.password_env = \"A B\""));
}

#[test]
fn each_fault_names_key_value_and_remedy() {
    for (text, wanted) in [
        (
            "media.codecs = ['PCMA', 'g729']",
            "media.codecs = \"g729\": write each of these at most once, the preferred one first: opus, G722, PCMA, PCMU",
        ),
        (
            "media.codecs = ['pcma', 'PCMA']",
            "media.codecs = \"pcma, PCMA\": write each of these at most once",
        ),
        (
            "media.echo_duck_db = 41",
            "media.echo_duck_db = \"41\": take a number from 1 to 40, or 0 for never",
        ),
        (
            "media.echo_duck_seconds = 0",
            "media.echo_duck_seconds = 0: take a number from 1",
        ),
        (
            "media.codecs = []",
            "media.codecs = \"\": write each of these at most once",
        ),
        (
            "rtp.ports = '39999-20000'",
            "rtp.ports = \"39999-20000\": the first port must be below the last, for example \"20000-39999\"",
        ),
        (
            "rtp.ports = '20000'",
            "rtp.ports = \"20000\": write the first and the last port",
        ),
        ("rtp.ports = '80-39999'", "below 1024"),
        (
            "rtp.ports = '20000-70000'",
            "rtp.ports = \"20000-70000\": write the first",
        ),
        (
            "rtp.ports = '20000-20009'",
            "these are 5 pairs of ports, but calls.max = 200 needs 200: take 400 ports or more",
        ),
        ("rtp.ports = '5000-6000'", "the SIP port 5060 lies among them"),
        ("calls.max = 0", "calls.max = 0: take a number from 1 to 4000"),
        ("calls.max = 4001", "calls.max = 4001"),
        ("calls.max = -1", "calls.max = -1"),
        (
            "rooms.seats = 2001",
            "rooms.seats = 2001: take a number from 1 to 2000",
        ),
        (
            "rooms.language = 'xx'",
            "rooms.language = \"xx\": the languages are \"de\", \"en\"",
        ),
        (
            "http.listen = '9464'",
            "http.listen = \"9464\": write an IP address and a port",
        ),
        ("http.listen = '127.0.0.1:0'", "http.listen = \"127.0.0.1:0\""),
        ("log.format = 'xml'", "the formats are \"text\" and \"json\""),
        ("log.filter = ''", "log.filter = \"\": write \"info\""),
        ("store.data = ' '", "store.data = \" \": name the folder"),
        (
            "sip.listen = 'localhost:5060'",
            "sip.listen = \"localhost:5060\": write an IP address and a port",
        ),
        ("sip.listen = '127.0.0.1:0'", "port 0"),
        ("sip.listen = '[ff02::1]:5060'", "take an ordinary address"),
        (
            "sip.listen = '[::ffff:127.0.0.1]:5060'",
            "take an ordinary address",
        ),
        ("sip.listen = []", "sip.listen = \"\": nobody could call"),
        (
            "sip.listen = ['[::1]:5060', '127.0.0.1:5060', '[::1]:5060']",
            "sip.listen = \"[::1]:5060\": it is listed twice",
        ),
        (
            "sip = { listen = ['0.0.0.0:5060', '[::]:5060'], advertise = '192.0.2.1' }",
            "sip.advertise = \"192.0.2.1\": sip.listen is every address of this machine: enter the one that callers reach, \
             for example \"2001:db8::1\"",
        ),
        (
            "sip.advertise = ['192.0.2.1', '192.0.2.2']",
            "sip.advertise = \"192.0.2.2\": callers can be told one IPv4",
        ),
        (
            "sip.listen = '0.0.0.0:5060'",
            "sip.advertise = \"\": sip.listen is every address",
        ),
        (
            "sip.advertise = '0.0.0.0'",
            "sip.advertise = \"0.0.0.0\": write one IP address",
        ),
        ("sip.trunks = []", "sip.trunks = \"\": nobody could call"),
        (
            "sip.trunks = ['sip.example.org']",
            "sip.trunks = \"sip.example.org\": host names are not looked up yet",
        ),
        (
            "sip.number = 'unser Telefon'",
            "sip.number = \"unser Telefon\": write the telephone number",
        ),
        (
            "sip.country = '+49'",
            "sip.country = \"+49\": write the country code without",
        ),
        ("sip.country = ''", "sip.country = \"\": write the country code"),
        (
            "sip.name_server = 'dns'",
            "sip.name_server = \"dns\": write the IP address",
        ),
        (
            "sip.area = '030'",
            "sip.area = \"030\": write the area code without its zero",
        ),
        (
            "sip.called_from = ['to', 'from']",
            "sip.called_from = \"from\": write each of these at most once, the likeliest first: \"request-uri\"",
        ),
        (
            "sip.called_from = ['to', 'to']",
            "sip.called_from = \"to\": write each",
        ),
    ] {
        let found = errors(text);
        assert!(found.contains(wanted), "{text}: {found}");
        assert_eq!(found.lines().count(), 1, "{text}: {found}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let found = errors("sip.trunks = ['a', '192.0.2.1', 'b']\ncalls.max = 0\nrooms.language = ''\n");
    assert_eq!(found.lines().count(), 4, "{found}");
}

#[test]
fn unknown_keys_and_wrong_kinds_show_their_place() {
    let unknown = errors("[sip]\nlisten = '127.0.0.1:5060'\nlisen = 'x'\n");
    assert!(
        unknown.contains("lisen") && unknown.contains("listen") && unknown.contains("bridge.toml"),
        "{unknown}"
    );
    assert!(errors("sip.listen = 7").contains("a text or a list of texts"));
    let wrong = errors("calls.max = 'many'");
    assert!(
        wrong.contains("max") && wrong.contains("many") && wrong.contains("bridge.toml"),
        "{wrong}"
    );
}

#[test]
fn what_is_typed_is_understood() {
    let text = "sip = { listen = '0.0.0.0:5070', advertise = '192.0.2.1', trunks = ['192.0.2.77/24', '2001:db8::1'], number = ' 030 12 34 ' }\n\
        rtp.ports = '20001-20400'\ncalls.max = 199\n";
    let config = Config::parse(text).expect(text);
    let shown = |own: &str| {
        let own = own.parse().expect("address");
        config.sip.given_ip(own).unwrap_or(own).to_string()
    };
    assert_eq!(
        (shown("0.0.0.0"), shown("::1")),
        ("192.0.2.1".into(), "::1".into())
    );
    assert_eq!(config.sip.number.as_deref(), Some("030 12 34"));
    let trunks: Vec<_> = config.sip.trunks.iter().map(ToString::to_string).collect();
    assert_eq!(trunks, ["192.0.2.0/24", "2001:db8::1/128"]);
    assert_eq!(config.rtp.ports.pairs(), 199);
    assert_eq!(config.rtp.ports.pair(0), Some(20_002));
    assert_eq!(config.rtp.ports.pair(198), Some(20_398));
    assert_eq!(config.rtp.ports.pair(199), None);
}

#[test]
fn the_highest_port_is_a_port() {
    let range = PortRange::parse("65534-65535").expect("a pair");
    assert_eq!((range.pairs(), range.pair(0)), (1, Some(65_534)));
    assert_eq!(PortRange::parse("65533-65534").map(PortRange::pairs), Ok(0));
}

#[test]
fn tls_needs_a_certificate_with_its_key_and_a_port_of_its_own() {
    for (text, told) in [
        (
            "tls.listen = '127.0.0.1:5061'",
            "tls.certificate = \"\": whoever calls over TLS",
        ),
        (
            "tls.certificate = '/c'",
            "tls.key = \"\": a certificate proves nothing",
        ),
        ("tls.key = '/k'", "tls.certificate = \"\": a key proves nothing"),
        (
            "tls = { listen = '127.0.0.1:5060', certificate = '/c', key = '/k' }",
            "tls.listen = \"127.0.0.1:5060\": sip.listen has it already",
        ),
        (
            "tls = { listen = '127.0.0.1:20004', certificate = '/c', key = '/k' }",
            "the SIP port 20004 lies among them",
        ),
        (
            "tls = { listen = 'pbx:5061', certificate = '/c', key = '/k' }",
            "tls.listen = \"pbx:5061\"",
        ),
        ("rtp.srtp = 'maybe'", "rtp.srtp = \"maybe\": take \"never\""),
    ] {
        let told_instead = errors(text);
        assert!(told_instead.contains(told), "{text}: {told_instead}");
    }
    let good = "tls = { listen = '127.0.0.1:5061', certificate = '/c', key = '/k' }\nrtp.srtp = 'required'";
    let config = Config::parse(good).expect(good);
    assert!(config.tls.own.is_some() && config.tls.listen.len() == 1);
    assert_eq!(config.rtp.srtp, crate::codec::SrtpPolicy::Required);
    let trunk = format!("{TRUNK}transport = 'tls'\nsrtp = 'never'\ntls_roots = '/r'\n");
    let trunk = Config::parse(&trunk).expect(&trunk).trunks.remove(0);
    assert_eq!(trunk.transport, TrunkTransport::Tls);
    assert!(
        trunk
            .to_string()
            .contains("by tls, believes /r, voices encrypted: never"),
        "{trunk}"
    );
    let half = format!("{TRUNK}tls_certificate = '/c'\n");
    assert!(
        errors(&half).contains("trunk.tls_key = \"\""),
        "{}",
        errors(&half)
    );
}
