//! One trial: a program is run, disturbed, stopped, and judged by how long that takes.

use std::future::{Future, pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::finding::Problem;
use super::scene::Scene;
use super::watch::Watch;
use super::watchdog::Watchdog;
use crate::group::Group;
use crate::panic::catch;
use crate::report::Report;
use crate::spawner::Spawner;
use crate::status::Status;

/// A script may take as many times the limit of a stop.
pub(super) const PATIENCE: u32 = 10;

/// Where all trials of a test take place.
pub(super) struct Ground<'a, S> {
    pub(super) spawner: &'a S,
    pub(super) watchdog: &'a Watchdog,
    pub(super) limit: Duration,
}

/// What became of a trial.
#[derive(Default)]
pub(super) struct Ended {
    /// There is none if `run` was dropped.
    pub(super) report: Option<Report>,
    /// The worst thing that was seen, and the status at that time.
    pub(super) problem: Option<Problem>,
    pub(super) status: Option<Status>,
    /// Whether something of it is left that nothing can end, or the clock stands still. Then no
    /// other trial makes sense.
    pub(super) is_last: bool,
}

/// What came first.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum First {
    /// The run is over. There is no report if it was dropped.
    End(Option<Report>),
    Event,
    TimeIsUp,
}

impl<S: Spawner + Clone> Ground<'_, S> {
    /// Runs `group`, with `script` beside it, until nothing of it is left.
    pub(super) async fn run(
        &self,
        group: Group,
        scene: &Arc<Scene>,
        script: impl Future<Output = ()>,
    ) -> Ended {
        let watch = Watch::new(self.spawner.clone(), Arc::clone(scene));
        let mut ended = Ended::default();
        {
            // A binding of its own, because Rust 1.85 drops the temporary of `pin!` too early.
            let script = pin!(script);
            let mut program = Program {
                run: Some(Box::pin(group.run_report(&watch))),
                script: Some(script),
                scene,
            };
            ended.report = self.until_it_stops(&mut program, &mut ended).await;
            // Destructors of the program may be stuck, too.
            self.watchdog.expect(self.limit, scene);
        }
        watch.clear();
        self.watchdog.rest();
        self.until_it_is_gone(scene, &mut ended).await;
        ended
    }

    async fn until_it_stops(
        &self,
        program: &mut Program<'_, impl Future<Output = Report>, impl Future<Output = ()>>,
        ended: &mut Ended,
    ) -> Option<Report> {
        let handle = program.scene.handle.clone();
        let patience = self.limit.saturating_mul(PATIENCE);
        match self.first(program, handle.stopping(), patience).await {
            First::End(report) => return report,
            First::Event => {}
            First::TimeIsUp => {
                self.note(program.scene, Problem::Script(patience), ended);
                handle.stop(Ok(()));
            }
        }
        if let First::End(report) = self.first(program, pending(), self.limit).await {
            return report;
        }
        self.note(program.scene, Problem::Outlasted(self.limit), ended);
        handle.force();
        program.scene.release();
        if let First::End(report) = self.first(program, pending(), self.limit).await {
            return report;
        }
        self.note(program.scene, Problem::NotForced(self.limit), ended);
        ended.is_last = true;
        None
    }

    /// Waits for the actors that were inside their poll when the run ended.
    async fn until_it_is_gone(&self, scene: &Arc<Scene>, ended: &mut Ended) {
        let gone = poll_fn(|cx| {
            scene.driven_by(cx.waker());
            match scene.alive() {
                Some(_) => Poll::Pending,
                None => Poll::Ready(()),
            }
        });
        if ended.is_last || self.within_limit(scene, gone).await {
            return;
        }
        if let Some(actor) = scene.alive() {
            self.note(scene, Problem::Alive(actor, self.limit), ended);
            ended.is_last = true;
        }
    }

    /// Takes note of a problem. The later one is the worse one.
    fn note(&self, scene: &Scene, problem: Problem, ended: &mut Ended) {
        ended.problem = Some(problem);
        ended.status = Some(scene.handle.status());
        ended.is_last |= self.watchdog.is_overdue();
        self.watchdog.rest();
    }

    async fn first(
        &self,
        program: &mut Program<'_, impl Future<Output = Report>, impl Future<Output = ()>>,
        event: impl Future<Output = ()>,
        limit: Duration,
    ) -> First {
        let scene = program.scene;
        let mut event = pin!(event);
        let mut first = None;
        let progress = poll_fn(|cx| {
            if let Poll::Ready(report) = Pin::new(&mut *program).poll(cx) {
                first = Some(First::End(report));
                return Poll::Ready(());
            }
            event.as_mut().poll(cx).map(|()| first = Some(First::Event))
        });
        if self.within_limit_of(limit, scene, progress).await {
            first.unwrap_or(First::Event)
        } else {
            First::TimeIsUp
        }
    }

    async fn within_limit(&self, scene: &Arc<Scene>, event: impl Future<Output = ()>) -> bool {
        self.within_limit_of(self.limit, scene, event).await
    }

    /// Whether the event comes in time, by the spawner's clock.
    async fn within_limit_of(
        &self,
        limit: Duration,
        scene: &Arc<Scene>,
        event: impl Future<Output = ()>,
    ) -> bool {
        let mut event = pin!(event);
        // Made only when it is needed: most events are there already, and a clock may be a thread.
        let mut clock = None;
        self.watchdog.expect(limit, scene);
        let is_in_time = poll_fn(|cx| {
            if event.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            let clock = clock.get_or_insert_with(|| self.spawner.sleep(limit));
            if clock.as_mut().poll(cx).is_ready() || self.watchdog.is_overdue() {
                return Poll::Ready(false);
            }
            Poll::Pending
        });
        let is_in_time = is_in_time.await;
        if is_in_time {
            self.watchdog.rest();
        }
        is_in_time
    }
}

/// The run and the script, side by side. It ends with the run.
struct Program<'a, R, P> {
    run: Option<Pin<Box<R>>>,
    script: Option<Pin<&'a mut P>>,
    scene: &'a Arc<Scene>,
}

impl<R: Future<Output = Report>, P: Future<Output = ()>> Program<'_, R, P> {
    /// Goes on with the script, whose end requests the stop.
    fn play(&mut self, cx: &mut Context<'_>) {
        let Some(script) = &mut self.script else {
            return;
        };
        match catch(|| script.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(())) => {}
            // A client that loses its server may panic. That of an undisturbed program may not.
            Err(_) if self.scene.is_done() => {}
            Err(panic) => match panic.take() {
                Some(payload) => resume_unwind(payload),
                None => unreachable!("nobody else takes it"),
            },
        }
        self.script = None;
        self.scene.handle.stop(Ok(()));
    }
}

impl<R: Future<Output = Report>, P: Future<Output = ()>> Future for Program<'_, R, P> {
    type Output = Option<Report>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Report>> {
        let this = &mut *self;
        this.scene.driven_by(cx.waker());
        if this.scene.wants_drop() {
            this.run = None;
            return Poll::Ready(None);
        }
        if let Some(run) = &mut this.run {
            if let Poll::Ready(report) = run.as_mut().poll(cx) {
                return Poll::Ready(Some(report));
            }
        }
        // The fault may have been done inside this poll, by a spawner that polls in `spawn_task`.
        if this.scene.wants_drop() {
            this.run = None;
            return Poll::Ready(None);
        }
        this.scene.release_if_taken();
        this.play(cx);
        Poll::Pending
    }
}
