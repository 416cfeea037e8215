//! Foreign text that is safe to show, whatever its formatter does.

use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::iter;

use crate::panic::catch;

/// Some errors name themselves as their source. Nobody reads further than this.
const LONGEST_CHAIN: usize = 64;

/// Text without its line breaks. A break and the indentation after it become one space; other
/// control characters are left out.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.split(is_break).map(str::trim);
        for (nth, line) in lines.filter(|line| !line.is_empty()).enumerate() {
            if nth > 0 {
                f.write_char(' ')?;
            }
            let mut printable = line.chars().filter(|char| !char.is_control());
            printable.try_for_each(|char| f.write_char(char))?;
        }
        Ok(())
    }
}

fn is_break(char: char) -> bool {
    matches!(
        char,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// What a foreign `Display` writes, on one line. If it panics or returns an error, the text is cut
/// off there.
pub(crate) struct Contained<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Display + ?Sized> Display for Contained<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let written = catch(|| write!(text, "{}", self.0));
        OneLine(&text).fmt(f)?;
        match written {
            Ok(Ok(())) => Ok(()),
            _ => f.write_str("(its Display failed)"),
        }
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Contained<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let written = catch(|| write!(text, "{:?}", self.0));
        f.write_str(&text)?;
        match written {
            Ok(Ok(())) => Ok(()),
            _ => f.write_str("(its Debug failed)"),
        }
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
}
