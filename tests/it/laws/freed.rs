//! Law 34: an error that holds a handle of its own group is freed with the group.

use std::error::Error;
use std::fmt;

use rungroup::{Actor, Context, Group, Handle};

use crate::runtime::Runtime;
use crate::support::Event;

on_every_runtime! {
    law_34_the_error_of_an_actor_that_holds_a_handle_is_freed,
    law_34_the_error_of_a_request_that_holds_a_handle_is_freed,
    law_34_the_error_of_a_request_that_comes_too_late_is_freed,
}

/// As `SendError<Handle>` is, through `?`.
struct Unsent<T> {
    _kept: T,
    _dropped: Box<dyn Send + Sync>,
}

impl<T> fmt::Debug for Unsent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsent")
    }
}

impl<T> fmt::Display for Unsent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody receives")
    }
}

impl<T> Error for Unsent<T> {}

struct Sets(Event);

impl Drop for Sets {
    fn drop(&mut self) {
        self.0.set();
    }
}

fn unsent<T: Send + Sync + 'static>(kept: T, freed: &Event) -> rungroup::BoxError {
    Box::new(Unsent {
        _kept: kept,
        _dropped: Box::new(Sets(freed.clone())),
    })
}

/// Both outlive the group, and tell why it stopped.
fn tells(handle: &Handle, text: &str) {
    assert_eq!(handle.status().cause().unwrap().to_string(), text);
}

async fn law_34_the_error_of_an_actor_that_holds_a_handle_is_freed<R: Runtime>(rt: R) {
    let freed = Event::new();
    let (give, given) = async_channel::bounded::<Context>(1);
    let mut group = Group::new();
    let handle = group.handle();
    let (kept, sets) = (handle.clone(), freed.clone());
    group.add_actor(
        Actor::with(async move |ctx| {
            give.send(ctx.clone()).await?;
            Err(unsent((kept, ctx), &sets))
        })
        .name("sender"),
    );
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert!(!freed.is_set());
    drop(error);
    assert!(freed.is_set());
    let text = "actor `sender` failed: nobody receives";
    tells(&handle, text);
    let context = given.recv().await.unwrap();
    assert_eq!(context.cause().unwrap().to_string(), text);
    assert_eq!(
        context.cause().unwrap().actor().unwrap().as_str(),
        Some("sender")
    );
}

async fn law_34_the_error_of_a_request_that_holds_a_handle_is_freed<R: Runtime>(rt: R) {
    let freed = Event::new();
    let mut group = Group::new();
    group.add_actor(Actor::cancellable(std::future::pending()));
    let handle = group.handle();
    handle.stop(Err(unsent(handle.clone(), &freed)));
    let error = group.run(rt.spawner()).await.unwrap_err();
    assert!(!freed.is_set());
    drop(error);
    assert!(freed.is_set());
    tells(&handle, "stop requested: nobody receives");
}

/// Also for a group that never ran.
async fn law_34_the_error_of_a_request_that_comes_too_late_is_freed<R: Runtime>(rt: R) {
    let (first, late, unrun) = (Event::new(), Event::new(), Event::new());
    let group = Group::new();
    let handle = group.handle();
    handle.stop(Err(unsent(handle.clone(), &unrun)));
    drop(group);
    assert!(unrun.is_set());

    let group = Group::new();
    let handle = group.handle();
    handle.stop(Err(unsent(handle.clone(), &first)));
    let error = group.run(rt.spawner()).await.unwrap_err();
    handle.stop(Err(unsent(handle.clone(), &late)));
    assert!(late.is_set());
    drop(error);
    assert!(first.is_set());
}
