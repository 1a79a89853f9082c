//! What is left out when a media thread runs short of time, before a whole frame has to be: at first what is missed least. Each
//! step leaves out what the steps before it do. Reads no clock: the load comes from outside.

/// Measures in a row from the mark on after which a step is taken, and another one after each more: 400 ms. One alone is a machine that
/// stood still for a moment and has caught up since, as shared ones do every other second.
const LASTING: u32 = 2;
/// Measures in a row below the mark after which one step is taken back: 5 s.
const CALM: u32 = 25;
/// The load must be so much below the mark then, in millionths: what was left out comes back and costs again. To look for echoes is a
/// quarter of a tick.
const MARGIN_PPM: u64 = 150_000;
const MARGIN_LOOKING_PPM: u64 = 300_000;

/// What is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Shed {
    /// Nothing.
    #[default]
    Nothing,
    /// A line on which no echo was found in some seconds of speech is looked at in turns, for 8 s of 64.
    Looking,
    /// Playout buffers are not made shorter or longer by pitch periods, only where it is quiet: delay stays as it is.
    Stretching,
    /// Keys as tones are not listened for in rooms; in reception they are, and events and INFO count everywhere.
    RoomTones,
    /// What does not come is not made up of pitch periods: it fades to silence over a period of fixed length.
    Pitch,
}

impl Shed {
    /// Every step, in the order in which they are taken.
    pub const ALL: [Shed; 5] = [
        Shed::Nothing,
        Shed::Looking,
        Shed::Stretching,
        Shed::RoomTones,
        Shed::Pitch,
    ];

    /// In reception keys are what everybody is there for.
    pub fn in_reception(self) -> Shed {
        self.min(Shed::Stretching)
    }
}

/// Decides what is left out.
#[derive(Debug)]
pub struct Shedder {
    mark_ppm: u64,
    step: Shed,
    short: u32,
    calm: u32,
}

impl Shedder {
    /// Leaves something out from this load on, in millionths; from a whole on never.
    pub fn new(mark_ppm: u64) -> Shedder {
        Shedder {
            mark_ppm,
            step: Shed::Nothing,
            short: 0,
            calm: 0,
        }
    }

    /// The load of the last 200 ms, in millionths; what is left out from now on. One step at a time: each may be enough.
    pub fn handle_load(&mut self, ppm: u64) -> Shed {
        let step = self.step as usize;
        let is_short = ppm >= self.mark_ppm && self.mark_ppm < 1_000_000;
        self.short = if is_short { self.short.saturating_add(1) } else { 0 };
        if is_short {
            self.calm = 0;
            if self.is_short() {
                self.step = Shed::ALL[(step + 1).min(Shed::ALL.len() - 1)];
            }
        } else if ppm + self.margin() < self.mark_ppm {
            self.calm += 1;
            if self.calm == CALM {
                self.calm = 0;
                self.step = Shed::ALL[step.saturating_sub(1)];
            }
        } else {
            self.calm = 0;
        }
        self.step
    }

    fn margin(&self) -> u64 {
        match self.step {
            Shed::Looking => MARGIN_LOOKING_PPM,
            _ => MARGIN_PPM,
        }
    }

    /// Whether time has been short for long enough to do something about it.
    pub fn is_short(&self) -> bool {
        self.short >= LASTING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(shedder: &mut Shedder, ppm: u64, measures: u32) -> Shed {
        (0..measures)
            .map(|_| shedder.handle_load(ppm))
            .last()
            .unwrap_or_default()
    }

    #[test]
    fn one_step_at_a_time_is_left_out_and_taken_back_when_it_was_calm_for_long() {
        let mut shedder = Shedder::new(900_000);
        assert_eq!(after(&mut shedder, 899_999, 100), Shed::Nothing);
        assert_eq!(after(&mut shedder, 900_000, 1), Shed::Nothing);
        assert_eq!(after(&mut shedder, 900_000, 1), Shed::Looking);
        assert_eq!(
            after(&mut shedder, 620_000, 1_000),
            Shed::Looking,
            "to look at all lines again would not fit"
        );
        assert_eq!(after(&mut shedder, 900_000, 2), Shed::Stretching);
        assert_eq!(
            after(&mut shedder, 800_000, 1_000),
            Shed::Stretching,
            "what was left out would not fit"
        );
        assert_eq!(after(&mut shedder, 950_000, 2), Shed::RoomTones);
        assert_eq!(
            after(&mut shedder, 1_200_000, 10),
            Shed::Pitch,
            "there is no more to leave out"
        );
        assert_eq!(after(&mut shedder, 500_000, 24), Shed::Pitch);
        assert_eq!(after(&mut shedder, 800_000, 1), Shed::Pitch, "that was no calm");
        assert_eq!(after(&mut shedder, 500_000, 25), Shed::RoomTones);
        assert_eq!(after(&mut shedder, 500_000, 50), Shed::Looking);
        assert_eq!(after(&mut shedder, 500_000, 25), Shed::Nothing);
    }

    #[test]
    fn a_machine_that_stands_still_now_and_then_leaves_nothing_out() {
        let mut shedder = Shedder::new(900_000);
        for _ in 0..100 {
            assert_eq!(shedder.handle_load(1_000_000), Shed::Nothing);
            assert_eq!(after(&mut shedder, 700_000, 7), Shed::Nothing);
        }
    }

    #[test]
    fn whoever_wants_everything_always_gets_it() {
        assert_eq!(after(&mut Shedder::new(1_000_000), 2_000_000, 100), Shed::Nothing);
    }

    #[test]
    fn reception_listens_for_tones_whatever_is_left_out_in_rooms() {
        assert!(Shed::ALL.iter().all(|shed| shed.in_reception() < Shed::RoomTones));
    }
}
