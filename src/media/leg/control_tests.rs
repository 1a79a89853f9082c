use super::*;
use crate::ids::LegId;
use crate::media::rtcp::{Block, Heard, Report, Sender, write};
use crate::media::wire::{ControlDatagram, Datagram};
use crate::media::{ClipBank, Inbox, LegSeed, Outbox};
use crate::media_api::{Codec, Law, MediaSpec};
use crate::units::FRAME;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Whom the telephones of these stories send as, and whom the leg sends as.
const THEM: u32 = 7;
const US: u32 = 0xaabb_ccdd;

fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

#[derive(Debug, Default)]
struct Ends {
    voice: VecDeque<(SocketAddr, Vec<u8>)>,
    reports: VecDeque<(SocketAddr, Vec<u8>)>,
    sent: Vec<(SocketAddr, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
struct Line(Rc<RefCell<Ends>>);

impl Wire for Line {
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
        let (from, bytes) = self.0.borrow_mut().voice.pop_front()?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        let len = bytes.len();
        Some(Datagram { len, from })
    }
    fn send(&mut self, _: SocketAddr, _: &[u8]) -> bool {
        true
    }
    fn settle(&mut self, _: SocketAddr) {}
    fn unsettle(&mut self) {}
    fn receive_control(&mut self, buffer: &mut [u8]) -> Option<ControlDatagram> {
        let (from, bytes) = self.0.borrow_mut().reports.pop_front()?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        let (len, age) = (bytes.len(), Duration::ZERO);
        Some(ControlDatagram { len, from, age })
    }
    fn send_control(&mut self, to: SocketAddr, packet: &[u8]) -> bool {
        self.0.borrow_mut().sent.push((to, packet.to_vec()));
        true
    }
}

struct Call {
    leg: Leg<Line>,
    line: Line,
    counters: Counters,
    spec: MediaSpec,
    frame: u64,
}

impl Call {
    fn new() -> Call {
        let line = Line::default();
        let spec = MediaSpec {
            remote: at(1, 4_000),
            also: Some(at(9, 0).ip()),
            control: Some(at(1, 4_001)),
            codec: Codec::G711(Law::A),
            events: None,
            send: true,
            receive: true,
            srtp: None,
        };
        let random = u64::from(US) << 32 | 5;
        let seed = LegSeed {
            id: LegId(3),
            spec,
            random,
        };
        let leg = Leg::new(seed, line.clone());
        Call {
            leg,
            line,
            counters: Counters::default(),
            spec,
            frame: 1_000,
        }
    }

    fn tick(&mut self) {
        self.frame += 1;
        self.leg.begin_tick(self.frame);
        let (mut inbox, mut outbox) = (Inbox::new(1), Outbox::new(1));
        self.leg.receive(self.frame, &mut inbox);
        self.leg.listen(self.frame, &inbox, &mut self.counters);
        let sound = &mut [0; FRAME];
        self.leg
            .say((self.frame, 0), &ClipBank::default(), sound, &mut outbox);
        for (_, packet) in outbox.packets() {
            self.leg.send(self.frame, packet, &mut self.counters);
        }
    }

    /// So many seconds in which the voice comes from there, if from anywhere.
    fn pass(&mut self, seconds: u64, voice: Option<SocketAddr>) {
        for _ in 0..seconds * 50 {
            if let Some(from) = voice {
                let mut packet = vec![0x80, 8];
                packet.extend((self.frame as u16).to_be_bytes());
                packet.extend((self.frame as u32 * 160).to_be_bytes());
                packet.extend(THEM.to_be_bytes());
                packet.extend([0xd5; 160]);
                self.line.0.borrow_mut().voice.push_back((from, packet));
            }
            self.tick();
        }
    }

    fn hear(&mut self, from: SocketAddr, report: &Report) {
        let mut buffer = [0; REPORT_MAX];
        let len = write(report, &mut buffer);
        self.hear_bytes(from, &buffer[..len]);
    }

    fn hear_bytes(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.line.0.borrow_mut().reports.push_back((from, bytes.to_vec()));
    }

    /// Where reports went since the last time, and what they said.
    fn reports(&mut self) -> Vec<(SocketAddr, Heard)> {
        let sent = std::mem::take(&mut self.line.0.borrow_mut().sent);
        let read = |(to, bytes): (SocketAddr, Vec<u8>)| {
            (
                to,
                rtcp::read(&bytes, THEM).expect("our own reports are readable"),
            )
        };
        sent.into_iter().map(read).collect()
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.get(counter)
    }
}

fn report(ssrc: u32, block: Option<Block>) -> Report<'static> {
    let cname = b"0123456789abcdef01234567";
    Report {
        ssrc,
        sender: None,
        block,
        cname,
        goodbye: false,
    }
}

