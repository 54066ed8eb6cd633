//! The wire format is that of the chat of *Programming Rust* (2nd edition), chapter 20, to the
//! byte, in both directions.
//!
//! Source: <https://github.com/ProgrammingRust/async-chat>, files `lib.rs`, `utils.rs` and those of
//! `bin/` (the commands of the client, and the two texts of `Error` of the server).

use chat::{Backlog, Groups, Limits, Member, Reply, Request, Session};
use std::sync::{Arc, Mutex};

/// What the book's client writes for `join Dogs`, `post Dogs Samoyeds rock!` and the like.
const CLIENT_WRITES: [(&str, &str, &str); 4] = [
    ("{\"Join\":{\"group_name\":\"Dogs\"}}\n", "Dogs", ""),
    ("{\"Post\":{\"group_name\":\"Dogs\",\"message\":\"Samoyeds rock!\"}}\n", "Dogs", "Samoyeds rock!"),
    ("{\"Post\":{\"group_name\":\"Dogs\",\"message\":\"\"}}\n", "Dogs", ""),
    ("{\"Post\":{\"group_name\":\"perros\",\"message\":\"¡qué \\\"bien\\\"!\"}}\n", "perros", "¡qué \"bien\"!"),
];

#[derive(Default)]
struct Heard(Mutex<Vec<u8>>);

impl Member for Heard {
    fn deliver(&self, _group: &str, line: &Arc<[u8]>) {
        self.0.lock().unwrap().extend_from_slice(line);
    }
}

#[test]
fn the_books_requests_are_read_and_would_be_written_to_the_byte() {
    for (line, group, text) in CLIENT_WRITES {
        let request = Request::parse(line.trim_end()).unwrap();
        let group_name = group.to_owned();
        let expected = match line.starts_with("{\"Join") {
            true => Request::Join { group_name },
            false => Request::Post { group_name, message: text.into() },
        };
        assert_eq!(request, expected);
        assert_eq!(request.to_line(), line.as_bytes());
    }
}

#[test]
fn the_answers_are_those_of_the_books_server_to_the_byte() {
    let groups = Arc::new(Groups::default());
    let me = Arc::new(Heard::default());
    let mut session = Session::new(groups, Arc::clone(&me), &Limits::default());
    let refused = session.handle(Ok(r#"{"Post":{"group_name":"go","message":"x"}}"#)).unwrap_err();
    assert_eq!(&refused.to_line()[..], b"{\"Error\":\"Group 'go' does not exist\"}\n");
    for (line, ..) in &CLIENT_WRITES[..2] {
        session.handle(Ok(line.trim_end())).unwrap();
    }
    assert_eq!(
        me.0.lock().unwrap().as_slice(),
        b"{\"Message\":{\"group_name\":\"Dogs\",\"message\":\"Samoyeds rock!\"}}\n"
    );
    assert_eq!(
        Reply::parse(r#"{"Error":"Group 'go' does not exist"}"#),
        Ok(Reply::Error("Group 'go' does not exist".into()))
    );
}

#[test]
fn the_notice_of_lag_is_that_of_the_books_server_to_the_byte() {
    let mut backlog = Backlog::new(&Limits { mailbox_lines: 1, ..Limits::default() });
    for _ in 0..18 {
        backlog.post("rust", &Reply::Error("a post".into()).to_line());
    }
    let mut out = Vec::new();
    backlog.take(&mut out);
    assert_eq!(
        str::from_utf8(&out).unwrap(),
        "{\"Error\":\"a post\"}\n{\"Error\":\"Dropped 17 messages from rust.\"}\n"
    );
}
