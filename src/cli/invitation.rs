//! The invitation that an organiser pastes, prints or reads out: a member with an old telephone must get in by it alone.
//! The leader has a sheet of their own.

mod texts;

use super::appointment::Appointment;
use super::when;
use crate::ids::Language;
use crate::room::Booking;
use texts::{Texts, texts};

/// What an invitation is made of.
#[derive(Clone, Copy)]
pub(super) struct Invitation<'a> {
    pub(super) booking: &'a Booking,
    /// The bridge's telephone number.
    pub(super) number: Option<&'a str>,
    /// Its readers' language, which may be another than the room's.
    pub(super) language: Language,
    pub(super) appointment: Option<&'a Appointment>,
}

impl Invitation<'_> {
    /// The members' sheet and, under a line, the leader's, if there is one.
    pub(super) fn sheets(&self) -> String {
        match self.leader() {
            Some(leader) => format!("{}\n\n{}\n\n{leader}", self.members(), "- ".repeat(38).trim_end()),
            None => self.members(),
        }
    }

    /// What every member is to have.
    pub(super) fn members(&self) -> String {
        let (texts, number) = (texts(self.language), self.number);
        let mut lines = vec![
            self.titled(texts.title, texts.title_named),
            String::new(),
            texts.lead.to_owned(),
            String::new(),
        ];
        lines.extend(self.at_hand(texts));
        lines.extend([String::new(), texts.steps_lead.to_owned(), String::new()]);
        for (index, step) in steps(texts, self.booking, number).iter().enumerate() {
            lines.push(format!("{}. {}", index + 1, step.replace('\n', "\n   ")));
        }
        let hint = match self.booking.direct {
            None => texts.tone_hint,
            Some(_) => texts.tone_hint_direct,
        };
        lines.extend([String::new(), hint.to_owned()]);
        if let Some(expires) = self.booking.expires {
            let date = when::written(self.language, when::last_day(expires));
            lines.extend([String::new(), texts.until.replace("{date}", &date)]);
        }
        lines.join("\n")
    }

    /// What only the leader is to have.
    pub(super) fn leader(&self) -> Option<String> {
        let texts = &texts(self.language).leader;
        let pin = grouped(self.booking.leader_pin.as_ref()?.reveal());
        let key = |keys: &str, does: &str| format!("   {keys:<8}{does}");
        let lines = [
            self.titled(texts.title, texts.title_named),
            texts.secret.to_owned(),
            labelled(texts.pin, &pin),
            texts.enter.replace("{pin}", &pin),
            [
                texts.keys_lead.to_owned(),
                String::new(),
                key("* 5", texts.lock),
                key("* 0", texts.mute),
                key("* # #", texts.end),
            ]
            .join("\n"),
            texts.answered.to_owned(),
        ];
        Some(lines.join("\n\n"))
    }

    /// What a calendar calls the meeting.
    pub(super) fn summary(&self) -> &str {
        let name = self.booking.name.as_deref();
        name.unwrap_or(texts(self.language).summary)
    }

    fn titled(&self, title: &str, named: &str) -> String {
        self.booking
            .name
            .as_ref()
            .map_or_else(|| title.to_owned(), |name| named.replace("{name}", name))
    }

    /// What must be at hand when dialling, one below the other.
    fn at_hand(&self, texts: &Texts) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(appointment) = self.appointment {
            lines.push(labelled(texts.when, &appointment.written(self.language)));
        }
        let number = self.number.unwrap_or(texts.number_missing);
        lines.push(labelled(texts.number, number));
        if self.booking.direct.is_none() {
            lines.push(labelled(texts.room, &room_spoken(self.booking)));
        }
        if let Some(pin) = &self.booking.pin {
            lines.push(labelled(texts.pin, &grouped(pin.reveal())));
        }
        lines
    }
}

fn labelled(label: &str, value: &str) -> String {
    format!("   {label:<12}{value}")
}

fn steps(texts: &Texts, booking: &Booking, number: Option<&str>) -> Vec<String> {
    let dial = number.map_or_else(
        || texts.dial_above.to_owned(),
        |number| texts.dial.replace("{number}", number),
    );
    let key_pin = match booking.direct {
        None => texts.key_pin,
        Some(_) => texts.key_pin_direct,
    };
    let pin = match &booking.pin {
        Some(pin) => key_pin.replace("{pin}", &grouped(pin.reveal())),
        None => texts.no_pin.to_owned(),
    };
    let room = match booking.direct {
        None => Some(texts.key_room.replace("{room}", &room_spoken(booking))),
        Some(_) => None,
    };
    let steps = [Some(dial), room, Some(pin), Some(texts.join.to_owned())];
    steps.into_iter().flatten().collect()
}

fn room_spoken(booking: &Booking) -> String {
    grouped(&booking.number.to_string())
}

