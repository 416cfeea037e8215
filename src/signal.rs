//! Actors that watch for signals, on any runtime (feature `signal`).
//!
//! | actor | what a signal does |
//! | --- | --- |
//! | [`termination`] | stops the group with `Ok`: what a `main` wants |
//! | [`each`] | calls a function, and the group goes on: `SIGHUP` reloads |
//! | [`handler`] | makes the actor exit with [`SignalError`]: Go's `SignalHandler` |
//!
//! Each actor watches its signals from the moment it is made, so a signal that arrives before the
//! group runs is not lost. Any number of actors may watch the same signal, and each of them sees it.
//!
//! # How a program ends
//!
//! With [`termination`]:
//!
//! | | `SIGTERM` | `SIGINT` (Ctrl-C) |
//! | --- | --- | --- |
//! | first | requests the stop, after the [drain](crate::Group::drain) | requests the stop and skips the drain, or what is left of it |
//! | second | logs the [status](crate::Handle::status) | [forces](crate::Handle::force) the stop and logs the status |
//! | third | logs the status | has the effect that it had before: it kills the program |
//!
//! `SIGTERM` comes from a supervisor, which may repeat it. `SIGINT` comes from a person, who presses
//! again when the program takes too long. The third press is for a program that cannot even be
//! forced, because an interrupt does not return or an actor blocks the only thread of its runtime.
//!
//! A press within 200 ms of the one that was counted last is the same press: parents such as npm and
//! make forward the Ctrl-C that the terminal has already sent to the program. Such a copy has no
//! effect, even if its press was the last that the program watched.
//!
//! Presses are counted for the whole program. With several groups, or groups inside groups, one
//! press is one press for each of them. A termination that is made after a press joins with the
//! count as it is. When the last termination is dropped, the count starts again.
//!
//! # How long it lasts
//!
//! An actor watches until it exits or is dropped, whether it ran or not. When the last actor that
//! watches a signal is gone, the signal has the effect that it had before the first one was made:
//! `SIGTERM` kills again, a signal that was ignored (`nohup`, `sh -c 'server &'`) is ignored again,
//! and one that the program handled before goes to that handler alone. Without Linux's
//! `/proc/self/status`, it is always the default effect. `SIGINT` is held back until 200 ms after the
//! last press that counted.
//!
//! An actor that could not be made changes nothing.
//!
//! From 200 ms after the second press on, terminations no longer hold `SIGINT` back. Actors made by
//! [`each`] and [`handler`] still do.
//!
//! A part of the program that listens to the same signal by other means, such as `tokio::signal`,
//! must start listening before the first of these actors is made. If it starts later, the default
//! effect returns when the last actor is gone, although it is still listening.
//!
//! # How it works
//!
//! Signals are received by threads, not by the runtime. All terminations share one; each other
//! actor has its own, which ends with the actor. They block in a `read`, so nothing is polled while
//! no signal comes, and a signal reaches the group even if all threads of its runtime are blocked.
//!
//! A signal that the program's parent had blocked is unblocked for the thread that watches it, as Go
//! does. Other threads still block it.
//!
//! Standard signals are flags, not messages: the system delivers a signal once if it is sent again
//! before it was delivered. See "Queueing and delivery semantics for standard signals" in
//! [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html), which also lists what each
//! signal does by default, and [POSIX] for the rest.
//!
//! In the microseconds in which the program watches a signal for the first time, that signal can be
//! lost. Its new handler is already installed, but does not yet know what to do:
//! [signal-hook](https://docs.rs/signal-hook-registry) cannot do both at once. Make the actors early.
//!
//! [POSIX]: https://pubs.opengroup.org/onlinepubs/9799919799/functions/V2_chap02.html#tag_16_04
//!
//! # Windows
//!
//! On Windows, the only signal is [`Signal::Int`], for Ctrl-C, and [`termination`] watches only
//! that. After the actors are gone, Ctrl-C has no effect. This module is tested under wine, and has
//! not been run on Windows itself.
#![doc = include_str!("tables.md")]

#[cfg(not(any(unix, windows)))]
compile_error!("the feature `signal` is for Unix and Windows");

mod each;
pub(crate) mod error;
mod handler;
mod hub;
pub(crate) mod name;
mod presses;
mod termination;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as watch;
#[cfg(windows)]
use windows as watch;

pub use each::each;
pub use error::SignalError;
pub use handler::handler;
pub use name::Signal;
pub use termination::termination;
