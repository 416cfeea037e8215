//! Actors that do as the script says, and note what becomes of them.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use rungroup::{Actor, Cause, Context, Handle, Result};

use crate::executor::{Executor, TICK};
use crate::program::{Ends, How, Id, Interrupt, Kind, Spec};
use crate::seen::Why;

/// What one actor does.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Part>>);

#[derive(Default)]
struct Part {
    wants: Option<How>,
    obeys: Option<How>,
    interrupted: bool,
    context: Option<Context>,
    waker: Option<Waker>,
}

impl Script {
    pub fn new(spec: &Spec) -> Script {
        let script = Script::default();
        script.change(|part| part.obeys = spec.obeys);
        script
    }

    /// The actor exits when it is next polled.
    pub fn exit(&self, how: How) {
        self.change(|part| part.wants = Some(how));
    }

    /// There once the actor has been polled.
    pub fn context(&self) -> Option<Context> {
        self.0.lock().unwrap().context.clone()
    }

    fn change(&self, f: impl FnOnce(&mut Part)) {
        let waker = {
            let mut part = self.0.lock().unwrap();
            f(&mut part);
            part.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    async fn execute(self) -> Result {
        let how = poll_fn(|cx| {
            let mut part = self.0.lock().unwrap();
            part.waker = Some(cx.waker().clone());
            match part.wants.or(part.obeys.filter(|_| part.interrupted)) {
                Some(how) => Poll::Ready(how),
                None => Poll::Pending,
            }
        });
        match how.await {
            How::Ok => Ok(()),
            How::Err => Err("failed".into()),
            // Without the hook, which would print.
            How::Panic => resume_unwind(Box::new("panicked")),
        }
    }

    /// The same, which sees its interrupt through its context.
    async fn execute_with(self, context: Context) -> Result {
        let mut interrupted = pin!(context.interrupted());
        let mut execute = pin!(self.clone().execute());
        let both = poll_fn(|cx| {
            if interrupted.as_mut().poll(cx).is_ready() {
                self.0.lock().unwrap().interrupted = true;
            }
            execute.as_mut().poll(cx)
        });
        both.await
    }
}

/// An actor that is no group, of the group of `handle`.
pub fn actor(id: Id, spec: &Spec, script: &Script, handle: &Handle, executor: &Executor) -> Actor {
    let note = executor.clone();
    let end = OnDrop(Some(move || {
        note.note(|seen| seen.dropped.insert(id));
    }));
    let script = script.clone();
    match spec.kind {
        Kind::Pair => {
            let execute = script.clone().execute();
            let execute = async move {
                let _end = end;
                execute.await
            };
            Actor::new(execute, interrupt(id, spec, script, handle, executor))
        }
        Kind::With => Actor::with(move |context| {
            script.change(|part| part.context = Some(context.clone()));
            async move {
                let _end = end;
                script.execute_with(context).await
            }
        }),
        Kind::Group => unreachable!("made of a group"),
    }
}

fn interrupt(
    id: Id,
    spec: &Spec,
    script: Script,
    handle: &Handle,
    executor: &Executor,
) -> impl FnOnce(&Cause) + Send + 'static {
    let (executor, handle, does) = (executor.clone(), handle.clone(), spec.interrupt);
    let note = executor.clone();
    let uncalled = OnDrop(Some(move || {
        note.note(|seen| seen.uncalled.insert(id));
    }));
    move |cause| {
        uncalled.defuse();
        executor.note(|seen| seen.interrupts.push((id, Why::of(cause))));
        script.change(|part| part.interrupted = true);
        match does {
            Interrupt::Signals => {}
            Interrupt::Panics => resume_unwind(Box::new("panicked")),
            Interrupt::Forces => handle.force(),
        }
    }
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    fn defuse(mut self) {
        self.0 = None;
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// The actor with its name and its settings.
pub fn with_settings(mut actor: Actor, id: Id, spec: &Spec) -> Actor {
    actor = actor.name(id.to_string()).ends_group(match spec.ends {
        Ends::OnExit => rungroup::Ends::OnExit,
        Ends::OnError => rungroup::Ends::OnError,
        Ends::Never => rungroup::Ends::Never,
    });
    if let Some(stage) = spec.stage {
        actor = actor.stage(stage);
    }
    if let Some(ticks) = spec.grace {
        actor = actor.grace(TICK * ticks.into());
    }
    if spec.background {
        actor = actor.background();
    }
    if spec.announces {
        actor = actor.announces_ready();
    }
    if spec.must_succeed {
        actor = actor.must_succeed();
    }
    actor
}
