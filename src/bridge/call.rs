//! One call, as the conductor sees it.

use crate::ids::{Language, RoomNumber};
use crate::ivr::{Gate, Lookup, Reception};
use crate::media_api::{MediaSpec, PlayToken};
use crate::room::Booking;
use crate::secret::Pin;
use crate::units::Time;

/// Where a call is.
///
/// | phase | what comes | next |
/// |---|---|---|
/// | Opening | leg opened, ACK | Reception |
/// | Reception | admitted | Room |
/// | Reception | goodbye was heard | over |
/// | Room | room cancelled | Leaving |
/// | Leaving | last sentence was heard, or 20 s | over |
/// | any | BYE, CANCEL, no ACK | over |
///
/// Over is never seen from outside: the conductor hangs up and gives everything back in the same step.
#[derive(Debug)]
pub enum Phase {
    /// Invited; the 200 is not acknowledged yet.
    Opening,
    /// Keys room and PIN. Boxed: most of a call's life is spent in a room.
    Reception(Box<Reception>),
    /// Hears the others.
    Room(RoomNumber),
    /// Hears a last sentence.
    Leaving { until: Time },
    /// Is to be hung up.
    Over,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// Where it is.
    pub phase: Phase,
    /// What offer and answer agreed last.
    pub spec: MediaSpec,
    /// In which language it is spoken to.
    pub language: Language,
    /// The room that was looked up last, and whether its time is over.
    pub booking: Option<(Booking, bool)>,
    /// The timer that stands in the conductor's list.
    pub timer: Option<Time>,
    /// Names the last `Play`.
    pub playing: PlayToken,
}

impl Call {
    /// A call that was just invited.
    pub fn new(spec: MediaSpec, language: Language) -> Call {
        let playing = PlayToken(0);
        Call {
            phase: Phase::Opening,
            spec,
            language,
            booking: None,
            timer: None,
            playing,
        }
    }

    /// When this call wants to be woken.
    pub fn deadline(&self) -> Option<Time> {
        match &self.phase {
            Phase::Opening | Phase::Room(_) | Phase::Over => None,
            Phase::Reception(reception) => reception.poll_timeout().map(|(at, _)| at),
            Phase::Leaving { until } => Some(*until),
        }
    }

    /// A new name for what is played next.
    pub fn next_token(&mut self) -> PlayToken {
        self.playing = PlayToken(self.playing.0.wrapping_add(1));
        self.playing
    }
}

/// What reception may know of a booked room.
pub fn lookup(booking: &Booking) -> Lookup {
    let gate = |pin: &Pin| Gate {
        pin: pin.clone(),
        leader: booking.leader_pin.clone(),
        former: booking.former_pin.clone(),
    };
    booking
        .pin
        .as_ref()
        .map_or(Lookup::Open, |pin| Lookup::Guarded(gate(pin)))
}