#[test]
fn the_peer_is_told_what_came_and_in_the_end_that_we_leave() {
    let mut call = Call::new();
    call.pass(30, Some(at(1, 4_000)));
    let reports = call.reports();
    assert!((4..=12).contains(&reports.len()), "{}", reports.len());
    for (to, heard) in &reports {
        assert_eq!((*to, heard.reporter), (at(1, 4_001), Some(US)));
        let block = heard.about_us.expect("on the voice that came");
        assert_eq!((block.lost, block.fraction_lost), (0, 0));
        let sender = heard.sender.expect("we send all the time");
        assert_eq!(sender.octets, sender.packets * 160);
    }
    call.leg.say_goodbye(&mut call.counters);
    let last = call.reports();
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].0, last[0].1.goodbye), (at(1, 4_001), Some(US)));
}

#[test]
fn a_round_trip_and_the_losses_there_are_among_the_figures() {
    let mut call = Call::new();
    call.pass(10, Some(at(1, 4_000)));
    let (_, asked) = call.reports().pop().expect("a report in ten seconds");
    let asked: Sender = asked.sender.expect("a sender's");
    let block = Block {
        ssrc: US,
        fraction_lost: 26,
        lost: 12,
        jitter: 40,
        last_report: asked.middle(),
        ..Block::default()
    };
    call.hear(at(1, 4_001), &report(THEM, Some(block)));
    call.pass(1, Some(at(1, 4_000)));
    let far = call.leg.figures().far;
    assert_eq!((far.reports, far.lost, far.loss_256, far.jitter), (1, 12, 26, 40));
    assert!(far.round_trip.is_some(), "as long as the stories' seconds are");
    assert_eq!(call.count(Counter::ControlTaken), 1);
}

#[test]
fn a_voice_from_elsewhere_is_reported_on_only_to_where_its_own_reports_come_from() {
    let mut call = Call::new();
    call.pass(20, Some(at(9, 5_000)));
    let first = call.reports();
    assert!(
        first.iter().all(|(to, _)| *to == at(1, 4_001)),
        "before it was latched: {first:?}"
    );
    assert!(first.len() <= 1, "a second at most");
    // Reports of another stream, or from another host, show nothing.
    call.hear(at(9, 5_001), &report(99, None));
    call.hear(at(8, 5_001), &report(THEM, None));
    call.pass(20, Some(at(9, 5_000)));
    assert_eq!(call.reports(), []);
    assert_eq!(call.count(Counter::ControlStranger), 1);
    call.hear(at(9, 6_123), &report(THEM, None));
    call.pass(20, Some(at(9, 5_000)));
    let told = call.reports();
    assert!(
        told.len() >= 2 && told.iter().all(|(to, _)| *to == at(9, 6_123)),
        "{told:?}"
    );
}

#[test]
fn damaged_and_strange_reports_are_counted_and_change_nothing() {
    let mut call = Call::new();
    call.hear_bytes(at(1, 4_001), &[0x81, 201, 0, 9, 1, 2, 3, 4]);
    call.hear_bytes(at(1, 4_001), b"");
    let block = Block {
        ssrc: US,
        lost: 5,
        ..Block::default()
    };
    call.hear(at(2, 4_001), &report(THEM, Some(block)));
    call.pass(2, Some(at(1, 4_000)));
    assert_eq!(
        [
            Counter::ControlMalformed,
            Counter::ControlStranger,
            Counter::ControlTaken
        ]
        .map(|case| call.count(case)),
        [2, 1, 0]
    );
    assert_eq!(call.leg.figures().far.reports, 0);
}

#[test]
fn an_address_of_nobody_gets_no_report_and_a_listener_without_a_voice_a_plain_one() {
    let mut call = Call::new();
    let nobody = SocketAddr::from(([0, 0, 0, 0], 4_000));
    let held = MediaSpec {
        remote: nobody,
        control: Some(nobody),
        send: false,
        receive: false,
        ..call.spec
    };
    call.leg.update(call.frame, held, None);
    call.pass(20, None);
    assert_eq!(call.reports(), []);
    call.leg.update(
        call.frame,
        MediaSpec {
            send: false,
            ..call.spec
        },
        None,
    );
    call.pass(20, Some(at(1, 4_000)));
    let reports = call.reports();
    assert!(reports.len() >= 2, "a call that only listens reports too");
    assert!(
        reports
            .iter()
            .all(|(_, heard)| heard.sender.is_none() && heard.about_us.is_some())
    );
}
