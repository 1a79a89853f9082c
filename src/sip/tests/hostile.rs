//! Whatever arrives: no panic, no word to a third party, no caller's number outside the messages, nothing left alive.

use super::{Asked, OFFER, World, local, peer};
use crate::sip::{Event, Output, Peer};
use proptest::prelude::*;
use std::time::Duration;

/// One thing that happens to the user agent.
#[derive(Clone, Debug)]
enum Step {
    Mutated {
        which: u8,
        at: usize,
        byte: u8,
        cut: usize,
    },
    Accept,
    HangUp,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), any::<usize>(), any::<u8>(), prop_oneof![4 => Just(usize::MAX), 1 => 0..1_200_usize])
            .prop_map(|(which, at, byte, cut)| Step::Mutated { which, at, byte, cut }),
        2 => Just(Step::Accept),
        1 => Just(Step::HangUp),
        2 => (0..40_000_u64).prop_map(Step::Wait),
    ]
}

/// One of the requests of a call, in dialog where we gave a tag.
fn request(which: u8, to_tag: &str) -> Asked {
    let cseq = u32::from(which / 16);
    let mut asked = match which % 9 {
        0 => return Asked::invite(),
        1 => Asked {
            body: OFFER.to_owned(),
            ..Asked::new("ACK", 1, "a1")
        },
        2 => Asked::new("BYE", cseq, "b1"),
        3 => Asked::new("CANCEL", 1, "i1"),
        4 => Asked::new("OPTIONS", cseq, "o1"),
        5 => Asked::new("UPDATE", cseq, &format!("u{which}")),
        6 => Asked::new("INFO", cseq, &format!("n{which}")),
        // Without an offer.
        7 => Asked::new("INVITE", 1, "i1"),
        _ => Asked::new("INVITE", cseq, &format!("i{which}")),
    };
    if which % 9 == 8 || (which % 9 == 5 && which.is_multiple_of(2)) {
        asked.body = OFFER.to_owned();
    }
    if asked.method != "CANCEL" {
        asked.to_tag = to_tag.to_owned();
    }
    asked
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_damaged_messages_leaves_nothing_alive(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        world.checks_grammar = false;
        let (mut legs, mut ended, mut to_tag) = (Vec::new(), Vec::new(), String::new());
        for step in steps {
            match step {
                Step::Mutated { which, at, byte, cut } => {
                    let mut bytes = request(which, &to_tag).text().into_bytes();
                    if which % 3 == 0 {
                        let place = at % bytes.len();
                        bytes[place] = byte;
                    }
                    bytes.truncate(cut);
                    world.ua.handle_message(world.now, Peer::udp(peer()), local(), &bytes);
                }
                Step::Accept => legs.iter().for_each(|leg| world.ua.accept(world.now, *leg, super::our_rtp())),
                Step::HangUp => legs.iter().for_each(|leg| world.ua.hang_up(world.now, *leg)),
                Step::Wait(millis) => {
                    world.now = world.now + Duration::from_millis(millis);
                    world.ua.handle_timeout(world.now);
                }
            }
            while let Some(output) = world.ua.poll_output() {
                let shown = format!("{output:?}");
                prop_assert!(!shown.contains("30123456"));
                match output {
                    Output::Send { to, bytes, .. } => {
                        // A damaged Contact may name a neighbour of the peer's, which is served as well; nobody else.
                        prop_assert_eq!(to.addr.to_string().rsplit_once('.').map(|(net, _)| net.to_owned()), Some("192.0.2".to_owned()));
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        if text.starts_with("SIP/2.0 200") && text.contains(" INVITE\r\n") {
                            let to = text.lines().find(|line| line.starts_with("To: ")).unwrap_or_default();
                            to_tag = to.split_once(";tag=").map_or(String::new(), |(_, tag)| format!(";tag={tag}"));
                        }
                    }
                    Output::Event(Event::Invited { leg, .. }) => legs.push(leg),
                    Output::Event(Event::Ended { leg, .. }) => ended.push(leg),
                    Output::Event(Event::Confirmed { .. } | Event::Reinvited { .. } | Event::Key { .. } | Event::Lost { .. } | Event::Trunk { .. }) => {}
                    Output::Close { .. } | Output::Resolve { .. } => {}
                }
            }
        }
        legs.iter().for_each(|leg| world.ua.hang_up(world.now, *leg));
        for _ in 0..4 {
            world.passes(Duration::from_secs(64));
        }
        ended.extend(world.events.iter().filter_map(|event| match event {
            Event::Ended { leg, .. } => Some(*leg),
            _ => None,
        }));
        ended.sort();
        prop_assert_eq!(ended, legs);
        prop_assert_eq!(world.ua.census(), super::Census::default());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut world = World::new();
        world.checks_grammar = false;
        world.hears_from(peer(), &bytes);
        world.ends();
    }

    #[test]
    fn any_session_description_is_survived(body in "(v=0\r\n)?([a-z]=[ -~]{0,30}\r\n){0,8}(m=audio [0-9]{1,5} RTP/AVP [0-9 ]{1,9}\r\n)?") {
        let mut world = World::new();
        world.hears(&Asked { body, ..Asked::invite() });
        let events: Vec<_> = world.events.drain(..).collect();
        for event in events {
            if let Event::Invited { leg, .. } = event {
                world.accepts(leg);
                world.hangs_up(leg);
            }
        }
        world.passes(Duration::from_secs(120));
        prop_assert_eq!(world.ua.census(), super::Census::default());
    }
}
