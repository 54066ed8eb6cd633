//! What a person types, understood line by line: commands begin with a slash, everything else is a
//! text to post.

use std::fmt;

/// The commands, as `/help` and `chat --help` show them.
pub const HELP: &str = "\
/join GROUP    become a member of a group, and post to it from now on
/leave GROUP   stop being a member of a group
/group GROUP   post to a group from now on, without becoming a member
/help          show these commands
/quit          end, like Ctrl-D or Ctrl-C
//TEXT         post a text that begins with a slash: /TEXT
TEXT           post a text to the current group";

/// One line of input. Groups are single words; a text is posted as it was typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// `/join GROUP`
    Join(String),
    /// `/leave GROUP`
    Leave(String),
    /// `/group GROUP`
    Group(String),
    /// `/help`
    Help,
    /// `/quit`
    Quit,
    /// A text for the current group, whichever that is.
    Text(String),
    /// An empty line, or one of spaces alone.
    Nothing,
}

/// Why a line is no command. Its `Display` is one line for whoever typed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BadCommand {
    /// There is no command of this name.
    Unknown(String),
    /// This command takes exactly one word, the name of a group.
    NotOneGroup(String),
    /// This command stands alone.
    NotAlone(String),
    /// A text to post, and no group to post it to.
    NoGroup,
}

impl Command {
    /// Understands one line, without its ending.
    ///
    /// # Errors
    ///
    /// Any [`BadCommand`] but `NoGroup`: a single line cannot tell which group is the current one.
    pub fn parse(line: &str) -> Result<Self, BadCommand> {
        let Some(rest) = line.strip_prefix('/') else {
            return Ok(if line.trim().is_empty() { Command::Nothing } else { Command::Text(line.to_owned()) });
        };
        if rest.starts_with('/') {
            return Ok(Command::Text(rest.to_owned()));
        }
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or(line);
        let arguments: Vec<&str> = words.collect();
        let with_group = |command: fn(String) -> Self| match arguments[..] {
            [group] => Ok(command(group.to_owned())),
            _ => Err(BadCommand::NotOneGroup(name.to_owned())),
        };
        let alone =
            |command| if arguments.is_empty() { Ok(command) } else { Err(BadCommand::NotAlone(name.to_owned())) };
        match name {
            "/join" => with_group(Command::Join),
            "/leave" => with_group(Command::Leave),
            "/group" => with_group(Command::Group),
            "/help" => alone(Command::Help),
            "/quit" => alone(Command::Quit),
            _ => Err(BadCommand::Unknown(name.to_owned())),
        }
    }
}

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadCommand::Unknown(name) => {
                write!(f, "there is no command {name}: see /help, or type /{name} to post a text that begins with it")
            }
            BadCommand::NotOneGroup(name) => write!(f, "{name} takes the name of one group, a single word"),
            BadCommand::NotAlone(name) => write!(f, "{name} takes nothing after it"),
            BadCommand::NoGroup => write!(f, "no group to post to: choose one by /join GROUP or /group GROUP"),
        }
    }
}

impl std::error::Error for BadCommand {}
