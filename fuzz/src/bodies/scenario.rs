//! A whole evening of the simulated world (docs/SIMULATION.md): rooms, lines, callers and what they do, two bytes a draw, in the
//! order of `src/sim/plan.rs`. What comes after the bytes, and the luck of each line, follows from a hash of them.

use super::written::Written;
use rundruf::sim::{Chance, World};

/// Who calls: enough for company in a room and a stranger in another, few enough for many evenings a second.
const CALLERS: usize = 4;

/// Runs one input.
pub fn run(data: &[u8]) {
    let mut world = World::new(Chance::taped(data), CALLERS);
    // The simulated callers write nothing that rsip would not read.
    world.reader = Some(Box::new(|bytes| {
        Written::new(bytes.to_vec(), true);
        Ok(())
    }));
    if let Err(failure) = world.run() {
        panic!("the evening fails at {failure}");
    }
}