/// Digits in threes, and in twos at the end, as people say them: "123 45 67", "493 817".
pub(super) fn grouped(digits: &str) -> String {
    let mut groups = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        let wanted = if matches!(rest.len(), 2 | 4) { 2 } else { 3 };
        let (group, others) = rest.split_at(wanted.min(rest.len()));
        groups.push(group);
        rest = others;
    }
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoomNumber;
    use crate::number::PhoneNumber;
    use crate::secret::Pin;

    fn booking() -> Booking {
        Booking {
            number: RoomNumber::nth(23_456).expect("in range"),
            direct: None,
            name: Some("Dienstagsrunde".into()),
            pin: Pin::parse("493817"),
            leader_pin: None,
            former_pin: Pin::parse("111999"),
            seats: 8,
            language: Language::De,
            echo: true,
            created: 0,
            expires: None,
        }
    }

    fn invitation(booking: &Booking, number: Option<&str>) -> String {
        sheets(booking, number, booking.language)
    }

    fn sheets(booking: &Booking, number: Option<&str>, language: Language) -> String {
        let appointment = None;
        Invitation {
            booking,
            number,
            language,
            appointment,
        }
        .sheets()
    }

    #[test]
    fn who_dials_the_rooms_own_number_has_one_step_less() {
        let direct = Booking {
            direct: PhoneNumber::parse("+49301234567"),
            ..booking()
        };
        let room = room_spoken(&direct);
        for (language, pin) in [
            (Language::De, "die Ziffern der PIN 493 817"),
            (Language::En, "the digits of the PIN 493 817"),
        ] {
            let text = sheets(&direct, Some("030 123 45 67"), language);
            assert!(text.contains("030 123 45 67") && text.contains(pin), "{text}");
            assert!(
                !text.contains(&room) && !text.contains("Raum:") && !text.contains("Room:"),
                "{text}"
            );
            assert!(
                !text.contains("Raumnummer") && !text.contains("room number") && !text.contains("ebenso"),
                "{text}"
            );
            assert!(text.contains("3. ") && !text.contains("4. "), "{text}");
        }
    }

    #[test]
    fn a_member_finds_number_room_pin_and_four_steps() {
        let text = invitation(&booking(), Some("030 123456"));
        let room = grouped(&booking().number.to_string());
        assert!(room.starts_with("123 45 6"), "{room}");
        for wanted in [
            "„Dienstagsrunde“",
            "Rufnummer:  030 123456",
            "PIN:        493 817",
            "die Ziffern der PIN 493 817",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(
            text.contains(&format!("Raum:       {room}")) && text.contains(&format!("Raumnummer {room}"))
        );
        assert_eq!(
            text.lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
                .count(),
            4
        );
        assert!(text.contains("Raute-Taste (#), unten rechts") && !text.contains("bis einschließlich"));
        assert!(text.lines().all(|line| line.chars().count() <= 76), "{text}");
        assert!(!text.contains('{') && !text.contains("ungültig"), "{text}");
    }

    #[test]
    fn a_room_without_pin_asks_for_none_but_keeps_four_steps() {
        let text = invitation(
            &Booking {
                pin: None,
                name: None,
                ..booking()
            },
            None,
        );
        assert!(
            text.contains("Eine PIN brauchen Sie nicht") && !text.contains("PIN:"),
            "{text}"
        );
        assert!(
            text.contains("\n4. ") && text.starts_with("Einladung zu unserer Telefonrunde\n"),
            "{text}"
        );
        assert_eq!(text.matches(texts(Language::De).number_missing).count(), 1);
        assert!(
            text.contains("1. Wählen Sie die Rufnummer, die oben steht."),
            "{text}"
        );
    }

    #[test]
    fn the_last_day_is_told() {
        // 2026-12-31, 24:00 in Germany.
        let text = invitation(
            &Booking {
                expires: Some(1_798_758_000),
                ..booking()
            },
            None,
        );
        assert!(text.contains("bis einschließlich 31. Dezember 2026"), "{text}");
    }

    #[test]
    fn the_leader_has_a_sheet_of_their_own_in_both_languages() {
        let booking = Booking {
            leader_pin: Pin::parse("802641"),
            ..booking()
        };
        for (language, secret) in [(Language::De, "nur für Sie"), (Language::En, "for you alone")] {
            let text = sheets(&booking, Some("030 123456"), language);
            let (members, leader) = text.split_once("\n- - -").expect("two sheets");
            assert!(
                !members.contains("802 641") && members.contains("493 817"),
                "{members}"
            );
            assert!(
                leader.contains("802 641") && !leader.contains("493 817"),
                "{leader}"
            );
            assert!(leader.contains(secret), "{leader}");
            for keys in ["* 5", "* 0", "* # #"] {
                assert!(leader.contains(keys), "{keys}: {leader}");
            }
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(!text.contains('{') && !text.contains("111"), "{text}");
        }
        assert!(!invitation(&super::tests::booking(), None).contains("- - -"));
    }

    #[test]
    fn an_english_reader_finds_the_same_four_steps() {
        let booking = Booking {
            expires: Some(1_798_758_000),
            ..booking()
        };
        let text = sheets(&booking, Some("030 123456"), Language::En);
        for wanted in [
            "“Dienstagsrunde”",
            "1. Dial 030 123456.",
            "the PIN 493 817",
            "hash key (#)",
            "\n4. Say hello",
            "up to and including 31 December 2026",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
    }

    #[test]
    fn an_appointment_stands_above_the_number() {
        let booking = booking();
        let appointment = Appointment::weekly("di 19:00", 1_795_386_600).expect("a weekly appointment");
        let told = |language| {
            Invitation {
                booking: &booking,
                number: None,
                language,
                appointment: Some(&appointment),
            }
            .members()
        };
        assert!(told(Language::De).contains("   Termin:     jeden Dienstag um 19 Uhr\n   Rufnummer:"));
        assert!(told(Language::En).contains("   When:       every Tuesday at 7:00 p.m. (German time)\n"));
    }

    #[test]
    fn digits_are_grouped_as_they_are_said() {
        for (digits, said) in [
            ("4938", "49 38"),
            ("49381", "493 81"),
            ("493817", "493 817"),
            ("1234567", "123 45 67"),
            ("49381702", "493 817 02"),
            ("493817026", "493 817 026"),
            ("4938170265", "493 817 02 65"),
        ] {
            assert_eq!(grouped(digits), said);
        }
    }
}
