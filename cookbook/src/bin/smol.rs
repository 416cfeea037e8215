//! A TCP proxy on smol. On SIGTERM or Ctrl-C, it takes no more connections, and closes those it has.
//!
//! ```sh
//! cargo run -p rungroup-cookbook --bin smol -- 127.0.0.1:7000 127.0.0.1:8080
//!
//! curl http://127.0.0.1:7000/
//! ```

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use rungroup::{Actor, Context, Ends, Group, Result, Smol, signal};
use smol::net::{Shutdown, TcpListener, TcpStream};
use smol::{Timer, future, io};

fn main() -> ExitCode {
    match smol::block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result {
    let mut group = Group::new();
    group.add_actor(signal::termination(group.handle())?);
    group.grace(Duration::from_secs(10));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:7000".into());
    let upstream = env::args().nth(2).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    group.add_actor(Actor::with(|ctx| accept(ctx, listener, upstream)).name("proxy"));

    Ok(group.run(Smol).await?)
}

async fn accept(ctx: Context, listener: TcpListener, upstream: String) -> Result {
    while let Some(accepted) = ctx.run_until_interrupted(listener.accept()).await {
        match accepted {
            Ok((client, peer)) => {
                // The interrupt drops the future, and so closes both connections.
                let tunnel = Actor::cancellable(tunnel(client, upstream.clone()));
                let tunnel = tunnel.name(peer.to_string()).ends_group(Ends::Never);
                if ctx.handle().add_actor(tunnel).is_err() {
                    break; // the proxy is stopping
                }
            }
            Err(error) => {
                eprintln!("cannot accept for now: {error}");
                Timer::after(Duration::from_millis(100)).await;
            }
        }
    }
    Ok(())
}

async fn tunnel(client: TcpStream, upstream: String) -> Result {
    let there_and_back = async {
        let server = TcpStream::connect(upstream).await?;
        future::try_zip(pump(client.clone(), server.clone()), pump(server, client)).await
    };
    if let Err(error) = there_and_back.await {
        eprintln!("a connection failed: {error}");
    }
    Ok(())
}

/// Copies until `from` ends, then ends `to`.
async fn pump(from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    io::copy(from, &mut to).await?;
    to.shutdown(Shutdown::Write)
}
