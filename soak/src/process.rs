//! What this process holds now.

use std::fs;

use crate::ALLOCATOR;

#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// The bytes that are allocated.
    pub heap: usize,
    /// The memory that the system counts, in bytes.
    pub resident: usize,
    pub threads: usize,
    pub descriptors: usize,
}

impl Figures {
    pub fn now() -> Figures {
        let heap = ALLOCATOR.allocated();
        Figures {
            heap,
            resident: status("VmRSS:") * 1024,
            threads: status("Threads:"),
            descriptors: fs::read_dir("/proc/self/fd").expect("proc").count(),
        }
    }
}

/// The most memory that it ever held, in bytes.
pub fn peak() -> usize {
    status("VmHWM:") * 1024
}

fn status(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a field of proc").parse().expect("a number")
}
