//! The person at the keyboard, who may stop the group.

use std::io::stdin;
use std::thread;

use rungroup::Handle;

/// Stops the group when a line is typed, or when there is no more to come.
///
/// No actor of the group: a thread that reads from a terminal cannot be interrupted. It knows the
/// group by its handle only, and may outlive it.
pub(crate) fn stop_on_enter(group: Handle) {
    thread::spawn(move || {
        let _ = stdin().read_line(&mut String::new());
        group.interrupt(Ok(()));
    });
}
