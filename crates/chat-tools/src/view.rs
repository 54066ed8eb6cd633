//! How a reply looks: one line of text, in which nothing that a stranger wrote can move the cursor.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, IsTerminal},
};

use chat::{BadLine, Reply};

/// How replies are shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The lines of the wire instead of text.
    pub json: bool,
    /// Names of groups and errors in colour.
    pub colour: bool,
    /// Whether a line ends on a terminal, which obeys control characters.
    pub terminal: bool,
}

impl View {
    /// The view for this process's stdout: colour only where a person types into it, and `NO_COLOR`
    /// is not set.
    pub fn for_stdout(json: bool, interactive: bool) -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        View { json, colour: interactive && !no_colour, terminal: io::stdout().is_terminal() }
    }

    /// One line, without its ending, for one line from the server.
    ///
    /// # Errors
    ///
    /// The line is no reply: what to tell the user instead.
    pub fn show(&self, line: Result<&str, BadLine>) -> Result<String, String> {
        let line = line.map_err(|bad| format!("from the server: {bad}"))?;
        if self.json {
            return Ok(if self.terminal { printable(line).into_owned() } else { line.to_owned() });
        }
        match Reply::parse(line) {
            Ok(Reply::Message { group_name, message }) => {
                Ok(format!("{}: {}", self.paint(36, &printable(&group_name)), printable(&message)))
            }
            Ok(Reply::Error(text)) => Ok(format!("{}: {}", self.paint(31, "error"), printable(&text))),
            Err(_) => Err(format!("from the server: line is no reply: {}", printable(line))),
        }
    }

    fn paint(&self, colour: u8, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The text with everything that acts on a terminal instead of standing in it written as JSON
/// writes it (`\u001b`): control characters, those that end a line, and those that turn the
/// direction of the text around.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a `String` cannot fail. All of these are below U+10000, so four digits are
            // enough.
            _ if acts(character) => _ = write!(out, "\\u{:04x}", u32::from(character)),
            _ => out.push(character),
        }
    }
    out.into()
}

fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
