//! The classic programs that do not always stop. The kit finds each of them.

use std::sync::{Arc, Mutex, mpsc};

use async_channel::Sender;
use futures_lite::future::{or, yield_now};
use rungroup::testing::{Fault, Finding, every_stop};
use rungroup::{Actor, Ends, Group};
use tokio::sync::Notify;

use super::{Fresh, SHORT, found, waited_for};
use crate::runtime::Runtime;

on_every_runtime!(
    a_select_that_loses_the_interrupt,
    a_server_and_a_worker_that_wait_for_each_other,
    an_interrupt_that_sends_on_a_full_channel,
    an_actor_that_holds_the_sender_it_waits_for,
    a_blocking_read_without_an_end,
    a_cleanup_that_needs_what_has_stopped,
    a_lock_that_the_interrupt_needs,
    a_queue_that_keeps_replies_of_a_dead_reader,
    an_error_that_holds_the_reply_it_could_not_send,
);

fn is(finding: &Finding, fault: Fault, actor: &str) -> bool {
    finding.fault() == fault && finding.actor().as_str() == Some(actor)
}

/// The interrupt wakes only an actor that waits for it at that moment. While the actor works, it is
/// lost.
async fn a_select_that_loses_the_interrupt<R: Runtime>(rt: R) {
    let worked = Fresh::default();
    let build = async || {
        let worked = worked.renew();
        let stop = Arc::new(Notify::new());
        let (items, queue) = async_channel::unbounded();
        items.try_send("item").unwrap();
        let interrupt = Arc::clone(&stop);
        let execute = async move {
            let _items = items;
            loop {
                let item = or(async { Some(queue.recv().await) }, async {
                    stop.notified().await;
                    None
                });
                match item.await {
                    Some(_item) => {
                        yield_now().await;
                        worked.set();
                    }
                    None => return Ok(()),
                }
            }
        };
        let mut group = Group::new();
        group.add_actor(Actor::new(execute, move |_| interrupt.notify_waiters()).name("worker"));
        group
    };
    let findings = every_stop(build)
        .meanwhile(async |_| worked.wait().await)
        .limit(SHORT)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        is(finding, Fault::Stop, "worker") && finding.poll() == 2 && waited_for(finding, "worker")
    });
}

async fn a_server_and_a_worker_that_wait_for_each_other<R: Runtime>(rt: R) {
    let build = async || {
        let (jobs, queue) = async_channel::unbounded::<()>();
        let (finished, until_finished) = async_channel::bounded::<()>(1);
        let mut group = Group::new();
        let server = Actor::with(|ctx| async move {
            let _jobs = jobs;
            ctx.interrupted().await;
            let _ = until_finished.recv().await;
            Ok(())
        });
        group.add_actor(server.name("server"));
        let work = async move {
            while queue.recv().await.is_ok() {}
            drop(finished);
            Ok(())
        };
        group.add_actor(Actor::new(work, |_| {}).name("worker"));
        group
    };
    let findings = every_stop(build)
        .limit(SHORT)
        .trials(5)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        finding.fault() == Fault::Stop
            && waited_for(finding, "server")
            && waited_for(finding, "worker")
    });
}

enum Command {
    Reload,
    Stop,
}

async fn an_interrupt_that_sends_on_a_full_channel<R: Runtime>(rt: R) {
    let reloaded = Fresh::default();
    let build = async || {
        let reloaded = reloaded.renew();
        let (commands, inbox) = async_channel::bounded(1);
        commands.try_send(Command::Reload).unwrap();
        let mut group = Group::new();
        let execute = async move {
            loop {
                match inbox.recv().await {
                    Ok(Command::Reload) => reloaded.set(),
                    Ok(Command::Stop) | Err(_) => return Ok(()),
                }
            }
        };
        // The error of a full channel is dropped, and the sender lives on elsewhere.
        let kept = commands.clone();
        let interrupt = move |_: &_| drop(commands.try_send(Command::Stop));
        group.add_actor(Actor::new(execute, interrupt).name("reader"));
        group.add_actor(keeps(kept).ends_group(Ends::Never).name("keeper"));
        group
    };
    let findings = every_stop(build)
        .meanwhile(async |_| reloaded.wait().await)
        .limit(SHORT)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        is(finding, Fault::Stop, "reader") && finding.poll() == 1 && waited_for(finding, "reader")
    });
}

/// An actor in the background, which keeps the sender until all others have stopped.
fn keeps(sender: Sender<Command>) -> Actor {
    Actor::with(|ctx| async move {
        let _sender = sender;
        ctx.interrupted().await;
        Ok(())
    })
    .background()
}

async fn an_actor_that_holds_the_sender_it_waits_for<R: Runtime>(rt: R) {
    let build = async || {
        let (jobs, queue) = async_channel::unbounded::<u32>();
        let again = jobs.clone();
        let mut group = Group::new();
        let execute = async move {
            while let Ok(job) = queue.recv().await {
                if job > 0 {
                    let _ = again.try_send(job - 1);
                }
            }
            Ok(())
        };
        group.add_actor(Actor::new(execute, |_| drop(jobs)).name("retries"));
        group
    };
    let findings = every_stop(build)
        .limit(SHORT)
        .trials(5)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        finding.fault() == Fault::Stop && waited_for(finding, "retries")
    });
}

