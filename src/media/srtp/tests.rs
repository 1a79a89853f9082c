//! The vectors of the RFCs, and what becomes of packets that were changed, repeated, late, or sealed with other keys.

use super::cipher::Cipher;
use super::derive;
use super::*;
use crate::media_api::Suite;
use aes::Aes128;
use aes::cipher::KeyInit;

fn hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).expect("a digit") as u8;
    let text: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    text.chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn salt(text: &str) -> [u8; 14] {
    let mut salt = [0; 14];
    let bytes = hex(text);
    salt[..bytes.len()].copy_from_slice(&bytes);
    salt
}

/// RFC 3711 B.2.
#[test]
fn the_key_stream_is_that_of_the_rfc() {
    let aes = Aes128::new_from_slice(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).expect("16 bytes");
    let counter = derive::counter(salt("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
    let mut stream = vec![0; 0xff02 * 16];
    derive::apply(&aes, counter, &mut stream);
    for (block, expected) in [
        (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
        (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
        (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
        (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
        (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
        (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
    ] {
        assert_eq!(stream[block * 16..][..16], hex(expected), "block {block:#x}");
    }
}

/// RFC 3711 B.3.
#[test]
fn session_keys_are_those_of_the_rfc() {
    let master = Aes128::new_from_slice(&hex("E1F97A0D3E018BE0D64FA32C06DE4139")).expect("16 bytes");
    let master_salt = salt("0EC675AD498AFEEBB6960B3AABE6");
    for (label, expected) in [
        (0, "C61E7A93744F39EE10734AFE3FF7A087"),
        (2, "30CBBC08863D8C85D49DB34A9AE1"),
        (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
    ] {
        let expected = hex(expected);
        let mut made = vec![0; expected.len()];
        derive::derive(&master, master_salt, label, &mut made);
        assert_eq!(made, expected, "label {label}");
    }
}

const QUID: &str = "517569642070726f2071756f";
const RTP: &str =
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
const RTCP: &str = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

fn gcm(suite: Suite) -> Cipher {
    let key: Vec<u8> = (0..suite.key_bytes() as u8).collect();
    Cipher::of_session(suite, &key, salt(QUID), &[], suite.tag_bytes()).expect("a key of that length")
}

/// RFC 7714 §16.1.1, §16.1.2, §16.2.1, §16.2.2.
#[test]
fn aes_gcm_seals_and_opens_the_voice_of_the_rfc() {
    for (suite, sealed) in [
        (
            Suite::AesGcm128,
            "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            Suite::AesGcm256,
            "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
    ] {
        let (plain, sealed) = (hex(RTP), hex(sealed));
        let mut room = [0; 100];
        room[..plain.len()].copy_from_slice(&plain);
        let len = gcm(suite).seal_rtp(&mut room, (12, plain.len()), 0x5501_a0b2, 0xf17b);
        assert_eq!(len.map(|len| &room[..len]), Some(&sealed[..]), "{suite:?}");
        let mut packet = sealed.clone();
        let len = gcm(suite).open_rtp(&mut packet, 12, 0x5501_a0b2, 0xf17b);
        assert_eq!(len.map(|len| &packet[..len]), Some(&plain[..]), "{suite:?}");
    }
}

/// RFC 7714 §17.1, §17.2.
#[test]
fn aes_gcm_seals_and_opens_the_report_of_the_rfc() {
    for (suite, sealed) in [
        (
            Suite::AesGcm128,
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
        ),
        (
            Suite::AesGcm256,
            "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
        ),
    ] {
        let (plain, sealed) = (hex(RTCP), hex(sealed));
        let mut room = [0; 100];
        room[..plain.len()].copy_from_slice(&plain);
        let len = gcm(suite).seal_rtcp(&mut room, plain.len(), 0x5d4);
        assert_eq!(len.map(|len| &room[..len]), Some(&sealed[..]), "{suite:?}");
        let mut packet = sealed.clone();
        let place = gcm(suite).control_index(&packet);
        assert_eq!(place, Some((0x4d61_7273, 0x5d4)));
        let len = gcm(suite).open_rtcp(&mut packet, 0x4d61_7273, 0x5d4);
        assert_eq!(len.map(|len| &packet[..len]), Some(&plain[..]), "{suite:?}");
    }
}

/// RFC 2202 §3.
#[test]
fn the_tag_is_that_of_the_rfc() {
    for (key, text, expected) in [
        (
            vec![0x0b; 20],
            "Hi There",
            "b617318655057264e28bc0b6fb378c8ef146be00",
        ),
        (
            b"Jefe".to_vec(),
            "what do ya want for nothing?",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
    ] {
        let (head, rest) = text.as_bytes().split_at(3);
        let mac = mac::Mac::new(&key).expect("a short key");
        assert_eq!(mac.tag(&[head, rest])[..], hex(expected));
        assert_eq!(mac.is_tag(&[head, rest], &hex(expected)[..10]), Some(()));
        assert_eq!(mac.is_tag(&[head, rest], &[]), None);
    }
}

/// A known answer of AES_CM_128_HMAC_SHA1_80: the master key and salt of RFC 3711 B.3, the packet of libsrtp's own check.
#[test]
fn counter_mode_seals_the_packet_that_others_check_with() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let mut srtp = both(Suite::AesCm80, &key, &key).0;
    let plain = hex("800f1234decafbadcafebabe abababababababababababababababab");
    let sealed = hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb");
    let mut room = [0; 100];
    assert_eq!(srtp.seal(&plain, &mut room), Some(&sealed[..]));
    let plain = hex("81c8000bcafebabe abababababababababababababababab");
    let sealed = hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798");
    room[..plain.len()].copy_from_slice(&plain);
    let len = srtp.seal_control(&mut room, plain.len());
    assert_eq!(len.map(|len| &room[..len]), Some(&sealed[..]));
}

const SPEC: SrtpSpec = SrtpSpec {
    suite: Suite::AesCm80,
    send: 1,
    receive: 1,
};

/// The two ends of a call.
fn both(suite: Suite, one: &[u8], other: &[u8]) -> (Srtp, Srtp) {
    let key = |bytes: &[u8]| MasterKey::new(bytes).expect("it fits");
    let spec = SrtpSpec { suite, ..SPEC };
    let end = |send: &[u8], receive: &[u8]| {
        let keys = SrtpKeys {
            spec,
            send: key(send),
            receive: key(receive),
        };
        Srtp::new(&keys).expect("keys of the right length")
    };
    (end(one, other), end(other, one))
}

fn pair(suite: Suite) -> (Srtp, Srtp) {
    let len = suite.key_bytes() + suite.salt_bytes();
    let key = |from: u8| (from..from + len as u8).collect::<Vec<u8>>();
    both(suite, &key(1), &key(101))
}

fn voice(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 160]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend([sequence as u8; 160]);
    packet
}

fn sealed(srtp: &mut Srtp, packet: &[u8]) -> Vec<u8> {
    let mut room = [0; 300];
    srtp.seal(packet, &mut room).expect("there is room").to_vec()
}

fn opened(srtp: &mut Srtp, packet: &[u8]) -> Result<Vec<u8>, Refused> {
    srtp.open(packet, &mut [0; DATAGRAM_MAX]).map(<[u8]>::to_vec)
}

#[test]
fn every_suite_carries_voices_and_reports_over_the_wrap_and_nothing_twice() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        for n in 65_400..65_700_u32 {
            let packet = voice(7, n as u16);
            let on_the_wire = sealed(&mut here, &packet);
            assert_eq!(on_the_wire.len(), packet.len() + suite.tag_bytes());
            assert_ne!(on_the_wire[12..40], packet[12..40]);
            assert_eq!(opened(&mut there, &on_the_wire), Ok(packet), "{suite:?} {n}");
            assert_eq!(opened(&mut there, &on_the_wire), Err(Refused::Replayed));
        }
        for n in 0..3 {
            let report = [0x80, 201, 0, 1, 0, 0, 0, 7, n, n, n, n];
            let mut room = [0; 100];
            room[..report.len()].copy_from_slice(&report);
            let len = here.seal_control(&mut room, report.len()).expect("room");
            assert!(len <= report.len() + OVERHEAD);
            let mut packet = room[..len].to_vec();
            let mut again = packet.clone();
            let len = there.open_control(&mut packet).expect("it is authentic");
            assert_eq!(packet[..len], report, "{suite:?}");
            assert_eq!(there.open_control(&mut again), Err(Refused::Replayed));
        }
    }
}

#[test]
fn a_changed_bit_anywhere_another_key_or_nonsense_is_refused_and_leaves_no_trace() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        let good = sealed(&mut here, &voice(7, 500));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(opened(&mut there, &bad).is_err(), "{suite:?} bit {bit}");
        }
        for len in 0..good.len() {
            assert!(opened(&mut there, &good[..len]).is_err(), "{suite:?} {len} bytes");
        }
        // Its own voice thrown back at it.
        assert_eq!(opened(&mut here, &good), Err(Refused::Unauthentic));
        let mut report = [0_u8; 100];
        report[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 7]);
        let len = here.seal_control(&mut report, 8).expect("room");
        for bit in 0..len * 8 {
            let mut bad = report[..len].to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(there.open_control(&mut bad).is_err(), "{suite:?} bit {bit}");
        }
        for short in 0..len {
            assert!(there.open_control(&mut report[..short].to_vec()).is_err());
        }
        assert!(
            opened(&mut there, &good).is_ok(),
            "nothing stuck of what was refused"
        );
    }
}

#[test]
fn a_direction_that_keeps_its_key_goes_on_counting_and_the_other_begins_anew() {
    let (mut here, mut there) = pair(Suite::AesCm80);
    for n in 65_530..65_540_u32 {
        let packet = sealed(&mut here, &voice(7, n as u16));
        assert!(opened(&mut there, &packet).is_ok());
    }
    let again = |receive| {
        let (mut newer, _) = pair(Suite::AesCm80);
        newer.spec = SrtpSpec { receive, ..SPEC };
        newer
    };
    // The peer's key is another one; ours stays, in its second cycle.
    let mut newer = again(2);
    assert!(
        newer.follow(Box::new(here)).is_none(),
        "kept for what is under way"
    );
    let packet = sealed(&mut newer, &voice(7, 4));
    assert!(
        opened(&mut there, &packet).is_ok(),
        "the roll-over counter went on"
    );
    // Had it begun anew, the same key stream would have been used twice, and the peer would understand nothing.
    let packet = sealed(&mut again(2), &voice(7, 5));
    assert_eq!(opened(&mut there, &packet), Err(Refused::Unauthentic));
}

#[test]
fn what_is_under_way_when_the_peer_changes_its_key_is_opened_for_a_second() {
    let (here, mut there) = pair(Suite::AesGcm128);
    let (mut newer, mut there_newer) = both(Suite::AesCm80, &[5; 30], &[6; 30]);
    newer.spec.receive = 2;
    assert!(newer.follow(Box::new(here)).is_none());
    let report = |srtp: &mut Srtp| {
        let mut room = [0; 100];
        room[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 7]);
        let len = srtp.seal_control(&mut room, 8).expect("room");
        room[..len].to_vec()
    };
    let under_way: Vec<_> = (100..103).map(|n| sealed(&mut there, &voice(7, n))).collect();
    assert!(opened(&mut newer, &under_way[0]).is_ok());
    assert_eq!(
        opened(&mut newer, &under_way[0]),
        Err(Refused::Unauthentic),
        "not twice"
    );
    assert!(newer.open_control(&mut report(&mut there)).is_ok());
    for n in 0..50 {
        if n == 49 {
            assert!(opened(&mut newer, &under_way[1]).is_ok(), "overtaken by 49");
        }
        let packet = sealed(&mut there_newer, &voice(7, 103 + n));
        assert!(opened(&mut newer, &packet).is_ok());
    }
    assert_eq!(opened(&mut newer, &under_way[2]), Err(Refused::Unauthentic));
    assert_eq!(
        newer.open_control(&mut report(&mut there)),
        Err(Refused::Unauthentic)
    );

    // Changed once more, what was before the last is needed no more; what goes on in both directions keeps what it had.
    let (mut third, _) = pair(Suite::AesCm80);
    third.spec.receive = 3;
    let oldest = third.follow(Box::new(newer)).expect("of three, two are kept");
    assert_eq!(oldest.spec.suite, Suite::AesGcm128);
    let (mut same, _) = pair(Suite::AesCm80);
    same.spec = SrtpSpec {
        send: 2,
        ..third.spec
    };
    assert!(same.follow(Box::new(third)).is_some());
    assert_eq!(same.former.as_ref().map(|former| former.spec.receive), Some(2));
}
