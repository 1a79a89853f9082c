//! Large pages for the heap of a bridge for many calls: what thousands of legs need then lies in a few pages of 2 MiB, and the processor
//! need not look up where. The C library asks the kernel for them, but reads what it is told to do before `main`: so the program
//! begins once more with that in its environment, as the same process. Costs 8 MiB more, before any call; a small bridge goes without.

/// With fewer calls than that nothing is to be gained that anybody would notice.
const CALLS_MIN: u32 = 1_000;

/// Begins the program anew, if large pages are worth it, can be had, and nobody told the C library anything else.
#[cfg(target_env = "gnu")]
pub fn begin_with_them(calls_max: u32) {
    use std::os::unix::process::CommandExt;
    /// Where the C library looks (glibc manual, Memory Allocation Tunables).
    const TUNABLES: &str = "GLIBC_TUNABLES";
    /// Without the second part the heap grows in steps too small for a large page; with more it takes 9 MiB more, for nothing.
    const LARGE: &str = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=4194304";
    if calls_max < CALLS_MIN || std::env::var_os(TUNABLES).is_some() || !are_offered() {
        return;
    }
    let mut own = std::env::args_os();
    let (Ok(program), Some(name)) = (std::env::current_exe(), own.next()) else {
        return;
    };
    let mut again = std::process::Command::new(program);
    // It comes back only if that was refused: then the bridge runs with small ones.
    let _refused = again.arg0(name).args(own).env(TUNABLES, LARGE).exec();
}

/// Another C library is told otherwise, or not at all.
#[cfg(not(target_env = "gnu"))]
pub fn begin_with_them(_: u32) {}

/// Whether the kernel gives large pages to who asks for them (its transhuge.rst).
#[cfg(target_env = "gnu")]
fn are_offered() -> bool {
    let offer = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    offer.is_ok_and(|offer| offer.contains("[madvise]") || offer.contains("[always]"))
}
