//! The conductor's part while calls are in rooms: what a room wants said, sounded, muted and ended.

use super::call::Phase;
use super::{Bridge, LEAVING, MediaRequest, lines};
use crate::ids::{LegId, RoomNumber};
use crate::room::{Booking, Notice, Output, Tone};
use crate::speech::{Sound, sound_clip};
use crate::units::Time;

impl Bridge {
    /// The room was cancelled: its members hear so, then their calls end.
    pub fn handle_room_cancelled(&mut self, now: Time, number: RoomNumber) {
        self.rooms.handle_cancelled(now, number);
        // Who still keys the PIN of this room is told that its time is over.
        self.in_reception_for(number, |_, ends| *ends = Some(now));
        self.hear_agent(now);
    }

    /// The booking was changed: other seats, another end. Who is inside stays until then.
    pub fn handle_room_changed(&mut self, now: Time, number: RoomNumber, seats: u32, ends: Option<Time>) {
        self.rooms.handle_booking_changed(now, number, seats, ends);
        // Who still keys the PIN must not bring the former booking back.
        self.in_reception_for(number, |booking, its_end| {
            booking.seats = seats;
            *its_end = ends;
        });
        self.hear_agent(now);
    }

    /// In this room echoes are taken out from now on, or let through.
    pub fn handle_echo_chosen(&mut self, now: Time, number: RoomNumber, treats: bool) {
        self.in_reception_for(number, |booking, _| booking.echo = treats);
        if self.rooms.is_open(number) {
            self.treat_echo(number, treats);
        }
        self.hear_agent(now);
    }

    /// An open room is to be so, if it is not already.
    pub(super) fn treat_echo(&mut self, number: RoomNumber, treats: bool) {
        let changed = match treats {
            true => self.echoing.remove(&number),
            false => self.echoing.insert(number),
        };
        if changed {
            self.ask(MediaRequest::TreatEcho { number, treats });
        }
    }

    /// Changes the booking that callers were found who are on their way into this room.
    fn in_reception_for(&mut self, number: RoomNumber, change: impl Fn(&mut Booking, &mut Option<Time>)) {
        let found = self.calls.values_mut().filter_map(|call| call.booking.as_mut());
        for (booking, ends) in found.filter(|(booking, _)| booking.number == number) {
            change(booking, ends);
        }
    }

    /// Carries on what the rooms told.
    pub(super) fn hear_rooms(&mut self, now: Time) {
        while let Some(output) = self.rooms.poll_output() {
            match output {
                Output::Say { leg, notice } => self.say(now, leg, notice),
                Output::Hush { leg } => self.ask(MediaRequest::Stop { leg }),
                // Who has just come may hear the tone too: it says that the door is open.
                Output::Tone {
                    room,
                    tone,
                    except: _,
                } => {
                    let sound = match tone {
                        Tone::Join => Sound::Join,
                        Tone::Leave => Sound::Leave,
                    };
                    self.ask(MediaRequest::Tone {
                        number: room,
                        clip: sound_clip(sound),
                    });
                }
                Output::SeekEcho { room } => self.ask(MediaRequest::SeekEcho { number: room }),
                Output::Mute { leg, muted } => self.ask(MediaRequest::Mute { leg, muted }),
                Output::Music { leg, on } => {
                    let clip = on.then(|| sound_clip(Sound::Music));
                    self.ask(MediaRequest::Music { leg, clip });
                }
                Output::Closed { room } => {
                    self.echoing.remove(&room);
                    self.ask(MediaRequest::Close { number: room });
                }
                Output::HangUp { leg, notice } => self.see_off(now, leg, notice),
            }
        }
    }

    fn say(&mut self, now: Time, leg: LegId, notice: Notice) {
        self.with_call(now, leg, |bridge, call| {
            bridge.play(leg, call, lines::notice(call.language, notice));
        });
    }

    /// A last sentence, then the call ends. The leg is in no room any more.
    fn see_off(&mut self, now: Time, leg: LegId, notice: Notice) {
        self.ask(MediaRequest::Music { leg, clip: None });
        self.with_call(now, leg, |bridge, call| {
            call.phase = Phase::Leaving { until: now + LEAVING };
            bridge.play(leg, call, lines::notice(call.language, notice));
        });
    }
}
