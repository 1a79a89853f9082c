//! Precedence of a thread over every ordinary program (SCHED_FIFO): who may have it is the system's word.

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

/// Whether a thread of this process could take precedence: tried on a thread that ends at once.
pub fn is_possible() -> Result<(), String> {
    let tried = std::thread::spawn(take).join();
    tried.unwrap_or_else(|_| Err("the trial failed".to_owned()))
}
