//! Servers that are wrong in one place each, with the exact list of checks that each fails. A check
//! that none of them fails would not count.

use std::{io, process::ExitCode, thread};

use chat::{LineDecoder, Reply};
use clap::{Parser, ValueEnum};
use harness::{
    Counting, Subject,
    chat::{Accept, CHECKS, Incoming, Parts, Read, ReadStep, Server, Write, answer_heap_questions},
};

#[path = "broken/server.rs"]
mod server;

#[global_allocator]
static HEAP: Counting = Counting;

/// The one thing that is wrong. The first are wrong in the server, the last three in a part that is
/// driven in-process.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Fault {
    /// Nothing: every check passes, so it is the change that makes the others fail.
    None,
    DecodeEachRead,
    DisconnectOnBadLine,
    TwoErrors,
    UnboundedLine,
    EndOfInputIsTheEnd,
    ForgetShortWrites,
    UnboundedMailbox,
    SilentDrop,
    NoticeEachPost,
    BlockingWrite,
    ReverseOrder,
    DeadTakeTheirGroup,
    DeadStayMembers,
    LeaveByAddress,
    AcceptErrorIsFatal,
    SpinWithoutDescriptors,
    KeepSockets,
    StopWithoutFlush,
    CloseWhileStopping,
    AcceptWhileStopping,
    ExitCodeOne,
    ForgetOnCancel,
    AbortedIsFatal,
    WriteEachLine,
}

/// Checks and reasons.
type Fails = &'static [(&'static str, &'static str)];

/// Each fault, and exactly what it fails.
const BROKEN: [(Fault, &str, Fails); 25] = [
    (Fault::None, "nothing-wrong", &[]),
    (
        Fault::DecodeEachRead,
        "decodes-each-read",
        &[("E1", "half a character at the end of a read becomes U+FFFD"), ("E3", "and so invalid UTF-8 becomes valid")],
    ),
    (Fault::DisconnectOnBadLine, "disconnects-on-invalid-utf8", &[("E3", "the bad line costs the connection")]),
    (
        Fault::TwoErrors,
        "answers-twice",
        &[("E3", "a bad line is answered by two lines"), ("E4", "and so is one that is too long")],
    ),
    (Fault::UnboundedLine, "collects-any-line", &[("E4", "64 MiB are kept until the line ends")]),
    (Fault::EndOfInputIsTheEnd, "ends-at-end-of-input", &[("E5", "a half-closed member is removed")]),
    (
        Fault::ForgetShortWrites,
        "forgets-short-writes",
        &[
            ("E6", "what the kernel did not take is lost"),
            ("E7", "for a stalled member too"),
            ("E15", "and while it is shut down"),
        ],
    ),
    (Fault::UnboundedMailbox, "queues-without-bound", &[("E7", "a stalled member's queue grows with every post")]),
    (
        Fault::SilentDrop,
        "drops-in-silence",
        &[
            ("E6", "what did not fit is missing, and nothing says so"),
            ("E7", "for a stalled member too"),
            ("E15", "and while it is shut down"),
        ],
    ),
    (Fault::NoticeEachPost, "one-notice-a-post", &[("E7", "a gap is announced post by post")]),
    (
        Fault::BlockingWrite,
        "waits-for-the-socket",
        &[
            ("E7", "the busy members wait for the stalled one"),
            ("E8", "and so does everybody else"),
            ("E15", "even the signal is not seen"),
        ],
    ),
    (
        Fault::ReverseOrder,
        "last-in-first-out",
        &[("E1", "posts that come in one piece leave in reverse"), ("E9", "and so do those of each sender")],
    ),
    (
        Fault::DeadTakeTheirGroup,
        "dead-take-their-group",
        &[
            ("E10", "whoever shares a group with the dead ends with it"),
            ("E11", "and so does whoever comes back to it"),
        ],
    ),
    (
        Fault::DeadStayMembers,
        "dead-stay-members",
        &[
            ("E10", "a group of the dead lives on"),
            ("E11", "and so does that of an old session"),
            ("E14", "each of them costs bytes for ever"),
        ],
    ),
    (
        Fault::LeaveByAddress,
        "leaves-by-address",
        &[("E11", "whoever comes back from there is removed with the old session")],
    ),
    (Fault::AcceptErrorIsFatal, "ends-without-descriptors", &[("E13", "accept's error ends the server")]),
    (Fault::SpinWithoutDescriptors, "spins-without-descriptors", &[("E13", "accept is tried again at once, for ever")]),
    (Fault::KeepSockets, "keeps-sockets", &[("E14", "a member's socket stays open when it has gone")]),
    (Fault::StopWithoutFlush, "stops-without-flush", &[("E15", "what waits is lost")]),
    (
        Fault::CloseWhileStopping,
        "closes-while-stopping",
        &[("E15", "what is under way to a client that still sends is lost")],
    ),
    (Fault::AcceptWhileStopping, "accepts-while-stopping", &[("E15", "newcomers are let in")]),
    (Fault::ExitCodeOne, "exits-with-1", &[("E15", "the exit code says that something went wrong")]),
    (
        Fault::ForgetOnCancel,
        "forgets-on-cancel",
        &[("E2", "the beginning of the line was only in the read that ended")],
    ),
    (Fault::AbortedIsFatal, "ends-at-aborted", &[("E12", "the `?` on the accepted socket")]),
    (Fault::WriteEachLine, "one-write-a-line", &[("E8", "50 lines take 50 writes")]),
];

