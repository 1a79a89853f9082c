//! Keys in a session description: which lines are taken, what is said back, and which keys a call has from answer to answer.

use super::*;
use crate::media_api::Codecs;
use crate::sip::answer::Answerer;
use crate::sip::offer::{Abilities, Agreement, Families, read};

const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
const OTHER: &str = "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj";
const FOUR: Families = Families { v4: true, v6: false };

fn offer(streams: &str, srtp: SrtpPolicy) -> Result<Agreement, Unusable> {
    let able = Abilities {
        families: FOUR,
        codecs: &Codecs::default(),
        srtp,
    };
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
    read(format!("{head}{streams}").as_bytes(), able)
}

fn sealed(proto: &str, line: &str) -> String {
    format!("m=audio 4000 {proto} 8\r\na=crypto:{line}\r\n")
}

/// Another number each time.
fn draws() -> impl FnMut() -> u64 {
    let mut n = 0_u64;
    move || {
        n += 1;
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn answerer(policy: SrtpPolicy) -> Answerer {
    Answerer::new(84, Codecs::default()).with_srtp(policy)
}

fn lines(description: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(description).expect("UTF-8");
    let wanted = |line: &&str| line.starts_with("m=") || line.starts_with("a=crypto");
    text.lines().filter(wanted).map(str::to_owned).collect()
}

#[test]
fn a_line_is_taken_with_or_without_what_may_stand_behind_it() {
    let cm = "AES_CM_128_HMAC_SHA1_80";
    for (line, taken) in [
        (format!("1 {cm} inline:{KEY}"), true),
        (format!("1 {cm} inline:{KEY}|2^20"), true),
        (format!("1 {cm} inline:{KEY}|1048576 WSH=128"), true),
        (
            format!("000000007 aes_cm_128_hmac_sha1_32 INLINE:{KEY} -OTHER"),
            true,
        ),
        (format!("1 {cm} inline:{KEY}|2^20|1:4"), false),
        (format!("1 {cm} inline:{KEY}|1:4"), false),
        (format!("1 {cm} inline:{KEY};inline:{OTHER}"), false),
        (format!("1 {cm} inline:{KEY} UNENCRYPTED_SRTP"), false),
        (format!("1 {cm} inline:{KEY} UNAUTHENTICATED_SRTP"), false),
        (format!("1 {cm} inline:{KEY} KDR=1"), false),
        (format!("1 {cm} inline:{KEY} WSH=4096"), false),
        (format!("1 {cm} inline:{}", &KEY[..36]), false),
        (format!("1 {cm} inline:{KEY}AAAA"), false),
        (format!("1 {cm} inline:{}", "A".repeat(4_000)), false),
        (format!("1 {cm} inline:!{}", &KEY[1..]), false),
        (format!("1 {cm} prompt:{KEY}"), false),
        (format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"), false),
        (format!("x {cm} inline:{KEY}"), false),
        (format!("1234567890 {cm} inline:{KEY}"), false),
        (format!("1 {cm}"), false),
        (String::new(), false),
    ] {
        assert_eq!(Crypto::read(&line).is_some(), taken, "{line}");
    }
    let gcm = "2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0OD1F1aWQgcHJvIHF1bw";
    for written in [format!("{gcm}=="), gcm.to_owned()] {
        let line = Crypto::read(&written).expect("with its padding, and without");
        assert_eq!(line.write(), format!("{gcm}=="));
        assert!(
            !format!("{line:?}").contains("AAEC"),
            "keys print as stars: {line:?}"
        );
    }
}

#[test]
fn the_policy_decides_what_of_an_offer_is_taken() {
    use SrtpPolicy::{Never, Optional, Required};
    let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    let (savp, wish) = (sealed("RTP/SAVP", &line), sealed("RTP/AVP", &line));
    let plain = "m=audio 4002 RTP/AVP 8\r\n".to_owned();
    let unknown = sealed("RTP/SAVP", &format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"));
    let both = plain.clone() + &savp;
    let (clear, secret) = (Ok((0, false)), Ok((0, true)));
    for (streams, policy, expected) in [
        (&savp, Never, Err(Unusable::Stream)),
        (&savp, Optional, secret),
        (&savp, Required, secret),
        (&wish, Never, clear),
        (&wish, Optional, secret),
        (&wish, Required, secret),
        (&plain, Optional, clear),
        (&plain, Required, Err(Unusable::Insecure)),
        (&unknown, Optional, Err(Unusable::Suite)),
        (&both, Never, clear),
        (&both, Optional, Ok((1, true))),
        (&both, Required, Ok((1, true))),
    ] {
        let found = offer(streams, policy).map(|found| (found.taken, found.crypto.is_some()));
        assert_eq!(found, expected, "{policy:?} of {streams}");
    }
}

#[test]
fn an_answer_has_the_tag_and_suite_that_are_taken_and_a_key_of_ours() {
    let mut draw = draws();
    let streams = format!(
        "m=audio 4000 RTP/SAVP 8\r\na=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:{KEY}\r\n\
         a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:{KEY}\r\na=crypto:6 AES_CM_128_HMAC_SHA1_80 inline:{OTHER}\r\n"
    );
    let mut agreement = offer(&streams, SrtpPolicy::Required).expect("usable");
    let mut answerer = answerer(SrtpPolicy::Required);
    answerer.agree(&mut agreement, &mut draw);
    let said = lines(&answerer.answer(&agreement, ([192, 0, 2, 100], 20_000).into()));
    assert_eq!(said[0], "m=audio 20000 RTP/SAVP 8");
    let own = Crypto::read(said[1].trim_start_matches("a=crypto:")).expect("our own line");
    assert_eq!((own.tag, own.suite, said.len()), (5, Suite::AesCm32, 2));
    let keys = answerer.take_keys().expect("they are new");
    assert_eq!(Some(keys.spec), agreement.spec.srtp);
    assert!(keys.send == own.key && Some(&keys.receive) == agreement.crypto.as_ref().map(|line| &line.key));
    assert!(keys.send != keys.receive);
    assert_eq!(answerer.take_keys(), None, "they were taken");
}

#[test]
fn the_same_key_changes_nothing_and_another_one_changes_both() {
    let mut draw = draws();
    let mut keyring = Keyring::new(SrtpPolicy::Optional);
    let line = |key: &str, tag: u32| {
        Crypto::read(&format!("{tag} AES_CM_128_HMAC_SHA1_80 inline:{key}")).expect("a line")
    };
    let first = keyring.answer(Some(&line(KEY, 1)), &mut draw).expect("sealed");
    let own = keyring.own().expect("a key");
    assert!(keyring.take_fresh().is_some());
    assert_eq!(keyring.answer(Some(&line(KEY, 2)), &mut draw), Some(first));
    assert_eq!(
        keyring.own().map(|own| (own.tag, own.key)),
        Some((2, own.key.clone()))
    );
    assert_eq!(keyring.take_fresh(), None);
    let second = keyring.answer(Some(&line(OTHER, 1)), &mut draw).expect("sealed");
    assert!(second.send > first.send && second.receive > first.receive);
    assert!(keyring.own().is_some_and(|newer| newer.key != own.key));
    assert!(keyring.take_fresh().is_some_and(|keys| keys.spec == second));
    // Back in clear, and never again with a key that was used.
    assert_eq!(keyring.answer(None, &mut draw), None);
    let third = keyring.answer(Some(&line(OTHER, 1)), &mut draw).expect("sealed");
    assert!(third.send > second.send && third.receive > second.receive);
}

#[test]
fn our_own_offer_has_a_key_for_each_suite_and_later_the_one_that_is_used() {
    let (mut draw, local) = (draws(), ([192, 0, 2, 100], 20_000).into());
    let mut answerer = answerer(SrtpPolicy::Required);
    let offered = lines(&answerer.offer(local, &mut draw));
    assert!(offered[0].starts_with("m=audio 20000 RTP/SAVP "), "{offered:?}");
    let suites: Vec<_> = offered[1..]
        .iter()
        .filter_map(|line| Crypto::read(line.trim_start_matches("a=crypto:")))
        .map(|line| (line.tag, line.suite))
        .collect();
    assert_eq!(suites, [(1, Suite::AesGcm128), (2, Suite::AesCm80)]);

    let answer = |line: &str| {
        format!("v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:{line}\r\n").into_bytes()
    };
    let cm = format!("AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    assert_eq!(
        answerer.read_answer(&answer(&format!("1 {cm}")), FOUR),
        Err(Unusable::Suite),
        "that tag was another suite's"
    );
    let spec = answerer
        .read_answer(&answer(&format!("2 {cm}")), FOUR)
        .expect("usable");
    let first = spec.srtp.expect("sealed");
    let keys = answerer.take_keys().expect("they are new");
    assert!(offered[2].ends_with(keys_of(&offered[2]).as_str()) && keys.spec == first);

    // A re-INVITE without an offer: our key stays, whatever theirs does.
    let again = lines(&answerer.offer(local, &mut draw));
    assert_eq!(again[1..], offered[2..], "the key that is used, alone");
    let other = format!("2 AES_CM_128_HMAC_SHA1_80 inline:{OTHER}");
    let spec = answerer.read_answer(&answer(&other), FOUR).expect("usable");
    let second = spec.srtp.expect("sealed");
    assert!(second.send == first.send && second.receive > first.receive);

    let plain = b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n";
    assert_eq!(answerer.read_answer(plain, FOUR), Err(Unusable::Insecure));
}

fn keys_of(line: &str) -> String {
    line.split("inline:").nth(1).expect("a key").to_owned()
}
