//! Runs shell commands as one: the first to end stops the rest, with SIGTERM, and after the grace
//! with SIGKILL. The exit status is that of the first to end, as a shell reports it.
//!
//! Go programs do this with a `run.Group` around `exec.Cmd`.
//!
//! ```sh
//! cargo run --example processes --features process -- 'sleep 2; echo done' 'ping localhost'
//! cargo run --example processes --features process -- --grace 0.5 'sleep 1; exit 7' 'trap "" TERM; sleep 60'
//! cargo run --example processes --features process,tokio -- 'sleep 1' 'sleep 60' # or smol, or async-std
//! ```
//!
//! - Each command is `sh -c COMMAND` in a process group of its own, and signals go to the whole
//!   group. A command has ended when its shell has. If SIGTERM ended the shell, the processes that it
//!   has left behind get another one, because a process that the shell was about to start may have
//!   missed the first. On Linux, what a shell leaves is waited for too, and killed when the grace is
//!   over.
//! - A command's standard input is empty, and its output goes where ours does.
//! - SIGINT, SIGTERM or SIGHUP to us stops all commands in the same way, and the exit status is 128
//!   plus the signal's number. The second signal ends the grace.
//! - Nothing is left running or unreaped when we end.

#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod ended;
#[cfg(unix)]
mod job;
#[cfg(unix)]
mod rest;
#[cfg(unix)]
#[path = "../runtime/mod.rs"]
mod runtime;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    commands::run(std::env::args().skip(1))
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this example is about process groups and signals, which only a Unix has");
}
