//! Short actors come and go, added from two sides, until a third one stops the group.

use std::sync::Arc;
use std::thread;

use futures_lite::future::yield_now;
use rungroup::{Actor, Ends, Group, Handle};

use crate::tally::{End, Life, Tally};
use crate::world::World;

/// So many are added in one breath. The next ones wait until most of them are gone: who adds faster
/// than actors can start needs all the memory there is.
const AT_ONCE: usize = 50;

pub async fn churn(world: &mut World) {
    let (tally, most) = (Arc::new(Tally::default()), world.runtime.crowd());
    let mut group = Group::new();
    let ends = [End::Ok, End::Err, End::Panic];
    let end = ends[world.random.usize(..ends.len())];
    group.add_actor(adds_until_given_back(Arc::clone(&tally), end));

    let (handle, inside) = (group.handle(), Arc::clone(&tally));
    let adds = world.random.usize(1..most);
    let outside = thread::spawn(move || {
        for _ in 0..adds {
            inside.add(&handle, short(&inside, end));
        }
        handle.stop(Ok(()));
    });
    if let Err(error) = group.run(world.spawner()).await {
        // A panic during the stop is an error; a mere failure is not.
        assert!(matches!(end, End::Panic), "{error}");
    }
    outside.join().expect("no panic");
    world.all_returned(1, &tally);
}

fn short(tally: &Arc<Tally>, end: End) -> Actor {
    tally.actor(Life::Short(2), end).ends_group(Ends::Never)
}

/// An actor that is in no tally, and adds some that are.
fn adds_until_given_back(tally: Arc<Tally>, end: End) -> Actor {
    let actor = Actor::with(move |ctx| async move {
        let handle: Handle = ctx.handle();
        while (0..AT_ONCE).all(|_| tally.add(&handle, short(&tally, end))) {
            while tally.living() > AT_ONCE / 2 {
                yield_now().await;
            }
        }
        Ok(())
    });
    actor.name("adds")
}
