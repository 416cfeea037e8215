//! Runs the recipes as their users do: as processes, with real clients and real signals.

#![cfg(unix)]

mod http;
mod program;

mod every_stop;
mod grpc;
#[cfg(target_os = "linux")]
mod lossless;
mod metrics;
mod periodic;
mod postgres;
mod queue;
mod readme;
mod redis_stream;
mod server_sent_events;
mod slow_clients;
mod sockets;
mod sqlite;
mod telemetry;
mod web;
mod websockets;
