//! The person at the keyboard, who may stop the group.

use std::io::stdin;
use std::thread;

use rungroup::Handle;

/// Stops the group when a line is typed, or when the input ends.
///
/// It is not an actor, because a thread that reads from a terminal cannot be interrupted. It only
/// has a handle to the group, and may outlive the group.
pub(crate) fn stop_on_enter(group: Handle) {
    thread::spawn(move || {
        let _ = stdin().read_line(&mut String::new());
        group.stop(Ok(()));
    });
}
