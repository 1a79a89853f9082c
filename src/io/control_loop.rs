//! The control side's one loop: datagrams, the store's answers, the media thread's events, commands and deadlines go into
//! the conductor; what it wants is done. Nothing here waits for anything else.

mod operate;

use super::control_socket::{Ask, Reply, Request};
use super::media_port::MediaPort;
use super::reload::Reloader;
use super::serve::random;
use super::store::{Store, unix_now};
use super::summary::Summary;
use crate::bridge::status::Status;
use crate::bridge::{Bridge, Found, MediaRequest, Output};
use crate::ids::{LegId, RoomNumber};
use crate::media_api::MediaSpec;
use crate::units::Time;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// How long the store may take: a caller waits at most 1 s from the last digit to the room.
const STORE_DEADLINE: Duration = Duration::from_millis(700);
/// How often the media thread's events are looked for while there are calls.
const MEDIA_POLL: Duration = Duration::from_millis(5);
/// How long the loop sleeps at most.
const IDLE: Duration = Duration::from_secs(1);
/// How long the calls' BYEs may take when the program ends.
const FAREWELL: Duration = Duration::from_secs(4);
/// Datagrams read before anything else gets its turn.
const DATAGRAMS: usize = 64;
/// Bytes of the largest UDP datagram.
const DATAGRAM_BYTES: usize = 65_536;
/// Store answers that wait for the loop.
const ANSWERS: usize = 256;

/// Everything the loop holds.
pub struct ControlLoop {
    bridge: Bridge,
    media: MediaPort,
    sip: UdpSocket,
    store: Store,
    /// Our address as the SDP tells it.
    shown: IpAddr,
    asks: mpsc::Receiver<Ask>,
    found: mpsc::Receiver<(LegId, Found)>,
    tell_found: mpsc::Sender<(LegId, Found)>,
    reloader: Reloader,
    summary: Summary,
    origin: Instant,
    sip_unsent: u64,
}

impl ControlLoop {
    /// A loop that is not running yet.
    pub fn new(
        bridge: Bridge,
        media: MediaPort,
        sip: UdpSocket,
        store: Store,
        shown: IpAddr,
        asks: mpsc::Receiver<Ask>,
        reloader: Reloader,
    ) -> ControlLoop {
        let (tell_found, found) = mpsc::channel(ANSWERS);
        let origin = Instant::now();
        ControlLoop {
            bridge,
            media,
            sip,
            store,
            shown,
            asks,
            found,
            tell_found,
            reloader,
            summary: Summary::default(),
            origin,
            sip_unsent: 0,
        }
    }

    /// Runs until `stop` is done and the calls have ended.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut farewell: Option<Instant> = None;
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            let wake = self
                .wake()
                .min(farewell.unwrap_or(self.origin + Duration::from_secs(u32::MAX.into())));
            tokio::select! {
                () = &mut stop, if farewell.is_none() => {
                    tracing::info!("stopping: every call is ended by BYE");
                    farewell = Some(Instant::now() + FAREWELL);
                    self.bridge.handle_shutdown(self.now());
                }
                readable = self.sip.readable() => if readable.is_ok() {
                    self.read_sip(&mut buffer);
                },
                Some((leg, found)) = self.found.recv() => self.bridge.handle_found(self.now(), leg, found),
                Some(ask) = self.asks.recv() => self.answer(ask),
                Some((settings, reply)) = self.reloader.reread() => self.adopt(settings, reply),
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.turn();
            self.sum_up();
            if farewell.is_none() && self.bridge.is_dry() && self.media.legs() == 0 {
                tracing::info!("the last call has ended: the drained bridge closes");
                return;
            }
            if farewell.is_some_and(|until| Instant::now() >= until || self.is_over()) {
                return;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.bridge.is_idle() && self.media.legs() == 0
    }

    /// What every round does, whatever woke it.
    fn turn(&mut self) {
        self.do_outputs();
        while let Some(event) = self.media.poll() {
            self.bridge.handle_media(self.now(), event);
        }
        if self.bridge.poll_timeout().is_some_and(|at| at <= self.now()) {
            self.bridge.handle_timeout(self.now());
        }
        self.do_outputs();
    }

    fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    /// When the loop must wake although nothing comes.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let media = if self.media.is_busy() { MEDIA_POLL } else { IDLE };
        let bridge = self
            .bridge
            .poll_timeout()
            .map(|at| self.origin + at.since(Time::ZERO));
        bridge.unwrap_or(now + IDLE).min(now + media)
    }

