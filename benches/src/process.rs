//! What the system tells about this process. Linux only; elsewhere, there is nothing to tell.

use std::fs;

/// The peak of the resident memory, in bytes.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(field(&status, "VmHWM:")? * 1024)
}

/// How many threads there are, and how often they went to sleep by themselves.
pub fn threads_and_sleeps() -> Option<(usize, u64)> {
    let mut threads = 0;
    let mut sleeps = 0;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let status = fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        sleeps += field(&status, "voluntary_ctxt_switches:")?;
        threads += 1;
    }
    Some((threads, sleeps))
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
