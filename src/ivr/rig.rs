//! A bridge for tests: answers lookups and verdicts, plays prompts for a while, keeps a log. No clock, only `wait`.

use super::{Farewell, Gate, Line, Lookup, Output, Reception, Verdict};
use crate::ids::{Role, RoomNumber};
use crate::secret::{Key, Pin};
use crate::units::Time;
use std::time::Duration;

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A room number with a right check digit.
pub fn room() -> RoomNumber {
    RoomNumber::nth(4_711).expect("in range")
}

pub fn pin(digits: &str) -> Lookup {
    pins(digits, "", "")
}

/// A room with its PIN, leader PIN and former PIN; an empty one is none.
pub fn pins(pin: &str, leader: &str, former: &str) -> Lookup {
    Lookup::Guarded(Gate {
        pin: Pin::parse(pin).expect("4 to 10 digits"),
        leader: Pin::parse(leader),
        former: Pin::parse(former),
    })
}

/// What a member is admitted by.
pub fn admit() -> Output {
    admit_as(Role::Member)
}

pub fn admit_as(role: Role) -> Output {
    Output::Admit { room: room(), role }
}

pub struct Rig {
    pub reception: Reception,
    pub now: Time,
    /// Everything asked for, and when.
    pub log: Vec<(Time, Output)>,
    /// The answer to every lookup.
    pub found: Lookup,
    /// The answer to every `Admit`.
    pub verdict: Verdict,
    pub lookup_takes: Duration,
    pub verdict_takes: Duration,
    /// How long a prompt lasts; `None` if its end is never told.
    pub prompt_lasts: Option<Duration>,
    due: Vec<(Time, Due)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    Played,
    Found,
    Verdict,
}

impl Rig {
    pub fn new(found: Lookup) -> Rig {
        let now = Time::from_millis(5_000);
        Rig {
            reception: Reception::new(now),
            now,
            log: Vec::new(),
            found,
            verdict: Verdict::Welcome,
            lookup_takes: ms(3),
            verdict_takes: ms(1),
            prompt_lasts: Some(secs(6)),
            due: Vec::new(),
        }
    }

    /// Time passes; whatever is due on the way happens, earliest first.
    pub fn wait(&mut self, span: Duration) -> &mut Rig {
        let end = self.now + span;
        while let Some(next) = self.next_at().filter(|at| *at <= end) {
            self.now = self.now.max(next);
            let ready = |(at, _): &(Time, Due)| *at <= next;
            match self.due.iter().position(ready).map(|i| self.due.remove(i).1) {
                Some(Due::Played) => self.reception.handle_played(self.now),
                Some(Due::Found) => self.reception.handle_lookup(self.now, self.found.clone()),
                Some(Due::Verdict) => self.reception.handle_verdict(self.now, self.verdict),
                None => self.reception.handle_timeout(self.now),
            }
            self.drain();
        }
        self.now = end;
        self
    }

    /// Keys pressed 100 ms apart, as from a dial string (50 ms on, 50 ms off).
    pub fn burst(&mut self, keys: &str) -> &mut Rig {
        self.keys(keys, ms(100))
    }

    /// Keys pressed one second apart.
    pub fn slowly(&mut self, keys: &str) -> &mut Rig {
        self.keys(keys, secs(1))
    }

    pub fn keys(&mut self, keys: &str, apart: Duration) -> &mut Rig {
        for face in keys.chars() {
            self.key(Key::from_char(face).expect("a key of a telephone"))
                .wait(apart);
        }
        self
    }

    pub fn key(&mut self, key: Key) -> &mut Rig {
        self.reception.handle_key(self.now, key);
        self.drain();
        self
    }

    fn next_at(&self) -> Option<Time> {
        let timer = self.reception.poll_timeout().map(|(at, _)| at);
        self.due.iter().map(|(at, _)| *at).chain(timer).min()
    }

    fn drain(&mut self) {
        while let Some(output) = self.reception.poll_output() {
            match output {
                Output::Say(_) => {
                    self.due.retain(|(_, due)| *due != Due::Played);
                    let end = self.prompt_lasts.map(|span| (self.now + span, Due::Played));
                    self.due.extend(end);
                }
                Output::Hush => self.due.retain(|(_, due)| *due != Due::Played),
                Output::LookUp(_) => self.due.push((self.now + self.lookup_takes, Due::Found)),
                Output::Admit { .. } => self.due.push((self.now + self.verdict_takes, Due::Verdict)),
                Output::Failed { .. } | Output::Outdated | Output::HangUp(_) => {}
            }
            self.log.push((self.now, output));
        }
    }

    /// What was asked for since the last look.
    pub fn look(&mut self) -> Vec<Output> {
        self.log.drain(..).map(|(_, output)| output).collect()
    }

    pub fn lines(&self) -> Vec<Line> {
        let line = |(_, output): &(Time, Output)| match output {
            Output::Say(line) => Some(*line),
            _ => None,
        };
        self.log.iter().filter_map(line).collect()
    }

    pub fn count(&self, output: Output) -> usize {
        self.log.iter().filter(|(_, logged)| *logged == output).count()
    }

    pub fn failures(&self) -> usize {
        let failed = |(_, output): &&(Time, Output)| matches!(output, Output::Failed { .. });
        self.log.iter().filter(failed).count()
    }

    pub fn farewell(&self) -> Option<Farewell> {
        self.log.iter().find_map(|(_, output)| match output {
            Output::HangUp(farewell) => Some(*farewell),
            _ => None,
        })
    }

    pub fn admitted(&self) -> bool {
        self.log
            .iter()
            .any(|(_, output)| matches!(output, Output::Admit { .. }))
    }
}
