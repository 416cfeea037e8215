//! The test of a program, and its trials.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::fault::{Fault, Injection};
use super::finding::{End, Finding, Findings, Problem};
use super::judge::{Done, judge};
use super::moment::{self, Alone, Moment};
use super::plan;
use super::rest::rest;
use super::scene::Scene;
use super::trial::{Ended, Ground};
use super::watchdog::Watchdog;
use crate::group::Group;
use crate::handle::Handle;
use crate::name::Name;
use crate::report::Report;
use crate::spawner::Spawner;

const LIMIT: Duration = Duration::from_secs(5);
const TRIALS: usize = 1_000;

/// So many stops that take their whole limit are enough: a person reads the first ones.
const OUTLASTED: usize = 20;

/// The script that waits until the group is ready.
type UntilReady = fn(Handle) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a test of a program, which `build` makes anew for each trial.
///
/// Nothing happens before [`run`](EveryStop::run) or [`check`](EveryStop::check). If the program
/// uses a port, a file or a directory, `build` must free or replace what the previous trial has left.
///
/// See the [module](super) for what is tried and what is found.
///
/// # Examples
///
/// ```
/// use rungroup::testing::every_stop;
/// use rungroup::{Actor, Group, Threads};
///
/// # futures_lite::future::block_on(async {
/// every_stop(async || {
///     let mut group = Group::new();
///     group.add_actor(Actor::cancellable(std::future::pending()).name("server"));
///     group
/// })
/// .check(Threads)
/// .await;
/// # });
/// ```
#[track_caller]
pub fn every_stop<B: AsyncFnMut() -> Group>(build: B) -> EveryStop<B> {
    EveryStop {
        build,
        script: |handle| {
            Box::pin(async move {
                // A group that stops before it is ready needs no request.
                let _ = handle.ready().await;
            })
        },
        accept: None,
        rests: true,
        limit: LIMIT,
        most: TRIALS,
        test: Name::of_caller(),
    }
}

/// A test that stops a program at every moment. [`every_stop`] makes it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use rungroup::testing::every_stop;
/// use rungroup::{Actor, Group, Threads};
///
/// # futures_lite::future::block_on(async {
/// every_stop(async || {
///     let mut group = Group::new();
///     group.add_actor(Actor::cancellable(std::future::pending()).name("server"));
///     group
/// })
/// .meanwhile(async |handle| handle.ready().await.unwrap_or(()))
/// .limit(Duration::from_secs(1))
/// .trials(100)
/// .check(Threads)
/// .await;
/// # });
/// ```
#[must_use = "nothing is tested until it is run"]
pub struct EveryStop<B, S = UntilReady, A = fn(&Report) -> bool> {
    build: B,
    script: S,
    accept: Option<A>,
    /// Whether the actors must rest after the script.
    rests: bool,
    limit: Duration,
    most: usize,
    /// Where the test was made, for a finding that no actor has to do with.
    test: Name,
}

