//! What the system tells about this process, which it does on Linux only.

use std::fs;

/// The peak of the resident memory, in bytes.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(field(&status, "VmHWM:")? * 1024)
}

/// The threads of this process, but the calling one.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    pub count: usize,
    /// How often they went to sleep by themselves: each wake-up ends in one more.
    pub sleeps: u64,
}

impl Threads {
    pub fn now() -> Option<Threads> {
        let this = fs::read_link("/proc/thread-self").ok()?;
        let mut threads = Threads {
            count: 0,
            sleeps: 0,
        };
        for thread in fs::read_dir("/proc/self/task").ok()? {
            let thread = thread.ok()?;
            if Some(thread.file_name().as_os_str()) == this.file_name() {
                continue;
            }
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            threads.count += 1;
            threads.sleeps += field(&status, "voluntary_ctxt_switches:")?;
        }
        Some(threads)
    }
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
