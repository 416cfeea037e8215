//! What people read: the report, errors, `{:?}`, and text that is safe to print.

mod debug;
mod report;
mod text;
