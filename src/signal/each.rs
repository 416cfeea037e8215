//! The actor that calls a function at each signal.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::Signal;
use super::watch::Watch;
use crate::actor::Actor;
use crate::panic::catch;
use crate::shared::latch::Oneshot;

/// Makes an actor that calls `f` for each of `signals` that arrives, while the group goes on. Use
/// it to reload on `SIGHUP`, or to print statistics on `SIGUSR1`.
///
/// - `f` runs on its own thread, where it may block. Calls never overlap. They begin when the actor
///   is made, even before the group runs or is ready.
/// - A slow `f` loses no kind of signal. What arrives while `f` runs is kept, each signal once,
///   however often it arrives, and the order between different signals is not kept. That is how the
///   system itself delivers standard signals: see
///   [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html).
/// - When the actor is interrupted, it waits until `f` has returned for every signal that arrived
///   before the interrupt, and exits with `Ok`. What arrives after the interrupt has no effect. If
///   the group is forced meanwhile, a running `f` goes on.
/// - A panic of `f` is the actor's exit and ends the group, like the panic of any actor.
///
/// The actor is a [background](Actor::background) actor: it does not keep the group alive, and it
/// watches until all others have exited. Without any signals, it waits for its interrupt.
///
/// A `SIGINT` or `SIGTERM` that is watched here does not stop the group. If there is also a
/// [`termination`](super::termination), both actors see the signal.
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
/// use std::io::{self, Write};
/// use std::sync::{Arc, RwLock};
/// use rungroup::signal::{self, Signal};
/// use rungroup::{Actor, Group, Threads};
///
/// let greeting = Arc::new(RwLock::new(String::from("hello")));
/// let reloaded = Arc::clone(&greeting);
/// let reload = move |_signal| match std::fs::read_to_string("greeting.txt") {
///     Ok(text) => *reloaded.write().unwrap() = text,
///     // `eprintln!` would panic if the terminal is gone, and end the group.
///     Err(error) => drop(writeln!(io::stderr(), "keeping the old greeting: {error}")),
/// };
///
/// let mut group = Group::new();
/// group.add_actor(signal::each([Signal::Hup], reload)?.name("reload"));
/// group.add_actor(Actor::with(async move |_ctx| {
///     println!("{}", greeting.read().unwrap());
///     Ok(())
/// }));
/// group.run_blocking(Threads).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn each(
    signals: impl IntoIterator<Item = Signal>,
    f: impl FnMut(Signal) + Send + 'static,
) -> io::Result<Actor> {
    let ended = Oneshot::new();
    let end = Arc::clone(&ended);
    let watch = Watch::new(signals, move |arrivals| {
        // `f` is dropped here too, because a panic of its destructor is also the actor's.
        end.send(catch(move || arrivals.for_each(f)));
    })?;
    let actor = Actor::with(move |ctx| async move {
        ctx.moves_to_thread();
        ctx.run_until_interrupted(ended.sent()).await;
        watch.end();
        // Until the watch is dropped, a signal still does not have its default effect.
        ended.sent().await;
        let panic = ended.take().and_then(Result::err);
        match panic.and_then(|panic| panic.take()) {
            Some(payload) => resume_unwind(payload),
            None => Ok(()),
        }
    });
    Ok(actor.name("each signal").background())
}
