//! The actor that ends a program when it is asked to.

use std::io;

use super::hub::Registration;
use crate::actor::Actor;
use crate::handle::Handle;
use crate::settings::Ends;

/// Makes an actor that stops the group with `Ok` when the program is asked to end: by `SIGTERM`, or
/// by `SIGINT`, which is Ctrl-C.
///
/// - `SIGTERM` requests the stop. The [cause](crate::Report::cause) names the signal, and the
///   [drain](crate::Group::drain) delay applies. Once the group is stopping, for whatever reason,
///   `SIGTERM` only logs the group's [status](Handle::status) at the level `info` (feature
///   `tracing`): supervisors repeat it, and a process group may get it twice.
/// - The first `SIGINT` requests the stop and [skips the drain](Handle::skip_drain). If the group is
///   stopping already, it only skips what is left of the drain.
/// - The second `SIGINT` [forces](Handle::force) the group. Then the status that the group had
///   before is logged at the level `warn`. It names the actors that the group waited for.
/// - From then on, `SIGINT` has the effect that it had before. Usually, a third one kills the
///   program.
/// - A `SIGINT` within 200 ms of the one that was counted last is the same press. Some parents
///   forward Ctrl-C, so that it arrives twice.
///
/// Presses of Ctrl-C are counted for the [whole program](crate::signal#how-a-program-ends). All this
/// works while `run` is stuck, except that a stuck `run` can neither stop nor force its actors: then
/// the third press ends the program.
///
/// The actor is a [background](Actor::background) actor: it does not keep the group alive, and
/// watches until the group is gone. If groups are nested, the outer group's termination is enough.
/// An inner group with its own termination also drains by itself on `SIGTERM`.
///
/// # Errors
///
/// Returns the system's error if it has no more threads or file descriptors. After an error, the
/// signals have the effect that they had before.
///
/// # Examples
///
/// ```
/// use rungroup::{Actor, Group, Threads, signal};
///
/// fn main() -> rungroup::Result {
///     let mut group = Group::new();
///     # let the_example = group.handle();
///     group.add_actor(signal::termination(group.handle())?);
///     group.add_actor(Actor::with(async move |ctx| {
///         println!("serving, until Ctrl-C");
///         # the_example.stop(Ok(()));
///         ctx.interrupted().await;
///         Ok(())
///     }));
///     Ok(group.run_blocking(Threads)?)
/// }
/// ```
#[track_caller]
pub fn termination(handle: Handle) -> io::Result<Actor> {
    let registration = Registration::new(handle)?;
    let actor = Actor::with(move |ctx| async move {
        ctx.interrupted().await;
        // It stops together with the rest of the background, which may hang. A person can still
        // force the group until it is gone.
        ctx.handle().keep_guard(registration);
        Ok(())
    });
    Ok(actor
        .name("termination")
        .background()
        .ends_group(Ends::Never))
}
