//! A last line without `\n` is a line: its answer comes too, also when a thousand others wait
//! before it.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use chat::Limits;
use lesson_async_chat::{Stage, Which, parts::stop::Stop, run};

/// Far longer than an answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn every_line_is_answered_up_to_the_unterminated_last() {
    let limits = Limits::default();
    // As many answers as fit into a mailbox, and then one more.
    let lines = limits.mailbox_lines + 1;
    for on in [Which::AsyncStd, Which::Smol, Which::Tokio, Which::TokioCurrent] {
        for stage in [Stage::Plain, Stage::Mailbox] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let limits = limits.clone();
            thread::spawn(move || run(stage, on, listener, limits, Arc::new(Stop::default()), stage.nodelay()));
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.write_all("bad\n".repeat(lines).trim_end().as_bytes()).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut answers = String::new();
            let ended = client.read_to_string(&mut answers);
            assert_eq!(answers.lines().count(), lines, "{stage:?} on {on:?}");
            assert!(ended.is_ok(), "{stage:?} on {on:?}: all is answered, and the connection not closed: {ended:?}");
        }
    }
}
