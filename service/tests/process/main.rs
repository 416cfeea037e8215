//! The service as a process, seen from outside: its signals, its port, its database, its status,
//! what it says on stderr and to its supervisor.

#![cfg(unix)]

mod client;
mod load;
mod service;
mod supervisor;
mod user;

mod activation;
mod deployments;
mod drain;
mod everything;
mod faults;
mod logs;
mod lossless;
mod process_one;
mod reload;
mod runit;
mod shortages;
mod signals;
mod slow_clients;
mod status;
mod stop;
mod stragglers;
mod systemd;
