//! What was answered is in the database, and the database is closed.

use rusqlite::Connection;
use rustix::process::Signal;

use crate::http::{Request, closed, post};
use crate::program::{Program, directory};

#[test]
fn the_database_keeps_what_was_answered_last() {
    let directory = directory("sqlite");
    let path = directory.join("notes.db");
    let mut server = Program::start(env!("CARGO_BIN_EXE_sqlite"), &[path.to_str().unwrap()]);
    let address = server.address();
    let first = post(address, "/notes", "first");
    assert_eq!((first.status, &*first.body), (200, "1\n"));

    let last = Request::begin(address, "/notes", "last");
    server.send(Signal::TERM);
    closed(address);
    let last = last.finish();
    assert_eq!((last.status, &*last.body), (200, "2\n"));
    server.succeeds();

    // SQLite removes its log when the last connection closes.
    assert!(!directory.join("notes.db-wal").exists());
    let database = Connection::open(path).unwrap();
    let mut notes = database.prepare("SELECT text FROM notes").unwrap();
    let notes = notes.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let notes: Vec<_> = notes.map(Result::unwrap).collect();
    assert_eq!(notes, ["first", "last"]);
}
