//! The control side of the media threads: builds legs and rooms complete, gives out seats, carries a leg from one thread to
//! another, and frees what comes back.

mod door;
mod placing;

use super::media_thread::{FromMedia, Lines, MediaThread, Rings};
use super::ports::Ports;
use crate::bridge::MediaRequest;
use crate::bridge::status::MediaStatus;
use crate::config::{EchoDucking, SEATS_MAX};
use crate::ids::LegId;
use crate::media::echo::{self, Ducking};
use crate::media::{Counter, Fitting, Leg, LegSeed, Room, Shed, Srtp};
use crate::media_api::{Command, Event, Finished, LegFigures, MediaSpec, Seat, SrtpKeys};
use crate::units::Time;
use door::Door;
use placing::{Placing, Way};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Why a leg could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Every seat is taken.
    #[error("all seats are taken")]
    Seats,
    /// No free pair of ports, or no descriptors left.
    #[error("no free RTP ports or descriptors are left")]
    Ports,
    /// The ring to the media thread is full.
    #[error("the media thread has too much to do")]
    Ring,
    /// The media threads are at the mark from which on calls are refused.
    #[error("the voice threads are as busy as media.refuse_load_pct lets them be")]
    Load,
}

/// The control side's door to the media threads.
pub struct MediaPort {
    doors: Vec<Door>,
    lines: Arc<Lines>,
    placing: Placing,
    ports: Ports,
    seats: usize,
    free: Vec<Seat>,
    /// Newer keys of a leg, until it is told that its media changed.
    keys: HashMap<LegId, SrtpKeys>,
    /// The RTP port of whoever sits there.
    seat_ports: HashMap<Seat, u16>,
    /// Load from which on calls are refused, in millionths of a thread's time.
    mark_ppm: u64,
    /// Whether echo is looked for, and when a leg is turned down for it.
    echo: bool,
    ducking: Option<Ducking>,
}

impl MediaPort {
    /// A door to `threads`, which have `seats` seats together; calls are refused from a load of `mark_pct` on, of 100
    /// never; `echo`: whether it is looked for, and `ducking`: when a leg is turned down for it.
    pub fn new(
        threads: Vec<(MediaThread, Rings)>,
        lines: Arc<Lines>,
        ports: Ports,
        seats: usize,
        mark_pct: u32,
        (echo, ducking): (bool, Option<EchoDucking>),
    ) -> MediaPort {
        MediaPort {
            placing: Placing::new(threads.len()),
            doors: threads.into_iter().map(Door::new).collect(),
            lines,
            ports,
            seats,
            free: (0..seats as u32).rev().map(Seat).collect(),
            keys: HashMap::new(),
            seat_ports: HashMap::new(),
            mark_ppm: match mark_pct {
                100.. => u64::MAX,
                pct => u64::from(pct) * 10_000,
            },
            echo,
            ducking: ducking.map(|when| Ducking::new(when.loss_db, when.seconds)),
        }
    }

    /// A leg has other keys, which it gets when it is opened, or told that its media changed.
    pub fn set_keys(&mut self, leg: LegId, keys: SrtpKeys) {
        self.keys.insert(leg, keys);
    }

    /// Opens a leg in reception, whose media arrives on `host`; its RTP port.
    pub fn open(
        &mut self,
        now: Time,
        leg: LegId,
        spec: MediaSpec,
        host: IpAddr,
        random: u64,
    ) -> Result<u16, OpenError> {
        let thread = self.placing.lightest();
        // A new leg must not overtake what still waits for its predecessor in the seat.
        if self.doors[thread].is_full() {
            return Err(OpenError::Ring);
        }
        if self.expected_load_ppm(thread) >= self.mark_ppm {
            return Err(OpenError::Load);
        }
        let seat = self.free.pop().ok_or(OpenError::Seats)?;
        let Ok((socket, port)) = self.ports.open(now, host) else {
            self.free.push(seat);
            return Err(OpenError::Ports);
        };
        self.placing.open(leg, seat, thread);
        self.lines.set(seat, LegFigures::default());
        self.seat_ports.insert(seat, port);
        let seed = LegSeed {
            id: leg,
            spec,
            random,
        };
        let keys = self.keys.remove(&leg);
        let srtp = keys.as_ref().and_then(Srtp::boxed);
        let leg = Leg::new(seed, socket).with_srtp(srtp);
        let leg = Box::new(match self.echo {
            true => {
                let mut echo = echo::echo(random as u32);
                echo.duck_when(self.ducking);
                leg.with_echo(echo)
            }
            false => leg,
        });
        self.doors[thread].send(Command::Add { seat, leg });
        Ok(port)
    }

