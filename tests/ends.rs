//! Law 33: how a program ends. Each case is a program of its own: this one, started again with the
//! name of the case.

#![allow(clippy::pedantic)] // nobody's API

use std::future::pending;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rungroup::{Actor, BoxError, Group, Result, Threads, Tokio};
use tokio::runtime::{Builder, Runtime};

/// A program, its exit code, and what it says on the standard error. `None` if that is not ours.
struct Case {
    name: &'static str,
    program: fn() -> ExitCode,
    code: i32,
    stderr: Option<&'static str>,
}

const CASES: &[Case] = &[
    Case {
        name: "law_33_ok",
        program: || Tokio::main(many_threads(), async { Ok(()) }),
        code: 0,
        stderr: Some(""),
    },
    Case {
        name: "law_33_an_error_is_told_with_its_sources",
        program: || Tokio::main(one_thread(), failing()),
        code: 1,
        stderr: Some("error: actor `db` failed: disk full\n"),
    },
    Case {
        name: "law_33_without_tokio",
        program: || rungroup::exit_code(futures_lite::future::block_on(failing())),
        code: 1,
        stderr: Some("error: actor `db` failed: disk full\n"),
    },
    Case {
        name: "law_33_a_task_spins",
        program: || Tokio::main(many_threads(), beside_a_spinning_task()),
        code: 0,
        stderr: Some(""),
    },
    Case {
        name: "law_33_an_actor_spins",
        program: || Tokio::main(many_threads(), with_a_spinning_actor()),
        code: 1,
        stderr: Some("error: 1 actor did not stop: `spin` (polling)\n"),
    },
    Case {
        name: "law_33_a_thread_sleeps",
        program: || Tokio::main(many_threads(), beside_a_sleeping_thread(Ok(()))),
        code: 0,
        stderr: Some(""),
    },
    Case {
        name: "law_33_a_thread_sleeps_on_one_thread",
        program: || Tokio::main(one_thread(), beside_a_sleeping_thread(Ok(()))),
        code: 0,
        stderr: Some(""),
    },
    Case {
        name: "law_33_a_thread_sleeps_and_the_program_fails",
        program: || Tokio::main(one_thread(), beside_a_sleeping_thread(Err("down".into()))),
        code: 1,
        stderr: Some("error: down\n"),
    },
    Case {
        name: "law_33_a_task_waits_on_one_thread",
        program: || {
            Tokio::main(one_thread(), async {
                drop(tokio::spawn(pending::<()>()));
                Ok(())
            })
        },
        code: 0,
        stderr: Some(""),
    },
    Case {
        name: "law_33_the_program_panics_beside_a_sleeping_thread",
        program: || {
            Tokio::main(many_threads(), async {
                beside_a_sleeping_thread(Ok(())).await?;
                panic!("kaboom")
            })
        },
        code: 101,
        stderr: None,
    },
    Case {
        name: "law_33_the_error_is_dropped_with_a_panic",
        program: || Tokio::main(one_thread(), async { Err(Box::new(Fragile) as BoxError) }),
        code: 1,
        stderr: None,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some("child"), Some(name)) = (arguments.next().as_deref(), arguments.next()) {
        let case = CASES.iter().find(|case| case.name == name);
        // Until the parent says so, for example because the standard error is now closed.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return (case.expect("a case").program)();
    }
    // As a test binary does: those whose name has the first argument that is no option.
    let filter = std::env::args()
        .skip(1)
        .find(|it| !it.starts_with('-'))
        .unwrap_or_default();
    let cases: Vec<_> = CASES
        .iter()
        .filter(|case| case.name.contains(&filter))
        .collect();
    println!("\nrunning {} tests", cases.len());
    for case in cases {
        case.check();
        case.check_without_stderr();
        println!("{} ... ok", case.name);
    }
    ExitCode::SUCCESS
}

impl Case {
    fn start(&self) -> Child {
        let this = std::env::current_exe().expect("the path of this test");
        let child = Command::new(this)
            .args(["child", self.name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        child.expect("a child process")
    }

    fn check(&self) {
        let (code, stderr) = self.end(self.start());
        assert_eq!(code, Some(self.code), "{}: {stderr}", self.name);
        if let Some(expected) = self.stderr {
            assert_eq!(stderr, expected, "{}", self.name);
        }
    }

    /// A write fails, because nobody reads the pipe any more.
    fn check_without_stderr(&self) {
        let mut child = self.start();
        drop(child.stderr.take());
        let (code, _) = self.end(child);
        assert_eq!(code, Some(self.code), "{}, with nobody to tell", self.name);
    }

    /// Lets the child go, and waits until it ends.
    fn end(&self, mut child: Child) -> (Option<i32>, String) {
        drop(child.stdin.take());
        let mut stderr = String::new();
        let pipe = child.stderr.take();
        let watch = Watch::new(self.name, child.id());
        if let Some(mut pipe) = pipe {
            pipe.read_to_string(&mut stderr).expect("text");
        }
        let status = child.wait().expect("the end of the child");
        drop(watch);
        (status.code(), stderr)
    }
}

/// Ends this test, by the name of the case, if the child never ends.
struct Watch(
    #[expect(dead_code, reason = "its drop says that the child has ended")] mpsc::Sender<()>,
);

impl Watch {
    fn new(name: &'static str, child: u32) -> Watch {
        let (ended, wait) = mpsc::channel();
        thread::spawn(move || {
            let hangs = Err(mpsc::RecvTimeoutError::Timeout);
            if wait.recv_timeout(Duration::from_secs(300)) == hangs {
                eprintln!("{name} does not end: process {child}");
                std::process::exit(1);
            }
        });
        Watch(ended)
    }
}

fn many_threads() -> Runtime {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime")
}

fn one_thread() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

async fn failing() -> Result {
    let mut group = Group::new();
    group.add_actor(Actor::new(async { Err("disk full".into()) }, |_| {}).name("db"));
    Ok(group.run(Threads).await?)
}

async fn beside_a_spinning_task() -> Result {
    let (begins, begun) = async_channel::bounded(1);
    drop(tokio::spawn(async move { spin(&begins) }));
    begun.recv().await?;
    Ok(())
}

async fn with_a_spinning_actor() -> Result {
    let (begins, begun) = async_channel::bounded(1);
    let mut group = Group::new();
    group.add_actor(Actor::new(async move { spin(&begins) }, |_| {}).name("spin"));
    let handle = group.handle();
    let force = async {
        let begun = begun.recv().await;
        handle.stop(Ok(()));
        begun
    };
    group.grace(Duration::from_millis(1));
    let (result, begun) = futures_lite::future::zip(group.run(Tokio), force).await;
    begun?;
    Ok(result?)
}

/// Never returns to its runtime.
fn spin(begins: &async_channel::Sender<()>) -> Result {
    begins.try_send(())?;
    loop {
        thread::yield_now();
    }
}

async fn beside_a_sleeping_thread(result: Result) -> Result {
    let (begins, begun) = async_channel::bounded(1);
    drop(tokio::task::spawn_blocking(move || {
        let _ = begins.try_send(());
        loop {
            thread::park();
        }
    }));
    begun.recv().await?;
    result
}

#[derive(Debug)]
struct Fragile;

impl std::fmt::Display for Fragile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fragile")
    }
}

impl std::error::Error for Fragile {}

impl Drop for Fragile {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("drop of an error"));
    }
}