#[derive(Parser)]
enum Command {
    Serve { fault: Fault },
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        let Command::Serve { fault } = Command::parse();
        answer_heap_questions();
        return if server::Server::new(fault).run().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let unfailed =
        CHECKS.iter().find(|check| !BROKEN.iter().any(|(.., fails)| fails.iter().any(|(id, _)| *id == check.id)));
    assert!(unfailed.is_none_or(|check| panic!("no broken server fails {}", check.id)));
    let subjects = BROKEN.iter().map(|(fault, name, fails)| {
        let argument = fault.to_possible_value().expect("every fault has a name");
        let server = Server::this_program(&["serve", argument.get_name()]).with_parts(parts(*fault));
        Subject::new(name, server).fails(fails)
    });
    harness::main(&CHECKS, subjects.collect())
}

/// The parts of the server that are driven in-process; they are wrong for the last three faults.
fn parts(fault: Fault) -> Parts {
    let read: Read =
        if fault == Fault::ForgetOnCancel { |script| read(script, true) } else { |script| read(script, false) };
    let accept: Accept = if fault == Fault::AbortedIsFatal {
        |incoming| accept(incoming, true)
    } else {
        |incoming| accept(incoming, false)
    };
    let write: Write = if fault == Fault::WriteEachLine { write_each } else { write_all };
    Parts { read: Some(read), accept: Some(accept), write: Some(write) }
}

fn read(script: Vec<ReadStep>, forget: bool) -> Vec<Result<String, String>> {
    let mut decoder = LineDecoder::new(1024);
    let mut lines = Vec::new();
    for step in script {
        match step {
            ReadStep::Cancelled if forget => decoder = LineDecoder::new(1024),
            ReadStep::Cancelled => {}
            ReadStep::Bytes(bytes) => {
                let mut input = &bytes[..];
                while let Some(line) = decoder.next(&mut input) {
                    lines.push(line.map(str::to_owned).map_err(|bad| bad.to_string()));
                }
            }
        }
    }
    lines
}

/// Answers the first line of each connection, which is all that the check asks for.
fn accept(incoming: Incoming, fatal: bool) -> io::Result<()> {
    for stream in incoming {
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(error) if fatal => return Err(error),
            Err(_) => continue,
        };
        thread::spawn(move || {
            let mut request = [0];
            let answered = io::Read::read_exact(&mut stream, &mut request)
                .and_then(|()| io::Write::write_all(&mut stream, &Reply::Error("no request".into()).to_line()));
            answered.expect("a client that asks waits for the answer");
        });
    }
    Ok(())
}

fn write_all(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    socket.write_all(&lines.concat()).expect("the socket takes everything");
}

fn write_each(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    lines.iter().for_each(|line| socket.write_all(line).expect("the socket takes everything"));
}
