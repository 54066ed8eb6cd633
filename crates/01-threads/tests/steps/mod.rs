//! What the exercise and its solution share: which checks belong to which step, and how these drive the reader's file.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    sync::Arc,
};

use chat::{
    Limits, Member, Reply,
    service::{ServeArgs, announce, on_stop_signal},
};
use clap::Parser;
use harness::{
    Check, Subject,
    chat::{CHECKS, Incoming, Parts, ReadStep, Script, Server, answer_heap_questions},
};

use crate::exercise;

/// Each step, and the checks that pass once it and those before it are written.
const STEPS: [(&str, &[&str]); 5] = [
    ("step-1", &["E2"]),
    ("step-2", &["E12"]),
    ("step-3", &["E1", "E3", "E4", "E6", "E9", "E10", "E11", "E13", "E14"]),
    ("step-4", &["E5", "E7", "E8"]),
    ("step-5", &["E15"]),
];

#[derive(Parser)]
enum Command {
    Serve(ServeArgs),
}

/// Checks every step, or serves if a check has started this program again for that.
pub fn main(pristine: bool) -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        harness::exit_when_not_written();
        answer_heap_questions();
        let Command::Serve(flags) = Command::parse();
        return serve(&flags).map_or_else(
            |error| {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    let in_steps = |check: &Check<Server>| STEPS.iter().filter(|(_, ids)| ids.contains(&check.id)).count();
    assert!(CHECKS.iter().all(|check| in_steps(check) == 1), "each check belongs to one step");
    let limits = ["--half-closed-ms", "2000", "--drain-ms", "20000"];
    let serve = [&["serve", "--listen", "127.0.0.1:0", "--log", "warn"], &limits[..]].concat();
    let parts = Parts { read: Some(read), accept: Some(accept), write: Some(write) };
    let server = Server::this_program(&serve).with_parts(parts);
    let step = |(name, ids)| Subject { unwritten: pristine, ..Subject::new(name, server.clone()).only(ids) };
    harness::main(&CHECKS, STEPS.map(step).into())
}

fn serve(flags: &ServeArgs) -> Result<(), String> {
    let listener = Arc::new(flags.open()?);
    let server = Arc::new(exercise::Server::new(flags.limits()));
    let refused = |error| format!("cannot serve: {error}");
    on_stop_signal({
        let (server, listener) = (Arc::clone(&server), Arc::clone(&listener));
        move || server.stop(&listener)
    })
    .map_err(refused)?;
    announce(&listener).map_err(refused)?;
    server.run(listener.incoming());
    Ok(())
}

fn read(script: Vec<ReadStep>) -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    let read = exercise::read_lines(Script::new(script), Limits::default().line_bytes, |line| {
        lines.push(line.map(str::to_owned).map_err(|bad| bad.to_string()));
    });
    read.expect("the script holds no error but interrupted reads");
    lines
}

/// The accept loop alone: whoever says anything is answered, without the steps that come after it.
fn accept(incoming: Incoming) -> io::Result<()> {
    exercise::accept(incoming, |mut stream| {
        let answered = stream.read(&mut [0; 64]).and_then(|_| stream.write_all(&Reply::Error("hola".into()).to_line()));
        answered.expect("a client that asks waits for the answer");
    });
    Ok(())
}

fn write(lines: Vec<Vec<u8>>, socket: &mut dyn Write) {
    let mailbox = exercise::Mailbox::new(&Limits::default());
    for line in lines {
        mailbox.deliver("any", &line.into());
    }
    mailbox.close();
    mailbox.write_to(socket).expect("the socket takes everything");
}
