//! Against the real broker, where it is installed.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::streams::StreamInfoGroupsReply;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult};
use rungroup::Tokio;
use rungroup::testing::every_stop;
use rustix::process::Signal;

use crate::program::{Program, skipped};

#[allow(dead_code)] // its `main`
#[path = "../../src/bin/redis_stream.rs"]
mod recipe;

/// A broker of its own, that listens at a socket in its directory alone.
struct Broker {
    directory: PathBuf,
    _process: Program,
}

impl Broker {
    /// None if Redis is not installed.
    fn start() -> Option<Broker> {
        let mut version = Command::new("redis-server");
        let version = version.arg("--version").stdout(Stdio::null());
        if version.status().is_err() {
            skipped("the recipe `redis_stream`, because there is no `redis-server`");
            return None;
        }
        // The path of a socket must be short.
        static NTH: AtomicU32 = AtomicU32::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let name = format!("rungroup-redis-{}-{nth}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).unwrap();
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--dir"])
            .arg(&directory);
        command.arg("--unixsocket").arg(directory.join("redis"));
        let mut process = Program::run(&mut command);
        while !process.next_line().contains("ready to accept connections") {}
        Some(Broker {
            directory,
            _process: process,
        })
    }

    fn url(&self) -> String {
        format!("redis+unix://{}", self.directory.join("redis").display())
    }

    fn query(&self, query: &[&str]) -> String {
        let mut client = Command::new("redis-cli");
        let client = client.arg("-s").arg(self.directory.join("redis"));
        let output = client.args(query).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn add(&self, job: &str) {
        self.query(&["XADD", "jobs", "*", "job", job]);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn jobs_are_done_acknowledged_and_left() {
    let Some(broker) = Broker::start() else {
        return;
    };
    broker.add("before");
    let args = [&*broker.url(), "worker"];
    let mut consumer = Program::start_with(env!("CARGO_BIN_EXE_redis_stream"), &args);
    consumer.prints("BEFORE");
    for n in 0..100 {
        broker.add(&format!("job {n}"));
    }
    consumer.prints("JOB 0");
    consumer.send(Signal::TERM);
    let rest = consumer.succeeds();
    let done = rest.lines().count() + 2;

    // What it has got is acknowledged, it has left, and the rest is there for others.
    assert_eq!(broker.query(&["XPENDING", "jobs", "workers"]).trim(), "0");
    assert_eq!(
        broker
            .query(&["XINFO", "CONSUMERS", "jobs", "workers"])
            .trim(),
        ""
    );
    let mut other = Program::start_with(env!("CARGO_BIN_EXE_redis_stream"), &args);
    other.prints("consuming");
    for n in done - 1..100 {
        other.prints(&format!("JOB {n}"));
    }
    other.send(Signal::TERM);
    assert_eq!(other.succeeds(), "");
}

#[test]
fn what_a_killed_consumer_had_is_done_when_it_is_back() {
    let Some(broker) = Broker::start() else {
        return;
    };
    broker.query(&["XGROUP", "CREATE", "jobs", "workers", "0", "MKSTREAM"]);
    broker.add("begun");
    broker.query(&[
        "XREADGROUP",
        "GROUP",
        "workers",
        "worker",
        "STREAMS",
        "jobs",
        ">",
    ]);
    let args = [&*broker.url(), "worker"];
    let mut consumer = Program::start_with(env!("CARGO_BIN_EXE_redis_stream"), &args);
    consumer.prints("BEGUN");
    consumer.send(Signal::TERM);
    consumer.succeeds();
}

#[test]
fn a_broker_that_is_not_there_does_not_hold_up_the_stop() {
    let args = ["redis+unix:///nowhere", "worker"];
    let mut consumer = Program::start_with(env!("CARGO_BIN_EXE_redis_stream"), &args);
    consumer.complains();
    consumer.send(Signal::TERM);
    consumer.succeeds();
}

#[tokio::test]
async fn it_stops_whatever_happens() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let client = Client::open(broker.url()).unwrap();
    let mut done = 0;
    every_stop(async || recipe::app(client.clone(), "worker".into()))
        .meanwhile(async |_handle| {
            have_a_job_done(&client).await.unwrap(); // the broker outlives all trials
            done += 1;
        })
        .limit(Duration::from_secs(60)) // longer than the grace, which leaves stragglers
        .trials(30)
        .check(Tokio)
        .await;
    assert!(done > 0);
}

/// Returns when the job is acknowledged.
async fn have_a_job_done(client: &Client) -> RedisResult<()> {
    // A slow machine is no reason to fail.
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let mut redis = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await?;
    let id: String = redis.xadd("jobs", "*", &[("job", "a job")]).await?;
    loop {
        let consumers: StreamInfoGroupsReply = redis.xinfo_groups("jobs").await?;
        let mut workers = consumers.groups.iter();
        if workers.any(|group| group.last_delivered_id == id && group.pending == 0) {
            return Ok(());
        }
    }
}