async fn a_blocking_read_without_an_end<R: Runtime>(rt: R) {
    // What is not written here is read for ever. Dropping it ends the threads that the kit leaves.
    let writers = Mutex::new(Vec::new());
    let build = async || {
        let (writer, reader) = mpsc::channel::<u8>();
        writers.lock().unwrap().push(writer);
        let mut group = Group::new();
        let read = move || {
            while reader.recv().is_ok() {}
            Ok(())
        };
        group.add_actor(Actor::blocking(read, |_| {}).name("stdin"));
        group
    };
    let findings = every_stop(build)
        .limit(SHORT)
        .trials(5)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        finding.fault() == Fault::Stop && waited_for(finding, "stdin")
    });
}

async fn a_cleanup_that_needs_what_has_stopped<R: Runtime>(rt: R) {
    let build = async || {
        let (requests, database) = async_channel::unbounded::<&str>();
        let mut group = Group::new();
        let database = Actor::with(|ctx| async move {
            while let Some(Ok(_request)) = ctx.run_until_interrupted(database.recv()).await {}
            Ok(())
        });
        // The stages are the wrong way round.
        group.add_actor(database.stage(1).name("database"));
        let http = Actor::with(|ctx| async move {
            ctx.interrupted().await;
            Ok(requests.send("goodbye").await?)
        });
        group.add_actor(http.stage(0).must_succeed().name("http"));
        group
    };
    let findings = every_stop(build).run(rt.spawner()).await;
    found(&findings, |finding| {
        let said = finding.to_string();
        finding.fault() == Fault::Stop && said.contains("actor `http` failed")
    });
}

async fn a_lock_that_the_interrupt_needs<R: Runtime>(rt: R) {
    let worked = Fresh::default();
    let build = async || {
        let worked = worked.renew();
        let is_stopped = Arc::new(tokio::sync::Mutex::new(false));
        let wakes = Arc::new(Notify::new());
        let (stopped, woken) = (Arc::clone(&is_stopped), Arc::clone(&wakes));
        let mut group = Group::new();
        let execute = async move {
            loop {
                let is_stopped = is_stopped.lock().await;
                if *is_stopped {
                    return Ok(());
                }
                yield_now().await; // work, under the lock
                worked.set();
                drop(is_stopped);
                woken.notified().await;
            }
        };
        let interrupt = move |_: &_| {
            if let Ok(mut stopped) = stopped.try_lock() {
                *stopped = true;
            }
            wakes.notify_one();
        };
        group.add_actor(Actor::new(execute, interrupt).name("locked"));
        group
    };
    let findings = every_stop(build)
        .meanwhile(async |_| worked.wait().await)
        .limit(SHORT)
        .run(rt.spawner())
        .await;
    found(&findings, |finding| {
        is(finding, Fault::Stop, "locked") && finding.poll() == 2 && waited_for(finding, "locked")
    });
}

async fn a_queue_that_keeps_replies_of_a_dead_reader<R: Runtime>(rt: R) {
    let build = async || {
        let (requests, queue) = async_channel::unbounded::<Sender<()>>();
        let (reply, replied) = async_channel::bounded(1);
        // The queue keeps it, and the reply in it, for as long as a sender lives.
        requests.try_send(reply).unwrap();
        let mut group = Group::new();
        let reader = Actor::with(|ctx| async move {
            while let Some(Ok(reply)) = ctx.run_until_interrupted(queue.recv()).await {
                let _ = reply.send(()).await;
            }
            Ok(())
        });
        group.add_actor(reader.stage(0).ends_group(Ends::Never).name("reader"));
        let client = Actor::with(|ctx| async move {
            let _ = replied.recv().await;
            ctx.interrupted().await;
            drop(requests);
            Ok(())
        });
        group.add_actor(client.stage(1).name("client"));
        group
    };
    let findings = every_stop(build).limit(SHORT).run(rt.spawner()).await;
    found(&findings, |finding| {
        is(finding, Fault::Lost, "reader") && finding.poll() == 1 && waited_for(finding, "client")
    });
}

/// The group keeps the error until its run ends.
async fn an_error_that_holds_the_reply_it_could_not_send<R: Runtime>(rt: R) {
    let build = async || {
        let (requests, queue) = async_channel::bounded::<Option<Sender<()>>>(1);
        let (reply, replied) = async_channel::bounded(1);
        requests.try_send(None).unwrap(); // so that the worker waits for the reader
        let mut group = Group::new();
        let reader = Actor::with(|ctx| async move {
            while let Some(Ok(reply)) = ctx.run_until_interrupted(queue.recv()).await {
                if let Some(reply) = reply {
                    let _ = reply.send(()).await;
                }
            }
            Ok(())
        });
        group.add_actor(reader.stage(0).name("reader"));
        let worker = Actor::with(|ctx| async move {
            requests.send(Some(reply)).await?;
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(worker.stage(1).name("worker"));
        let client = Actor::with(|ctx| async move {
            let _ = replied.recv().await;
            ctx.interrupted().await;
            Ok(())
        });
        group.add_actor(client.stage(2).name("client"));
        group
    };
    let findings = every_stop(build).limit(SHORT).run(rt.spawner()).await;
    found(&findings, |finding| {
        is(finding, Fault::Lost, "reader") && finding.poll() == 1 && waited_for(finding, "client")
    });
}
