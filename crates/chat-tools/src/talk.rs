//! What a client remembers from line to line: the groups it is in, and the one it posts to.

use std::collections::BTreeSet;

use chat::Request;

use crate::{BadCommand, Command};

/// Turns lines of input into requests. It does no input or output, so a script can drive it as well
/// as a terminal.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    current: Option<String>,
    joined: BTreeSet<String>,
}

/// What a line asks of the client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Send this to the server.
    Send(Request),
    /// Show the commands.
    Help,
    /// End.
    Quit,
    /// Nothing: it was an empty line, or one that changed what is remembered here.
    Nothing,
}

impl Talk {
    /// Carries out one line of input, without its ending.
    ///
    /// # Errors
    ///
    /// The line is no command, or is a text while there is no current group; nothing has changed
    /// then.
    pub fn obey(&mut self, line: &str) -> Result<Step, BadCommand> {
        Ok(match Command::parse(line)? {
            Command::Join(group) => Step::Send(self.join(group)),
            Command::Leave(group) => Step::Send(self.leave(group)),
            Command::Group(group) => {
                self.current = Some(group);
                Step::Nothing
            }
            Command::Text(message) => {
                let group_name = self.current.clone().ok_or(BadCommand::NoGroup)?;
                Step::Send(Request::Post { group_name, message })
            }
            Command::Help => Step::Help,
            Command::Quit => Step::Quit,
            Command::Nothing => Step::Nothing,
        })
    }

    /// Joins a group, which is the current one from now on.
    pub fn join(&mut self, group_name: String) -> Request {
        self.current = Some(group_name.clone());
        self.joined.insert(group_name.clone());
        Request::Join { group_name }
    }

    /// The group that a text goes to.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Leaves every group that was joined here.
    ///
    /// This is how a script ends without waiting in vain: a server carries out the requests of a
    /// connection in order, so when it has come to these, all earlier posts have been delivered,
    /// and a client in no group that has stopped sending has nothing more to hear: the server
    /// closes the connection.
    pub fn leave_all(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.joined).into_iter().map(|group_name| Request::Leave { group_name }).collect()
    }

    /// The next text must not go to a group that was left, nor to another one by surprise: there is
    /// no current group.
    fn leave(&mut self, group_name: String) -> Request {
        self.joined.remove(&group_name);
        self.current.take_if(|current| *current == group_name);
        Request::Leave { group_name }
    }
}
