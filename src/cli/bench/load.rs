//! What a process takes of the machine, and which processors it may use.

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;
use std::time::Instant;

/// A second of the kernel's own reckoning (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;
/// Descriptors beside those of callers.
const BESIDE: u64 = 64;

/// What a process had taken at some time.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub at: Instant,
    pub cpu_seconds: f64,
    pub memory_kib: u64,
}

impl Load {
    /// That of the process with this id.
    pub fn of(pid: u32) -> Result<Load> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the bridge is gone")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        Ok(Load {
            at: Instant::now(),
            cpu_seconds: ticks(&stat).context("/proc/PID/stat is not as expected")? as f64 / TICKS_A_SECOND,
            memory_kib: memory(&status).context("/proc/PID/status is not as expected")?,
        })
    }
}

/// Ticks in the program and in the kernel: the 14th and 15th field (proc_pid_stat(5)); the second one may have blanks in it.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Lets this process, and the bridge after it, open as many files as so many callers need.
pub fn allow_descriptors(callers: usize) -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    // The bridge needs three a call and some for connections, as `check` says.
    let needed = callers as u64 * 3 + BESIDE + 512;
    if limit.maximum.is_some_and(|most| most < needed) {
        bail!("{callers} callers need {needed} open files: `ulimit -n {needed}`, or fewer callers");
    }
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    Ok(())
}

/// From now on on the first processor that is allowed; false if there is no other.
pub fn pin_to_first() -> bool {
    let cpus = allowed();
    cpus.len() > 1 && pin(&cpus[..1])
}

/// From now on on the others: after [`pin_to_first`].
pub fn pin_to_others() {
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    let own = allowed();
    let others: Vec<usize> = online
        .trim()
        .split(',')
        .flat_map(range)
        .filter(|cpu| !own.contains(cpu))
        .collect();
    pin(&others);
}

/// `2-5` or `7`; nothing of anything else.
fn range(text: &str) -> std::ops::Range<usize> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse::<usize>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1),
        _ => 0..0,
    }
}

fn allowed() -> Vec<usize> {
    let set = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

fn pin(cpus: &[usize]) -> bool {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|&cpu| set.set(cpu));
    !cpus.is_empty() && sched_setaffinity(None, &set).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_proc_are_read_whatever_the_program_is_called() {
        let stat = "17 (a ) b) S 1 17 17 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 5 0";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("17 (a"), None);
        assert_eq!(memory("Name:\ta\nVmRSS:\t   43316 kB\n"), Some(43_316));
        assert_eq!(
            range("2-4")
                .chain(range("7"))
                .chain(range("x"))
                .collect::<Vec<_>>(),
            [2, 3, 4, 7]
        );
    }
}
