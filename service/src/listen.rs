//! Where clients connect: at an address, or at a socket that a supervisor holds for us.

use std::net::{self, SocketAddr};

use listenfd::ListenFd;
use tokio::net::TcpListener;

pub(crate) enum Listen {
    At(SocketAddr),
    Socket {
        socket: net::TcpListener,
        /// Whether the supervisor holds it too, and hands it to whoever runs after us.
        is_shared: bool,
    },
}

/// A socket that listens.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    /// What queues at a shared socket is for the next process, if we do not accept it.
    pub(crate) is_shared: bool,
}

impl Listen {
    /// The first socket of `LISTEN_FDS`, if there is one: see `sd_listen_fds(3)`.
    pub(crate) fn given() -> rungroup::Result<Option<Listen>> {
        let given = ListenFd::from_env().take_tcp_listener(0);
        let socket = given.map_err(|error| format!("LISTEN_FDS: {error}"))?;
        Ok(socket.map(|socket| Listen::Socket {
            socket,
            is_shared: true,
        }))
    }

    pub(crate) async fn open(self) -> rungroup::Result<Listener> {
        match self {
            Listen::At(address) => {
                let socket = TcpListener::bind(address).await;
                let failed =
                    |error| format!("cannot listen on {address} (SERVICE_LISTEN): {error}");
                Ok(Listener {
                    socket: socket.map_err(failed)?,
                    is_shared: false,
                })
            }
            Listen::Socket { socket, is_shared } => {
                socket.set_nonblocking(true)?;
                Ok(Listener {
                    socket: TcpListener::from_std(socket)?,
                    is_shared,
                })
            }
        }
    }
}
