//! The server below the handlers: connections, their limits, and their end.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rungroup::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::complaints::Complaints;
use crate::listen::Listener;

/// How many connections the system queues for us at most: Tokio's `TcpListener::bind` asks for as many.
const BACKLOG: usize = 1024;

/// The time for handshakes that have begun, once no new ones are let in.
const HANDSHAKES: Duration = Duration::from_millis(100);

/// How long to let connections end before we accept the next, if the system has none to give.
const SHORTAGE: Duration = Duration::from_millis(100);

/// What clients may take.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// For the head of a request, and between two requests.
    pub(crate) head: Duration,
    /// For the body of a request.
    pub(crate) body: Duration,
    /// For the next request of a connection, once the server stops. A client that keeps a pool of
    /// connections may be sending one.
    pub(crate) idle: Duration,
    /// For the whole stop.
    pub(crate) grace: Duration,
}

/// Serves until the interrupt. Then it accepts what has queued, unless the next process will, answers
/// what has begun, and cuts off the connections that take longer than the grace: a client's fault is
/// not a failure.
pub(crate) async fn serve(ctx: Context, listener: Listener, app: Router, times: Times) -> Result {
    let mut server = Server {
        ctx,
        app,
        times,
        connections: JoinSet::new(),
        complaints: Complaints::new(),
    };
    server.run(&listener.socket).await;
    if timeout(times.grace, server.finish(listener)).await.is_err() {
        let late = server.connections.len();
        tracing::warn!(
            connections = late,
            "cut off the connections that did not end"
        );
    }
    Ok(())
}

struct Server {
    ctx: Context,
    app: Router,
    times: Times,
    /// Dropping it ends those that are left.
    connections: JoinSet<()>,
    complaints: Complaints,
}

impl Server {
    async fn run(&mut self, listener: &TcpListener) {
        loop {
            tokio::select! {
                biased;
                () = self.ctx.interrupted() => return,
                Some(ended) = self.connections.join_next() => note(ended),
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => self.begin(client),
                    Err(error) => {
                        self.complaints.add(format_args!("cannot accept: {error}"));
                        sleep(SHORTAGE).await;
                    }
                }
            }
        }
    }

    async fn finish(&mut self, listener: Listener) {
        if !listener.is_shared {
            self.accept_queued(&listener.socket).await;
        }
        drop(listener);
        while let Some(ended) = self.connections.join_next().await {
            note(ended);
        }
    }

    /// Closing a listener resets the connections in its queue, whose clients may have sent a request.
    async fn accept_queued(&mut self, listener: &TcpListener) {
        refuse_handshakes(listener);
        let handshakes = sleep(HANDSHAKES);
        tokio::pin!(handshakes);
        for _ in 0..BACKLOG {
            tokio::select! {
                biased;
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => self.begin(client),
                    Err(_) => sleep(SHORTAGE).await,
                },
                () = &mut handshakes => return,
            }
        }
    }

    fn begin(&mut self, client: TcpStream) {
        let connection = converse(self.ctx.clone(), client, self.app.clone(), self.times);
        self.connections.spawn(connection);
    }
}

async fn converse(ctx: Context, client: TcpStream, app: Router, times: Times) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(times.head);
    let app = TowerToHyperService::new(app);
    let connection = http.serve_connection(TokioIo::new(client), app);
    tokio::pin!(connection);
    let idle = async {
        ctx.interrupted().await;
        sleep(times.idle).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = idle => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection failed: {error}");
    }
}

/// A handler that panics ends its connection alone.
fn note(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("a connection failed: {error}");
    }
}

/// Lets handshakes finish and lets no new one begin: drops their first packet. Its sender repeats it,
/// after a second on Linux, and is refused then, because nobody listens any longer. Where that is not
/// possible, whoever connects in the moment before the listener closes is reset.
#[cfg(target_os = "linux")]
fn refuse_handshakes(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};

    const LOAD_FLAGS: SockFilter = SockFilter::new(0x30, 0, 0, 13); // of the TCP header
    const IF_SYN: SockFilter = SockFilter::new(0x45, 0, 1, 0x02);
    const DROP: SockFilter = SockFilter::new(0x06, 0, 0, 0);
    const PASS: SockFilter = SockFilter::new(0x06, 0, 0, u32::MAX);

    let filter = [LOAD_FLAGS, IF_SYN, DROP, PASS];
    if let Err(error) = SockRef::from(listener).attach_filter(&filter) {
        tracing::debug!("handshakes go on: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_handshakes(_listener: &TcpListener) {}
