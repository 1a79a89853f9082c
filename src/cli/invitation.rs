//! The invitation that an organiser pastes, prints or reads out: a member with an old telephone must get in by it alone.
//! The texts stand here as they are read; `{…}` is filled in.

use super::when;
use crate::ids::Language;
use crate::room::Booking;

/// What stands for the number as long as the operator has not entered it in bridge.toml.
pub(super) const NUMBER_MISSING: &str = "(die Rufnummer Ihrer Telefonanlage)";

/// The texts in one language.
struct Texts {
    title: &'static str,
    title_named: &'static str,
    lead: &'static str,
    number: &'static str,
    room: &'static str,
    pin: &'static str,
    until: &'static str,
    steps_lead: &'static str,
    dial: &'static str,
    dial_above: &'static str,
    key_room: &'static str,
    key_pin: &'static str,
    no_pin: &'static str,
    join: &'static str,
    tone_hint: &'static str,
}

const DE: Texts = Texts {
    title: "Einladung zu unserer Telefonrunde",
    title_named: "Einladung zur Telefonrunde „{name}“",
    lead: "Sie brauchen dafür nur ein Telefon. Jedes Gerät mit Tasten ist recht.",
    number: "Rufnummer:",
    room: "Raum:",
    pin: "PIN:",
    until: "Der Raum ist bis einschließlich {date} für Sie da.",
    steps_lead: "So kommen Sie dazu:",
    dial: "Wählen Sie die Rufnummer {number}. Eine Stimme begrüßt Sie.",
    dial_above: "Wählen Sie die Rufnummer, die oben steht. Eine Stimme begrüßt Sie.",
    key_room: "Drücken Sie nacheinander die Ziffern der Raumnummer {room} und danach\n\
               die Raute-Taste (#), unten rechts auf Ihrem Telefon. Sie haben Zeit.",
    key_pin: "Drücken Sie ebenso die Ziffern der PIN {pin} und wieder die\n\
              Raute-Taste.",
    no_pin: "Eine PIN brauchen Sie nicht: Sie sind nun im Raum.",
    join: "Begrüßen Sie die anderen. Ist noch niemand da, bleiben Sie bitte am\n\
           Apparat. Zum Schluss legen Sie einfach auf.",
    tone_hint: "Falls die Stimme auf Ihre Tasten nicht reagiert: Viele ältere Telefone\n\
                antworten erst, wenn man nach dem Wählen einmal die Stern-Taste (*),\n\
                unten links, drückt. Fangen Sie dann noch einmal mit der Raumnummer an.",
};

const fn texts(language: Language) -> &'static Texts {
    match language {
        Language::De | Language::En => &DE,
    }
}

/// The invitation to the room `booking` in its language; `number` is the bridge's telephone number.
pub(super) fn invitation(booking: &Booking, number: Option<&str>) -> String {
    let texts = texts(booking.language);
    let mut lines = vec![
        title(texts, booking.name.as_deref()),
        String::new(),
        texts.lead.to_owned(),
        String::new(),
    ];
    lines.extend(sheet(texts, booking, number));
    lines.extend([String::new(), texts.steps_lead.to_owned(), String::new()]);
    for (index, step) in steps(texts, booking, number).iter().enumerate() {
        lines.push(format!("{}. {}", index + 1, step.replace('\n', "\n   ")));
    }
    lines.extend([String::new(), texts.tone_hint.to_owned()]);
    if let Some(expires) = booking.expires {
        let date = when::german(when::last_day(expires));
        lines.extend([String::new(), texts.until.replace("{date}", &date)]);
    }
    lines.join("\n")
}

fn title(texts: &Texts, name: Option<&str>) -> String {
    name.map_or_else(
        || texts.title.to_owned(),
        |name| texts.title_named.replace("{name}", name),
    )
}

/// What must be at hand when dialling, one below the other.
fn sheet(texts: &Texts, booking: &Booking, number: Option<&str>) -> Vec<String> {
    let number = number.unwrap_or(NUMBER_MISSING);
    let line = |label: &str, value: &str| format!("   {label:<12}{value}");
    let mut lines = vec![
        line(texts.number, number),
        line(texts.room, &room_spoken(booking)),
    ];
    lines.extend(
        booking
            .pin
            .as_ref()
            .map(|pin| line(texts.pin, &grouped(pin.reveal()))),
    );
    lines
}

fn steps(texts: &Texts, booking: &Booking, number: Option<&str>) -> [String; 4] {
    let dial = number.map_or_else(
        || texts.dial_above.to_owned(),
        |number| texts.dial.replace("{number}", number),
    );
    let pin = match &booking.pin {
        Some(pin) => texts.key_pin.replace("{pin}", &grouped(pin.reveal())),
        None => texts.no_pin.to_owned(),
    };
    [
        dial,
        texts.key_room.replace("{room}", &room_spoken(booking)),
        pin,
        texts.join.to_owned(),
    ]
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
    use crate::secret::Pin;

    fn booking() -> Booking {
        Booking {
            number: RoomNumber::nth(23_456).expect("in range"),
            name: Some("Dienstagsrunde".into()),
            pin: Pin::parse("493817"),
            seats: 8,
            language: Language::De,
            created: 0,
            expires: None,
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
        assert_eq!(text.matches(NUMBER_MISSING).count(), 1);
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
