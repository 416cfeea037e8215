//! A crowd is added in one breath, is ready, and is stopped.

use std::sync::Arc;
use std::thread;

use futures_lite::future::{block_on, zip};
use rungroup::{Actor, Group};

use crate::tally::{End, Life, Tally};
use crate::world::World;

pub async fn burst(world: &mut World) {
    let (tally, crowd) = (Arc::new(Tally::default()), world.runtime.crowd());
    let stages = world.random.u32(1..4);
    let mut group = Group::new();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        Ok(())
    }));

    let (handle, beside) = (group.handle(), Arc::clone(&tally));
    let outside = thread::spawn(move || {
        block_on(handle.ready()).expect("nobody stops it yet");
        for (_, stage) in (0..crowd).zip((0..stages).cycle()) {
            let actor = beside.actor(Life::Waits, End::Ok).stage(stage);
            assert!(beside.add(&handle, actor), "a running group");
        }
        handle.stop(Ok(()));
    });
    let stopping = group.handle().stopping();
    let (ended, ()) = zip(group.run(world.spawner()), stopping).await;
    ended.expect("a request to stop");
    outside.join().expect("no panic");
    world.all_returned(1, &tally);
}
