//! What an organiser hands out: the invitation as text, and the appointment as a calendar file.

use crate::cli::appointment::{Appointment, MINUTES, MINUTES_MAX, Repeats};
use crate::cli::calendar::{self, Entry};
use crate::cli::invitation::Invitation;
use crate::cli::out;
use crate::io::store::unix_now;
use crate::room::Booking;
use anyhow::Context;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// When the group meets, and where to write the calendar file.
#[derive(Debug, clap::Args)]
pub(super) struct PaperArgs {
    /// When the group meets, once, by the clocks in Germany
    #[arg(long, value_name = "YYYY-MM-DD HH:MM", conflicts_with = "every")]
    at: Option<String>,
    /// When the group meets every week, for example "tue 19:00" or "di 19:00"
    #[arg(long, value_name = "DAY HH:MM")]
    every: Option<String>,
    /// How long a meeting lasts, for the calendar file
    #[arg(long, value_name = "N", default_value_t = MINUTES, value_parser = clap::value_parser!(u32).range(1..=i64::from(MINUTES_MAX)))]
    minutes: u32,
    /// Write a calendar file for the members (iCalendar; needs --at or --every); "-" is standard output, instead of text
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
}

/// The paper that was asked for.
pub(super) struct Paper {
    pub(super) appointment: Option<Appointment>,
    ics: Option<PathBuf>,
}

impl PaperArgs {
    /// Reads the arguments, before anything is done.
    pub(super) fn read(&self, json: bool) -> anyhow::Result<Paper> {
        let now = unix_now();
        let appointment = match (&self.at, &self.every) {
            (Some(at), _) => Some(Appointment::once(at, now)?),
            (None, Some(every)) => Some(Appointment::weekly(every, now)?),
            (None, None) => None,
        };
        if self.ics.is_some() && appointment.is_none() {
            anyhow::bail!(
                "--ics needs an appointment: add --at \"2030-12-01 19:00\" or --every \"tue 19:00\""
            );
        }
        let paper = Paper {
            appointment: appointment.map(|appointment| Appointment {
                minutes: self.minutes,
                ..appointment
            }),
            ics: self.ics.clone(),
        };
        if json && paper.is_calendar_only() {
            anyhow::bail!("--json and --ics - both want standard output: name a file after --ics");
        }
        Ok(paper)
    }
}

impl Paper {
    /// Whether standard output is for the calendar file alone.
    pub(super) fn is_calendar_only(&self) -> bool {
        self.ics.as_deref() == Some(Path::new("-"))
    }

    /// Refuses an appointment that the room does not live to see.
    pub(super) fn fits(&self, expires: Option<i64>) -> anyhow::Result<()> {
        if let (Some(appointment), Some(expires)) = (&self.appointment, expires)
            && appointment.first()? >= expires
        {
            anyhow::bail!(
                "the room has ended by the first appointment: choose an earlier one or a later last day"
            );
        }
        Ok(())
    }

    /// Writes the calendar file, if one was asked for.
    pub(super) fn write_calendar(&self, invitation: &Invitation) -> anyhow::Result<()> {
        let (Some(path), Some(appointment)) = (&self.ics, &self.appointment) else {
            return Ok(());
        };
        let text = calendar::calendar(&Entry {
            uid: &uid(invitation.booking, appointment),
            stamp: unix_now(),
            appointment,
            ends: invitation.booking.expires,
            summary: invitation.summary(),
            location: invitation.number,
            description: &invitation.members(),
        });
        if self.is_calendar_only() {
            return out::print_exactly(&text);
        }
        write(path, &text)
            .with_context(|| format!("{path:?} cannot be written: name another file with --ics"))?;
        out::remark(&format!(
            "Written: {} for the members' calendars.",
            path.display()
        ));
        Ok(())
    }
}

/// It holds the members' PIN.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// The same for the same room and appointment, so that a calendar replaces what it has. The moment of booking tells apart
/// rooms of other bridges, and rooms that have the number after one another.
fn uid(booking: &Booking, appointment: &Appointment) -> String {
    let start = appointment.start;
    let when = match appointment.repeats {
        Repeats::Never => start.strftime("%Y%m%dT%H%M").to_string(),
        Repeats::Weekly => start.strftime("weekly-%u-%H%M").to_string(),
    };
    format!("{}-{}-{when}@rundruf.invalid", booking.number, booking.created)
}
