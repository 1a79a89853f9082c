use super::super::rtcp::Block;
use super::*;

const SECOND: u64 = 50;

/// A call of which somebody looks at the ways once a second.
#[derive(Default)]
struct Call {
    ways: Ways,
    frame: u64,
    told: Vec<(u64, Option<Fault>)>,
}

impl Call {
    fn pass(&mut self, seconds: u64, mut each: impl FnMut(&mut Ways, u64)) {
        self.pass_as(seconds, true, &mut each);
    }

    fn pass_as(&mut self, seconds: u64, receives: bool, each: &mut dyn FnMut(&mut Ways, u64)) {
        for _ in 0..seconds * SECOND {
            each(&mut self.ways, self.frame);
            if self.frame.is_multiple_of(SECOND) {
                let news = self.ways.judge(self.frame, receives, true);
                self.told.extend(news.map(|fault| (self.frame / SECOND, fault)));
            }
            self.frame += 1;
        }
    }
}

fn stranger(port: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 4_000 + port))
}

fn silence(_: &mut Ways, _: u64) {}

fn talk(ways: &mut Ways, frame: u64) {
    ways.handle_packet(frame);
}

fn sender(packets: u32) -> Heard {
    let sender = Sender {
        ntp: 1 << 40,
        rtp: 0,
        packets,
        octets: 0,
    };
    Heard {
        reporter: Some(9),
        sender: Some(sender),
        blocks: 1,
        ..Heard::default()
    }
}

fn on_us(highest: u32) -> Heard {
    let block = Block {
        ssrc: 7,
        highest,
        ..Block::default()
    };
    Heard {
        reporter: Some(9),
        blocks: 1,
        about_us: Some(block),
        ..Heard::default()
    }
}

#[test]
fn a_peer_of_whom_nothing_ever_comes_is_told_within_ten_seconds_and_so_is_its_coming() {
    let mut call = Call::default();
    call.pass(20, silence);
    call.pass(3, talk);
    assert_eq!(call.told, [(9, Some(Fault::NothingComes)), (20, None)]);
}

#[test]
fn silence_of_somebody_who_was_heard_is_no_fault() {
    let mut call = Call::default();
    call.pass(1, talk);
    call.pass(600, silence);
    assert_eq!(call.told, []);
}

#[test]
fn somebody_who_says_that_nothing_is_sent_is_silent_and_not_lost() {
    let mut call = Call::default();
    let silent = Heard {
        reporter: Some(9),
        ..Heard::default()
    };
    call.pass(60, |ways, frame| {
        if frame % 250 == 249 {
            ways.handle_report(&silent, 0, 0);
        }
    });
    assert_eq!(call.told, []);
}

#[test]
fn packets_that_the_peer_counts_and_nobody_sees_are_missed() {
    let mut call = Call::default();
    let report = |ways: &mut Ways, frame: u64, received: u64| {
        if frame % 250 == 200 {
            ways.handle_report(&sender(frame as u32), 0, received as u32);
        }
    };
    call.pass(20, |ways, frame| {
        talk(ways, frame);
        report(ways, frame, frame);
    });
    // The voice is cut after 20 s; the reports still come and count on.
    call.pass(20, |ways, frame| report(ways, frame, 20 * SECOND));
    assert_eq!(call.told, [(29, Some(Fault::NothingComes))]);
    // With silence suppressed the count stands still.
    let mut quiet = Call::default();
    quiet.pass(20, talk);
    quiet.pass(60, |ways, frame| {
        if frame % 250 == 200 {
            ways.handle_report(&sender(1_000), 0, 1_000);
        }
    });
    assert_eq!(quiet.told, []);
}

#[test]
fn what_comes_in_a_wrong_way_is_named() {
    let mut unknown = Call::default();
    unknown.pass(10, |ways, _| ways.handle_unknown());
    assert_eq!(unknown.told, [(9, Some(Fault::UnknownPayload))]);
    let mut elsewhere = Call::default();
    elsewhere.pass(5, talk);
    elsewhere.pass(10, |ways, _| ways.handle_stranger(stranger(1)));
    // Heard last in the last frame of the fifth second.
    assert_eq!(elsewhere.told, [(14, Some(Fault::FromElsewhere))]);
    // Strangers beside a good voice are none of its faults.
    let mut both = Call::default();
    both.pass(60, |ways, frame| {
        ways.handle_stranger(stranger(1));
        talk(ways, frame);
    });
    assert_eq!(both.told, []);
    // Nor are tries from here and there of the silence of somebody who was heard.
    let mut tries = Call::default();
    tries.pass(5, talk);
    tries.pass(60, |ways, frame| ways.handle_stranger(stranger(frame as u16 % 7)));
    assert_eq!(tries.told, []);
}

