//! What offers are taken, and what the answer says.

use super::{Abilities, Agreement, Families, Unusable, read, read_answer};
use crate::media_api::{Codec, CodecName, Codecs, Law, MediaSpec, OpusSpec, SrtpPolicy};
use crate::sip::answer::Answerer;
use sdp_types::Session;

/// We have IPv4 alone.
const FOUR: Families = Families { v4: true, v6: false };

fn able(families: Families, codecs: &Codecs) -> Abilities<'_> {
    let srtp = SrtpPolicy::Optional;
    Abilities {
        families,
        codecs,
        srtp,
    }
}

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";

fn offer(rest: &str) -> Result<Agreement, Unusable> {
    read(format!("{HEAD}{rest}").as_bytes(), able(FOUR, &Codecs::default()))
}

fn events(spec: MediaSpec) -> Option<u8> {
    spec.events.map(|events| events.payload_type)
}

fn answer(agreement: &Agreement) -> String {
    let local = ([192, 0, 2, 100], 20_000).into();
    let bytes = Answerer::new(84, Codecs::default()).answer(agreement, local);
    Session::parse(&bytes).expect("our own answer");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_answer_takes_the_codec_that_we_prefer_and_the_offered_event_payload_type() {
    let rest = "m=audio 4000 RTP/AVP 18 0 8 98 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:98 speex/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=rtcp:4009\r\na=ptime:30\r\n";
    let agreement = offer(rest).expect("usable");
    let spec = agreement.spec;
    assert_eq!((spec.codec, events(spec)), (Codec::G711(Law::A), Some(101)));
    assert_eq!(spec.remote, "192.0.2.9:4000".parse().expect("address"));
    assert!(spec.send && spec.receive);
    assert_eq!(
        answer(&agreement),
        "v=0\r\no=- 42 1 IN IP4 192.0.2.100\r\ns=-\r\nc=IN IP4 192.0.2.100\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn other_streams_are_refused_in_their_places() {
    let rest = "m=image 4010 udptl t38\r\nm=audio 4020 RTP/SAVP 8\r\nm=audio 0 RTP/AVP 8\r\n\
        m=audio 4030 RTP/AVP 8\r\nc=IN IP4 192.0.2.77\r\nm=audio 4040 RTP/AVP 0\r\nm=video 4050 RTP/AVP 96 97\r\n";
    let agreement = offer(rest).expect("usable");
    assert_eq!(agreement.spec.remote, "192.0.2.77:4030".parse().expect("address"));
    assert_eq!(events(agreement.spec), None);
    let text = answer(&agreement);
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("m=")).collect();
    let expected = [
        "m=image 0 udptl t38",
        "m=audio 0 RTP/SAVP 8",
        "m=audio 0 RTP/AVP 8",
        "m=audio 20000 RTP/AVP 8",
        "m=audio 0 RTP/AVP 0",
        "m=video 0 RTP/AVP 96 97",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_direction_is_answered_from_our_side() {
    let stream = "m=audio 4000 RTP/AVP 8\r\n";
    for (session, media, send, receive, answered) in [
        ("", "", true, true, "sendrecv"),
        // Held: what comes now is music.
        ("", "a=sendonly\r\n", false, false, "recvonly"),
        ("", "a=recvonly\r\n", true, false, "sendonly"),
        ("", "a=inactive\r\n", false, false, "inactive"),
        ("a=sendonly\r\n", "", false, false, "recvonly"),
        ("a=inactive\r\n", "a=sendrecv \r\n", true, true, "sendrecv"),
        ("", "c=IN IP4 0.0.0.0\r\n", false, false, "inactive"),
    ] {
        let agreement = offer(&format!("{session}{stream}{media}")).expect("usable");
        assert_eq!(
            (agreement.spec.send, agreement.spec.receive),
            (send, receive),
            "{session}{media}"
        );
        assert!(
            answer(&agreement).contains(&format!("a={answered}\r\n")),
            "{session}{media}"
        );
    }
}

#[test]
fn what_cannot_be_taken_is_told_why() {
    for (rest, why) in [
        ("", Unusable::Stream),
        ("m=audio 0 RTP/AVP 8\r\n", Unusable::Stream),
        ("m=video 4000 RTP/AVP 8\r\n", Unusable::Stream),
        ("m=audio 4000 RTP/SAVP 8\r\n", Unusable::Suite),
        ("m=audio 4000 RTP/AVP 18 3\r\n", Unusable::Codec),
        (
            "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 opus/48000/2\r\n",
            Unusable::Codec,
        ),
        (
            "m=audio 4000 RTP/AVP 3\r\nm=video 1 RTP/AVP 96\r\n",
            Unusable::Codec,
        ),
        (
            "m=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n",
            Unusable::Address,
        ),
        (
            "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 224.0.0.1/127\r\n",
            Unusable::Address,
        ),
        (
            "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 255.255.255.255\r\n",
            Unusable::Address,
        ),
        (
            "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 phone.example\r\n",
            Unusable::Address,
        ),
        ("m=audio many RTP/AVP 8\r\n", Unusable::Malformed),
        (&"m=audio 0 RTP/AVP 8\r\n".repeat(33), Unusable::Malformed),
    ] {
        assert_eq!(offer(rest), Err(why), "{rest}");
    }
    assert_eq!(
        read(b" \r\n", able(FOUR, &Codecs::default())),
        Err(Unusable::Missing)
    );
    assert_eq!(
        read(b"hello", able(FOUR, &Codecs::default())),
        Err(Unusable::Malformed)
    );
}

#[test]
fn odd_but_legal_descriptions_are_read() {
    let latin = b"v=0\no=M\xfcller 1 1 IN IP4 192.0.2.9\ns=\xdcbung  \nt=0 0\nm=audio 4000/2 RTP/AVP 8 \nc=IN  IP4 192.0.2.9 \n";
    let agreement = read(latin, able(FOUR, &Codecs::default())).expect("usable");
    assert_eq!(agreement.spec.codec, Codec::G711(Law::A));
    let nameless = "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n";
    assert!(read(nameless.as_bytes(), able(FOUR, &Codecs::default())).is_ok());
    let six = "v=0\r\nc=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 8\r\n";
    let agreement = read(
        six.as_bytes(),
        able(
            std::net::IpAddr::from(std::net::Ipv6Addr::LOCALHOST).into(),
            &Codecs::default(),
        ),
    )
    .expect("usable");
    assert_eq!(
        agreement.spec.remote,
        "[2001:db8::9]:4000".parse().expect("address")
    );
}

#[test]
fn events_need_a_dynamic_payload_type_and_have_the_voices_clock_if_they_can() {
    for (rest, expected) in [
        (
            "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 Telephone-Event/8000\r\n",
            Some(96),
        ),
        (
            "m=audio 4000 RTP/AVP 8 127\r\na=rtpmap:127 telephone-event/8000/1\r\n",
            Some(127),
        ),
        (
            "m=audio 4000 RTP/AVP 8 96 97\r\na=rtpmap:96 telephone-event/48000\r\na=rtpmap:97 telephone-event/8000\r\n",
            Some(97),
        ),
        (
            "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/16000\r\n",
            Some(96),
        ),
        (
            "m=audio 4000 RTP/AVP 111 96 97\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\n\
             a=rtpmap:96 telephone-event/8000\r\n",
            Some(97),
        ),
        ("m=audio 4000 RTP/AVP 8 101\r\n", None),
        (
            "m=audio 4000 RTP/AVP 8\r\na=rtpmap:101 telephone-event/8000\r\n",
            None,
        ),
        (
            "m=audio 4000 RTP/AVP 8 13\r\na=rtpmap:13 telephone-event/8000\r\n",
            None,
        ),
    ] {
        assert_eq!(events(offer(rest).expect("usable").spec), expected, "{rest}");
    }
}

#[test]
fn what_is_no_word_is_not_repeated_in_an_answer() {
    for odd in [
        "m= 0 RTP/AVP 96\r\n",
        "m=video 0 R\u{1}P/AVP 96\r\n",
        "m=video 0 RTP/AVP 96\u{a0}97\r\n",
        "m=video 0 RTP/AVP 96\t97\r\n",
    ] {
        let refused = offer(&format!("m=audio 4000 RTP/AVP 8\r\n{odd}"));
        assert_eq!(refused.err(), Some(Unusable::Malformed), "{odd:?}");
    }
}

#[test]
fn an_answer_to_our_offer_is_read_at_the_place_of_our_stream() {
    let answer = |rest: &str| {
        read_answer(
            format!("{HEAD}{rest}").as_bytes(),
            able(FOUR, &Codecs::default()),
            1,
        )
        .map(|(spec, _)| spec)
    };
    let taken = "m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n";
    let spec = answer(taken).expect("usable");
    assert_eq!(
        (spec.codec, events(spec)),
        (Codec::G711(Law::Mu), Some(97)),
        "as the peer wants them"
    );
    for (rest, why) in [
        ("m=audio 4000 RTP/AVP 0\r\n", Unusable::Stream),
        (
            "m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\n",
            Unusable::Stream,
        ),
        (
            "m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 18\r\n",
            Unusable::Codec,
        ),
    ] {
        assert_eq!(answer(rest), Err(why), "{rest}");
    }
}

#[test]
fn reports_go_to_the_port_after_unless_the_offer_says_otherwise() {
    let control = |rest: &str| {
        let media = format!("m=audio 4000 RTP/AVP 8\r\n{rest}");
        let spec = offer(&media).expect("usable").spec;
        spec.control.map(|control| control.to_string())
    };
    let told = |address: &str| Some(address.to_owned());
    assert_eq!(control(""), told("192.0.2.9:4001"));
    assert_eq!(control("a=rtcp:4009\r\n"), told("192.0.2.9:4009"));
    assert_eq!(
        control("a=rtcp:4009 IN IP4 192.0.2.9\r\n"),
        told("192.0.2.9:4009")
    );
    assert_eq!(control("a=rtcp:4009 IN IP4 192.0.2.10\r\n"), None, "another host");
    assert_eq!(control("a=rtcp:4009 IN IP4 far.example\r\n"), None, "a name");
    assert_eq!(control("a=rtcp:many\r\n"), None);
    // RFC 3556: bandwidths of nothing.
    assert_eq!(control("b=RS:0\r\n"), told("192.0.2.9:4001"));
    assert_eq!(control("b=RS:0\r\nb=RR:0\r\n"), None);
    let last = offer("m=audio 65535 RTP/AVP 8\r\n").expect("usable").spec;
    assert_eq!(last.control, None, "there is no port after");
}

#[test]
fn of_the_offered_codecs_the_first_of_ours_is_taken() {
    let all = "m=audio 4000 RTP/AVP 8 0 9 111\r\na=rtpmap:111 Opus/48000/2\r\na=fmtp:111 minptime=10; useinbandfec=1;maxaveragebitrate=16000\r\n";
    let opus = Codec::Opus(OpusSpec {
        payload_type: 111,
        fec: true,
        bitrate: 16_000,
    });
    use CodecName::{G722, Opus, PcmA, PcmU};
    for (ours, expected) in [
        (vec![Opus, G722, PcmA, PcmU], Ok(opus)),
        (vec![G722, Opus, PcmA, PcmU], Ok(Codec::G722)),
        (vec![PcmU, PcmA], Ok(Codec::G711(Law::Mu))),
        (vec![PcmA, Opus], Ok(Codec::G711(Law::A))),
    ] {
        let ours = Codecs::new(&ours).expect("each once");
        let read = read(format!("{HEAD}{all}").as_bytes(), able(FOUR, &ours));
        assert_eq!(read.map(|agreement| agreement.spec.codec), expected);
    }
    for rest in [
        "m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/16000\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:97 opus/48000/2\r\n",
        "m=audio 4000 RTP/AVP 9\r\na=rtpmap:9 G729/8000\r\n",
    ] {
        assert_eq!(offer(rest).err(), Some(Unusable::Codec), "{rest}");
    }
}

#[test]
fn opus_is_answered_under_the_peers_payload_type_as_rfc_7587_has_it() {
    let rest = "m=audio 4000 RTP/AVP 111 8 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/48000\r\n";
    let agreement = offer(rest).expect("usable");
    assert_eq!(agreement.spec.codec.clock(), 48_000);
    let text = answer(&agreement);
    let (_, media) = text.split_once("m=").expect("a media line");
    assert_eq!(
        media,
        "audio 20000 RTP/AVP 111 101\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;useinbandfec=1\r\n\
         a=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let mut answerer = Answerer::new(84, Codecs::default());
    let ours =
        String::from_utf8(answerer.offer(([192, 0, 2, 100], 20_000).into(), &mut || 0)).expect("UTF-8");
    assert!(
        ours.contains("RTP/AVP 96 9 8 0 101\r\n") && ours.contains("a=rtpmap:9 G722/8000\r\n"),
        "{ours}"
    );
}
