//! The report as a table with a timeline.

use std::fmt;

use super::Report;

pub(super) fn draw(_report: &Report, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Ok(())
}
