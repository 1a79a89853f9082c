//! The control side's one loop: SIP messages, the store's answers, the media thread's events, commands and deadlines go into
//! the conductor; what it wants is done. Nothing here waits for anything else.

mod connections;
mod operate;

use super::control_socket::{Ask, Reply, Request};
use super::media_port::MediaPort;
use super::reload::{Reloader, Trunks};
use super::resolver::Resolver;
use super::serve::random;
use super::sip_tcp::SipTcp;
use super::sip_udp::SipUdp;
use super::store::{Store, unix_now};
use super::summary::Summary;
use crate::bridge::quality;
use crate::bridge::status::{LineStatus, Status};
use crate::bridge::{Bridge, Found, MediaRequest, Output};
use crate::ids::{LegId, RoomNumber};
use crate::media_api::{EchoNews, Event, LegFigures, MediaSpec};
use crate::number::PhoneNumber;
use crate::sip::{Peer, Transport, TrunkNews};
use crate::units::Time;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long the store may take. From the last digit to the room it shall be 1 s at most; where a disk or a processor has no time, rather
/// three than to be sent away. Less than reception waits for an answer.
const STORE_DEADLINE: Duration = Duration::from_secs(3);
/// How often the media thread's events are looked for while there are calls.
const MEDIA_POLL: Duration = Duration::from_millis(10);
/// How often is looked whether legs are still heard.
const HEARD: Duration = Duration::from_secs(5);
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

/// Who wants to know of a room.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// A caller who keyed its number.
    Keyed(LegId),
    /// The organiser, who has changed it.
    Changed,
    /// A caller who may have dialled its own number.
    Dialled(LegId),
}

/// By what the store is asked for a room.
#[derive(Clone)]
enum Key {
    Room(RoomNumber),
    Called(Vec<PhoneNumber>),
}

/// Everything the loop holds.
pub struct ControlLoop {
    bridge: Bridge,
    media: MediaPort,
    udp: SipUdp,
    tcp: SipTcp,
    store: Store,
    asks: mpsc::Receiver<Ask>,
    found: mpsc::Receiver<(Wanted, Found)>,
    tell_found: mpsc::Sender<(Wanted, Found)>,
    reloader: Reloader,
    resolver: Resolver,
    summary: Summary,
    origin: Instant,
    heard_at: Time,
    sip_unsent: u64,
}

impl ControlLoop {
    /// A loop that is not running yet.
    pub fn new(
        bridge: Bridge,
        media: MediaPort,
        (udp, tcp): (SipUdp, SipTcp),
        store: Store,
        asks: mpsc::Receiver<Ask>,
        reloader: Reloader,
        resolver: Resolver,
    ) -> ControlLoop {
        let (tell_found, found) = mpsc::channel(ANSWERS);
        let origin = Instant::now();
        ControlLoop {
            bridge,
            media,
            udp,
            tcp,
            store,
            asks,
            found,
            tell_found,
            reloader,
            resolver,
            summary: Summary::default(),
            origin,
            heard_at: Time::ZERO,
            sip_unsent: 0,
        }
    }

