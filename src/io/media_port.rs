//! The control side of the media thread: builds legs and rooms complete, gives out seats, keeps what a full ring refused,
//! and frees what comes back.

use super::media_thread::{FromMedia, MediaThread, Rings, ToMedia};
use super::ports::Ports;
use crate::bridge::MediaRequest;
use crate::bridge::status::MediaStatus;
use crate::config::SEATS_MAX;
use crate::ids::LegId;
use crate::media::{Counter, Leg, LegSeed, Room, Wide};
use crate::media_api::{Command, Event, Finished, LegFigures, MediaSpec, Seat};
use crate::units::Time;
use rtrb::PushError;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
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
}

/// The control side's door to the media thread.
pub struct MediaPort {
    thread: MediaThread,
    rings: Rings,
    ports: Ports,
    seats: usize,
    free: Vec<Seat>,
    seated: HashMap<LegId, Seat>,
    /// The RTP port of whoever sits there.
    seat_ports: HashMap<Seat, u16>,
    backlog: VecDeque<ToMedia>,
}

impl MediaPort {
    /// A door to `thread`, which has `seats` seats.
    pub fn new(thread: MediaThread, rings: Rings, ports: Ports, seats: usize) -> MediaPort {
        let free = (0..seats as u32).rev().map(Seat).collect();
        MediaPort {
            thread,
            rings,
            ports,
            seats,
            free,
            seated: HashMap::new(),
            seat_ports: HashMap::new(),
            backlog: VecDeque::new(),
        }
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
        // A new leg must not overtake what still waits for its predecessor in the seat.
        if !self.backlog.is_empty() || self.rings.commands.is_full() {
            return Err(OpenError::Ring);
        }
        let seat = self.free.pop().ok_or(OpenError::Seats)?;
        let Ok((socket, port)) = self.ports.open(now, host) else {
            self.free.push(seat);
            return Err(OpenError::Ports);
        };
        self.seated.insert(leg, seat);
        self.thread.published.set_line(seat, LegFigures::default());
        self.seat_ports.insert(seat, port);
        self.send(Command::Add {
            seat,
            leg: Leg::new(
                LegSeed {
                    id: leg,
                    spec,
                    random,
                },
                socket,
            ),
        });
        Ok(port)
    }

    /// Passes a request on. One for a leg that is gone is dropped.
    pub fn request(&mut self, request: MediaRequest) {
        let (seated, seats) = (&self.seated, self.seats);
        // Room for every call there can be: its booking may be widened while it is open.
        let command = request.command(
            |leg| seated.get(&leg).copied(),
            |number| Room::new(number, seats.min(SEATS_MAX as usize)),
            Wide::new,
        );
        if let MediaRequest::Remove { leg } = request {
            self.seated.remove(&leg);
        }
        if let Some(command) = command {
            self.send(command);
        }
    }

    fn send(&mut self, command: ToMedia) {
        self.backlog.push_back(command);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(command) = self.backlog.pop_front() {
            if let Err(PushError::Full(command)) = self.rings.commands.push(command) {
                self.backlog.push_front(command);
                break;
            }
        }
    }

    /// Sends what waits, frees what came back, and takes the next event.
    pub fn poll(&mut self, now: Time) -> Option<Event> {
        self.flush();
        while let Ok(finished) = self.rings.finished.pop() {
            self.free(now, finished);
        }
        self.rings.events.pop().ok()
    }

    fn free(&mut self, now: Time, finished: FromMedia) {
        match finished {
            Finished::Leg { seat, leg } => {
                // Its sockets are closed before its ports begin to rest.
                drop(leg);
                if let Some(port) = self.seat_ports.remove(&seat) {
                    self.ports.give_back(now, port);
                }
                self.free.push(seat);
            }
            Finished::Room { .. } | Finished::Coder { .. } => {}
        }
    }

    /// Whether there is anything to poll for.
    pub fn is_busy(&self) -> bool {
        !self.backlog.is_empty() || self.legs() > 0
    }

    /// Legs whose seat is not free (again) yet: each holds two ports.
    pub fn legs(&self) -> usize {
        self.seats - self.free.len()
    }

    /// Every leg with its line's number and figures. A line's number is small and means nothing outside the bridge.
    pub fn lines(&self) -> impl Iterator<Item = (LegId, u32, LegFigures)> {
        self.seated
            .iter()
            .map(|(&leg, &seat)| (leg, seat.0 + 1, self.thread.published.line(seat)))
    }

    /// Pairs of ports that rest after their call.
    pub fn resting_ports(&mut self, now: Time) -> usize {
        self.ports.resting(now)
    }

    /// How many legs there may be.
    pub fn seats(&self) -> usize {
        self.seats
    }

    /// The thread's load.
    pub fn status(&self) -> MediaStatus {
        let published = &self.thread.published;
        MediaStatus {
            load_pct: published.load_ppm.load(Relaxed) as f64 / 10_000.0,
            slot_us_max: published.slot_nanos_max.load(Relaxed) / 1_000,
            late_slots: published.late_slots.load(Relaxed),
            skipped_frames: published.skipped_frames.load(Relaxed),
            silent_ms: published.silent_nanos() / 1_000_000,
            realtime: published.realtime.load(Relaxed),
        }
    }

    /// Every odd case on the tick, by name.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let values = self
            .thread
            .published
            .counters
            .iter()
            .map(|value| value.load(Relaxed));
        Counter::ALL
            .iter()
            .map(|case| case.name().to_owned())
            .zip(values)
            .collect()
    }
}
