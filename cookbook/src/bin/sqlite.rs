//! SQLite behind axum. The database blocks, so its actor has a thread of its own. It opens before the
//! server accepts clients, and closes after the server has answered the last request.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin sqlite
//!
//! curl -d 'buy milk' http://127.0.0.1:8080/notes
//! ```

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use futures_lite::future::block_on;
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A note to keep, and where to send its number.
struct Note {
    text: String,
    kept: oneshot::Sender<i64>,
}

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
    let path = env::args().nth(2).unwrap_or("notes.db".into());

    let mut group = app(listener, path);
    group.add_actor(signal::termination(group.handle())?);
    Ok(group.run(Tokio).await?)
}

/// What its test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, path: String) -> Group {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(7)); // the rest is for what stops after it

    let (notes, queue) = mpsc::channel(64);
    let database = Actor::blocking_with(|ctx| keep(ctx, path, queue));
    // What it cannot keep is lost, so its failure fails the run, even during the stop.
    let database = database.announces_ready().must_succeed();
    group.add_actor(database.name("database").stage(0));

    let server = Actor::with(|ctx| serve(ctx, listener, notes));
    group.add_actor(server.name("http").stage(1));
    group
}

/// Keeps what is in the queue when it is interrupted. To wait until every sender is gone would be to
/// wait for every client. A note that cannot be kept is an error for its client alone.
fn keep(ctx: Context, path: String, mut notes: Receiver<Note>) -> Result {
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL);",
    )?;
    ctx.announce_ready();
    while let Some(note) = block_on(next(&ctx, &mut notes)) {
        match database.execute("INSERT INTO notes VALUES (?)", [&note.text]) {
            // Its client may be gone.
            Ok(_) => drop(note.kept.send(database.last_insert_rowid())),
            Err(error) => drop(writeln!(io::stderr(), "a note is not kept: {error}")),
        }
    }
    database.close().map_err(|(_, error)| error)?;
    Ok(())
}

async fn next(ctx: &Context, notes: &mut Receiver<Note>) -> Option<Note> {
    if let Some(Some(note)) = ctx.run_until_interrupted(notes.recv()).await {
        return Some(note);
    }
    // A server that failed is gone before the group has heard of it: its error is the cause.
    ctx.interrupted().await;
    notes.close();
    notes.recv().await
}

async fn serve(ctx: Context, listener: TcpListener, notes: Sender<Note>) -> Result {
    let _ = writeln!(io::stdout(), "listening on {}", listener.local_addr()?);
    let app = Router::new().route("/notes", post(add)).with_state(notes);
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

/// Answers with the note's number, once it is in the database.
async fn add(State(notes): State<Sender<Note>>, text: String) -> (StatusCode, String) {
    let (kept, number) = oneshot::channel();
    let _ = notes.send(Note { text, kept }).await;
    match number.await {
        Ok(number) => (StatusCode::OK, format!("{number}\n")),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not kept\n".into()),
    }
}
