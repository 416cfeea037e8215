//! Foreign text that is safe to show, whatever its formatter does.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::iter;
use std::time::Duration;

use crate::panic::{Panic, catch};

/// Some errors name themselves as their source. Nobody reads further than this.
const LONGEST_CHAIN: usize = 64;

/// Text on one line. A line break and the indentation after it become one space. Other control
/// characters are left out, and so are those that change the direction of the text: with them, a
/// name could make a log read as something else.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl OneLine<'_> {
    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        !self
            .0
            .chars()
            .any(|char| is_shown(char) && !char.is_whitespace())
    }
}

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.split(is_break).map(str::trim);
        for (nth, line) in lines.filter(|line| !line.is_empty()).enumerate() {
            if nth > 0 {
                f.write_char(' ')?;
            }
            let mut shown = line.chars().filter(|&char| is_shown(char));
            shown.try_for_each(|char| f.write_char(char))?;
        }
        Ok(())
    }
}

/// The message, on one line.
impl Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OneLine(self.message()).fmt(f)
    }
}

fn is_break(char: char) -> bool {
    matches!(
        char,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_shown(char: char) -> bool {
    let is_bidirectional = matches!(
        char,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !char.is_control() && !is_bidirectional
}

/// What a foreign `Display` writes, on one line. If it panics or returns an error, the text is cut
/// off there.
pub(crate) struct Contained<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Display + ?Sized> Display for Contained<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        contained(f, "Display", |text| write!(text, "{}", self.0))
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Contained<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        contained(f, "Debug", |text| write!(text, "{:?}", self.0))
    }
}

/// An error that shows the status of its own group is shown by that status again. Nothing shows
/// itself deeper than this, so the stack does not overflow.
const DEEPEST: usize = 4;

thread_local! {
    /// How many foreign formatters this thread is inside.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

fn contained(
    f: &mut fmt::Formatter<'_>,
    called: &str,
    write: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    let mut text = String::new();
    let depth = DEPTH.get();
    let is_written = depth < DEEPEST && {
        DEPTH.set(depth + 1);
        let written = catch(|| write(&mut text));
        DEPTH.set(depth);
        matches!(written, Ok(Ok(())))
    };
    OneLine(&text).fmt(f)?;
    if is_written {
        Ok(())
    } else {
        write!(f, "(its {called} failed)")
    }
}

/// An error and its sources: "write wal: disk full".
pub(crate) struct Chained<'a>(pub(crate) &'a (dyn Error + 'static));

impl Display for Chained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Contained(self.0), Chain(source_of(self.0)))
    }
}

/// An error and its sources, each after a colon: ": write wal: disk full". Empty without an error.
pub(crate) struct Chain<'a>(pub(crate) Option<&'a (dyn Error + 'static)>);

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in self.0.into_iter().flat_map(chain) {
            write!(f, ": {}", Contained(error))?;
        }
        Ok(())
    }
}

/// An error and its sources.
pub(crate) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| source_of(error)).take(LONGEST_CHAIN)
}

/// This calls foreign code, too.
fn source_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    catch(|| error.source()).ok().flatten()
}

/// To the nearest millisecond, for fields that end in `_ms`.
#[cfg_attr(
    not(any(feature = "serde", feature = "tracing")),
    expect(dead_code, reason = "for events and data")
)]
pub(crate) fn millis(duration: Duration) -> u64 {
    let rounded = duration.saturating_add(Duration::from_micros(500));
    u64::try_from(rounded.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_that_fails_is_cut_off() {
        struct Fails(bool);
        impl Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("so far ")?;
                assert!(self.0, "no further");
                Err(fmt::Error)
            }
        }
        for panics_not in [true, false] {
            let text = Contained(&Fails(panics_not)).to_string();
            assert_eq!(text, "so far(its Display failed)");
        }
    }

    #[test]
    fn a_chain_that_never_ends_is_cut_off() {
        #[derive(Debug)]
        struct Own;
        impl Display for Own {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("again")
            }
        }
        impl Error for Own {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        let chain = Chain(Some(&Own)).to_string();
        assert_eq!(chain, ": again".repeat(LONGEST_CHAIN));
    }

    #[test]
    fn breaks_and_indentation_become_one_space() {
        let message = "assertion `left == right` failed\n  left: 1\r\n right: 2\n";
        let line = OneLine(message).to_string();
        assert_eq!(line, "assertion `left == right` failed left: 1 right: 2");
        assert_eq!(OneLine("a\u{2028}b\u{1b}[31mc").to_string(), "a b[31mc");
    }

    #[test]
    fn no_character_that_turns_the_text_around_is_shown() {
        struct Turns(char);
        impl fmt::Debug for Turns {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a{}\n b", self.0)
            }
        }
        let turning = [
            '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ];
        for char in turning {
            assert_eq!(OneLine(&format!("a{char}b")).to_string(), "ab");
            assert_eq!(format!("{:?}", Contained(&Turns(char))), "a b");
        }
        assert_eq!(
            OneLine("a\u{200d}b").to_string(),
            "a\u{200d}b",
            "joins emoji"
        );
    }
}
