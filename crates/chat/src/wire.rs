//! The wire types: what a client asks, what a server answers, and what a line can be that is
//! neither.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// What a client asks for, one JSON object a line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Request {
    /// Become a member of a group, which comes into being with its first member.
    Join {
        /// The group to join.
        group_name: String,
    },
    /// Send a message to every member of a group.
    Post {
        /// The group that receives it.
        group_name: String,
        /// The text.
        message: String,
    },
    /// Stop being a member of a group.
    Leave {
        /// The group to leave.
        group_name: String,
    },
}

/// What a server answers, one JSON object a line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Reply {
    /// A post that reached a group of which the receiver is a member.
    Message {
        /// The group it was posted to.
        group_name: String,
        /// The text.
        message: String,
    },
    /// Something that the receiver should know: a request refused, a line that was none, posts
    /// dropped.
    Error(String),
}

/// Why a line is no request. Its `Display` is the text of the `Error` line that its sender gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BadLine {
    /// The line, without its ending, is longer than this many bytes.
    TooLong(usize),
    /// The line is not valid UTF-8.
    NotUtf8,
    /// The line is no JSON object of the expected form; the text says where it stops being one.
    NotJson(String),
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadLine::TooLong(limit) => write!(f, "Line is longer than {limit} bytes"),
            BadLine::NotUtf8 => write!(f, "Line is not valid UTF-8"),
            BadLine::NotJson(why) => write!(f, "Line is not a request: {why}"),
        }
    }
}

impl std::error::Error for BadLine {}

impl Request {
    /// Reads a request from a line without its ending. Fields it does not know are ignored, as by
    /// the book's server.
    ///
    /// # Errors
    ///
    /// [`BadLine::NotJson`] if it is not exactly one request in JSON, or is nested more than 127
    /// levels deep.
    pub fn parse(line: &str) -> Result<Self, BadLine> {
        serde_json::from_str(line).map_err(|error| BadLine::NotJson(error.to_string()))
    }

    /// The request as it goes over the wire, `\n` included.
    pub fn to_line(&self) -> Vec<u8> {
        to_line(self)
    }
}

impl Reply {
    /// Reads a reply from a line without its ending.
    ///
    /// # Errors
    ///
    /// [`BadLine::NotJson`] if it is not exactly one reply in JSON.
    pub fn parse(line: &str) -> Result<Self, BadLine> {
        serde_json::from_str(line).map_err(|error| BadLine::NotJson(error.to_string()))
    }

    /// The reply as it goes over the wire, `\n` included: serialised once, shared by all who
    /// receive it.
    pub fn to_line(&self) -> Arc<[u8]> {
        to_line(self).into()
    }
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("strings and enums of strings always serialise");
    line.push(b'\n');
    line
}
