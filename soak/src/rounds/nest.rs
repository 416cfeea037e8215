//! Groups in groups, while somebody adds to the innermost one.

use std::sync::Arc;
use std::thread;

use rungroup::{Ends, Group, Handle};

use crate::tally::{End, Life, Tally};
use crate::world::World;

const ACTORS: usize = 3;

pub async fn nest(world: &mut World) {
    let tally = Arc::new(Tally::default());
    let mut group = Group::new();
    let innermost = group.handle();
    let groups = world.random.usize(2..=5);
    fill(&mut group, &tally);
    for _ in 1..groups {
        let mut outer = Group::new();
        fill(&mut outer, &tally);
        outer.add_actor(group.into_actor(world.spawner()).announces_ready());
        fill(&mut outer, &tally);
        group = outer;
    }
    let (outermost, beside) = (group.handle(), Arc::clone(&tally));
    let (adds, force) = (world.random.usize(1..100), world.random.u8(..4) == 0);
    let outside = thread::spawn(move || {
        add(&beside, &innermost, adds);
        if force {
            outermost.force();
        } else {
            outermost.stop(Ok(()));
        }
        add(&beside, &innermost, adds);
    });
    let ended = group.run(world.spawner()).await;
    outside.join().expect("no panic");
    if force {
        world.all_settled(groups, &tally).await;
    } else {
        ended.expect("a request to stop");
        world.all_returned(groups, &tally);
    }
}

fn fill(group: &mut Group, tally: &Arc<Tally>) {
    for _ in 0..ACTORS {
        group.add_actor(tally.actor(Life::Waits, End::Ok));
    }
}

fn add(tally: &Arc<Tally>, handle: &Handle, actors: usize) {
    for _ in 0..actors {
        let short = tally.actor(Life::Short(1), End::Ok);
        tally.add(handle, short.ends_group(Ends::OnError));
    }
}