impl<B, S, A> EveryStop<B, S, A>
where
    B: AsyncFnMut() -> Group,
    S: AsyncFnMut(Handle),
    A: Fn(&Report) -> bool,
{
    /// Sets what happens while the program runs, such as the requests of a client. When `script`
    /// returns, the stop is requested. By default, the script waits until the group is ready, and
    /// then until its actors rest: each was polled, and waits for something.
    ///
    /// The script goes on during the stop, and is dropped when the run has returned. If it takes ten
    /// times the [limit](EveryStop::limit), and nothing else has stopped the group, that is a
    /// finding, and the stop is requested.
    ///
    /// After a fault, a program may not answer. So a panic of the script then only ends the script. A
    /// panic before the fault goes through [`run`](EveryStop::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::testing::every_stop;
    /// use rungroup::{Actor, Group, Threads};
    ///
    /// # futures_lite::future::block_on(async {
    /// let (requests, queue) = async_channel::bounded::<u32>(1);
    /// every_stop(async || {
    ///     let queue = queue.clone();
    ///     let mut group = Group::new();
    ///     group.add_actor(Actor::with(async move |ctx| {
    ///         while let Some(Ok(number)) = ctx.run_until_interrupted(queue.recv()).await {
    ///             println!("serving {number}");
    ///         }
    ///         Ok(())
    ///     }).name("server"));
    ///     group
    /// })
    /// .meanwhile(async |_handle| {
    ///     for number in 0..3 {
    ///         let _ = requests.try_send(number);
    ///         futures_lite::future::yield_now().await;
    ///     }
    /// })
    /// .check(Threads)
    /// .await;
    /// # });
    /// ```
    pub fn meanwhile<T: AsyncFnMut(Handle)>(self, script: T) -> EveryStop<B, T, A> {
        EveryStop {
            build: self.build,
            script,
            accept: self.accept,
            rests: false,
            limit: self.limit,
            most: self.most,
            test: self.test,
        }
    }

    /// Limits one stop, by the clock of the spawner. The default is 5 seconds. A
    /// [drain](Group::drain) counts.
    ///
    /// On a clock that stands still, as a paused one does while an actor is busy, real time counts:
    /// ten times the limit, and at least ten seconds, after the limit.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets which reports are fine. By default, a report is fine if no actor straggled or panicked, and
    /// the run returned what the fault implies.
    ///
    /// `is_fine` is called after each run that returned, whatever the fault was. The report of a run
    /// that was forced has stragglers. A stop that outlasts its limit is a finding without the call.
    ///
    /// # Examples
    ///
    /// ```
    /// use rungroup::testing::every_stop;
    /// use rungroup::{Actor, Group, Outcome, Threads};
    ///
    /// # futures_lite::future::block_on(async {
    /// every_stop(async || {
    ///     let mut group = Group::new();
    ///     group.add_actor(Actor::with(async |ctx| {
    ///         ctx.interrupted().await;
    ///         Err("went away".into())
    ///     }).must_succeed());
    ///     group
    /// })
    /// .accept(|report| {
    ///     let mut exits = report.exits().iter();
    ///     !exits.any(|exit| matches!(exit.outcome(), Outcome::Panicked(_)))
    /// })
    /// .check(Threads)
    /// .await;
    /// # });
    /// ```
    pub fn accept<C: Fn(&Report) -> bool>(self, is_fine: C) -> EveryStop<B, S, C> {
        EveryStop {
            build: self.build,
            script: self.script,
            accept: Some(is_fine),
            rests: self.rests,
            limit: self.limit,
            most: self.most,
            test: self.test,
        }
    }

    /// Limits the number of trials. The default is 1 000. The undisturbed trial always takes place.
    pub fn trials(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Does the trials, and returns what they found.
    ///
    /// After 20 stops that took their whole limit, and after one that nothing can end, no other
    /// trial follows.
    ///
    /// # Panics
    ///
    /// Panics if `build` or the undisturbed script does, as the spawner does, and if the environment
    /// variable `RUNGROUP_TRIAL` is not a trial.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the trial that is under way, as dropping
    /// [`Group::run`](Group::run) does.
    pub async fn run(mut self, spawner: impl Spawner + Clone) -> Findings {
        let watchdog = Watchdog::start();
        let ground = Ground {
            spawner: &spawner,
            watchdog: &watchdog,
            limit: self.limit,
        };
        let mut findings = Findings::new();
        match moment::asked_for() {
            Some(Alone::Undisturbed) => drop(self.try_one(&ground, None, &mut findings).await),
            Some(Alone::At(moment)) => {
                let tried = self.try_one(&ground, Some(moment), &mut findings).await;
                tried.say_if_missed();
            }
            None => self.try_all(&ground, &mut findings).await,
        }
        findings
    }

    /// Does the trials as [`run`](EveryStop::run) does.
    ///
    /// # Panics
    ///
    /// Panics with the findings, if there are any, and where [`run`](EveryStop::run) does.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`run`](EveryStop::run).
    pub async fn check(self, spawner: impl Spawner + Clone) {
        let test = self.test.clone();
        let findings = self.run(spawner).await;
        assert!(
            findings.is_empty(),
            "the program of {test} does not always stop well: {findings}"
        );
    }

    async fn try_all<R: Spawner + Clone>(
        &mut self,
        ground: &Ground<'_, R>,
        findings: &mut Findings,
    ) {
        let undisturbed = self.try_one(ground, None, findings).await;
        let mut end = undisturbed.end(findings);
        let polls = undisturbed.scene.polls();
        for moment in plan::moments(&polls, self.most.saturating_sub(1)) {
            if end != End::AllDone {
                break;
            }
            let tried = self.try_one(ground, Some(moment), findings).await;
            end = tried.end(findings);
        }
        findings.end(end);
    }

    async fn try_one<R: Spawner + Clone>(
        &mut self,
        ground: &Ground<'_, R>,
        moment: Option<Moment>,
        findings: &mut Findings,
    ) -> Tried {
        let group = (self.build)().await;
        let handle = group.handle();
        let scene = Arc::new(Scene::new(handle.clone(), moment));
        let rests = self.rests;
        let script = async {
            (self.script)(handle).await;
            if rests {
                rest(&scene).await;
            }
        };
        let ended = ground.run(group, &scene, script).await;
        let tried = Tried {
            is_last: ended.is_last,
            scene,
        };
        findings.add(self.finding(&tried.scene, ended));
        tried
    }

    /// What is wrong with a trial, if anything is.
    fn finding(&self, scene: &Scene, ended: Ended) -> Option<Finding> {
        let victim = scene.victim();
        let Ended {
            report,
            problem,
            status,
            ..
        } = ended;
        let (problem, report) = match (problem, report) {
            (Some(problem), report) => (problem, report.unwrap_or_else(Report::keeping_all)),
            (None, None) => return None,
            (None, Some(report)) => self.judge(report, scene, victim.as_ref())?,
        };
        let actor = victim
            .or_else(|| problem.actor().cloned())
            .or_else(|| Some(status.as_ref()?.waiting_for().first()?.actor().clone()))
            .or_else(|| report.cause()?.actor().cloned())
            .or_else(|| scene.first())
            .unwrap_or_else(|| self.test.clone());
        Some(Finding {
            moment: scene.moment.clone(),
            is_done: scene.is_done(),
            actor,
            problem,
            status,
            report,
        })
    }

    fn judge(
        &self,
        report: Report,
        scene: &Scene,
        victim: Option<&Name>,
    ) -> Option<(Problem, Report)> {
        if let Some(is_fine) = &self.accept {
            return (!is_fine(&report)).then_some((Problem::NotAccepted, report));
        }
        let injection = scene.moment.as_ref().map(|moment| moment.injection);
        let fault = injection.filter(|_| scene.is_done()).map(Injection::fault);
        let done = Done {
            fault: fault.unwrap_or(Fault::Stop),
            actor: victim.unwrap_or(&self.test),
        };
        judge(report, &done)
    }
}

/// A trial that is over.
struct Tried {
    scene: Arc<Scene>,
    is_last: bool,
}

impl Tried {
    /// Tells a person who has asked for a moment that it did not come. Without findings, the test
    /// passes, and would look as if the program were mended.
    fn say_if_missed(&self) {
        let moment = self.scene.moment.as_ref();
        if let Some(Moment { actor, poll, .. }) = moment.filter(|_| !self.scene.is_done()) {
            eprintln!("rungroup::testing: undisturbed, as `{actor}` had no poll {poll} this time");
        }
    }

    /// Whether it is the last one.
    fn end(&self, findings: &Findings) -> End {
        if self.is_last {
            End::Stuck
        } else if findings.outlasted() >= OUTLASTED {
            End::Enough
        } else {
            End::AllDone
        }
    }
}

impl<B, S, A> fmt::Debug for EveryStop<B, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EveryStop")
            .field("limit", &self.limit)
            .field("trials", &self.most)
            .finish_non_exhaustive()
    }
}
