//! The program of the README: it takes orders over HTTP and stores them.
//!
//! ```sh
//! cargo run --example orders --features axum
//!
//! curl -d 'two apples' http://127.0.0.1:7000 # a client
//! ```

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use rungroup::signal::{self, Signal};
use rungroup::{Actor, Context, Group, Result, Tokio};
use tokio::sync::mpsc::{self, Receiver, Sender, WeakSender};
use tokio::{fs::OpenOptions, io::AsyncWriteExt, net::TcpListener, runtime::Runtime, time::sleep};

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10)); // for the whole stop
    group.add_actor(signal::termination(group.handle())?); // SIGTERM and Ctrl-C

    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let (orders, queue) = mpsc::channel(64);

    // The higher stage stops first: the database still works while the server finishes.
    let server = Actor::with(|ctx| serve(ctx, listener, orders));
    group.add_actor(server.name("server").stage(1));
    let database = Actor::new(store(queue), |_cause| {}) // ends when the queue does
        .name("database")
        .stage(0)
        .grace(Duration::from_secs(5)) // of its own
        .must_succeed(); // an order that it cannot store fails the run
    group.add_actor(database);

    // SIGUSR1 prints what the group is doing, and what it waits for.
    let handle = group.handle();
    let show = move |_| say(format_args!("{:#}", handle.status()));
    group.add_actor(signal::each([Signal::Usr1], show)?.name("status"));

    let report = group.run_report(Tokio).await;
    say(format_args!("{report}"));
    Ok(report.into_result()?)
}

/// `eprintln!` would panic if the terminal is gone.
fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Answers the requests that have begun before it returns, but waits no longer than 3 seconds: a
/// client that sends half a request must not decide how the program ends.
async fn serve(ctx: Context, listener: TcpListener, orders: Sender<String>) -> Result {
    let app = Router::new().route("/", post(order));
    let app = app.with_state(orders.downgrade()); // only `serve` keeps the queue open
    let server = axum::serve(listener, app).with_graceful_shutdown(ctx.interrupted());
    let time_is_up = async {
        ctx.interrupted().await;
        sleep(Duration::from_secs(3)).await;
    };
    tokio::select! {
        ended = server.into_future() => ended?,
        () = time_is_up => say(format_args!("warning: clients that did not end were cut off")),
    }
    Ok(())
}

async fn order(State(orders): State<WeakSender<String>>, order: String) -> StatusCode {
    let Some(orders) = orders.upgrade() else {
        return StatusCode::SERVICE_UNAVAILABLE; // the server has ended
    };
    match orders.send(order).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE, // the database failed
    }
}

/// Returns when the server is gone and all orders are on the disk.
async fn store(mut queue: Receiver<String>) -> Result {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).open("orders.log").await?;
    while let Some(order) = queue.recv().await {
        file.write_all(format!("{order}\n").as_bytes()).await?;
        file.sync_data().await?;
    }
    Ok(())
}
