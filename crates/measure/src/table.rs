//! Tables of text: columns of a fixed width for a terminal, or Markdown.

use anstyle::Style;

use crate::Outcome;

/// A cell of a table for a terminal.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { text: text.into(), style: Style::new() }
    }
}

impl From<Outcome> for Cell {
    fn from(outcome: Outcome) -> Self {
        Cell { text: outcome.to_string(), style: outcome.style() }
    }
}

/// The widths of a table whose lines are printed one by one, before the later ones are known.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// The width of the first column, which is aligned left.
    pub first: usize,
    /// The width of each other column, which is aligned right.
    pub others: usize,
}

impl Columns {
    /// One line of the table.
    pub fn line(&self, cells: impl IntoIterator<Item = Cell>) -> String {
        let mut line = String::new();
        for (column, Cell { text, style }) in cells.into_iter().enumerate() {
            // The style is outside of the padding, since it has no width.
            line += &match column {
                0 => format!("{style}{text:<0$}{style:#}", self.first),
                _ => format!("{style}{text:>0$}{style:#}", self.others),
            };
        }
        line.trim_end().to_owned()
    }
}

/// A table in Markdown, with a line end after each line. The first line is the head. The first
/// column is aligned left, the others right.
pub fn markdown<L: AsRef<[String]>>(lines: &[L]) -> String {
    let mut widths = Vec::new();
    for line in lines {
        let line = line.as_ref();
        widths.resize(line.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.as_ref().iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!(" {cell:<width$} |"),
            _ => format!(" {cell:>width$} |"),
        });
        text += &format!("|{}\n", cells.collect::<String>());
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, &width)| match column {
                0 => format!("{:-<1$}|", "", width + 2),
                _ => format!("{:-<1$}:|", "", width + 1),
            });
            text += &format!("|{}\n", rules.collect::<String>());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_their_colours() {
        let columns = Columns { first: 6, others: 5 };
        assert_eq!(columns.line(["µs".into(), "1".into(), "2.50".into(), "".into()]), "µs        1 2.50");
        let line = columns.line(["row".into(), Outcome::Won.into()]);
        assert!(line.starts_with("row   \u{1b}[") && line.contains("  won\u{1b}[0m"), "{line:?}");
    }

    #[test]
    fn markdown_columns_are_as_wide_as_their_widest_cell() {
        let table = markdown(&[["server", "µs"], ["a", "1"], ["threads", "1,000"]].map(|line| line.map(str::to_owned)));
        let expected = "| server  |    µs |\n|---------|------:|\n| a       |     1 |\n| threads | 1,000 |\n";
        assert_eq!(table, expected);
    }
}
