//! The invitation's texts as they are read, one set a language; `{…}` is filled in. They are pasted as they stand, so the
//! lines are broken here.

use crate::ids::Language;

/// The texts in one language.
pub(super) struct Texts {
    /// What stands for the number as long as the operator has not entered it in bridge.toml.
    pub(super) number_missing: &'static str,
    pub(super) title: &'static str,
    pub(super) title_named: &'static str,
    /// A calendar entry's title, for a room without a name.
    pub(super) summary: &'static str,
    pub(super) lead: &'static str,
    pub(super) when: &'static str,
    pub(super) number: &'static str,
    pub(super) room: &'static str,
    pub(super) pin: &'static str,
    pub(super) until: &'static str,
    pub(super) steps_lead: &'static str,
    pub(super) dial: &'static str,
    pub(super) dial_above: &'static str,
    pub(super) key_room: &'static str,
    pub(super) key_pin: &'static str,
    /// Where the room's own number was dialled: the first keys of all.
    pub(super) key_pin_direct: &'static str,
    pub(super) no_pin: &'static str,
    pub(super) join: &'static str,
    pub(super) tone_hint: &'static str,
    pub(super) tone_hint_direct: &'static str,
    pub(super) leader: Leader,
}

/// The leader's own sheet.
pub(super) struct Leader {
    pub(super) title: &'static str,
    pub(super) title_named: &'static str,
    pub(super) secret: &'static str,
    pub(super) pin: &'static str,
    pub(super) enter: &'static str,
    pub(super) keys_lead: &'static str,
    pub(super) lock: &'static str,
    pub(super) mute: &'static str,
    pub(super) end: &'static str,
    pub(super) answered: &'static str,
}

const DE: Texts = Texts {
    number_missing: "(die Rufnummer Ihrer Telefonanlage)",
    title: "Einladung zu unserer Telefonrunde",
    title_named: "Einladung zur Telefonrunde „{name}“",
    summary: "Telefonrunde",
    lead: "Sie brauchen dafür nur ein Telefon. Jedes Gerät mit Tasten ist recht.",
    when: "Termin:",
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
    key_pin_direct: "Drücken Sie nacheinander die Ziffern der PIN {pin} und danach die\n\
                     Raute-Taste (#), unten rechts auf Ihrem Telefon. Sie haben Zeit.",
    no_pin: "Eine PIN brauchen Sie nicht: Sie sind nun im Raum.",
    join: "Begrüßen Sie die anderen. Ist noch niemand da, bleiben Sie bitte am\n\
           Apparat. Zum Schluss legen Sie einfach auf.",
    tone_hint: "Falls die Stimme auf Ihre Tasten nicht reagiert: Viele ältere Telefone\n\
                antworten erst, wenn man nach dem Wählen einmal die Stern-Taste (*),\n\
                unten links, drückt. Fangen Sie dann noch einmal mit der Raumnummer an.",
    tone_hint_direct: "Falls die Stimme auf Ihre Tasten nicht reagiert: Viele ältere Telefone\n\
                       antworten erst, wenn man nach dem Wählen einmal die Stern-Taste (*),\n\
                       unten links, drückt. Geben Sie die PIN dann noch einmal ein.",
    leader: Leader {
        title: "Für die Gruppenleitung unserer Telefonrunde",
        title_named: "Für die Gruppenleitung der Telefonrunde „{name}“",
        secret: "Dieses Blatt ist nur für Sie. Bitte geben Sie es nicht an die Gruppe weiter.",
        pin: "Ihre PIN:",
        enter: "Rufen Sie an wie alle anderen. Wenn Sie nach der PIN gefragt werden, drücken\n\
                Sie statt der PIN der Gruppe die Ziffern Ihrer eigenen PIN {pin} und\n\
                danach die Raute-Taste (#).",
        keys_lead: "Während des Gesprächs leiten Sie mit diesen Tasten, eine nach der anderen:",
        lock: "Raum schließen, niemand kommt mehr dazu; noch einmal: wieder öffnen",
        mute: "alle anderen stumm schalten; noch einmal: alle dürfen wieder sprechen",
        end: "das Gespräch für alle beenden; bestätigen Sie danach mit der 1",
        answered: "Auf jede dieser Tasten antwortet Ihnen eine Stimme, die nur Sie hören.",
    },
};

const EN: Texts = Texts {
    number_missing: "(the number of your telephone system)",
    title: "Invitation to our telephone meeting",
    title_named: "Invitation to the telephone meeting “{name}”",
    summary: "Telephone meeting",
    lead: "All you need is a telephone. Any telephone with keys will do.",
    when: "When:",
    number: "Telephone:",
    room: "Room:",
    pin: "PIN:",
    until: "The room is there for you up to and including {date}.",
    steps_lead: "How to join:",
    dial: "Dial {number}. A voice will welcome you.",
    dial_above: "Dial the telephone number above. A voice will welcome you.",
    key_room: "Press the digits of the room number {room} one after another, then the\n\
               hash key (#), at the bottom right of your telephone. Take your time.",
    key_pin: "In the same way, press the digits of the PIN {pin}, then the hash\n\
              key again.",
    key_pin_direct: "Press the digits of the PIN {pin} one after another, then the\n\
                     hash key (#), at the bottom right of your telephone. Take your time.",
    no_pin: "You do not need a PIN: you are in the room now.",
    join: "Say hello to the others. If nobody is there yet, please stay on the line.\n\
           When you have finished, simply hang up.",
    tone_hint: "If the voice does not respond to your keys: many older telephones respond\n\
                only if you press the star key (*), at the bottom left, once after\n\
                dialling. Then start again with the room number.",
    tone_hint_direct: "If the voice does not respond to your keys: many older telephones respond\n\
                       only if you press the star key (*), at the bottom left, once after\n\
                       dialling. Then enter the PIN again.",
    leader: Leader {
        title: "For the leader of our telephone meeting",
        title_named: "For the leader of the telephone meeting “{name}”",
        secret: "This sheet is for you alone. Please do not pass it on to the group.",
        pin: "Your PIN:",
        enter: "Call in like everybody else. When you are asked for the PIN, press the\n\
                digits of your own PIN {pin} instead of the group's, then the\n\
                hash key (#).",
        keys_lead: "During the meeting, these keys are yours, pressed one after another:",
        lock: "lock the room, so that nobody else comes in; again: unlock it",
        mute: "mute everybody else; again: everybody may speak",
        end: "end the meeting for everybody; confirm with 1",
        answered: "A voice that only you can hear answers each of these keys.",
    },
};

pub(super) const fn texts(language: Language) -> &'static Texts {
    match language {
        Language::De => &DE,
        Language::En => &EN,
    }
}
