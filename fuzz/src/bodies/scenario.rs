//! A whole evening of the simulated world (docs/SIMULATION.md): rooms, lines, callers and what they do, two bytes a draw, from
//! the beginning in the order of `src/sim/plan/draw.rs`, from the end in that of `plan/ways.rs`, `plan/desk.rs` and `plan/codecs.rs`. What
//! comes after the bytes, and the luck of each line, follows from a hash of them.

use super::written::Written;
use rundruf::sim::{Chance, Failure, Summary, World};

/// Who calls: enough for company in a room and a stranger in another, few enough for many evenings a second.
const CALLERS: usize = 4;

/// Runs one input. An evening that fails is lived through once more, and told event by event.
pub fn run(data: &[u8]) {
    if let Err(failure) = evening(data, false) {
        let again = evening(data, true);
        assert_eq!(again, Err(failure.clone()), "the same bytes are the same evening");
        panic!("the evening fails at {failure}");
    }
}

fn evening(data: &[u8], told: bool) -> Result<Summary, Failure> {
    let mut world = World::new(Chance::taped(data), CALLERS);
    // The simulated callers write nothing that rsip would not read.
    world.reader = Some(Box::new(|bytes| {
        Written::new(bytes.to_vec(), true);
        Ok(())
    }));
    if told {
        world.journal = Some(Box::new(|at, line| eprintln!("{:>7} ms  {line}", at.as_millis())));
    }
    world.run()
}
