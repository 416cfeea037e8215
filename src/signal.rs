//! Actors that watch for signals, on any runtime (feature `signal`).
//!
//! | actor | what a signal does |
//! | --- | --- |
//! | [`termination`] | the group stops with `Ok`: what a `main` wants |
//! | [`handler`] | the actor exits with [`SignalError`]: Go's `SignalHandler` |
//!
//! A signal is watched from the moment the actor is made, so that one that arrives before the group
//! runs is not lost. Any number of actors may watch the same signal, and each sees it.
//!
//! # When the actors are gone
//!
//! When the last actor that watches a signal is gone, whether it ran or not, the signal has the
//! effect that it had before the first one was made: `SIGTERM` kills again, one that was ignored
//! (`nohup`, `sh -c 'server &'`) is ignored again, and one for which the program had a handler
//! before goes to that handler alone. On systems without Linux's `/proc/self/status`, it is the
//! default effect in any case.
//!
//! A part of the program that listens to the same signal by other means, such as `tokio::signal`,
//! should begin before the first actor is made. Else the default effect comes back over its head.
//!
//! # How it works
//!
//! Each actor has one thread, which waits in a `read` and ends with the actor; nothing is polled
//! while no signal comes. The thread acts through a [`Handle`], so that even a runtime whose
//! threads are all blocked cannot keep a signal from it.
//!
//! Standard signals are flags, not messages: of several that arrive within microseconds, the system
//! may deliver one. See `signal(7)`.
//!
//! # Windows
//!
//! There, the only signal is [`Signal::Int`], for Ctrl-C; [`termination`] watches that, and after
//! the actors are gone, Ctrl-C stays without effect. It is compiled for Windows, but was never run
//! there.

#[cfg(not(any(unix, windows)))]
compile_error!("the feature `signal` is for Unix and Windows");
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use crate::actor::Actor;
use crate::handle::Handle;
use crate::latch::{Latch, Wait};
use crate::policy::Ends;

#[cfg(unix)]
use unix as watch;
#[cfg(windows)]
use windows as watch;

/// Makes an actor that stops the group with `Ok` when the program is asked to end: by `SIGTERM`, or
/// by `SIGINT`, which is Ctrl-C.
///
/// - The first of them requests the stop, which the [cause](crate::Report::cause) tells by the
///   signal's name.
/// - Once the stop is under way, `SIGTERM` changes nothing: supervisors repeat it, and process
///   groups get it twice.
/// - `SIGINT` comes from a person. After a `SIGTERM`, the first one skips what is left of the
///   [drain](crate::Group::drain) delay; a second `SIGINT` [forces](Handle::force) the stop in any
///   case.
///
/// The actor is a [background](Actor::background) actor: it does not keep the group alive, and
/// watches until all others have exited.
///
/// # Errors
///
/// The system's error, when it has no more threads or file descriptors.
///
/// # Examples
///
/// ```no_run
/// use rungroup::{Actor, Group, Threads, signal};
///
/// fn main() -> rungroup::Result {
///     let mut group = Group::new();
///     group.add_actor(signal::termination(group.handle())?);
///     group.add_actor(Actor::with(|ctx| async move {
///         println!("serving, until Ctrl-C");
///         ctx.interrupted().await;
///         Ok(())
///     }));
///     Ok(group.run_blocking(Threads)?)
/// }
/// ```
#[track_caller]
pub fn termination(handle: Handle) -> io::Result<Actor> {
    let mut termination = Termination::new(handle);
    let watch = watch::Watch::new(watch::TERMINATION, move |signal| {
        termination.receive(signal);
    })?;
    let actor = Actor::with(move |ctx| async move {
        let _watch = watch;
        ctx.interrupted().await;
        Ok(())
    });
    Ok(actor
        .name("termination")
        .background()
        .ends_group(Ends::Never))
}

/// What came so far.
struct Termination {
    handle: Handle,
    stopping: bool,
    interrupted: bool,
}

impl Termination {
    fn new(handle: Handle) -> Termination {
        Termination {
            handle,
            stopping: false,
            interrupted: false,
        }
    }

    fn receive(&mut self, signal: Signal) {
        let from_a_person = signal == Signal::Int;
        if from_a_person && self.interrupted {
            self.handle.force();
        } else if from_a_person || !self.stopping {
            self.handle.request(Ok(()), Some(signal.name().into()));
            if from_a_person {
                self.handle.skip_drain();
            }
        }
        self.stopping = true;
        self.interrupted |= from_a_person;
    }
}