    fn read_sip(&mut self, buffer: &mut [u8]) {
        for _ in 0..DATAGRAMS {
            // An error is WouldBlock, or the ICMP answer to something we sent: both end this round.
            let Ok((len, from)) = self.sip.try_recv_from(buffer) else {
                return;
            };
            self.bridge.handle_datagram(self.now(), from, &buffer[..len]);
            self.do_outputs();
        }
    }

    fn do_outputs(&mut self) {
        while let Some(output) = self.bridge.poll_output() {
            match output {
                Output::Send { to, bytes } => {
                    self.sip_unsent += u64::from(self.sip.try_send_to(&bytes, to).is_err());
                }
                Output::OpenLeg { leg, spec } => self.open(leg, spec),
                Output::Media(request) => {
                    log(request);
                    self.media.request(request);
                }
                Output::LookUp { leg, number } => self.look_up(leg, number),
            }
        }
    }

    fn open(&mut self, leg: LegId, spec: MediaSpec) {
        let opened = self.media.open(leg, spec, random());
        match &opened {
            Ok(_) => tracing::info!(leg = leg.0, "a call has come"),
            Err(error) => {
                tracing::warn!(leg = leg.0, %error, "a call was refused; `rundruf check` looks for the cause")
            }
        }
        let media = opened.ok().map(|port| SocketAddr::new(self.shown, port));
        self.bridge.handle_opened(self.now(), leg, media);
    }

    /// Asks the store, without waiting for it.
    fn look_up(&self, leg: LegId, number: RoomNumber) {
        let (store, tell) = (self.store.clone(), self.tell_found.clone());
        tokio::spawn(async move {
            let found = match tokio::time::timeout(STORE_DEADLINE, store.find(number)).await {
                Ok(Ok(Some(booking))) => {
                    let expired = booking.expires.is_some_and(|at| at <= unix_now());
                    Found::Booked { booking, expired }
                }
                Ok(Ok(None)) => Found::Unknown,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the store failed: callers are asked to call again later");
                    Found::Unavailable
                }
                Err(_) => {
                    tracing::error!("the store is too slow: callers are asked to call again later");
                    Found::Unavailable
                }
            };
            // The loop has ended: nobody waits for the answer.
            tell.send((leg, found)).await.ok();
        });
    }

    fn answer(&mut self, ask: Ask) {
        let reply = match ask.request {
            Request::Status => Reply::Status(self.status()),
            Request::RoomCancelled { room } => {
                self.bridge.handle_room_cancelled(self.now(), room);
                Reply::Done
            }
            Request::Drain { minutes } => self.drain(minutes),
            Request::DrainStop => self.stop_drain(),
            Request::Reload => return self.reloader.read_again(ask.reply),
        };
        // The command has gone away meanwhile.
        ask.reply.send(reply).ok();
    }

    fn status(&self) -> Status {
        let mut status = self.bridge.status();
        status.uptime_s = self.origin.elapsed().as_secs();
        status.capacity.calls_max = self.media.seats() as u32;
        status.media = self.media.status();
        status.counters.extend(self.media.counters());
        status.counters.insert("sip_unsent".to_owned(), self.sip_unsent);
        status.held.insert("legs".to_owned(), self.media.legs());
        status
    }
}

/// One line for each change that a reader at three in the morning looks for. By the leg's number, never the caller's.
fn log(request: MediaRequest) {
    match request {
        MediaRequest::Join { leg, .. } => tracing::info!(leg = leg.0, "in a room"),
        MediaRequest::Remove { leg } => tracing::info!(leg = leg.0, "the call is over"),
        MediaRequest::Open { .. }
        | MediaRequest::Close { .. }
        | MediaRequest::Leave { .. }
        | MediaRequest::Play { .. }
        | MediaRequest::Stop { .. }
        | MediaRequest::Update { .. } => {}
    }
}
