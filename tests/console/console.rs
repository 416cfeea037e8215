//! Presses Ctrl-C on Windows, for the library's tests, which forbid the `unsafe` that it takes.

#![cfg(windows)]

use std::io;

/// `CTRL_C_EVENT`.
const CTRL_C: u32 = 0;

/// Everybody on this console.
const ALL: u32 = 0;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GenerateConsoleCtrlEvent(event: u32, group: u32) -> i32;
}

/// Sends Ctrl-C to all processes on the console of this one, as a key press there does.
pub fn press_ctrl_c() -> io::Result<()> {
    // SAFETY: it takes two numbers and touches no memory of ours.
    match unsafe { GenerateConsoleCtrlEvent(CTRL_C, ALL) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
