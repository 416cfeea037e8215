//! PostgreSQL with sqlx, behind axum. The pool's actor is ready when it is connected, so the server
//! answers after that, and it closes the pool after the server has stopped. A query that fails is one
//! error. Without TLS; sqlx has features for that.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin postgres -- 127.0.0.1:8080 postgres://user@localhost/notes
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
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

/// What clients may take of the stop. Those that take longer are cut off, which is no failure.
const HTTP_GRACE: Duration = Duration::from_secs(8);

/// How long queries that still run may hold up the end of the pool.
const POOL_GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let url = env::args().nth(2);
    let url = url.unwrap_or("postgres://postgres@localhost/postgres".into());

    let mut group = app(listener, &url)?;
    group.add_actor(signal::termination(group.handle())?);
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
pub fn app(listener: TcpListener, url: &str) -> sqlx::Result<Group> {
    let mut group = Group::new();
    group.grace(HTTP_GRACE + Duration::from_secs(7)); // the rest is for what stops after it

    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(8)) // then the query fails
        .connect_lazy(url)?;
    let database = Actor::with({
        let pool = pool.clone();
        |ctx| hold(ctx, pool)
    });
    group.add_actor(database.name("database").stage(0).announces_ready());

    let server = Actor::with(|ctx| serve(ctx, listener, pool));
    group.add_actor(server.name("http").stage(1));
    Ok(group)
}

/// Connects, and closes the pool in the end. A server that is not there yet is waited for.
async fn hold(ctx: Context, pool: PgPool) -> Result {
    let connect = async {
        while let Err(error) = migrate(&pool).await {
            let _ = writeln!(io::stderr(), "no database for now: {error}");
            sleep(Duration::from_secs(1)).await;
        }
    };
    if ctx.run_until_interrupted(connect).await.is_some() {
        ctx.announce_ready();
        ctx.interrupted().await;
    }
    // Waits until every connection is returned.
    if timeout(POOL_GRACE, pool.close()).await.is_err() {
        let _ = writeln!(io::stderr(), "queries are still running");
    }
    Ok(())
}

async fn migrate(pool: &PgPool) -> sqlx::Result<()> {
    let table = "CREATE TABLE IF NOT EXISTS notes (id BIGSERIAL PRIMARY KEY, text TEXT NOT NULL)";
    sqlx::query(table).execute(pool).await?;
    Ok(())
}

async fn serve(ctx: Context, listener: TcpListener, pool: PgPool) -> Result {
    let _ = writeln!(io::stdout(), "listening on {}", listener.local_addr()?);
    let app = Router::new().route("/notes", post(add)).with_state(pool);
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
async fn add(State(pool): State<PgPool>, text: String) -> (StatusCode, String) {
    let insert = sqlx::query_scalar("INSERT INTO notes (text) VALUES ($1) RETURNING id");
    let number: sqlx::Result<i64> = insert.bind(text).fetch_one(&pool).await;
    match number {
        Ok(number) => (StatusCode::OK, format!("{number}\n")),
        Err(error) => {
            let _ = writeln!(io::stderr(), "a note is not kept: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "not kept\n".into())
        }
    }
}
