//! Go's `SignalHandler`.

use std::io;
use std::sync::Arc;

use super::error::SignalError;
use super::name::Signal;
use super::note::Note;
use super::watch::Watch;
use crate::actor::Actor;

/// Makes an actor that exits with [`SignalError`] at the first of `signals`, as Go's
/// `SignalHandler` does. If it is interrupted, it exits with `Ok`.
///
/// Unlike [`termination`](super::termination), it is an ordinary actor that keeps the group alive.
/// After its exit, it no longer watches: during the stop, `SIGINT` kills the program. Without any
/// signals, the actor waits for its interrupt.
///
/// # Errors
///
/// Returns the system's error if it has no more threads or file descriptors. On Windows, returns an
/// error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) for every signal but
/// [`Signal::Int`]. After an error, the signals have the effect that they had before.
///
/// # Examples
///
/// ```
/// use std::error::Error;
/// use rungroup::signal::{self, Signal, SignalError};
/// use rungroup::{Group, Threads};
///
/// let mut group = Group::new();
/// group.add_actor(signal::handler([Signal::Hup, Signal::Usr1])?);
/// # group.handle().stop(Err("the example is over".into()));
/// let error = group.run_blocking(Threads).unwrap_err();
/// if let Some(by) = error.source().and_then(|source| source.downcast_ref::<SignalError>()) {
///     println!("ended by {}", by.signal());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn handler(signals: impl IntoIterator<Item = Signal>) -> io::Result<Actor> {
    let first = Note::new();
    let received = Arc::clone(&first);
    let watch = Watch::new(signals, move |mut arrivals| {
        if let Some(signal) = arrivals.next() {
            received.leave(signal);
        }
    })?;
    let actor = Actor::with(move |ctx| async move {
        let _watch = watch;
        ctx.run_until_interrupted(first.left()).await;
        match first.take() {
            Some(signal) => Err(SignalError::new(signal).into()),
            None => Ok(()),
        }
    });
    Ok(actor.name("signal handler"))
}
