//! Text on one line.

use std::fmt::{self, Display, Write as _};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_and_indentation_become_one_space() {
        let message = "assertion `left == right` failed\n  left: 1\r\n right: 2\n";
        let line = OneLine(message).to_string();
        assert_eq!(line, "assertion `left == right` failed left: 1 right: 2");
        assert_eq!(OneLine("a\u{2028}b\u{1b}[31mc").to_string(), "a b[31mc");
    }
}
