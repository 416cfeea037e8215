//! Lives in a process of their own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fmt, io};

use rungroup_benches::{Contestant, Runtime};

/// A program that lives, and its arguments: ours, or the one in Go.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    args: Vec<String>,
}

impl Program {
    /// One of the programs that stand next to this one.
    pub fn ours(name: &str, contestant: Contestant, runtime: Runtime, actors: usize) -> Program {
        let this = env::current_exe().expect("the path of this program");
        Program {
            path: this
                .with_file_name(name)
                .with_extension(env::consts::EXE_EXTENSION),
            args: vec![
                contestant.id().into(),
                runtime.id().into(),
                actors.to_string(),
            ],
        }
    }

    /// The lives of `contestant`, told by lines.
    pub fn life(contestant: Contestant, runtime: Runtime, actors: usize) -> Program {
        let mut life = Program::ours("life", contestant, runtime, actors);
        life.args.push("-".into());
        life
    }

    pub fn go(path: &Path, peer: &str, actors: usize) -> Program {
        Program {
            path: path.into(),
            args: vec![peer.into(), actors.to_string()],
        }
    }

    pub fn start(&self) -> Living {
        let spawned = Command::new(&self.path)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{self}: {error}"));
        let lines = child.stdout.take().expect("a pipe");
        Living {
            stdin: child.stdin.take(),
            lines: BufReader::new(lines).lines(),
            child,
        }
    }

    /// Runs it to its end, and returns the numbers it tells, a line each; `None` if it fails.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let output = Command::new(&self.path).args(&self.args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let numbers: Option<_> = text.lines().map(|line| line.parse().ok()).collect();
        numbers.filter(|_| output.status.success())
    }

    /// The peak of its memory, in bytes, when it lives so often.
    pub fn peak_memory(&self, lives: u32) -> Option<f64> {
        let mut living = self.start();
        if lives > 0 {
            living.live(lives);
        }
        living.end()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.args.join(" "))
    }
}

/// A process that lives as often as it is told.
pub struct Living {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Living {
    /// Lives so often, and returns the mean, in nanoseconds.
    pub fn live(&mut self, lives: u32) -> f64 {
        let asked = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{lives}"));
        asked
            .expect("an open pipe")
            .expect("a process that listens");
        self.number().expect("a time") / f64::from(lives)
    }

    /// Ends it, and returns the peak of its memory, in bytes, if the system tells.
    pub fn end(mut self) -> Option<f64> {
        self.stdin = None;
        let peak = self.number().expect("a size");
        self.child.wait().expect("its own child");
        Some(peak).filter(|peak| *peak > 0.0)
    }

    fn number(&mut self) -> io::Result<f64> {
        let line = self.lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        line.parse().map_err(io::Error::other)
    }
}