    /// Runs until `stop` is done and the calls have ended.
    pub async fn run(mut self, trunks: Trunks, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        self.bridge.handle_trunks(self.now(), trunks);
        self.do_outputs();
        let mut farewell: Option<Instant> = None;
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            let wake = self
                .wake()
                .min(farewell.unwrap_or(self.origin + Duration::from_secs(u32::MAX.into())));
            let mut more = false;
            tokio::select! {
                () = &mut stop, if farewell.is_none() => {
                    tracing::info!("stopping: every call is ended by BYE");
                    farewell = Some(Instant::now() + FAREWELL);
                    self.bridge.handle_shutdown(self.now());
                }
                () = self.udp.readable() => more = self.read_datagrams(&mut buffer),
                Some(event) = self.tcp.next() => self.read_connections(event),
                Some((wanted, found)) = self.found.recv() => self.handle_found(wanted, found),
                Some(ask) = self.asks.recv() => self.answer(ask),
                Some((settings, reply)) = self.reloader.reread() => self.adopt(settings, reply),
                Some((trunk, place, answer)) = self.resolver.next() => {
                    self.bridge.handle_resolved(self.now(), trunk, &place, &answer);
                }
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
            if more {
                // Commands, pages and connections are read by tasks of their own: they have their turn between two batches.
                tokio::task::yield_now().await;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.bridge.is_idle() && self.media.legs() == 0
    }

    /// What every round does, whatever woke it.
    fn turn(&mut self) {
        self.do_outputs();
        while let Some(event) = self.media.poll(self.now()) {
            tracing::trace!(?event);
            log_event(event);
            self.bridge.handle_media(self.now(), event);
        }
        self.look_who_is_heard();
        if self.bridge.poll_timeout().is_some_and(|at| at <= self.now()) {
            self.bridge.handle_timeout(self.now());
        }
        self.do_outputs();
    }

    /// Tells how much came from each leg, so that nobody stays whose telephone is gone.
    fn look_who_is_heard(&mut self) {
        let now = self.now();
        if now.since(self.heard_at) < HEARD {
            return;
        }
        self.heard_at = now;
        let came = |figures: LegFigures| u64::from(figures.received) + u64::from(figures.far.reports);
        let legs: Vec<_> = self
            .media
            .lines()
            .map(|(leg, _, figures)| (leg, came(figures)))
            .collect();
        for (leg, packets) in legs {
            self.bridge.handle_heard(now, leg, packets);
        }
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

    /// Reads at most a batch from each socket; whether one had a whole batch, and so perhaps has more.
    fn read_datagrams(&mut self, buffer: &mut [u8]) -> bool {
        let mut more = false;
        for index in 0..self.udp.len() {
            let mut read = 0;
            while read < DATAGRAMS
                && let Some((len, from, local)) = self.udp.receive(index, buffer)
            {
                let now = self.now();
                self.bridge
                    .handle_message(now, Peer::udp(from), local, &buffer[..len]);
                self.do_outputs();
                read += 1;
            }
            more |= read == DATAGRAMS;
        }
        more
    }

    fn do_outputs(&mut self) {
        while let Some(output) = self.bridge.poll_output() {
            tracing::trace!(?output);
            match output {
                Output::Send { from, to, bytes } => {
                    let sent = match to.transport {
                        Transport::Udp => self.udp.send(from, to.addr, &bytes),
                        Transport::Tcp | Transport::Tls => self.send_by_connection(from, to, bytes),
                    };
                    self.sip_unsent += u64::from(!sent);
                    if !sent && to.transport.is_reliable() {
                        self.bridge.handle_closed(self.now(), to.addr);
                    }
                }
                Output::Close { peer } => self.tcp.close(peer),
                Output::OpenLeg { leg, spec, host } => self.open(leg, spec, host),
                Output::Media(request) => {
                    if let MediaRequest::Update { leg, .. } = request {
                        self.hand_over_keys(leg);
                    }
                    log(request);
                    self.media.request(request);
                }
                Output::LookUp { leg, number } => self.look_up(Wanted::Keyed(leg), Key::Room(number)),
                Output::LookUpCalled { leg, numbers } => {
                    self.look_up(Wanted::Dialled(leg), Key::Called(numbers))
                }
                Output::Resolve { trunk, place } => self.resolver.ask(trunk, place),
                Output::Trunk { name, news } => log_trunk(&name, news),
            }
        }
    }

    /// Newer keys go to the voices' side and are kept nowhere else.
    fn hand_over_keys(&mut self, leg: LegId) {
        if let Some(keys) = self.bridge.take_keys(leg) {
            self.media.set_keys(leg, keys);
        }
    }

    fn open(&mut self, leg: LegId, spec: MediaSpec, host: IpAddr) {
        let now = self.now();
        self.hand_over_keys(leg);
        let opened = self.media.open(now, leg, spec, host, random());
        match &opened {
            Ok(_) => tracing::info!(leg = leg.0, "a call has come"),
            Err(error) => {
                tracing::warn!(leg = leg.0, %error, "a call was refused; `rundruf check` looks for the cause")
            }
        }
        let media = opened.ok().map(|port| SocketAddr::new(host, port));
        self.bridge.handle_opened(now, leg, media);
    }

    /// Asks the store, without waiting for it.
    fn look_up(&self, wanted: Wanted, key: Key) {
        let (store, tell, now) = (self.store.clone(), self.tell_found.clone(), self.now());
        tokio::spawn(async move {
            let asked = async {
                match key {
                    Key::Room(number) => store.find(number).await,
                    Key::Called(numbers) => store.find_called(&numbers).await,
                }
            };
            let found = match tokio::time::timeout(STORE_DEADLINE, asked).await {
                Ok(Ok(Some(booking))) => {
                    let seconds_left = |at: i64| u64::try_from(at - unix_now()).unwrap_or(0);
                    let ends = booking
                        .expires
                        .map(|at| now + Duration::from_secs(seconds_left(at)));
                    Found::Booked { booking, ends }
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
            tell.send((wanted, found)).await.ok();
        });
    }

    fn handle_found(&mut self, wanted: Wanted, found: Found) {
        let now = self.now();
        match (wanted, found) {
            (Wanted::Keyed(leg), found) => self.bridge.handle_found(now, leg, found),
            (Wanted::Dialled(leg), found) => self.bridge.handle_called(now, leg, found),
            (Wanted::Changed, Found::Booked { booking, ends }) => {
                self.bridge
                    .handle_room_changed(now, booking.number, booking.seats, ends);
                self.bridge.handle_echo_chosen(now, booking.number, booking.echo);
            }
            // Cancelled meanwhile, or the store is silent, which was logged.
            (Wanted::Changed, Found::Unknown | Found::Unavailable) => {}
        }
    }

    fn answer(&mut self, ask: Ask) {
        let reply = match ask.request {
            Request::Status => Reply::Status(Box::new(self.status())),
            Request::RoomChanged { room } => {
                self.look_up(Wanted::Changed, Key::Room(room));
                Reply::Done
            }
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

    fn status(&mut self) -> Status {
        let mut status = self.bridge.status();
        status.uptime_s = self.origin.elapsed().as_secs();
        status.capacity.calls_max = self.media.seats() as u32;
        status.media = self.media.status();
        status.trunks = self.bridge.trunks(self.now());
        status.lines = self.lines();
        status.counters.extend(self.media.counters());
        status.counters.insert("sip_unsent".to_owned(), self.sip_unsent);
        let overflowed = self.udp.overflowed();
        status.counters.insert("sip_overflowed".to_owned(), overflowed);
        status.held.insert("legs".to_owned(), self.media.legs());
        let resting = self.media.resting_ports(self.now());
        status.held.insert("resting_ports".to_owned(), resting);
        status
    }

    /// Every call's line, by its number.
    fn lines(&self) -> Vec<LineStatus> {
        let line = |(leg, line, figures): (LegId, u32, LegFigures)| {
            let (room, since, spec) = self.bridge.whereabouts(leg)?;
            Some(LineStatus {
                room: room.map(|number| number.to_string()),
                since_s: self.now().since(since).as_secs(),
                codec: spec.codec.name().encoding().to_owned(),
                encrypted: spec.srtp.map(|srtp| srtp.suite.name().to_owned()),
                ..quality::line(line, &figures)
            })
        };
        let mut lines: Vec<_> = self.media.lines().filter_map(line).collect();
        lines.sort_by_key(|status| status.line);
        lines
    }
}

/// What to do about a failure of the bridge's own.
const REPORT: &str = "please report the panic that was printed before this line";

/// A call that is heard one way only is for somebody to mend.
fn log_event(event: Event) {
    match event {
        Event::OneWay {
            leg,
            fault: Some(fault),
        } => {
            tracing::warn!(leg = leg.0, "one way only: {}", quality::words(fault))
        }
        Event::Echo {
            leg,
            line,
            news: EchoNews::Heard { loss_db },
        } => tracing::info!(leg = leg.0, line, "the others hear its echo, at -{loss_db} dB"),
        Event::Echo {
            leg,
            line,
            news: EchoNews::Gone,
        } => tracing::info!(leg = leg.0, line, "the others hear its echo no more"),
        Event::OneWay { leg, fault: None } => tracing::info!(leg = leg.0, "heard both ways"),
        Event::RoomFailed { .. } => tracing::error!("the bridge failed at a room, whose calls end: {REPORT}"),
        Event::LegFailed { leg } => {
            tracing::error!(leg = leg.0, "the bridge failed at a call, which ends: {REPORT}")
        }
        Event::Key { .. } | Event::Played { .. } | Event::Talking { .. } | Event::Echo { .. } => {}
    }
}

/// Calls may not arrive by a trunk that is not registered.
fn log_trunk(trunk: &str, news: TrunkNews) {
    match news {
        TrunkNews::Registered => tracing::info!(trunk, "registered"),
        TrunkNews::Answers => tracing::info!(trunk, "the trunk answers"),
        TrunkNews::Moved(to) => tracing::info!(trunk, ?to, "another host of the trunk has taken over"),
        TrunkNews::Failed(why) => {
            tracing::warn!(trunk, %why, "the trunk is in trouble: it is tried again, see `rundruf status`")
        }
        TrunkNews::Left => tracing::info!(
            trunk,
            "the trunk is left: registered there no more, or asked no more"
        ),
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
        | MediaRequest::Mute { .. }
        | MediaRequest::Music { .. }
        | MediaRequest::Tone { .. }
        | MediaRequest::SeekEcho { .. }
        | MediaRequest::TreatEcho { .. }
        | MediaRequest::Update { .. } => {}
    }
}
