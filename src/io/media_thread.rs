//! The media threads: each has an engine, driven by absolute deadlines 1 ms apart. A slot starts late rather than being left out;
//! only when it is a whole frame late are frames left out, and RTP time follows. All count the same slots, so that a leg may go
//! from one to another.

use super::precedence;
use super::rtp_socket::RtpSocket;
use super::serve::random;
use crate::config::{MediaConfig, Scheduling};
use crate::media::echo;
use crate::media::{ClipBank, Counter, Engine, FromEngine, Mailbox, Shed, Shedder, ToEngine, Wall};
use crate::media_api::{Event, LegFigures, Seat};
use crate::units::SLOTS;
use rtrb::{Consumer, Producer, RingBuffer};
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the threads' names begin with; their number follows.
pub const NAME: &str = "media-";
/// Commands and finished legs that a ring holds.
const RING: usize = 256;
/// Events that a ring holds.
const EVENTS: usize = 4_096;
const SLOT_NANOS: u64 = 1_000_000;
/// A slot that begins later than this is counted.
const LATE_NANOS: u64 = SLOT_NANOS;
/// Slots passed over at most while nothing runs in them: so long may something asked wait.
const PAUSE_MAX: usize = 5;
/// What is left out is decided anew every so many slots.
const SHED_EVERY: u64 = 200;
/// Figures are published every so many slots: once a second.
const PUBLISH_EVERY: u64 = 1_000;

pub type ToMedia = ToEngine<RtpSocket>;
pub type FromMedia = FromEngine<RtpSocket>;

/// The thread's figures, for `status`. Written by the thread alone.
#[derive(Debug, Default)]
pub struct Published {
    pub load_ppm: AtomicU64,
    /// Legs that it had when it measured its load.
    pub legs: AtomicU64,
    pub slot_nanos_max: AtomicU64,
    pub late_slots: AtomicU64,
    pub skipped_frames: AtomicU64,
    pub counters: Cases,
    /// How many of [`Shed::ALL`]'s steps are taken.
    pub shed: AtomicU8,
    /// Whether the system gives the thread precedence.
    pub realtime: AtomicBool,
    /// When the last slot began, in nanoseconds of the monotonic clock.
    alive_nanos: AtomicU64,
    stop: AtomicBool,
}

/// How often each case of [`Counter::ALL`] was.
#[derive(Debug)]
pub struct Cases([AtomicU64; Counter::ALL.len()]);

