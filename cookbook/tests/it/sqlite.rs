//! Every note that was answered is in the database, which is closed. A database that fails stops
//! the program.

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

#[test]
fn a_database_that_fails_stops_the_program() {
    let directory = Directory::new("sqlite_fails");
    let path = directory.path("notes.db");
    let mut server = Program::start(SQLITE, &[&path]);
    let address = server.address();
    let database = Connection::open(path).unwrap();
    database.execute_batch("DROP TABLE notes").unwrap();
    assert_eq!(post(address, "/notes", "lost").status, 503);
    let stderr = server.fails();
    assert!(
        stderr.starts_with("error: actor `database` failed: no such table"),
        "{stderr}"
    );
}

const SQLITE: &str = env!("CARGO_BIN_EXE_sqlite");
