//! Text that fits into a column.

use std::fmt;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::text::OneLine;

/// A line with a maximum number of columns. An ellipsis shows where it was cut off.
pub(crate) struct Fitted {
    text: String,
    columns: usize,
    limit: usize,
}

impl Fitted {
    pub(crate) fn new(text: &str, limit: usize) -> Fitted {
        let line = OneLine(text).to_string();
        let text = if columns(&line) <= limit {
            line
        } else {
            let mut cut = cut(&line, limit - 1);
            cut.push('…');
            cut
        };
        Fitted {
            columns: columns(&text),
            text,
            limit,
        }
    }

    /// The line, filled up with spaces.
    pub(crate) fn padded(mut self) -> Fitted {
        self.text
            .extend(std::iter::repeat_n(' ', self.limit - self.columns));
        self
    }
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// More lines than that are not a message.
const LINES: usize = 10;
/// As many characters as a column needs.
const CHARS_IN_COLUMN: usize = 8;

/// Breaks a text between its words into lines with a maximum number of columns. A text that does
/// not fit into ten lines is cut off, with an ellipsis.
pub(crate) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        let space = if line.is_empty() { "" } else { " " };
        if columns(line) + space.len() + columns(word) <= limit {
            line.push_str(space);
            line.push_str(word);
        } else if line.is_empty() {
            *line = Fitted::new(word, limit).text;
        } else {
            lines.push(Fitted::new(word, limit).text);
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        let last = lines.last_mut().expect("ten lines");
        *last = Fitted::new(&format!("{last}…"), limit).text;
    }
    lines
}

/// The longest beginning of a text that takes no more than `limit` columns.
fn cut(text: &str, limit: usize) -> String {
    let mut cut = String::new();
    // A text may have any number of characters that take no column.
    for char in text.chars().take(limit * CHARS_IN_COLUMN) {
        let length = cut.len();
        cut.push(char);
        if columns(&cut) > limit {
            cut.truncate(length);
            break;
        }
    }
    cut
}

/// How many columns a text takes on a terminal. The width of a text is not the sum of its
/// characters: a family emoji has seven.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// A duration in at most seven columns: "1.25s", "350ms", "12m05s", "300h00m".
pub(crate) struct Short(pub(crate) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        match (secs, nanos) {
            (0, 0..1_000) => write!(f, "{nanos}ns"),
            (0, 1_000..1_000_000) => write!(f, "{}µs", nanos / 1_000),
            (0, _) => write!(f, "{}ms", nanos / 1_000_000),
            (1..60, _) => write!(f, "{secs}.{:02}s", nanos / 10_000_000),
            (60..3_600, _) => write!(f, "{}m{:02}s", secs / 60, secs % 60),
            _ => write!(f, "{}h{:02}m", secs / 3_600, secs / 60 % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_columns() {
        assert_eq!(Fitted::new("http", 6).padded().to_string(), "http  ");
        assert_eq!(
            Fitted::new("connection-4711", 6).padded().to_string(),
            "conne…"
        );
        assert_eq!(Fitted::new("数据库服务", 6).padded().to_string(), "数据… ");
        assert_eq!(Fitted::new("two\nlines", 9).to_string(), "two lines");
        assert_eq!(Fitted::new("", 3).padded().to_string(), "   ");
    }

    #[test]
    fn a_text_has_its_columns() {
        for none in ["\u{301}", "\u{200B}"] {
            assert_eq!(columns(none), 0, "{none:?}");
        }
        for wide in [
            "数",
            "한",
            "！",
            "🌀",
            "🤖",
            "🚀",
            "✅",
            "⭐",
            "👩\u{200d}👧",
            "❤\u{fe0f}",
        ] {
            assert_eq!(columns(wide), 2, "{wide:?}");
        }
        let filled = Fitted::new("🚀 lift-off", 6).padded().to_string();
        assert_eq!((filled.as_str(), columns(&filled)), ("🚀 li…", 6));
        let accents = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(columns(&Fitted::new(&accents, 1).to_string()), 1);
    }

    #[test]
    fn a_text_is_wrapped_between_its_words() {
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("a bb  ccc\nd", 4), ["a bb", "ccc", "d"]);
        assert_eq!(wrap("a bbb", 4), ["a", "bbb"]);
        assert_eq!(wrap("abcdefgh", 4), ["abc…"]);
        assert_eq!(wrap("a abcdefgh", 4), ["a", "abc…"]);
    }

    #[test]
    fn a_text_of_many_lines_is_cut_off() {
        let words = |count| vec!["word"; count].join(" ");
        assert_eq!(wrap(&words(LINES), 6), vec!["word"; LINES]);
        let cut = wrap(&words(LINES + 1), 6);
        assert_eq!(cut.len(), LINES);
        assert_eq!(cut[..LINES - 1], vec!["word"; LINES - 1]);
        assert_eq!(cut[LINES - 1], "word…");
        let full = wrap(&words(LINES + 1), 4);
        assert_eq!(columns(full.last().unwrap()), 4, "{full:?}");
    }

    #[test]
    fn a_duration_is_short() {
        let short = |nanos| Short(Duration::from_nanos(nanos)).to_string();
        assert_eq!(short(0), "0ns");
        assert_eq!(short(999), "999ns");
        assert_eq!(short(1_000), "1µs");
        assert_eq!(short(999_999), "999µs");
        assert_eq!(short(1_000_000), "1ms");
        assert_eq!(short(350_999_999), "350ms");
        assert_eq!(short(1_259_000_000), "1.25s");
        assert_eq!(short(1_000_000_000), "1.00s");
        assert_eq!(short(59_999_000_000), "59.99s");
        assert_eq!(Short(Duration::from_secs(60)).to_string(), "1m00s");
        assert_eq!(Short(Duration::from_secs(3_600)).to_string(), "1h00m");
        assert_eq!(Short(Duration::from_secs(725)).to_string(), "12m05s");
        assert_eq!(
            Short(Duration::from_secs(3_600 * 300)).to_string(),
            "300h00m"
        );
    }
}
