//! Runs the recipes as their users do: as processes, with real clients and real signals.

#![cfg(unix)]

mod http;
mod program;

mod grpc;
mod queue;
mod readme;
mod server_sent_events;
mod sockets;
mod sqlite;
mod telemetry;
mod web;
