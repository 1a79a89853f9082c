//! Owns who is on which media thread: a room stays where it was opened, a call waits in reception wherever there is most room
//! and moves once, when it joins a room of another thread. What is asked of a leg on its way waits, in order. Pure.

use crate::bridge::MediaRequest;
use crate::ids::{LegId, RoomNumber};
use crate::media_api::Seat;
use std::collections::{HashMap, VecDeque};

/// What a room counts before anybody is in it: it was opened to be filled.
const ROOM: usize = 4;

/// Fewer legs than this say little of what more would need.
const FEW_LEGS: u64 = 64;

/// The load of `now` legs, when of so many legs it was so much.
pub fn expected_load((load, legs): (u64, u64), now: u64) -> u64 {
    match legs {
        FEW_LEGS.. if now > legs => load * now / legs,
        _ => load,
    }
}

/// All of it.
#[derive(Debug)]
pub struct Placing {
    threads: Vec<Weight>,
    rooms: HashMap<RoomNumber, usize>,
    legs: HashMap<LegId, Placed>,
}

/// What one thread has to do.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    legs: usize,
    rooms: usize,
}

#[derive(Debug)]
struct Placed {
    seat: Seat,
    thread: usize,
    /// On its way to `thread`: what was asked of it meanwhile.
    waiting: Option<VecDeque<MediaRequest>>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Ask this thread.
    To(usize),
    /// Have this thread give the leg away first.
    Take { thread: usize, seat: Seat, leg: LegId },
    /// It is kept until the leg has arrived; or nobody is there whom it is about.
    Nowhere,
}

impl Placing {
    /// Nobody is anywhere, on so many threads.
    pub fn new(threads: usize) -> Placing {
        Placing {
            threads: vec![Weight::default(); threads.max(1)],
            rooms: HashMap::new(),
            legs: HashMap::new(),
        }
    }

    /// The thread with the least to do.
    pub fn lightest(&self) -> usize {
        let weight = |thread: &usize| self.threads[*thread].legs + ROOM * self.threads[*thread].rooms;
        (0..self.threads.len()).min_by_key(weight).unwrap_or(0)
    }

    /// Legs on a thread, those on their way to it among them.
    pub fn legs_on(&self, thread: usize) -> usize {
        self.threads[thread].legs
    }

    /// A new leg sits down.
    pub fn open(&mut self, leg: LegId, seat: Seat, thread: usize) {
        self.threads[thread].legs += 1;
        let waiting = None;
        self.legs.insert(
            leg,
            Placed {
                seat,
                thread,
                waiting,
            },
        );
    }

    /// Where a leg sits.
    pub fn seat(&self, leg: LegId) -> Option<Seat> {
        self.legs.get(&leg).map(|placed| placed.seat)
    }

    /// Every leg that is not removed, and its seat.
    pub fn seats(&self) -> impl Iterator<Item = (LegId, Seat)> {
        self.legs.iter().map(|(&leg, placed)| (leg, placed.seat))
    }

    /// A leg that was removed has given its seat back.
    pub fn left(&mut self, thread: usize) {
        self.threads[thread].legs = self.threads[thread].legs.saturating_sub(1);
    }

    /// Who is to be asked.
    pub fn route(&mut self, request: MediaRequest) -> Way {
        match request {
            MediaRequest::Open { number } => {
                let thread = self.lightest();
                if self.rooms.insert(number, thread).is_none() {
                    self.threads[thread].rooms += 1;
                }
                Way::To(thread)
            }
            MediaRequest::Close { number } => match self.rooms.remove(&number) {
                Some(thread) => {
                    self.threads[thread].rooms -= 1;
                    Way::To(thread)
                }
                None => Way::Nowhere,
            },
            MediaRequest::Tone { number, .. }
            | MediaRequest::SeekEcho { number }
            | MediaRequest::TreatEcho { number, .. } => {
                self.rooms.get(&number).map_or(Way::Nowhere, |&at| Way::To(at))
            }
            MediaRequest::Join { leg, .. }
            | MediaRequest::Leave { leg }
            | MediaRequest::Play { leg, .. }
            | MediaRequest::Stop { leg }
            | MediaRequest::Mute { leg, .. }
            | MediaRequest::Music { leg, .. }
            | MediaRequest::Update { leg, .. }
            | MediaRequest::Remove { leg } => self.route_of(leg, request),
        }
    }

