//! The end of a program.

#[cfg(feature = "tokio")]
mod tokio;

use std::io::Write as _;
use std::process::ExitCode;

use crate::error::Error;
use crate::outcome::BoxError;
use crate::panic::discard;
use crate::text::Chained;

/// Turns the result of a program into its exit code, and prints the error.
///
/// `Ok` is 0. `Err` is 1, after one line on the standard error: "error: ", the error and its
/// sources. A standard error that is closed or full changes nothing, where `eprintln!` would panic.
///
/// With Tokio, [`Tokio::main`](crate::spawner) also shuts the runtime down.
///
/// # Examples
///
/// ```
/// use std::process::ExitCode;
/// use rungroup::{Actor, Group, Threads};
///
/// fn main() -> ExitCode {
///     let mut group = Group::new();
///     group.add_actor(Actor::new(async { Ok(()) }, |_cause| {}).name("job"));
///     rungroup::exit_code(group.run_blocking(Threads))
/// }
/// ```
///
/// Another code for some errors:
///
/// ```
/// use std::process::ExitCode;
/// use rungroup::{Error, ErrorKind};
///
/// fn code(result: Result<(), Error>) -> ExitCode {
///     match result {
///         Err(error) if error.kind() == ErrorKind::Stragglers => ExitCode::from(3),
///         result => rungroup::exit_code(result),
///     }
/// }
/// # let _ = code(Ok(()));
/// ```
pub fn exit_code<E: Into<BoxError>>(result: Result<(), E>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let error = error.into();
    // One write, so that the lines of other threads do not come in between. There is nobody to tell
    // that it failed.
    let _ = std::io::stderr().write_all(line(&error).as_bytes());
    discard(error);
    ExitCode::FAILURE
}

fn line(error: &BoxError) -> String {
    match error.downcast_ref::<Error>() {
        Some(error) => format!("error: {error:#}\n"),
        None => format!("error: {}\n", Chained(&**error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Group;
    use crate::spawner::Threads;

    #[test]
    fn an_error_is_told_with_its_sources_on_one_line() {
        let error: BoxError = "disk\nfull".into();
        assert_eq!(line(&error), "error: disk full\n");

        let mut group = Group::new();
        group.handle().stop(Err("disk full".into()));
        group.add(async { Ok(()) }, |_| {});
        let error: BoxError = group.run_blocking(Threads).unwrap_err().into();
        let told = "error: the group was stopped with an error: disk full\n";
        assert_eq!(line(&error), told);
    }
}
