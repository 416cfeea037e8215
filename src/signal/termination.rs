//! The actor that ends a program when it is asked to.

use std::io;

use super::program::Member;
use crate::actor::Actor;
use crate::handle::Handle;
use crate::settings::Ends;

/// Makes an actor that stops the group with `Ok` when the program is asked to end: by `SIGTERM`, or
/// by `SIGINT`, which is Ctrl-C.
///
/// - `SIGTERM` requests the stop. The [cause](crate::Report::cause) names the signal, and the
///   [drain](crate::Group::drain) delay applies. Once the group is stopping, for whatever reason,
///   `SIGTERM` does nothing: supervisors repeat it, and a process group may get it twice.
/// - The first `SIGINT` requests the stop and [skips the drain](Handle::skip_drain). If the group is
///   stopping already, it only skips what is left of the drain.
/// - The second `SIGINT` [forces](Handle::force) the group. Just before, the group's
///   [status](Handle::status) is logged at the level `warn` (feature `tracing`). It names the actors
///   that the group waits for.
/// - From then on, `SIGINT` has the effect that it had before. Usually, a third one kills the
///   program.
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
/// Returns the system's error if it has no more threads or file descriptors.
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
///     group.add_actor(Actor::with(|ctx| async move {
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
    let member = Member::join(handle)?;
    let actor = Actor::with(move |ctx| async move {
        ctx.interrupted().await;
        // It stops together with the rest of the background, which may hang. A person can still
        // force the group until it is gone.
        ctx.handle().keep_guard(member);
        Ok(())
    });
    Ok(actor
        .name("termination")
        .background()
        .ends_group(Ends::Never))
}