/// Makes an actor that exits with [`SignalError`] at the first of `signals`, as Go's
/// `SignalHandler`. Interrupted, it exits with `Ok`.
///
/// Unlike [`termination`]'s, it is an ordinary actor, which keeps the group alive. After its exit
/// it watches no longer: during the stop, `SIGINT` kills.
///
/// # Errors
///
/// An error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) for a signal that no program
/// can handle (`SIGKILL`, `SIGSTOP`), or none that goes on (`SIGILL`, `SIGFPE`, `SIGSEGV`). Else
/// the system's error, when it has no more threads or file descriptors.
///
/// # Examples
///
/// ```no_run
/// use std::error::Error;
/// use rungroup::signal::{self, Signal, SignalError};
/// use rungroup::{Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(signal::handler([Signal::Hup, Signal::Usr1])?);
/// let error = group.run_blocking(Threads).unwrap_err();
/// if let Some(by) = error.source().and_then(|source| source.downcast_ref::<SignalError>()) {
///     println!("ended by {}", by.signal());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn handler(signals: impl IntoIterator<Item = Signal>) -> io::Result<Actor> {
    let signals: Vec<_> = signals.into_iter().collect();
    let first = Arc::new(Latch::new());
    let signal = Arc::new(OnceLock::new());
    let (received, arrived) = (Arc::clone(&signal), Arc::clone(&first));
    let watch = watch::Watch::new(&signals, move |signal| {
        let _ = received.set(signal);
        arrived.set(true);
    })?;
    let actor = Actor::with(move |ctx| async move {
        let _watch = watch;
        ctx.run_until_interrupted(Wait::new(Arc::clone(&first)))
            .await;
        match signal.get() {
            Some(&signal) => Err(SignalError { signal }.into()),
            None => Ok(()),
        }
    });
    Ok(actor.name("signal handler"))
}

/// The error of a [`handler`] that received a signal.
///
/// Its `Display` is "received signal SIGHUP".
///
/// # Examples
///
/// See [`handler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalError {
    signal: Signal,
}

impl SignalError {
    /// Returns the signal that was received.
    ///
    /// # Examples
    ///
    /// See [`SignalError`].
    pub fn signal(&self) -> Signal {
        self.signal
    }
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received signal {}", self.signal)
    }
}

impl Error for SignalError {}

macro_rules! signals {
    ($($signal:ident = $name:ident, $meaning:literal;)*) => {
        /// A signal, by the names of POSIX.
        ///
        /// Its `Display` is the system's name, such as "SIGTERM".
        ///
        /// # Examples
        ///
        /// ```
        /// use rungroup::signal::Signal;
        ///
        /// assert_eq!(Signal::Usr1.to_string(), "SIGUSR1");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Signal {
            $(
                #[doc = concat!("`", stringify!($name), "`: ", $meaning, ".")]
                $signal,
            )*
        }

        impl Signal {
            fn name(self) -> &'static str {
                match self {
                    $(Signal::$signal => stringify!($name),)*
                }
            }

            #[cfg(unix)]
            fn number(self) -> std::ffi::c_int {
                match self {
                    $(Signal::$signal => signal_hook::consts::$name,)*
                }
            }
        }
    };
}

signals! {
    Abort = SIGABRT, "the program aborts itself";
    Alarm = SIGALRM, "a timer of `alarm(2)` is over";
    Bus = SIGBUS, "a bad access to memory";
    Child = SIGCHLD, "a child process ended or stopped";
    Cont = SIGCONT, "go on, if stopped";
    Fpe = SIGFPE, "a fault of arithmetic";
    Hup = SIGHUP, "the terminal hung up; for services by custom, reload";
    Ill = SIGILL, "an illegal instruction";
    Int = SIGINT, "a person at the terminal interrupts: Ctrl-C";
    Kill = SIGKILL, "ends the program; cannot be handled";
    Pipe = SIGPIPE, "a write to a pipe that nobody reads";
    Prof = SIGPROF, "the profiling timer";
    Quit = SIGQUIT, "a person at the terminal wants a core dump: Ctrl and the backslash";
    Segv = SIGSEGV, "a bad access to memory";
    Stop = SIGSTOP, "stops the program; cannot be handled";
    Sys = SIGSYS, "a bad system call";
    Term = SIGTERM, "a supervisor asks the program to end";
    Trap = SIGTRAP, "a debugger's trap";
    Tstp = SIGTSTP, "a person at the terminal stops the program: Ctrl-Z";
    Ttin = SIGTTIN, "a background process reads from the terminal";
    Ttou = SIGTTOU, "a background process writes to the terminal";
    Urg = SIGURG, "urgent data on a socket";
    Usr1 = SIGUSR1, "whatever the program makes of it";
    Usr2 = SIGUSR2, "whatever the program makes of it";
    Vtalarm = SIGVTALRM, "the virtual timer";
    Winch = SIGWINCH, "the terminal's window changed its size";
    Xcpu = SIGXCPU, "the limit of processor time is exceeded";
    Xfsz = SIGXFSZ, "the limit of a file's size is exceeded";
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
