//! Every kind of cause that a stop may have, made by an actor of stage 1.

use rungroup::{Actor, Ends, Group, Spawner, Task, spawner};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OkExit,
    Failure,
    Panic,
    Loss,
    OkRequest,
    FailedRequest,
    AddedActor,
    Force,
}

pub const ALL: [Kind; 8] = [
    Kind::OkExit,
    Kind::Failure,
    Kind::Panic,
    Kind::Loss,
    Kind::OkRequest,
    Kind::FailedRequest,
    Kind::AddedActor,
    Kind::Force,
];

const LOST: &str = "lost";

impl Kind {
    /// Adds an actor of stage 1 that stops the group by this cause.
    pub fn add_to(self, group: &mut Group) {
        let handle = group.handle();
        let actor = Actor::new(
            async move {
                match self {
                    Kind::OkExit => return Ok(()),
                    Kind::Failure => return Err("failure".into()),
                    Kind::Panic => panic!("kaboom"),
                    Kind::Loss => unreachable!("its spawner drops it"),
                    Kind::OkRequest => handle.stop(Ok(())),
                    Kind::FailedRequest => handle.stop(Err("failure".into())),
                    Kind::AddedActor => {
                        let added = Actor::new(async { Ok(()) }, |_| {}).stage(1);
                        handle.add_actor(added).expect("a running group");
                    }
                    Kind::Force => handle.force(),
                }
                Ok(())
            },
            |_| {},
        );
        let actor = if self.is_an_exit() {
            actor
        } else {
            actor.ends_group(Ends::Never)
        };
        let name = if self == Kind::Loss { LOST } else { "cause" };
        group.add_actor(actor.name(name).stage(1));
    }

    fn is_an_exit(self) -> bool {
        matches!(
            self,
            Kind::OkExit | Kind::Failure | Kind::Panic | Kind::Loss
        )
    }
}

/// Spawns as `spawner` does, but drops the task that is to be lost.
pub fn losing(spawner: impl Spawner) -> impl Spawner {
    spawner::from_fn(move |task: Task| {
        if task.name().as_str() == Some(LOST) {
            drop(task);
        } else {
            spawner.spawn_task(task);
        }
    })
}
