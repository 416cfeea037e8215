//! A web server in three stages, which stop one after the other: http answers what it has accepted
//! while the workers are still there, the workers finish what is queued while the database is still
//! there, and the database stops last. Then it prints the report of the stop.
//!
//! Large users of Go's `run.Group` arrange this by the order of `Add` and by interrupts that block.
//!
//! ```sh
//! cargo run --example stages --features net       # Enter stops it
//! cargo run --example stages --features net -- 127.0.0.1:8001
//! cargo run --example stages --features net,tokio # or smol, or async-std
//!
//! curl http://127.0.0.1:8000/some/page                # a client
//! ```

mod clients;
mod console;
mod runtime;

use std::env;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_executor::Executor;
use async_io::Async;
use futures_lite::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use futures_lite::stream::StreamExt;
use rungroup::{Actor, Context, Group, Result};

const DATABASE: u32 = 0;
const WORKERS: u32 = 1;
const HTTP: u32 = 2;

const GRACE: Duration = Duration::from_secs(10);
const LARGEST_REQUEST: u64 = 64 * 1024;

/// A request, and where its answer goes.
struct Job {
    request: String,
    answer: Sender<String>,
}

/// What a worker made of a job.
struct Row {
    path: String,
    answer: Sender<String>,
}

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> Result {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8000".into());
    let listener = Async::new(TcpListener::bind(address)?)?;
    println!("listening on {}", listener.get_ref().local_addr()?);

    let group = app(listener);
    console::stop_on_enter(group.handle());
    let report = group.run_report(runtime::spawner()).await;
    println!("{report}");
    Ok(report.into_result()?)
}

/// What the test runs too.
fn app(listener: Async<TcpListener>) -> Group {
    let (to_workers, jobs) = async_channel::bounded(16);
    let (to_database, rows) = async_channel::bounded(16);
    let (jobs, rows) = (Arc::new(Queue(jobs)), Queue(rows));

    let mut group = Group::new();
    group.grace(GRACE);
    let database = Actor::with(|ctx| database(ctx, rows));
    group.add_actor(database.name("database").stage(DATABASE));
    for number in 1..=3 {
        let (jobs, rows) = (Arc::clone(&jobs), to_database.clone());
        let worker = Actor::with(move |ctx| work(ctx, number, jobs, rows));
        group.add_actor(worker.name(format!("worker-{number}")).stage(WORKERS));
    }
    let http = Actor::with(|ctx| http(ctx, listener, to_workers));
    group.add_actor(http.name("http").stage(HTTP));
    group
}

async fn http(ctx: Context, listener: Async<TcpListener>, jobs: Sender<Job>) -> Result {
    let requests = Executor::new();
    let accept = async {
        while let Some((client, _)) = clients::next(&ctx, &listener).await {
            let respond = respond(ctx.clone(), client, jobs.clone());
            requests.spawn(respond).detach();
        }
    };
    requests.run(accept).await;

    drop(listener);
    while !requests.is_empty() {
        requests.tick().await;
    }
    println!("http has stopped");
    Ok(())
}

/// Reads one request and answers it. The interrupt lets go of a client that has not asked yet.
async fn respond(ctx: Context, client: Async<TcpStream>, jobs: Sender<Job>) -> Result {
    let Some(request) = ctx.run_until_interrupted(read_head(&client)).await else {
        return Ok(());
    };
    let (answer, answered) = async_channel::bounded(1);
    let request = request?;
    jobs.send(Job { request, answer }).await?;
    let body = answered.recv().await?;
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    (&client).write_all(response.as_bytes()).await?;
    clients::let_go(&client).await;
    Ok(())
}

/// Reads a request without a body to the empty line at its end, and returns its first line.
async fn read_head(client: &Async<TcpStream>) -> io::Result<String> {
    let mut lines = BufReader::new(client).take(LARGEST_REQUEST).lines();
    let mut request = None;
    while let Some(line) = lines.try_next().await? {
        if line.is_empty() {
            return request.ok_or(io::ErrorKind::InvalidData.into());
        }
        request.get_or_insert(line);
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn work(ctx: Context, number: u32, jobs: Arc<Queue<Job>>, rows: Sender<Row>) -> Result {
    while let Some(Job { request, answer }) = jobs.next(&ctx).await {
        let path = request.split_whitespace().nth(1).unwrap_or("/").into();
        let sent = rows.send(Row { path, answer }).await;
        // Without the row: the group keeps an error until its run ends, and a client would wait for
        // the answer until then.
        sent.map_err(|_| "the database is gone")?;
    }
    println!("worker {number} has stopped");
    Ok(())
}

async fn database(ctx: Context, rows: Queue<Row>) -> Result {
    let mut table = Vec::new();
    while let Some(Row { path, answer }) = rows.next(&ctx).await {
        table.push(path);
        let written = format!("row {} is {}\n", table.len(), table[table.len() - 1]);
        // Fails if the client has left, which is fine.
        let _ = answer.send(written).await;
    }
    println!("the database has stopped, with {} rows", table.len());
    Ok(())
}

/// The end of a queue whose items carry the way to answer them. A channel keeps what is in it for as
/// long as it has a sender. When nobody takes items any longer, they must be dropped, or those who wait
/// for the answers wait for ever.
struct Queue<T>(Receiver<T>);

impl<T> Queue<T> {
    /// Takes the next item. Once the actor is interrupted, takes only what is left.
    async fn next(&self, ctx: &Context) -> Option<T> {
        match ctx.run_until_interrupted(self.0.recv()).await {
            Some(item) => item.ok(),
            None => self.0.try_recv().ok(),
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.0.close(); // nothing is queued from here on
        while self.0.try_recv().is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::asking::{get_page, stops_while};

    #[test]
    fn it_stops_whatever_happens() {
        stops_while(get_page, "row 1 is /page\n", app);
    }

    #[test]
    fn a_worker_that_fails_lets_go_of_its_client() {
        let (to_workers, jobs) = async_channel::bounded(1);
        let (to_database, rows) = async_channel::bounded(1);
        let (answer, answered) = async_channel::bounded(1);
        drop(rows);
        let request = "GET /page HTTP/1.0".into();
        to_workers.try_send(Job { request, answer }).unwrap();
        let mut group = Group::new();
        group.add_actor(Actor::with(|ctx| {
            work(ctx, 1, Arc::new(Queue(jobs)), to_database)
        }));
        let report = runtime::block_on(group.run_report(runtime::spawner()));
        assert!(answered.is_closed());
        assert!(report.into_result().is_err());
    }
}
