//! Counts the lines of the files given as arguments, four at a time. The first file that cannot be
//! read cancels the rest.
//!
//! Ported from Go's `errgroup`, with its `SetLimit`, and from its example that collects results:
//! errgroup's `Go` is an actor that ends the group only by an error, and the run ends when no actor
//! is left.
//!
//! ```sh
//! cargo run --example errgroup --features fs -- src/*.rs
//! cargo run --example errgroup --features fs -- Cargo.toml no-such-file
//! cargo run --example errgroup --features fs,tokio -- src/*.rs # or smol, or async-std
//! ```

mod runtime;

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use async_fs::File;
use async_lock::Semaphore;
use futures_lite::io::AsyncReadExt;
use rungroup::{Actor, Ends, Group};

/// How many files are read at the same time.
const LIMIT: usize = 4;

fn main() -> ExitCode {
    runtime::main(run())
}

async fn run() -> rungroup::Result {
    let paths: Vec<String> = env::args().skip(1).collect();
    let counts = Arc::new(Mutex::new(vec![0; paths.len()]));
    let group = counting(&paths, &counts);
    group.run(runtime::spawner()).await?;

    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    for (path, lines) in paths.iter().zip(counts.iter()) {
        println!("{lines:8} {path}");
    }
    println!("{:8} total", counts.iter().sum::<usize>());
    Ok(())
}

/// What the test runs too.
fn counting(paths: &[String], counts: &Arc<Mutex<Vec<usize>>>) -> Group {
    let limit = Arc::new(Semaphore::new(LIMIT));
    let mut group = Group::new();
    for (nth, path) in paths.iter().cloned().enumerate() {
        let (counts, limit) = (Arc::clone(counts), Arc::clone(&limit));
        let name = path.clone();
        let count = async move {
            let _permit = limit.acquire().await;
            let lines = count_lines(&path).await?;
            counts.lock().unwrap_or_else(PoisonError::into_inner)[nth] = lines;
            Ok(())
        };
        group.add_actor(
            Actor::cancellable(count)
                .name(name)
                .ends_group(Ends::OnError),
        );
    }
    group
}

async fn count_lines(path: &str) -> rungroup::Result<usize> {
    let mut file = File::open(path).await?;
    let mut chunk = vec![0; 64 * 1024];
    let mut lines = 0;
    loop {
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            return Ok(lines);
        }
        for byte in &chunk[..read] {
            lines += usize::from(*byte == b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rungroup::testing::every_stop;

    use super::*;

    #[test]
    fn it_stops_whatever_happens() {
        let paths = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/errgroup.rs").to_owned(); 8];
        let counts = Arc::new(Mutex::new(vec![0; paths.len()]));
        let test = every_stop(async || counting(&paths, &counts))
            .meanwhile(async |handle| handle.stopping().await) // all files are read
            .limit(Duration::from_secs(60))
            .check(runtime::spawner());
        runtime::block_on(test);
    }
}
