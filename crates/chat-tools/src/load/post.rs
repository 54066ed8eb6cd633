//! The texts: who posted one and when it should have been sent stand at its front, so that its
//! owner recognises it by comparing a few bytes, and nothing about posts on their way has to be
//! remembered.

use chat::{Reply, Request};

/// Hexadecimal digits of the client.
const OWNER: usize = 8;
/// Hexadecimal digits of the time, in nanoseconds.
const TIME: usize = 16;

/// Bytes of the shortest text.
pub(crate) const SHORTEST: usize = OWNER + TIME;
/// Bytes of the longest text: its line stays below what servers take.
pub(crate) const LONGEST: usize = 60_000;

/// How a client signs its texts.
pub(crate) type Owner = [u8; OWNER];

pub(crate) fn owner(client: usize) -> Owner {
    let mut digits = [0; OWNER];
    hexadecimal(client as u64, &mut digits);
    digits
}

/// The text by which a client finds out that it has joined. It is shorter than any other.
pub(crate) fn greeting(owner: &Owner) -> String {
    String::from_utf8_lossy(owner).into_owned()
}

/// One client's posts: a line in which only the time changes.
pub(crate) struct Post {
    line: Vec<u8>,
    time: usize,
}

impl Post {
    pub(crate) fn new(group: &str, owner: &Owner, bytes: usize) -> Self {
        let message = format!("{:x<bytes$}", greeting(owner));
        let line = Request::Post { group_name: group.to_owned(), message }.to_line();
        // A text of letters and digits stands in JSON as it is, and what follows it is `"}}\n`.
        let time = line.len() - 4 - bytes + OWNER;
        Post { line, time }
    }

    pub(crate) fn at(&mut self, nanos: u64) -> &[u8] {
        hexadecimal(nanos, &mut self.line[self.time..self.time + TIME]);
        &self.line
    }
}

/// How posts look when they reach the members of a group.
pub(crate) struct Form {
    /// Everything up to the text.
    head: Vec<u8>,
    /// The length of a line, its ending not counted.
    length: usize,
    bytes: usize,
}

/// What a line from the server is.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// Somebody else's post.
    Post,
    /// The client's own post, and the time that it carries.
    Own(u64),
    /// A greeting, and whether it is the client's own.
    Greeting(bool),
    /// The server has dropped so many posts for this client.
    Dropped(u64),
    /// Another error, or no reply at all.
    Wrong(String),
}

impl Form {
    pub(crate) fn new(group: &str, bytes: usize) -> Self {
        let line = Reply::Message { group_name: group.to_owned(), message: "x".repeat(bytes) }.to_line();
        let length = line.len() - 1;
        Form { head: line[..length - 3 - bytes].to_vec(), length, bytes }
    }

    /// Understands a line without its ending. Only one that is not written as our servers write
    /// posts is parsed.
    pub(crate) fn hear(&self, line: &[u8], owner: &Owner) -> Heard {
        if line.len() == self.length && line.starts_with(&self.head) {
            return self.text(&line[self.head.len()..self.length - 3], owner);
        }
        let line = String::from_utf8_lossy(line);
        match Reply::parse(&line) {
            Ok(Reply::Message { message, .. }) => self.text(message.as_bytes(), owner),
            Ok(Reply::Error(text)) => lag(&text).map_or(Heard::Wrong(text), Heard::Dropped),
            Err(_) => Heard::Wrong(line.into_owned()),
        }
    }

    fn text(&self, text: &[u8], owner: &Owner) -> Heard {
        let own = text.starts_with(owner);
        if text.len() == OWNER {
            return Heard::Greeting(own);
        }
        let time = || u64::from_str_radix(str::from_utf8(text.get(OWNER..SHORTEST)?).ok()?, 16).ok();
        match own {
            _ if text.len() != self.bytes => Heard::Wrong("a post that is none of ours".into()),
            false => Heard::Post,
            true => time().map_or_else(|| Heard::Wrong("a post without its time".into()), Heard::Own),
        }
    }
}

/// The number in the notice of a gap.
fn lag(error: &str) -> Option<u64> {
    error.strip_prefix("Dropped ")?.split_once(" messages from ")?.0.parse().ok()
}

fn hexadecimal(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}
