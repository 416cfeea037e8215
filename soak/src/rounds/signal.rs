//! Groups that watch for signals, which this process sends to itself.

use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::zip;
use rungroup::signal::{self, Signal, SignalError};
use rungroup::{Actor, Error, ErrorKind, Group, Spawner as _};
use rustix::process::{Signal as Number, getpid, kill_process};

use crate::tally::{End, Life, Tally};
use crate::world::World;

pub async fn signal(world: &mut World) {
    match world.random.u8(..4) {
        0 => terminated(world, Number::TERM).await,
        1 => terminated(world, Number::INT).await,
        2 => forced(world).await,
        _ => handled(world).await,
    }
}

/// Long enough for a press to be another one, and for a force to be over before the next.
const ANOTHER_PRESS: Duration = Duration::from_millis(500);

fn send(signal: Number) {
    kill_process(getpid(), signal).expect("this process lives");
}

fn watched(tally: &Arc<Tally>) -> Group {
    let mut group = Group::new();
    let termination = signal::termination(group.handle());
    group.add_actor(termination.expect("a watch"));
    group.add_actor(tally.actor(Life::Waits, End::Ok));
    group
}

/// A hang-up is seen, then a signal stops two groups.
async fn terminated(world: &mut World, by: Number) {
    let tally = Arc::new(Tally::default());
    let (mut one, other) = (watched(&tally), watched(&tally));
    let mut sent = false;
    let hangups = signal::each([Signal::Hup], move |_| {
        // Another hang-up may come when the groups have stopped.
        if !std::mem::replace(&mut sent, true) {
            send(by);
        }
    });
    one.add_actor(hangups.expect("a watch"));
    for _ in 0..3 {
        send(Number::HUP);
    }
    let spawner = world.spawner();
    let (one, other) = zip(one.run(&spawner), other.run(&spawner)).await;
    one.and(other).expect("a request to stop");
    world.all_returned(2, &tally);
}

/// Who is interrupted by the first press of Ctrl-C presses again, and is forced.
async fn forced(world: &mut World) {
    let tally = Arc::new(Tally::default());
    let mut group = watched(&tally);
    let spawner = world.spawner();
    group.add_actor(Actor::with(|ctx| async move {
        ctx.interrupted().await;
        // Until it is forced: two presses that are seen within 200 ms are one.
        loop {
            spawner.sleep(ANOTHER_PRESS).await;
            send(Number::INT);
        }
    }));
    send(Number::INT);
    let error: Error = group.run(world.spawner()).await.expect_err("a straggler");
    assert_eq!(error.kind(), ErrorKind::Stragglers);
    world.all_settled(1, &tally).await;
}

/// Go's way: the signal is an error.
async fn handled(world: &mut World) {
    let tally = Arc::new(Tally::default());
    let mut group = Group::new();
    let handler = signal::handler([Signal::Usr1]);
    group.add_actor(handler.expect("a watch"));
    group.add_actor(tally.actor(Life::Waits, End::Ok));
    send(Number::USR1);
    let error: Error = group.run(world.spawner()).await.expect_err("the signal");
    let source = std::error::Error::source(&error).expect("the signal");
    let signal = source.downcast_ref().map(SignalError::signal);
    assert_eq!(signal, Some(Signal::Usr1));
    world.all_returned(1, &tally);
}