    /// What a thread's load will be found to be: it is measured once a second, and many calls may have come since.
    fn expected_load_ppm(&self, thread: usize) -> u64 {
        let published = &self.doors[thread].thread.published;
        let measured = (published.load_ppm.load(Relaxed), published.legs.load(Relaxed));
        placing::expected_load(measured, self.placing.legs_on(thread) as u64)
    }

    /// Passes a request on. One for a leg that is gone is dropped.
    pub fn request(&mut self, request: MediaRequest) {
        match self.placing.route(request) {
            Way::To(thread) => self.ask(thread, request),
            Way::Take { thread, seat, leg } => self.doors[thread].send(Command::Take { seat, leg }),
            Way::Nowhere => {}
        }
    }

    fn ask(&mut self, thread: usize, request: MediaRequest) {
        let (placing, seats, keys) = (&self.placing, self.seats, &mut self.keys);
        // Room for every call there can be: its booking may be widened while it is open.
        let command = request.command(
            |leg| placing.seat(leg),
            |number| Room::new(number, seats.min(SEATS_MAX as usize)),
            |leg, spec| Fitting::new(spec.codec, keys.remove(&leg).as_ref()),
        );
        if let MediaRequest::Remove { leg } = request {
            self.placing.forget(leg);
            self.keys.remove(&leg);
        }
        if let Some(command) = command {
            self.doors[thread].send(command);
        }
    }

    /// Sends what waits, frees what came back, and takes the next event.
    pub fn poll(&mut self, now: Time) -> Option<Event> {
        for thread in 0..self.doors.len() {
            self.doors[thread].flush();
            while let Some(finished) = self.doors[thread].finished() {
                self.take_back(now, thread, finished);
            }
        }
        self.doors.iter_mut().find_map(Door::event)
    }

    fn take_back(&mut self, now: Time, thread: usize, finished: FromMedia) {
        match finished {
            Finished::Leg { seat, leg } => {
                // Its sockets are closed before its ports begin to rest.
                drop(leg);
                if let Some(port) = self.seat_ports.remove(&seat) {
                    self.ports.give_back(now, port);
                }
                self.placing.left(thread);
                self.free.push(seat);
            }
            Finished::Taken { seat, leg } => {
                let Some((to, waiting)) = self.placing.taken(leg.id) else {
                    debug_assert!(false, "a leg that nobody has sent for");
                    return;
                };
                self.doors[to].send(Command::Add { seat, leg });
                waiting.into_iter().for_each(|request| self.request(request));
            }
            Finished::Room { .. } | Finished::Fitting { .. } => {}
        }
    }

    /// Whether there is anything to poll for.
    pub fn is_busy(&self) -> bool {
        self.legs() > 0 || self.doors.iter().any(Door::is_waiting)
    }

    /// Legs whose seat is not free (again) yet: each holds two ports.
    pub fn legs(&self) -> usize {
        self.seats - self.free.len()
    }

    /// Every leg with its line's number and figures. A line's number is small and means nothing outside the bridge.
    pub fn lines(&self) -> impl Iterator<Item = (LegId, u32, LegFigures)> {
        let line = |(leg, seat): (LegId, Seat)| (leg, seat.line(), self.lines.get(seat));
        self.placing.seats().map(line)
    }

    /// Pairs of ports that rest after their call.
    pub fn resting_ports(&mut self, now: Time) -> usize {
        self.ports.resting(now)
    }

    /// How many legs there may be.
    pub fn seats(&self) -> usize {
        self.seats
    }

    /// The threads' load: of the one that has most to do, and what went wrong on all of them.
    pub fn status(&self) -> MediaStatus {
        let mut status = MediaStatus {
            realtime: true,
            ..MediaStatus::default()
        };
        for door in &self.doors {
            let published = &door.thread.published;
            let load_pct = published.load_ppm.load(Relaxed) as f64 / 10_000.0;
            status.loads_pct.push(load_pct);
            status.load_pct = status.load_pct.max(load_pct);
            status.slot_us_max = status
                .slot_us_max
                .max(published.slot_nanos_max.load(Relaxed) / 1_000);
            status.late_slots += published.late_slots.load(Relaxed);
            status.skipped_frames += published.skipped_frames.load(Relaxed);
            status.silent_ms = status.silent_ms.max(published.silent_nanos() / 1_000_000);
            let shed = usize::from(published.shed.load(Relaxed));
            status.left_out = status.left_out.max(shed.min(Shed::ALL.len() - 1));
            status.realtime &= published.realtime.load(Relaxed);
        }
        status
    }

    /// Every odd case on the tick, by name.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let count = |nth: usize| {
            let of = |door: &Door| door.thread.published.counters.get(nth);
            self.doors.iter().map(of).sum()
        };
        let named = |(nth, case): (usize, &Counter)| (case.name().to_owned(), count(nth));
        Counter::ALL.iter().enumerate().map(named).collect()
    }
}
