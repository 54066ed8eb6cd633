//! Part E of the contract on every stage and on the exercise's solution: what each passes, and
//! exactly what each fails. Then the tests that need a process of their own.
#![forbid(unsafe_code)]

use std::{io, process::ExitCode, sync::Arc};

use chat::{Limits, Member};
use harness::{
    Counting, Subject, Suite,
    chat::{CHECKS, Incoming, Parts, ReadStep, Script, Server, serve_if_asked},
};
use lesson_threads::{
    Serve,
    parts::{mailbox::Mailbox, reader::read_lines},
    s1_shared_writer, s2_mailboxes,
};

mod alone {
    pub mod idle_crowd;
    pub mod thread_limit;
}
#[path = "../exercise/solution.rs"]
mod exercise;
mod steps;

use alone::{idle_crowd, thread_limit};

// Some checks ask for the server's live bytes.
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

fn main() -> ExitCode {
    let served = serve_if_asked("serve", Serve::run).or_else(|| serve_if_asked("serve-solution", steps::serve));
    if let Some(code) = served {
        return code;
    }
    let read = Some(read as harness::chat::Read);
    let first = Parts { read, accept: Some(accept_with_question_mark), ..Parts::default() };
    let last = Parts { read, accept: Some(accept_and_go_on), write: Some(write) };
    let subjects = vec![
        Subject::new("s1-shared-writer", server(&["serve", "--stage", "1"]).with_parts(first))
            .fails(SHARED_WRITER_FAILS),
        Subject::new("s2-mailboxes", server(&["serve", "--stage", "2"]).with_parts(last)),
        Subject::new("solution", server(&["serve-solution"]).with_parts(steps::PARTS)).long(&["E7", "E14"]),
    ];
    Suite::new()
        .checks(&CHECKS, subjects)
        .alone(
            "idle_crowd::a_post_among_two_thousand_idle_members_arrives",
            idle_crowd::a_post_among_two_thousand_idle_members_arrives,
        )
        .alone("thread_limit::a_thread_takes_four_mappings", thread_limit::a_thread_takes_four_mappings)
        .alone(
            "thread_limit::the_most_connections_stay_below_what_the_kernel_maps",
            thread_limit::the_most_connections_stay_below_what_the_kernel_maps,
        )
        .main()
}

fn server(first: &[&str]) -> Server {
    let flags = ["--listen", "127.0.0.1:0", "--log", "warn", "--half-closed-ms", "2000", "--drain-ms", "20000"];
    Server::this_program(&[first, &flags].concat())
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
