//! Every note that was answered is in the database, which is closed.

use std::fs;

use rusqlite::Connection;
use rustix::process::Signal;

use crate::http::{Request, closed, post};
use crate::program::{Directory, Program};

#[test]
fn the_database_keeps_what_was_answered_last() {
    let directory = Directory::new("sqlite");
    let path = directory.path("notes.db");
    let mut server = Program::start(SQLITE, &[&path]);
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
    assert!(!fs::exists(directory.path("notes.db-wal")).unwrap());
    let database = Connection::open(path).unwrap();
    let mut notes = database.prepare("SELECT text FROM notes").unwrap();
    let notes = notes.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let notes: Vec<_> = notes.map(Result::unwrap).collect();
    assert_eq!(notes, ["first", "last"]);
}

/// One note that fails is one answer.
#[test]
fn a_note_that_cannot_be_kept_is_an_answer() {
    let directory = Directory::new("sqlite_fails");
    let path = directory.path("notes.db");
    let mut server = Program::start(SQLITE, &[&path]);
    let address = server.address();
    let database = Connection::open(path).unwrap();
    database
        .execute_batch("ALTER TABLE notes RENAME TO others")
        .unwrap();
    assert_eq!(post(address, "/notes", "lost").status, 503);
    database
        .execute_batch("ALTER TABLE others RENAME TO notes")
        .unwrap();
    assert_eq!(post(address, "/notes", "kept").status, 200);
    drop(database);
    server.send(Signal::TERM);
    server.succeeds();
}

const SQLITE: &str = env!("CARGO_BIN_EXE_sqlite");
