//! One line that shows what a sentence claims: ▶ a command and what it prints, ✓ a test,
//! ≈ a measurement.

/// A piece of a paragraph: text or a code span.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text, without its marks.
    Text(String),
    /// A code span.
    Code(String),
}

/// A line of evidence.
#[derive(Debug)]
pub struct Evidence {
    /// Its line.
    pub line: usize,
    /// `▶`, `✓` or `≈`.
    pub sign: char,
    /// The command.
    pub command: String,
    /// The text that the command of a `▶` prints.
    pub promise: Option<String>,
}

impl Evidence {
    /// Reads a paragraph as evidence; `None` if it is something else.
    pub fn read(line: usize, pieces: &[Piece]) -> Option<Evidence> {
        use Piece::{Code, Text};
        let (sign, command, promise) = match pieces {
            [Text(sign), Code(command), Text(arrow), Code(promise)] if arrow == " → " => {
                (sign, command, Some(promise.clone()))
            }
            [Text(sign), Code(command)] => (sign, command, None),
            _ => return None,
        };
        let sign = match (sign.as_str(), &promise) {
            ("▶ ", Some(_)) => '▶',
            ("✓ ", None) => '✓',
            ("≈ ", None) => '≈',
            _ => return None,
        };
        Some(Evidence { line, sign, command: command.clone(), promise })
    }
}
