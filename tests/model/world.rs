//! The real group in a world of one thread, where everything happens when the script says so.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rungroup::{Actor, Group, Handle};

use crate::executor::{Executor, TICK, Wakes};
use crate::program::{Act, Id, OUTER, Program, Settings, Spec};
use crate::script::{self, Script};
use crate::seen::{End, Seen};
use crate::watch::Watcher;

pub struct World {
    run: Option<Pin<Box<dyn Future<Output = End>>>>,
    run_wakes: Arc<Wakes>,
    executor: Executor,
    handles: Vec<Handle>,
    watchers: Vec<Watcher>,
    scripts: Vec<Script>,
    end: Option<End>,
}

impl World {
    pub fn new(program: &Program) -> World {
        let (mut outer, mut inner) = (group(&program.outer), group(&program.inner));
        let handles = [outer.handle(), inner.handle()];
        let mut world = World {
            run: None,
            run_wakes: Wakes::woken(),
            executor: Executor::default(),
            handles: handles[..program.groups()].to_vec(),
            watchers: Vec::new(),
            scripts: Vec::new(),
            end: None,
        };
        world.watchers = world.handles.iter().map(Watcher::new).collect();
        // The group inside is to be whole before it becomes an actor.
        let mut of_outer = Vec::new();
        for (id, spec) in program.actors.iter().enumerate() {
            world.scripts.push(Script::new(spec));
            match program.home(spec) {
                OUTER => of_outer.push((id, spec)),
                home => drop(inner.add_actor(world.actor(id, spec, home))),
            }
        }
        let mut inner = Some(inner);
        for (id, spec) in of_outer {
            outer.add_actor(match program.group() {
                Some(group) if group == id => {
                    let inner = inner.take().expect("one group inside");
                    let actor = inner.into_actor(world.executor.clone());
                    script::with_settings(actor, id, spec)
                }
                _ => world.actor(id, spec, OUTER),
            });
        }
        world.run = Some(run(
            outer,
            world.executor.clone(),
            program.outer.keeps_exits,
        ));
        world
    }

    pub fn act(&mut self, act: Act) {
        match act {
            Act::Exit(id, how) => self.scripts[id].exit(how),
            Act::Lose(id) => self.executor.lose(id),
            Act::Announce(id) => {
                if let Some(context) = self.scripts[id].context() {
                    context.announce_ready();
                }
            }
            Act::Revoke(id) => {
                if let Some(context) = self.scripts[id].context() {
                    context.revoke_ready();
                }
            }
            Act::Request(group, true) => self.handles[group].stop(Ok(())),
            Act::Request(group, false) => self.handles[group].stop(Err("asked".into())),
            Act::SkipDrain(group) => self.handles[group].skip_drain(),
            Act::Force(group) => self.handles[group].force(),
            Act::Tick => self.executor.tick(),
            Act::DropRun => self.run = None,
            Act::Add(..) | Act::AddBy(..) | Act::Nothing => {}
        }
    }

    /// Whether the actor was accepted.
    pub fn add(&mut self, spec: &Spec, home: usize, adder: Option<Id>) -> bool {
        let id = self.scripts.len();
        self.scripts.push(Script::new(spec));
        let actor = self.actor(id, spec, home);
        let context = adder.and_then(|adder| self.scripts[adder].context());
        let refused = match context {
            Some(context) => context.handle().add_actor(actor),
            None => self.handles[home].add_actor(actor),
        };
        let accepted = refused.is_ok();
        if !accepted {
            self.executor.note(|seen| seen.given_back.insert(id));
        }
        accepted
    }

    fn actor(&self, id: Id, spec: &Spec, home: usize) -> Actor {
        let (script, handle) = (&self.scripts[id], &self.handles[home]);
        let actor = script::actor(id, spec, script, handle, &self.executor);
        script::with_settings(actor, id, spec)
    }

    pub fn seen(&mut self) -> Seen {
        let mut seen = self.executor.note(|seen| seen.clone());
        let contexts = self.scripts.iter().map(Script::context).enumerate();
        let told = contexts.filter_map(|(id, context)| Some((id, context?.is_interrupted())));
        seen.told = told.collect();
        seen.groups = self.watchers.iter_mut().map(Watcher::face).collect();
        seen.end = self.end.clone();
        seen
    }
}

// ---- the executor

impl World {
    /// Polls `run` if it was woken.
    pub fn poll_run(&mut self) {
        let Some(run) = &mut self.run else { return };
        if let Some(end) = self.run_wakes.poll(run.as_mut()) {
            self.run = None;
            self.end = Some(end);
        }
    }

    /// Polls each woken task, in the order of the starts.
    pub fn poll_tasks(&mut self) {
        self.executor.poll_each();
    }

    /// Polls `run`, then one task, until nobody is woken.
    pub fn poll_all(&mut self) {
        loop {
            self.poll_run();
            let run_is_woken = self.run.is_some() && self.run_wakes.is_woken();
            if !run_is_woken && !self.executor.poll_first() {
                break;
            }
        }
    }
}

fn group(settings: &Settings) -> Group {
    let mut group = Group::new();
    group.drain(TICK * settings.drain.into());
    if let Some(ticks) = settings.grace {
        group.grace(TICK * ticks.into());
    }
    group
}

fn run(group: Group, executor: Executor, all: bool) -> Pin<Box<dyn Future<Output = End>>> {
    if all {
        Box::pin(async { End::of_report(group.run_report(executor).await) })
    } else {
        Box::pin(async { End::of_result(group.run(executor).await) })
    }
}
