//! Actors that do not stop, to see what happens then.

use std::future::pending;
use std::time::Duration;
use std::{hint, thread};

use rungroup::Actor;

const FOR_EVER: Duration = Duration::MAX;

/// Makes the actor that has the fault of this name.
pub(crate) fn actor(name: &str) -> rungroup::Result<Actor> {
    match name {
        "spin" => Ok(Actor::with(async |_ctx| spin())),
        "spawn_blocking" => Ok(Actor::with(async |_ctx| sleep_on_runtime().await)),
        "blocking" => Ok(Actor::blocking(sleep, |_cause| {})),
        "interrupt" => Ok(Actor::new(pending(), |_cause| drop(sleep()))),
        other => Err(format!("SERVICE_FAULT={other}: no such fault").into()),
    }
}

/// Never gives its thread back to the runtime.
fn spin() -> rungroup::Result {
    tracing::info!("spinning");
    loop {
        hint::spin_loop();
    }
}

async fn sleep_on_runtime() -> rungroup::Result {
    tokio::task::spawn_blocking(sleep).await?
}

fn sleep() -> rungroup::Result {
    tracing::info!("sleeping");
    thread::sleep(FOR_EVER);
    Ok(())
}
