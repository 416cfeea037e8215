//! A shell command, with all the processes it starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rungroup::{Actor, Result};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid,
};

use crate::ended::Ended;

/// Makes an actor that runs a command, and ends with its shell. Its interrupt is SIGTERM.
pub(crate) fn actor(job: Arc<Job>) -> Actor {
    let name = job.command.clone();
    let interrupted = Arc::clone(&job);
    Actor::new(run(job), move |_cause| interrupted.terminate()).name(name)
}

async fn run(job: Arc<Job>) -> Result {
    let Some(shell) = job.start()? else {
        return Ok(());
    };
    let status = on_a_thread(move || exit_of(shell)).await??;
    match Ended::with(&status) {
        Some(ended) => Err(ended.into()),
        None => Ok(()),
    }
}

/// Waits until a process exits, and leaves it to be reaped.
fn exit_of(pid: Pid) -> io::Result<WaitIdStatus> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = retry_on_intr(|| waitid(WaitId::Pid(pid), options))?;
    Ok(status.ok_or(Errno::CHILD)?)
}

/// Runs a function that blocks, on a thread of its own. The thread goes on if nobody waits any
/// longer.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    block: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, done) = async_channel::bounded(1);
    thread::Builder::new()
        .name("wait".into())
        .spawn(move || sender.try_send(block()))?;
    done.recv().await.map_err(io::Error::other)
}

/// A command. Its shell leads a process group whose id is that of the shell. No other process gets
/// this id before the whole group is reaped, so a signal reaches this group or none.
pub(crate) struct Job {
    command: String,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Yet to start.
    Due,
    /// Set by `start`. The shell may have exited, but nobody has reaped it.
    Started(Pid),
    /// Set by `reap`, or by a signal before the start.
    Over,
}

impl Job {
    pub(crate) fn new(command: String) -> Job {
        Job {
            command,
            state: Mutex::new(State::Due),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the command, unless a signal came before.
    fn start(&self) -> io::Result<Option<Pid>> {
        let mut state = self.state();
        if let State::Over = *state {
            return Ok(None);
        }
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&self.command);
        let child = shell.stdin(Stdio::null()).process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        *state = State::Started(pid);
        Ok(Some(pid))
    }

    fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let mut state = self.state();
        match *state {
            State::Due => *state = State::Over,
            State::Started(group) => {
                // Fails only if nobody is left in the group, which is fine.
                let _ = kill_process_group(group, signal);
            }
            State::Over => {}
        }
    }

    /// Waits until the last process of the group has ended, and reaps them all: the shell, and what
    /// it left, of which we are the subreaper. If SIGTERM ended the shell, what it left gets one too.
    pub(crate) fn reap(&self) {
        let State::Started(group) = *self.state() else {
            return;
        };
        let is_terminated =
            |shell: WaitIdStatus| shell.terminating_signal() == Some(Signal::TERM.as_raw());
        if exit_of(group).is_ok_and(is_terminated) {
            // A shell blocks signals while it forks: one that comes meanwhile ends the shell, and the
            // new process never sees it.
            self.terminate();
        }
        let next = || waitid(WaitId::Pgid(Some(group)), WaitIdOptions::EXITED);
        while retry_on_intr(next).is_ok() {}
        *self.state() = State::Over;
    }
}
