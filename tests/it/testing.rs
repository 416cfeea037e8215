//! The kit that stops a program at every moment: it finds what is broken, and nothing else.

mod alone;
mod broken;
mod correct;
mod found;
mod injected;
mod stuck;

use std::sync::Mutex;

use rungroup::testing::{Finding, Findings};

use crate::support::Event;

/// A limit that a correct program never reaches, however busy the machine is.
const LONG: std::time::Duration = std::time::Duration::from_secs(30);

/// A limit that a stop that hangs outlasts.
const SHORT: std::time::Duration = std::time::Duration::from_millis(300);

/// Asserts that there is such a finding.
#[track_caller]
fn found(findings: &Findings, is_it: impl FnMut(&&Finding) -> bool) {
    let found = findings.iter().find(is_it);
    assert!(found.is_some(), "{findings}");
}

/// Whether the group waited for this actor when the limit was over.
fn waited_for(finding: &Finding, actor: &str) -> bool {
    let waiting_for = finding.status().map(|status| status.waiting_for());
    let mut waiting_for = waiting_for.unwrap_or_default().iter();
    waiting_for.any(|waiting| waiting.actor().as_str() == Some(actor))
}

/// An event of each trial, which its script waits for.
#[derive(Default)]
struct Fresh(Mutex<Option<Event>>);

impl Fresh {
    /// A new one, for a new trial.
    fn renew(&self) -> Event {
        let event = Event::new();
        *self.0.lock().unwrap() = Some(event.clone());
        event
    }

    async fn wait(&self) {
        let event = self.0.lock().unwrap().clone();
        event
            .expect("the program is built before the script")
            .wait()
            .await;
    }
}
