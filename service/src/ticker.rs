//! Periodic work.

use std::time::Duration;

use rungroup::Actor;

use crate::database::Ledger;
use crate::telemetry::Telemetry;

/// Makes the actor that counts the entries at every tick.
pub(crate) fn count(every: Duration, ledger: Ledger, telemetry: Telemetry) -> Actor {
    Actor::with(move |ctx| async move {
        let mut ticks = tokio::time::interval(every);
        while ctx.run_until_interrupted(ticks.tick()).await.is_some() {
            match ledger.count().await {
                Ok(count) => telemetry.record(format!("{count} entries")),
                Err(error) => tracing::warn!("cannot count the entries: {error}"),
            }
        }
        Ok(())
    })
}
