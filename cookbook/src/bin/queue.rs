//! A queue between a server and its workers. The server accepts jobs and answers before they are
//! done. On SIGTERM or Ctrl-C, the server stops, then the workers do what is left in the queue,
//! then the store closes its file.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin queue
//!
//! curl -d 'a picture to shrink' http://127.0.0.1:8080/jobs
//! ```

use std::env;
use std::fs::OpenOptions;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rungroup::{Actor, Context, Ends, Group, Result, Tokio, signal};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;

const WORKERS: usize = 4;

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let path = env::args().nth(2).unwrap_or("results.txt".into());

    let mut group = app(listener, path);
    group.add_actor(signal::termination(group.handle())?);
    let _ = writeln!(io::stdout(), "listening on {address}");
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, path: String) -> Group {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(7)); // the rest is for what stops after it

    // The interrupts close the queues: what is left in them is still received. To wait until all
    // senders are gone would be to wait for every client of the stage above.
    let (results, finished) = async_channel::bounded(64);
    let store = {
        let queue = finished.clone();
        Actor::blocking(
            || store(path, finished),
            move |_cause| {
                queue.close();
            },
        )
    };
    let store = store.name("store").stage(0).must_succeed();
    // A server that fails takes the senders with it: its error is the cause, not that these return.
    group.add_actor(store.ends_group(Ends::OnError));

    let (jobs, queue) = async_channel::bounded(1024);
    for n in 0..WORKERS {
        let jobs = queue.clone();
        let worker = Actor::new(work(queue.clone(), results.clone()), move |_cause| {
            jobs.close();
        });
        let worker = worker.name(format!("worker-{n}")).stage(1);
        group.add_actor(worker.ends_group(Ends::OnError));
    }

    let server = Actor::with(|ctx| serve(ctx, listener, jobs));
    group.add_actor(server.name("http").stage(2));
    group
}

async fn serve(ctx: Context, listener: TcpListener, jobs: Sender<String>) -> Result {
    let app = Router::new().route("/jobs", post(accept)).with_state(jobs);
    let server = axum::serve(listener, app).with_graceful_shutdown(ctx.interrupted());
    tokio::select! {
        ended = server.into_future() => ended?,
        () = clients_are_late(&ctx) => {}
    }
    Ok(())
}

async fn clients_are_late(ctx: &Context) {
    ctx.interrupted().await;
    sleep(HTTP_GRACE).await;
    // A terminal that is gone is no reason to fail.
    let _ = writeln!(io::stderr(), "cut off the clients that did not end");
}

async fn accept(State(jobs): State<Sender<String>>, job: String) -> StatusCode {
    match jobs.try_send(job) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE, // the queue is full
    }
}

async fn work(jobs: Receiver<String>, results: Sender<String>) -> Result {
    while let Ok(job) = jobs.recv().await {
        results.send(job.to_uppercase()).await?;
    }
    Ok(())
}

fn store(path: String, results: Receiver<String>) -> Result {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    while let Ok(result) = results.recv_blocking() {
        writeln!(file, "{result}")?;
    }
    // A pipe or a device has nothing to sync.
    if file.metadata()?.is_file() {
        file.sync_all()?;
    }
    Ok(())
}
