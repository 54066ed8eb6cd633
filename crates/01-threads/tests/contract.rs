//! Part E of the contract on every stage: what each passes, and exactly what each fails.

use std::{io, process::ExitCode, sync::Arc};

use chat::{Limits, Member};
use clap::Parser;
use harness::{
    Counting, Subject,
    chat::{CHECKS, Incoming, Parts, ReadStep, Script, Server, answer_heap_questions},
};
use lesson_threads::{
    Serve,
    parts::{mailbox::Mailbox, reader::read_lines},
    s1_shared_writer, s2_mailboxes,
};

#[global_allocator]
static HEAP: Counting = Counting;

/// Each failure of the first stage, and what the second does about it.
const SHARED_WRITER_FAILS: &[(&str, &str)] = &[
    ("E5", "the end of a client's input ends its connection, so that it hears nothing more"),
    ("E7", "a full socket makes whoever posts wait, and with the poster everybody else"),
    ("E8", "the table of groups is locked while a socket is written to"),
    ("E12", "the `?` in the accept loop ends the server at the first aborted connection"),
    ("E13", "the same `?` ends it when descriptors run out"),
    ("E15", "nothing listens for SIGTERM, so the process ends in the middle of its work"),
];

#[derive(Parser)]
enum Command {
    Serve(Serve),
}

fn main() -> ExitCode {
    // Started again as the server, so that its heap can be counted.
    if std::env::args().nth(1).as_deref() == Some("serve") {
        let Command::Serve(serve) = Command::parse();
        answer_heap_questions();
        return serve.run().map_or_else(
            |error| {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    let read = Some(read as harness::chat::Read);
    let first = Parts { read, accept: Some(accept_with_question_mark), ..Parts::default() };
    let last = Parts { read, accept: Some(accept_and_go_on), write: Some(write) };
    harness::main(
        &CHECKS,
        vec![
            Subject::new("s1-shared-writer", server("1").with_parts(first)).fails(SHARED_WRITER_FAILS),
            Subject::new("s2-mailboxes", server("2").with_parts(last)),
        ],
    )
}

fn server(stage: &str) -> Server {
    let limits = ["--half-closed-ms", "2000", "--drain-ms", "20000"];
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--stage", stage];
    Server::this_program(&[&arguments[..], &limits].concat())
}

fn read(script: Vec<ReadStep>) -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    let max_line = Limits::default().line_bytes;
    let read = read_lines(Script::new(script), max_line, |line| {
        lines.push(line.map(str::to_owned).map_err(|bad| bad.to_string()));
    });
    read.expect("the script holds no other error");
    lines
}

fn accept_with_question_mark(incoming: Incoming) -> io::Result<()> {
    s1_shared_writer::accept(incoming, &Arc::default(), &Limits::default())
}

fn accept_and_go_on(incoming: Incoming) -> io::Result<()> {
    s2_mailboxes::Server::new(Limits::default()).run(incoming);
    Ok(())
}

fn write(lines: Vec<Vec<u8>>, mut socket: &mut dyn io::Write) {
    let mailbox = Mailbox::new(&Limits::default());
    for line in lines {
        mailbox.deliver("any", &line.into());
    }
    mailbox.close();
    mailbox.write_to(&mut socket).expect("the socket takes everything");
}
