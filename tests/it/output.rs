//! What people read: the report, errors, `{:?}`, and text that is safe to print.

mod data;
mod debug;
mod report;
mod text;
