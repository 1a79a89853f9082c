//! A small bridge for the callers' own tests: answers, waits for as many `#` as it is told, and mixes. Its faults show
//! that the callers' measurements find them.

use super::message::{Message, Start};
use super::offer::{Answer, offer, read_answer};
use super::{CallerSet, Pace};
use crate::media_api::Law;
use crate::units::FRAME;
use audio_codec_algorithms::{decode_alaw, encode_alaw};
use rtp_rs::{RtpPacketBuilder, RtpReader};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Frames that [`Fault::Delay`] adds: 80 ms.
const DELAY_FRAMES: usize = 4;

/// What the stub does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    OwnVoice,
    Delay,
    Refuses,
    EndsCalls,
}

struct Leg {
    call_id: String,
    rtp: UdpSocket,
    peer: Answer,
    room: Option<u8>,
    keyed: u8,
    last_event: Option<u32>,
    frame: [i16; FRAME],
    late: VecDeque<[i16; FRAME]>,
    delay: usize,
}

/// A running stub; it stops when it is dropped.
pub struct StubBridge {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StubBridge {
    pub fn start(fault: Fault) -> StubBridge {
        let sip = UdpSocket::bind((LOCALHOST, 0)).expect("a free port");
        sip.set_nonblocking(true)
            .expect("a UDP socket can be non-blocking");
        let address = sip.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || run(&sip, fault, &stopped));
        StubBridge {
            address,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for StubBridge {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Callers that all keyed their `keys` and, where somebody else is in their room, hear it.
pub fn dial_into(bridge: &StubBridge, keys: &[&str]) -> CallerSet {
    let mut set = CallerSet::new(LOCALHOST, bridge.address).expect("a free port");
    for (index, keys) in keys.iter().enumerate() {
        let law = if index % 2 == 0 { Law::A } else { Law::Mu };
        let id = set.add(law).expect("a free port");
        set.dial(id).expect("the loopback interface is up");
        set.press(id, keys, Pace::DIAL_STRING);
        set.hum(id, -30.0);
    }
    let all_in = |set: &CallerSet| set.ids().all(|id| set.caller(id).room_time().is_some());
    assert!(
        set.run_until(Duration::from_secs(5), all_in)
            .expect("sockets work")
    );
    set
}

fn run(sip: &UdpSocket, fault: Fault, stop: &AtomicBool) {
    let mut legs: Vec<Leg> = Vec::new();
    let (mut tick, begin) = (0u32, Instant::now());
    let mut datagram = [0; 4_096];
    while !stop.load(Ordering::Relaxed) {
        while let Ok((length, from)) = sip.recv_from(&mut datagram) {
            let message = Message::parse(&datagram[..length]).expect("callers send SIP");
            if let Some(answer) = signal(&mut legs, &message, fault) {
                sip.send_to(answer.as_bytes(), from).expect("loopback");
            }
        }
        if begin.elapsed() >= Duration::from_millis(20) * tick {
            mix(&mut legs, tick, fault);
            tick += 1;
            if fault == Fault::EndsCalls && tick % 10 == 0 {
                end_calls(sip, &legs);
            }
        }
        std::thread::park_timeout(Duration::from_micros(500));
    }
}

fn signal(legs: &mut Vec<Leg>, message: &Message, fault: Fault) -> Option<String> {
    let Start::Request(method) = &message.start else {
        return None;
    };
    let call_id = message.header("call-id")?.to_owned();
    match method.as_str() {
        "INVITE" if fault == Fault::Refuses => Some(message.response("486 Busy Here", "", "")),
        "INVITE" => {
            let rtp = UdpSocket::bind((LOCALHOST, 0)).ok()?;
            rtp.set_nonblocking(true).ok()?;
            let body = offer(rtp.local_addr().ok()?, Law::A, 1);
            let contact = message.header("via")?.split([' ', ';']).nth(1)?.to_owned();
            let peer = read_answer(&message.body)?;
            legs.push(Leg {
                call_id: format!("{call_id} {contact}"),
                rtp,
                peer,
                room: None,
                keyed: 0,
                last_event: None,
                frame: [0; FRAME],
                late: VecDeque::new(),
                delay: if fault == Fault::Delay { DELAY_FRAMES } else { 0 },
            });
            Some(message.response(
                "200 OK",
                "Contact: <sip:stub@127.0.0.1>\r\nContent-Type: application/sdp\r\n",
                &body,
            ))
        }
        "BYE" => {
            legs.retain(|leg| !leg.call_id.starts_with(&call_id));
            Some(message.response("200 OK", "", ""))
        }
        _ => None,
    }
}

fn end_calls(sip: &UdpSocket, legs: &[Leg]) {
    for leg in legs {
        let (call_id, to) = leg.call_id.split_once(' ').expect("written with a blank");
        let bye = format!(
            "BYE sip:c SIP/2.0\r\nVia: SIP/2.0/UDP stub\r\nFrom: s\r\nTo: c\r\nCall-ID: {call_id}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
        );
        sip.send_to(bye.as_bytes(), to).expect("loopback");
    }
}

fn mix(legs: &mut [Leg], tick: u32, fault: Fault) {
    legs.iter_mut().for_each(receive);
    for index in 0..legs.len() {
        let room = legs[index].room;
        let mut sum = [0i32; FRAME];
        for (other, leg) in legs.iter().enumerate() {
            let own = other == index;
            if room.is_some() && leg.room == room && (!own || fault == Fault::OwnVoice) {
                sum.iter_mut()
                    .zip(leg.frame)
                    .for_each(|(sum, sample)| *sum += i32::from(sample));
            }
        }
        let payload = sum.map(|sample| encode_alaw(sample.clamp(-32_768, 32_767) as i16));
        let packet = RtpPacketBuilder::new()
            .payload_type(8)
            .ssrc(index as u32)
            .timestamp(tick * FRAME as u32)
            .payload(&payload)
            .build();
        let _ = legs[index]
            .rtp
            .send_to(&packet.expect("a small packet"), legs[index].peer.remote);
    }
}

fn receive(leg: &mut Leg) {
    let mut packet = [0; 512];
    leg.frame = [0; FRAME];
    while let Ok((length, _)) = leg.rtp.recv_from(&mut packet) {
        let rtp = RtpReader::new(&packet[..length]).expect("callers send RTP");
        match (rtp.payload_type(), rtp.payload()) {
            (101, &[event, flags, ..]) if flags & 0x80 != 0 && leg.last_event != Some(rtp.timestamp()) => {
                leg.last_event = Some(rtp.timestamp());
                match event {
                    11 => leg.room = Some(leg.keyed),
                    digit => leg.keyed = digit,
                }
            }
            (8, payload) => {
                let mut frame = [0; FRAME];
                frame
                    .iter_mut()
                    .zip(payload)
                    .for_each(|(sample, &byte)| *sample = decode_alaw(byte));
                leg.late.push_back(frame);
            }
            _ => {}
        }
    }
    if leg.late.len() > leg.delay {
        leg.frame = leg.late.pop_front().unwrap_or([0; FRAME]);
    }
}
