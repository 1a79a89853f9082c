//! Choosing a room's PINs: none is weak, and none is the beginning of another, because a caller's entry ends at the last
//! digit of the first PIN that it is.

use super::StoreError;
use super::draw::{self, Below};
use crate::room::Booking;
use crate::secret::Pin;

/// How a room comes to a PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PinChoice {
    /// Drawn by lot, six digits.
    #[default]
    Drawn,
    /// No PIN. For the members: the room number opens the room. For the leader: there is none.
    Without,
    /// The organiser's own.
    Chosen(Pin),
}

/// The PINs of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pins {
    pub(super) member: Option<Pin>,
    pub(super) leader: Option<Pin>,
    pub(super) former: Option<Pin>,
}

impl Pins {
    /// The PINs that a room has.
    pub(super) fn of(booking: &Booking) -> Pins {
        Pins {
            member: booking.pin.clone(),
            leader: booking.leader_pin.clone(),
            former: booking.former_pin.clone(),
        }
    }

    /// The PINs after a change; `None` leaves one as it is. A new members' PIN makes the old one the former.
    pub(super) fn changed(
        self,
        member: Option<&PinChoice>,
        leader: Option<&PinChoice>,
        below: &mut Below<'_>,
    ) -> Result<Pins, StoreError> {
        let mut pins = self;
        // A leader PIN that goes away stands in nobody's way; one that the organiser chose stands in that of a draw.
        match leader {
            None | Some(PinChoice::Drawn) => {}
            Some(PinChoice::Without) => pins.leader = None,
            Some(PinChoice::Chosen(pin)) => pins.leader = Some(pin.clone()),
        }
        if let Some(choice) = member {
            pins.former = pins.member.or(pins.former);
            pins.member = chosen(choice, &[&pins.leader, &pins.former], below)?;
        }
        if let Some(choice) = leader {
            pins.leader = chosen(choice, &[&pins.member, &pins.former], below)?;
        }
        if pins.leader.is_some() && pins.member.is_none() {
            return Err(StoreError::LeaderWithoutPin);
        }
        Ok(pins)
    }
}

fn chosen(
    choice: &PinChoice,
    beside: &[&Option<Pin>],
    below: &mut Below<'_>,
) -> Result<Option<Pin>, StoreError> {
    let clashes = |pin: &Pin| {
        beside
            .iter()
            .any(|other| other.as_ref().is_some_and(|other| alike(pin, other)))
    };
    match choice {
        PinChoice::Without => Ok(None),
        PinChoice::Chosen(pin) if draw::is_weak(pin) => Err(StoreError::WeakPin),
        PinChoice::Chosen(pin) if clashes(pin) => Err(StoreError::PinsAlike),
        PinChoice::Chosen(pin) => Ok(Some(pin.clone())),
        PinChoice::Drawn => loop {
            let pin = draw::pin(below)?;
            if !clashes(&pin) {
                return Ok(Some(pin));
            }
        },
    }
}

/// Whether one is the beginning of the other.
fn alike(one: &Pin, other: &Pin) -> bool {
    one.reveal().starts_with(other.reveal()) || other.reveal().starts_with(one.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(digits: &str) -> Option<Pin> {
        Some(Pin::parse(digits).expect("4 to 10 digits"))
    }

    fn own(digits: &str) -> PinChoice {
        PinChoice::Chosen(Pin::parse(digits).expect("4 to 10 digits"))
    }

    fn pins(member: &str, leader: &str, former: &str) -> Pins {
        Pins {
            member: Pin::parse(member),
            leader: Pin::parse(leader),
            former: Pin::parse(former),
        }
    }

    fn dice(numbers: &'static [u32]) -> impl FnMut(u32) -> Result<u32, StoreError> + Send {
        let mut numbers = numbers.iter();
        move |_| Ok(*numbers.next().expect("as many draws as numbers"))
    }

    #[test]
    fn a_new_pin_makes_the_old_one_the_former() {
        let mut none = dice(&[]);
        let first = pins("493817", "", "")
            .changed(Some(&own("7305")), None, &mut none)
            .expect("changed");
        assert_eq!(first, pins("7305", "", "493817"));
        let second = first
            .changed(Some(&own("493817")), None, &mut none)
            .expect("back to the first");
        assert_eq!(second, pins("493817", "", "7305"));
    }

    #[test]
    fn no_pin_is_the_beginning_of_another() {
        let mut none = dice(&[]);
        let room = || pins("493817", "802641", "7305");
        for (member, leader) in [
            (Some("8026"), None),
            (Some("493817"), None),
            (Some("4938"), None),
            (None, Some("493817")),
            (None, Some("49381702")),
            (None, Some("73052")),
            (Some("5521"), Some("493817")),
            (Some("5521"), Some("552198")),
        ] {
            let (member, leader) = (member.map(own), leader.map(own));
            let refused = room().changed(member.as_ref(), leader.as_ref(), &mut none);
            assert!(
                matches!(refused, Err(StoreError::PinsAlike)),
                "{member:?} {leader:?}"
            );
        }
        let swapped = room().changed(Some(&own("8026")), Some(&own("5521")), &mut none);
        assert_eq!(swapped.ok(), Some(pins("8026", "5521", "493817")));
    }

    #[test]
    fn a_draw_that_hits_another_pin_is_drawn_again() {
        let mut dice = dice(&[493_817, 802_641, 730_512, 730_512, 493_817, 55]);
        let changed =
            pins("493817", "", "").changed(Some(&PinChoice::Drawn), Some(&own("802641")), &mut dice);
        let changed = changed.expect("drawn");
        assert_eq!(changed, pins("730512", "802641", "493817"));
        let changed = changed
            .changed(None, Some(&PinChoice::Drawn), &mut dice)
            .expect("drawn");
        assert_eq!(changed.leader, pin("000055"));
    }

    #[test]
    fn a_leader_needs_a_members_pin() {
        let mut none = dice(&[]);
        let refused = Pins::default().changed(Some(&PinChoice::Without), Some(&own("7305")), &mut none);
        assert!(matches!(refused, Err(StoreError::LeaderWithoutPin)));
        let weak = pins("493817", "", "").changed(None, Some(&own("1111")), &mut none);
        assert!(matches!(weak, Err(StoreError::WeakPin)));
        let gone = pins("493817", "7305", "").changed(None, Some(&PinChoice::Without), &mut none);
        assert_eq!(gone.ok(), Some(pins("493817", "", "")));
    }
}
