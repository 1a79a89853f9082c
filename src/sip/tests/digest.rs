//! Owns the digests that RFC 7616 prints, those that another implementation computed, and which challenge is chosen.

use super::*;

const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn mufasa() -> Login {
    Login {
        user: "Mufasa".into(),
        password: Password::new("Circle of Life"),
    }
}

fn challenge(algorithm: &str) -> String {
    format!(
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"{NONCE}\""
    )
}

fn chosen(values: &[&str]) -> Option<Challenge> {
    Challenge::first(values.iter().copied())
}

fn session(value: &str) -> Session {
    Session::new(
        chosen(&[value]).expect("a challenge that we answer"),
        CNONCE.into(),
    )
}

fn param<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let begin = answer.split_once(&format!(" {name}=\""))?.1;
    begin.split('"').next()
}

/// MD5 and SHA-256 are RFC 7616 §3.9.1; the others were computed by Python's hashlib.
#[test]
fn every_algorithm_gives_the_printed_response() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("MD5-sess", "e783283f46242139c486a698fec7211d"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (
            "SHA-256-sess",
            "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
        ),
        (
            "sha-512-256",
            "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0",
        ),
        (
            "SHA-512-256-sess",
            "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
        ),
    ] {
        let answer = session(&challenge(algorithm)).answer(&mufasa(), "GET", "/dir/index.html");
        assert_eq!(param(&answer, "response"), Some(response), "{answer}");
        assert!(
            answer
                .to_uppercase()
                .contains(&format!("ALGORITHM={}", algorithm.to_uppercase())),
            "{answer}"
        );
        assert!(answer.contains("qop=auth, nc=00000001, cnonce="), "{answer}");
    }
}

/// RFC 2617 §3.5 without its qop, as RFC 2069 had it.
#[test]
fn a_server_of_rfc_2069_gets_an_answer_of_its_time() {
    let value =
        "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc\"";
    let login = Login {
        user: "Mufasa".into(),
        password: Password::new("Circle Of Life"),
    };
    let answer = session(value).answer(&login, "GET", "/dir/index.html");
    assert_eq!(
        param(&answer, "response"),
        Some("670fd8c2df070c60b045671b8b24ff02")
    );
    assert!(
        answer.ends_with("opaque=\"5ccc\"") && !answer.contains("algorithm"),
        "{answer}"
    );
}

#[test]
fn a_nonce_is_counted_and_the_next_one_begins_anew() {
    let mut session = session(&challenge("MD5"));
    for count in ["nc=00000001", "nc=00000002", "nc=00000003"] {
        assert!(session.answer(&mufasa(), "REGISTER", "sip:x").contains(count));
    }
    session.renew("qop=auth, nextnonce=\"fresh\", nc=00000003");
    let answer = session.answer(&mufasa(), "REGISTER", "sip:x");
    assert!(
        answer.contains("nc=00000001") && param(&answer, "nonce") == Some("fresh"),
        "{answer}"
    );
}

#[test]
fn of_several_challenges_the_first_that_we_can_answer_is_taken() {
    let names = |values: &[&str]| chosen(values).map(|challenge| (challenge.hash.name(), challenge.nonce));
    let unknown = "Digest realm=\"r\", nonce=\"1\", algorithm=SHA3-512";
    let both = "Digest realm=\"a, b\",nonce = \"2\" ,algorithm=SHA-256, Digest realm=\"r\", nonce=\"3\"";
    assert_eq!(names(&[unknown, both]), Some(("SHA-256", "2".to_owned())));
    assert_eq!(
        names(&["Basic realm=\"r\"", "digest realm=r, nonce=\"4\""]),
        Some(("MD5", "4".to_owned()))
    );
    assert_eq!(
        names(&["NTLM abc, Digest nonce=\"5\", realm=\"r\", stale=TRUE"]).map(|found| found.1),
        Some("5".to_owned())
    );
    for useless in [
        unknown,
        "Digest realm=\"r\"",
        "Digest nonce=\"1\"",
        "Digest realm=\"r\", nonce=\"\"",
        "Digest realm=\"r\", nonce=\"1\", qop=\"auth-int\"",
        "Basic realm=\"r\", nonce=\"1\"",
        "",
        "Digest",
        ",,=",
    ] {
        assert_eq!(chosen(&[useless]), None, "{useless}");
    }
    assert!(chosen(&["Digest realm=r, nonce=n, stale=True"]).is_some_and(|challenge| challenge.is_stale));
}

#[test]
fn the_password_is_shown_by_nothing() {
    let login = mufasa();
    let answer = session(&challenge("SHA-256")).answer(&login, "REGISTER", "sip:x");
    assert!(!answer.contains("Circle") && !format!("{login:?}").contains("Circle"));
}