impl Default for Cases {
    fn default() -> Cases {
        Cases(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Cases {
    /// How often the case of this place in [`Counter::ALL`] was.
    pub fn get(&self, nth: usize) -> u64 {
        self.0.get(nth).map_or(0, |count| count.load(Relaxed))
    }
}

/// One seat's figures, word by word.
type LineCells = [AtomicU32; LegFigures::WORDS];

/// How the line in each seat does: written by whichever thread has it.
#[derive(Debug)]
pub struct Lines(Box<[LineCells]>);

impl Lines {
    fn new(seats: usize) -> Lines {
        Lines((0..seats).map(|_| LineCells::default()).collect())
    }

    /// How the line in this seat did when it was looked at last.
    pub fn get(&self, seat: Seat) -> LegFigures {
        self.0
            .get(seat.0 as usize)
            .map_or_else(LegFigures::default, |cells| {
                LegFigures::from_words(cells.each_ref().map(|cell| cell.load(Relaxed)))
            })
    }

    /// Writes a line's figures; also by the control side, for a seat that is about to be taken.
    pub fn set(&self, seat: Seat, figures: LegFigures) {
        if let Some(cells) = self.0.get(seat.0 as usize) {
            for (cell, word) in cells.iter().zip(figures.words()) {
                cell.store(word, Relaxed);
            }
        }
    }
}

impl Published {
    /// Nanoseconds since the thread's last sign of life.
    pub fn silent_nanos(&self) -> u64 {
        now().saturating_sub(self.alive_nanos.load(Relaxed))
    }
}

/// The control side's ends of the rings.
pub struct Rings {
    pub commands: Producer<ToMedia>,
    pub events: Consumer<Event>,
    pub finished: Consumer<FromMedia>,
}

/// A running media thread; dropping it ends the thread.
#[derive(Debug)]
pub struct MediaThread {
    pub published: Arc<Published>,
    join: Option<JoinHandle<()>>,
}

/// What all media threads share.
#[derive(Clone)]
struct Common {
    seats: usize,
    bank: Arc<ClipBank>,
    scheduling: Scheduling,
    /// The load from which something is left out, in millionths.
    shed_ppm: u64,
    /// Cancellers of echo of each thread.
    cancellers: usize,
    lines: Arc<Lines>,
    /// When slot 0 begins, in nanoseconds of the monotonic clock, and what o'clock that is.
    origin: u64,
    wall: Wall,
}

/// The media threads, and what they tell of the lines.
pub type Started = (Vec<(MediaThread, Rings)>, Arc<Lines>);

/// Starts `threads` media threads, each for at most `seats` legs.
pub fn start(
    threads: usize,
    seats: usize,
    bank: Arc<ClipBank>,
    media: MediaConfig,
) -> std::io::Result<Started> {
    let lines = Arc::new(Lines::new(seats));
    let common = Common {
        seats,
        bank,
        scheduling: media.scheduling,
        shed_ppm: u64::from(media.shed_load_pct) * 10_000,
        cancellers: match media.echo {
            true => media.echo_cancellers as usize,
            false => 0,
        },
        lines: Arc::clone(&lines),
        origin: now(),
        wall: wall(),
    };
    let started = (0..threads)
        .map(|nth| start_one(nth, common.clone()))
        .collect::<Result<_, _>>()?;
    Ok((started, lines))
}

fn start_one(nth: usize, common: Common) -> std::io::Result<(MediaThread, Rings)> {
    let (commands, take_commands) = RingBuffer::new(RING);
    let (give_events, events) = RingBuffer::new(EVENTS);
    let (give_finished, finished) = RingBuffer::new(RING);
    let published = Arc::new(Published::default());
    let ends = Ends {
        commands: take_commands,
        events: give_events,
        finished: give_finished,
        published: Arc::clone(&published),
        lines: Arc::clone(&common.lines),
    };
    published.alive_nanos.store(now(), Relaxed);
    let run = move || {
        take_precedence(nth, common.scheduling, &ends.published);
        run(common, ends);
    };
    let join = std::thread::Builder::new()
        .name(format!("{NAME}{nth}"))
        .spawn(run)?;
    let thread = MediaThread {
        published,
        join: Some(join),
    };
    let rings = Rings {
        commands,
        events,
        finished,
    };
    Ok((thread, rings))
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        self.published.stop.store(true, Relaxed);
        if let Some(join) = self.join.take() {
            // A panic of the thread was printed by the thread.
            join.join().ok();
        }
    }
}

/// The thread's ends of the rings.
struct Ends {
    commands: Consumer<ToMedia>,
    events: Producer<Event>,
    finished: Producer<FromMedia>,
    published: Arc<Published>,
    lines: Arc<Lines>,
}

impl Mailbox<RtpSocket> for Ends {
    fn command(&mut self) -> Option<ToMedia> {
        // A closing room and a removed leg each give one thing back.
        if self.finished.is_full() {
            None
        } else {
            self.commands.pop().ok()
        }
    }

    fn tell(&mut self, event: Event) -> bool {
        self.events.push(event).is_ok()
    }

    fn publish(&mut self, seat: Seat, figures: LegFigures) {
        self.lines.set(seat, figures);
    }

    fn give_back(&mut self, finished: FromMedia) {
        let given = self.finished.push(finished);
        debug_assert!(given.is_ok(), "command() saw a free place");
    }
}

/// Nanoseconds of the monotonic clock.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What o'clock it is, for RTCP.
fn wall() -> Wall {
    let time = clock_gettime(ClockId::Realtime);
    let since_1970 = Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    );
    Wall::new(since_1970, random())
}

fn sleep_until(nanos: u64) {
    let deadline = Timespec {
        tv_sec: (nanos / 1_000_000_000) as i64,
        tv_nsec: (nanos % 1_000_000_000) as i64,
    };
    // Woken early by a signal: the slot then begins early by less than a millisecond, once.
    clock_nanosleep_absolute(ClockId::Monotonic, &deadline).ok();
}

fn take_precedence(nth: usize, scheduling: Scheduling, published: &Published) {
    if scheduling == Scheduling::Ordinary {
        return;
    }
    match precedence::take() {
        Ok(()) => {
            published.realtime.store(true, Relaxed);
            precedence::pin(nth);
        }
        Err(why) => tracing::info!(
            %why,
            "voices get no precedence over other programs; `rundruf check` says what is missing"
        ),
    }
}

fn run(common: Common, mut ends: Ends) {
    let mut engine = Engine::new(common.seats, common.bank);
    engine.lend(echo::pool(common.cancellers.min(common.seats), common.seats));
    let published = Arc::clone(&ends.published);
    let published = published.as_ref();
    // 1 ns instead of the default 50 µs that a wake-up may be put off.
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).ok();
    engine.begin(common.wall);
    let mut meter = Meter::default();
    let mut shedder = Shedder::new(common.shed_ppm);
    let (mut at, mut shed_at, mut publish_at) = (0, SHED_EVERY, PUBLISH_EVERY);
    while !published.stop.load(Relaxed) {
        let deadline = common.origin + at * SLOT_NANOS;
        sleep_until(deadline);
        let begun = now();
        published.alive_nanos.store(begun, Relaxed);
        at += meter.skip(begun.saturating_sub(deadline), published);
        engine.run_slot(at, &mut ends);
        meter.took(now() - begun);
        if at >= shed_at {
            let load = meter.load_since_last(at + SHED_EVERY - shed_at);
            let shed = shedder.handle_load(load);
            engine.leave_out(shed);
            // Cancellers last: an echo disturbs everybody.
            engine.lend_cancellers(shed < Shed::Pitch);
            if shed == Shed::Pitch && shedder.is_short() {
                engine.take_back_cancellers();
            }
            published.shed.store(shed as u8, Relaxed);
            shed_at = at + SHED_EVERY;
        }
        if at >= publish_at {
            meter.publish(at + PUBLISH_EVERY - publish_at, &engine, published);
            publish_at = at + PUBLISH_EVERY;
        }
        // What is asked is looked at when a slot begins; while there is more, none is passed over.
        let asked = !ends.commands.is_empty();
        at += if asked {
            1
        } else {
            engine.pause_after(at, PAUSE_MAX)
        };
    }
}

