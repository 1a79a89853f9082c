//! A room as the commands show it.

use crate::cli::invitation::grouped;
use crate::cli::when;
use crate::config::SipConfig;
use crate::number::PhoneNumber;
use crate::room::Booking;
use serde::Serialize;

/// A room for programs, PIN included: of `room book` and `room show` only.
#[derive(Serialize)]
pub(super) struct WithPin<'a> {
    #[serde(flatten)]
    room: WithoutPin<'a>,
    /// `null` if the room has none.
    pin: Option<&'a str>,
    /// `null` if the room has none.
    leader_pin: Option<&'a str>,
}

/// A room for programs.
#[derive(Serialize)]
pub(super) struct WithoutPin<'a> {
    room: String,
    /// The room's own telephone number, "+" and digits; `null` if it has none.
    direct_number: Option<String>,
    name: Option<&'a str>,
    has_pin: bool,
    has_leader_pin: bool,
    seats: u32,
    language: &'static str,
    /// Whether echoes are taken out in it, where the bridge does so at all.
    echo: bool,
    created: String,
    /// From when on nobody may enter; `null` for never.
    expires: Option<String>,
}

impl<'a> WithPin<'a> {
    pub(super) fn new(booking: &'a Booking) -> WithPin<'a> {
        WithPin {
            room: WithoutPin::new(booking),
            pin: booking.pin.as_ref().map(|pin| pin.reveal()),
            leader_pin: booking.leader_pin.as_ref().map(|pin| pin.reveal()),
        }
    }
}

impl<'a> WithoutPin<'a> {
    pub(super) fn new(booking: &'a Booking) -> WithoutPin<'a> {
        WithoutPin {
            room: booking.number.to_string(),
            direct_number: booking.direct.as_ref().map(PhoneNumber::international),
            name: booking.name.as_deref(),
            has_pin: booking.pin.is_some(),
            has_leader_pin: booking.leader_pin.is_some(),
            seats: booking.seats,
            language: booking.language.code(),
            echo: booking.echo,
            created: when::rfc3339(booking.created),
            expires: booking.expires.map(when::rfc3339),
        }
    }
}

/// The room number as people read it.
pub(super) fn number(booking: &Booking) -> String {
    grouped(&booking.number.to_string())
}

/// What members dial, as people read it: the room's own number, or the bridge's.
pub(super) fn dialled(booking: &Booking, sip: &SipConfig) -> Option<String> {
    let own = booking.direct.as_ref().map(|number| {
        let dialled = sip.dial_plan.dialled(number);
        match dialled.strip_prefix('+') {
            Some(digits) => format!("+{}", grouped(digits)),
            None => grouped(&dialled),
        }
    });
    own.or_else(|| sip.number.clone())
}

/// The room's last day as people read it.
pub(super) fn until(booking: &Booking, now: i64) -> String {
    match booking.expires {
        None => "no end".to_owned(),
        Some(expires) if expires <= now => format!("{} (over)", when::last_day(expires)),
        Some(expires) => when::last_day(expires).to_string(),
    }
}
