//! Ours and the peers, by name.

use std::str::FromStr;

use crate::runtime::Runtime;
use crate::work::Work;
use crate::{ours, peers};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    Pair,
    PairWithOneCancel,
    PairWithChannel,
    With,
    JoinSet,
    TaskTracker,
    Bare,
    GracefulShutdown,
}

impl Contestant {
    pub const ALL: [Contestant; 8] = [
        Contestant::Pair,
        Contestant::PairWithOneCancel,
        Contestant::PairWithChannel,
        Contestant::With,
        Contestant::JoinSet,
        Contestant::TaskTracker,
        Contestant::Bare,
        Contestant::GracefulShutdown,
    ];

    pub fn id(self) -> &'static str {
        match self {
            Contestant::Pair => "pair",
            Contestant::PairWithOneCancel => "pair-one-cancel",
            Contestant::PairWithChannel => "pair-channel",
            Contestant::With => "with",
            Contestant::JoinSet => "join-set",
            Contestant::TaskTracker => "task-tracker",
            Contestant::Bare => "bare",
            Contestant::GracefulShutdown => "graceful-shutdown",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Contestant::Pair => "rungroup, pair",
            Contestant::PairWithOneCancel => "rungroup, pair, one cancels",
            Contestant::PairWithChannel => "rungroup, pair with a channel each",
            Contestant::With => "rungroup, `Actor::with`",
            Contestant::JoinSet => "`JoinSet` + token",
            Contestant::TaskTracker => "`TaskTracker` + token",
            Contestant::Bare => "bare spawn + countdown",
            Contestant::GracefulShutdown => "tokio-graceful-shutdown",
        }
    }

    pub fn runs_on(self, runtime: Runtime) -> bool {
        match self {
            Contestant::JoinSet | Contestant::TaskTracker | Contestant::GracefulShutdown => {
                runtime.is_tokio()
            }
            _ => true,
        }
    }

    /// Whether it is measured with so many actors on that runtime: tokio-graceful-shutdown takes
    /// many times as long as all others.
    pub fn takes_part(self, runtime: Runtime, actors: usize) -> bool {
        let most_actors = match self {
            Contestant::GracefulShutdown => 10_000,
            _ => runtime.most_actors(),
        };
        self.runs_on(runtime) && actors <= most_actors
    }

    /// All that take part.
    pub fn all_on(runtime: Runtime, actors: usize) -> Vec<Contestant> {
        let all = Contestant::ALL.into_iter();
        all.filter(|one| one.takes_part(runtime, actors)).collect()
    }

    /// Lives once, from the first `add` to the return of `run`, with `actors` that wait and one
    /// that ends it. Must be polled inside the runtime.
    ///
    /// # Panics
    ///
    /// If it does not [run on](Contestant::runs_on) that runtime.
    pub async fn live<W: Work>(self, runtime: Runtime, actors: usize, work: W) {
        match self {
            Contestant::Pair => ours::pair(runtime, actors, work).await,
            Contestant::PairWithOneCancel => {
                ours::pair_with_one_cancel(runtime, actors, work).await
            }
            Contestant::PairWithChannel => ours::pair_with_channel(runtime, actors, work).await,
            Contestant::With => ours::with(runtime, actors, work).await,
            Contestant::JoinSet => peers::join_set(actors, work).await,
            Contestant::TaskTracker => peers::task_tracker(actors, work).await,
            Contestant::Bare => peers::bare(runtime, actors, work).await,
            Contestant::GracefulShutdown => peers::graceful_shutdown(actors, work).await,
        }
    }
}

impl FromStr for Contestant {
    type Err = String;

    fn from_str(id: &str) -> Result<Contestant, String> {
        let known = Contestant::ALL.into_iter().find(|one| one.id() == id);
        known.ok_or_else(|| {
            format!(
                "no contestant `{id}`: {}",
                Contestant::ALL.map(Contestant::id).join(", ")
            )
        })
    }
}