/// How much of its time the thread needs.
#[derive(Default)]
struct Meter {
    busy: u64,
    /// Of which when it was asked last, within this second.
    busy_before: u64,
    longest: u64,
}

impl Meter {
    /// Counts a late slot; the slots to leave out, always whole frames.
    fn skip(&mut self, late: u64, published: &Published) -> u64 {
        if late > LATE_NANOS {
            published.late_slots.fetch_add(1, Relaxed);
        }
        let frames = late / (SLOT_NANOS * SLOTS as u64);
        published.skipped_frames.fetch_add(frames, Relaxed);
        frames * SLOTS as u64
    }

    fn took(&mut self, nanos: u64) {
        self.busy += nanos;
        self.longest = self.longest.max(nanos);
    }

    /// The load since it was asked last, so many slots ago, in millionths.
    fn load_since_last(&mut self, slots: u64) -> u64 {
        let busy = self.busy.wrapping_sub(self.busy_before);
        self.busy_before = self.busy;
        busy * 1_000_000 / (slots * SLOT_NANOS)
    }

    fn publish(&mut self, slots: u64, engine: &Engine<RtpSocket>, published: &Published) {
        published
            .load_ppm
            .store(self.busy * 1_000_000 / (slots * SLOT_NANOS), Relaxed);
        published.legs.store(engine.legs() as u64, Relaxed);
        published.slot_nanos_max.store(self.longest, Relaxed);
        for (&case, place) in Counter::ALL.iter().zip(&published.counters.0) {
            place.store(engine.counters().get(case), Relaxed);
        }
        *self = Meter {
            busy_before: self.busy_before.wrapping_sub(self.busy),
            ..Meter::default()
        };
    }
}