#[test]
fn a_call_on_hold_is_silent_and_may_be_so_for_long_after() {
    let mut call = Call::default();
    call.pass_as(60, false, &mut silence);
    assert_eq!(call.told, []);
    call.ways.handle_update(call.frame, false, 0);
    call.pass(8, silence);
    assert_eq!(call.told, [], "its time begins anew");
    call.pass(3, silence);
    assert_eq!(call.told, [(69, Some(Fault::NothingComes))]);
    call.pass_as(2, false, &mut silence);
    assert_eq!(call.told[1], (71, None), "on hold there is nothing to miss");
}

/// Plays reports of a peer, one every 5 s, and says after how many seconds the fault is told.
fn unheard_after(reports: &[Heard]) -> Option<u64> {
    let mut call = Call::default();
    let mut reports = reports.iter();
    call.pass(60, |ways, frame| {
        talk(ways, frame);
        if frame % 250 == 249
            && let Some(report) = reports.next()
        {
            ways.handle_report(report, frame as u32, frame as u32);
        }
    });
    assert!(call.told.len() <= 1, "{:?}", call.told);
    call.told.first().map(|(second, fault)| {
        assert_eq!(*fault, Some(Fault::NothingArrives));
        *second
    })
}

#[test]
fn a_peer_that_hears_nothing_says_so_in_its_reports() {
    let nothing = Heard {
        reporter: Some(9),
        ..Heard::default()
    };
    assert_eq!(unheard_after(&[nothing; 3]), Some(5), "no block at all");
    assert_eq!(
        unheard_after(&[on_us(60_000), on_us(60_010)]),
        Some(10),
        "cut soon after the first"
    );
    assert_eq!(
        unheard_after(&[on_us(0), on_us(0)]),
        Some(10),
        "the number stands still"
    );
    // Each of these hears us, or tells nothing.
    let follows: Vec<_> = (0..10).map(|n| on_us(65_000 + 250 * n)).collect();
    assert_eq!(unheard_after(&follows), None);
    let lags: Vec<_> = (0..10).map(|n| on_us(65_000 + 250 * n - 60 * (n % 2))).collect();
    assert_eq!(unheard_after(&lags), None, "a second late now and then");
    let others = Heard {
        reporter: Some(9),
        blocks: 1,
        ..Heard::default()
    };
    assert_eq!(unheard_after(&[others; 9]), None, "reports that were passed on");
    let anew: Vec<_> = [65_000, 65_250, 200, 450, 700].map(on_us).to_vec();
    assert_eq!(unheard_after(&anew), None, "the peer began to count anew");
    assert_eq!(unheard_after(&[]), None, "no reports");
}

#[test]
fn a_peer_that_hears_again_is_believed_and_hold_is_no_fault() {
    let mut call = Call::default();
    let mut sent = 0;
    let mut report = |call: &mut Call, report: &Heard| {
        sent += 250;
        call.ways.handle_report(report, sent, 0);
        call.pass(5, talk);
    };
    report(&mut call, &on_us(100));
    report(&mut call, &on_us(100));
    report(&mut call, &on_us(600));
    assert_eq!(call.told, [(5, Some(Fault::NothingArrives)), (10, None)]);
    let nothing = Heard {
        reporter: Some(9),
        ..Heard::default()
    };
    call.ways.handle_report(&nothing, sent + 250, 0);
    assert_eq!(call.ways.judge(call.frame, true, false), None, "we do not send");
    call.ways.handle_update(call.frame, false, sent + 250);
    call.ways.handle_report(&nothing, sent + 300, 0);
    assert_eq!(
        call.ways.judge(call.frame, true, true),
        None,
        "a second after it was taken up"
    );
}
