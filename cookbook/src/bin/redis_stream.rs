//! A consumer of a Redis stream, in a consumer group. On SIGTERM or Ctrl-C, it fetches nothing more,
//! finishes and acknowledges what it has, and leaves the consumer group.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin redis_stream -- redis://127.0.0.1/ worker-1
//!
//! redis-cli XADD jobs '*' job 'a picture to shrink'
//! ```

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult};
use rungroup::{Actor, Context, Group, Result, Tokio, signal};
use tokio::runtime::Runtime;
use tokio::time::sleep;

const STREAM: &str = "jobs";
const GROUP: &str = "workers";

/// How long Redis waits for a job before it answers that there is none. The stop may take as long.
const FETCH: Duration = Duration::from_millis(500);

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a Tokio runtime");
    // Ends the process even if an actor did not stop; `#[tokio::main]` would wait for it.
    Tokio::main(runtime, run())
}

async fn run() -> Result {
    let url = env::args().nth(1).unwrap_or("redis://127.0.0.1/".into());
    let name = env::args().nth(2).unwrap_or("worker-1".into());

    let mut group = app(Client::open(url)?, name);
    group.add_actor(signal::termination(group.handle())?);
    Ok(group.run(Tokio).await?)
}

/// What the test runs too: all but the signals, which belong to the process.
pub fn app(client: Client, name: String) -> Group {
    let mut group = Group::new();
    group.grace(Duration::from_secs(10));
    group.add_actor(Actor::with(|ctx| consume(ctx, client, name)).name("consumer"));
    group
}

/// A broker that is gone is waited for, each time twice as long.
async fn consume(ctx: Context, client: Client, name: String) -> Result {
    let mut pause = Duration::from_millis(100);
    while !ctx.is_interrupted() {
        match consume_connected(&ctx, &client, &name, &mut pause).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let _ = writeln!(io::stderr(), "no broker for now: {error}");
                ctx.run_until_interrupted(sleep(pause)).await;
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
        }
    }
    Ok(())
}

async fn consume_connected(
    ctx: &Context,
    client: &Client,
    name: &str,
    pause: &mut Duration,
) -> RedisResult<()> {
    let config =
        AsyncConnectionConfig::new().set_response_timeout(Some(FETCH + Duration::from_secs(8)));
    let mut redis = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    // An error if there is such a group already.
    let _: RedisResult<()> = redis.xgroup_create_mkstream(STREAM, GROUP, "0").await;
    *pause = Duration::from_millis(100);
    let _ = writeln!(io::stdout(), "consuming");

    // What was delivered to us, and not acknowledged: we were killed, or lost the connection.
    let mut from = "0";
    loop {
        let jobs = fetch(&mut redis, name, from).await?;
        if jobs.is_empty() && from == "0" {
            from = ">"; // what nobody has got
        }
        for job in jobs {
            work(&job).await;
            let _: () = redis.xack(STREAM, GROUP, &[&job.id]).await?;
        }
        if ctx.is_interrupted() {
            // Nothing is pending, so nothing is lost with the consumer.
            let _: () = redis.xgroup_delconsumer(STREAM, GROUP, name).await?;
            return Ok(());
        }
    }
}

/// It is not dropped when the interrupt comes: what Redis has delivered by then would wait for us, and
/// not for the others.
async fn fetch(
    redis: &mut MultiplexedConnection,
    name: &str,
    from: &str,
) -> RedisResult<Vec<StreamId>> {
    let options = StreamReadOptions::default()
        .group(GROUP, name)
        .count(10)
        .block(FETCH.as_millis() as usize);
    let reply: Option<StreamReadReply> = redis.xread_options(&[STREAM], &[from], &options).await?;
    let keys = reply.map_or(Vec::new(), |reply| reply.keys);
    Ok(keys.into_iter().flat_map(|key| key.ids).collect())
}

async fn work(job: &StreamId) {
    let job: String = job.get("job").unwrap_or_default();
    let _ = writeln!(io::stdout(), "{}", job.to_uppercase());
}
