//! Precedence of a thread over every ordinary program (SCHED_FIFO), and a processor that it stays on: who may have it is the
//! system's word.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Above every ordinary program, below the kernel's own threads (50).
pub const PRIORITY: u8 = 10;

/// Takes precedence for the calling thread, or says why not.
pub fn take() -> Result<(), String> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let priority = ThreadPriorityValue::try_from(PRIORITY)?;
    let priority = ThreadPriority::Crossplatform(priority);
    set_thread_priority_and_policy(thread_native_id(), priority, policy).map_err(|error| match error {
        thread_priority::Error::OS(code) => std::io::Error::from_raw_os_error(code).to_string(),
        other => format!("{other:?}"),
    })
}

/// Keeps the calling thread, the `nth` of its kind, on one of the processors that the process may use: the last of them first, as
/// the first one is where a system does most else. On a single one there is nothing to choose.
pub fn pin(nth: usize) {
    let Ok(allowed) = sched_getaffinity(None) else {
        return;
    };
    let of_all: Vec<usize> = (0..CpuSet::MAX_CPU)
        .rev()
        .filter(|&cpu| allowed.is_set(cpu))
        .collect();
    let Some(&cpu) = of_all.get(nth % of_all.len().max(1)).filter(|_| of_all.len() > 1) else {
        return;
    };
    let mut own = CpuSet::new();
    own.set(cpu);
    // Refused: the system places it, as it places everybody.
    sched_setaffinity(None, &own).ok();
}

/// Whether a thread of this process could take precedence: tried on a thread that ends at once.
pub fn is_possible() -> Result<(), String> {
    let tried = std::thread::spawn(take).join();
    tried.unwrap_or_else(|_| Err("the trial failed".to_owned()))
}
