//! What happens to somebody who is alone in a room, as the table of `alone` says: the words, the music, the question.

use super::alone;
use super::conference::Conference;
use super::keys;
use super::words::{Notice, Output};
use crate::ids::LegId;
use crate::units::Time;
use std::time::Duration;

/// Somebody who was told so less than this ago is not told again that they are alone.
const TELL_AGAIN: Duration = Duration::from_secs(10);

impl Conference {
    /// Asks the table of being alone. Whether something followed.
    pub(super) fn watch(&mut self, now: Time, event: alone::Event) -> bool {
        match alone::step(self.company, event) {
            alone::Step::Stay => false,
            alone::Step::Refused => {
                self.desk.counts.unexpected += 1;
                false
            }
            alone::Step::Go(next, act) => {
                let wait = match next {
                    alone::State::Together => Duration::ZERO,
                    alone::State::Alone => self.policy.alone_after,
                    alone::State::Asked => self.policy.alone_answer,
                };
                self.company = next;
                self.alone_due = (!wait.is_zero()).then(|| now + wait);
                self.tend(now, act);
                true
            }
        }
    }

    fn tend(&mut self, now: Time, act: alone::Act) {
        if act == alone::Act::Goodbye {
            return self.end(Notice::AloneGoodbye);
        }
        if act == alone::Act::Hush {
            return self.hush_lone_words(now);
        }
        let Some(leg) = self.lone() else {
            self.desk.counts.unexpected += 1;
            return;
        };
        match act {
            alone::Act::Tell => self.tell_alone(now, leg),
            alone::Act::Ask => {
                if let Some(member) = self.members.get_mut(&leg) {
                    // A command begun before the question is not its answer.
                    (member.keys, member.keys_due) = (keys::State::Idle, None);
                }
                self.say(now, leg, Notice::AloneQuestion);
            }
            alone::Act::Stays => self.say(now, leg, Notice::AloneStays),
            alone::Act::Goodbye | alone::Act::Hush => {}
        }
    }

    fn tell_alone(&mut self, now: Time, leg: LegId) {
        let notice = match self.alone_told {
            None => Notice::Alone,
            Some(at) if now.since(at) < TELL_AGAIN => return,
            Some(_) => Notice::AloneAgain,
        };
        self.alone_told = Some(now);
        self.say_later(now, leg, notice);
    }

    fn hush_lone_words(&mut self, now: Time) {
        for (&leg, member) in &mut self.members {
            if !member.ear.forget(Notice::is_about_being_alone) {
                continue;
            }
            self.desk.outputs.push_back(match member.ear.finish(now) {
                (_, Some(notice)) => Output::Say { leg, notice },
                (_, None) => Output::Hush { leg },
            });
        }
    }

    pub(super) fn lone(&self) -> Option<LegId> {
        let mut legs = self.members.keys().copied();
        legs.next().filter(|_| legs.next().is_none())
    }

    /// Music begins when all that was to be said is said, and then goes on under what is said.
    pub(super) fn play_music(&mut self, leg: LegId) {
        let silent = self
            .members
            .get(&leg)
            .is_some_and(|member| member.ear.is_silent());
        if self.music.is_none() && silent {
            self.music = Some(leg);
            self.desk.outputs.push_back(Output::Music { leg, on: true });
        }
    }

    pub(super) fn stop_music(&mut self) {
        let listener = self.music.take();
        if let Some(leg) = listener.filter(|leg| self.members.contains_key(leg)) {
            self.desk.outputs.push_back(Output::Music { leg, on: false });
        }
    }
}