    fn route_of(&mut self, leg: LegId, request: MediaRequest) -> Way {
        let Some(placed) = self.legs.get_mut(&leg) else {
            return Way::Nowhere;
        };
        if let Some(waiting) = &mut placed.waiting {
            waiting.push_back(request);
            return Way::Nowhere;
        }
        let from = placed.thread;
        let MediaRequest::Join { number, .. } = request else {
            return Way::To(from);
        };
        // Into a room that is closed, the engine says no.
        let to = self.rooms.get(&number).copied().unwrap_or(from);
        if to == from {
            return Way::To(from);
        }
        placed.thread = to;
        placed.waiting = Some(VecDeque::from([request]));
        self.threads[from].legs -= 1;
        self.threads[to].legs += 1;
        Way::Take {
            thread: from,
            seat: placed.seat,
            leg,
        }
    }

    /// A leg that was taken has come: the thread that it goes to, and what is to be asked then, in this order.
    pub fn taken(&mut self, leg: LegId) -> Option<(usize, VecDeque<MediaRequest>)> {
        let placed = self.legs.get_mut(&leg)?;
        Some((placed.thread, placed.waiting.take()?))
    }

    /// The leg's removal was asked for: it is nobody's any more.
    pub fn forget(&mut self, leg: LegId) {
        self.legs.remove(&leg);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(n: u32) -> RoomNumber {
        RoomNumber::nth(n).expect("there are many rooms")
    }

    fn join(leg: u64, n: u32) -> MediaRequest {
        MediaRequest::Join {
            leg: LegId(leg),
            number: room(n),
        }
    }

    /// Two threads; the first has room 0, the second room 1, and a leg waits on each.
    fn placing() -> Placing {
        let mut placing = Placing::new(2);
        for n in 0..2 {
            assert_eq!(
                placing.route(MediaRequest::Open { number: room(n) }),
                Way::To(n as usize)
            );
        }
        for leg in 0..2 {
            let thread = placing.lightest();
            assert_eq!(thread, leg as usize, "one each");
            placing.open(LegId(leg), Seat(leg as u32), thread);
        }
        placing
    }

    #[test]
    fn a_leg_moves_once_when_it_joins_and_what_is_asked_meanwhile_waits() {
        let mut placing = placing();
        assert_eq!(placing.route(join(0, 0)), Way::To(0), "it is there already");
        let take = Way::Take {
            thread: 1,
            seat: Seat(1),
            leg: LegId(1),
        };
        assert_eq!(placing.route(join(1, 0)), take);
        let mute = MediaRequest::Mute {
            leg: LegId(1),
            muted: true,
        };
        let remove = MediaRequest::Remove { leg: LegId(1) };
        assert_eq!(placing.route(mute), Way::Nowhere);
        assert_eq!(placing.route(remove), Way::Nowhere);
        assert_eq!((placing.legs_on(0), placing.legs_on(1)), (2, 0));
        let (thread, waiting) = placing.taken(LegId(1)).expect("it was on its way");
        assert_eq!((thread, Vec::from(waiting)), (0, vec![join(1, 0), mute, remove]));
        assert_eq!(placing.route(join(1, 0)), Way::To(0), "now it is there");
        assert!(placing.taken(LegId(1)).is_none());
    }

    #[test]
    fn a_load_grows_with_the_legs_that_came_since_it_was_measured() {
        assert_eq!(expected_load((500_000, 1_000), 1_600), 800_000);
        assert_eq!(
            expected_load((500_000, 1_000), 900),
            500_000,
            "who left may come back"
        );
        assert_eq!(
            expected_load((20_000, 2), 60),
            20_000,
            "two legs say nothing of sixty"
        );
        assert_eq!(expected_load((0, 0), 60), 0);
    }

    #[test]
    fn nobody_is_asked_about_what_is_gone() {
        let mut placing = placing();
        assert_eq!(placing.route(MediaRequest::Close { number: room(1) }), Way::To(1));
        assert_eq!(
            placing.route(MediaRequest::Close { number: room(1) }),
            Way::Nowhere
        );
        assert_eq!(placing.route(join(1, 1)), Way::To(1), "the engine says no");
        placing.forget(LegId(1));
        placing.left(1);
        assert_eq!(placing.route(join(1, 0)), Way::Nowhere);
        assert_eq!(placing.seat(LegId(1)), None);
        assert_eq!(placing.lightest(), 1);
    }
}
