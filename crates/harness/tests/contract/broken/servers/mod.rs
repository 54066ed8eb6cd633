//! Chat servers that are broken in one place each. This program is each of them, when it is started
//! with `serve` and the fault.

use std::{env, io, process::ExitCode, thread};

use chat::{LineDecoder, Reply};
use clap::{Parser, ValueEnum};
use harness::{
    Subject,
    chat::{Accept, Incoming, Parts, Read, ReadStep, Server, Write, answer_heap_questions},
};

use super::{Fails, Sample};

mod server;

const SAMPLE: Sample = Sample {
    // They move megabytes, run out of descriptors or connect 10,000 times.
    heavy: &["E4", "E6", "E7", "E8", "E13", "E14", "E15"],
    slow: &[
        ("forgets-short-writes", &["E7"]),
        ("drops-in-silence", &["E6", "E7"]),
        ("one-notice-a-post", &["E7"]),
        ("waits-for-the-socket", &["E7", "E8", "E15"]),
        ("dead-stay-members", &["E10", "E11"]),
        ("keeps-sockets", &["E14"]),
        ("accepts-while-stopping", &["E15"]),
    ],
};

/// The one thing that is wrong. The last three faults are in parts that the checks drive
/// in-process, and all others in the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Fault {
    /// Nothing. Every check passes, which shows that the others fail because of their fault.
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

/// Each fault with the exact list of checks that it fails.
const BROKEN: [(Fault, &str, Fails); 25] = [
    (Fault::None, "nothing-wrong", &[]),
    (
        Fault::DecodeEachRead,
        "decodes-each-read",
        &[("E1", "half a character at the end of a read becomes U+FFFD"), ("E3", "invalid UTF-8 becomes valid")],
    ),
    (Fault::DisconnectOnBadLine, "disconnects-on-invalid-utf8", &[("E3", "it closes the connection after a bad line")]),
    (
        Fault::TwoErrors,
        "answers-twice",
        &[("E3", "two lines answer a bad line"), ("E4", "two lines answer a line that is too long")],
    ),
    (Fault::UnboundedLine, "collects-any-line", &[("E4", "it keeps 64 MiB until the line ends")]),
    (Fault::EndOfInputIsTheEnd, "ends-at-end-of-input", &[("E5", "it removes a half-closed member")]),
    (
        Fault::ForgetShortWrites,
        "forgets-short-writes",
        &[
            ("E6", "it drops what the kernel did not take"),
            ("E7", "the same for a stalled member"),
            ("E15", "the same during the shutdown"),
        ],
    ),
    (
        Fault::UnboundedMailbox,
        "queues-without-bound",
        &[("E7", "the mailbox of a stalled member grows with every post")],
    ),
    (
        Fault::SilentDrop,
        "drops-in-silence",
        &[
            ("E6", "no notice says that lines were dropped"),
            ("E7", "the same for a stalled member"),
            ("E15", "the same during the shutdown"),
        ],
    ),
    (Fault::NoticeEachPost, "one-notice-a-post", &[("E7", "it sends one notice for each dropped post")]),
    (
        Fault::BlockingWrite,
        "waits-for-the-socket",
        &[
            ("E7", "the busy members wait for the stalled one"),
            ("E8", "so do members of other groups"),
            ("E15", "it does not see the signal while it waits"),
        ],
    ),
    (
        Fault::ReverseOrder,
        "last-in-first-out",
        &[("E1", "posts that arrive in one read leave in reverse order"), ("E9", "so do the posts of each sender")],
    ),
    (
        Fault::DeadTakeTheirGroup,
        "dead-take-their-group",
        &[
            ("E10", "a dead member ends all members of its group"),
            ("E11", "the end of an old session ends the new one"),
        ],
    ),
    (
        Fault::DeadStayMembers,
        "dead-stay-members",
        &[
            ("E10", "a group of dead members stays"),
            ("E11", "the group of an old session stays"),
            ("E14", "each dead member keeps its bytes forever"),
        ],
    ),
    (
        Fault::LeaveByAddress,
        "leaves-by-address",
        &[("E11", "the end of an old session removes the new one from the same address")],
    ),
    (Fault::AcceptErrorIsFatal, "ends-without-descriptors", &[("E13", "an error of `accept` ends the server")]),
    (
        Fault::SpinWithoutDescriptors,
        "spins-without-descriptors",
        &[("E13", "it calls `accept` again at once, forever")],
    ),
    (Fault::KeepSockets, "keeps-sockets", &[("E14", "it never closes the socket of a member that has gone")]),
    (Fault::StopWithoutFlush, "stops-without-flush", &[("E15", "it drops what waits in the mailboxes")]),
    (
        Fault::CloseWhileStopping,
        "closes-while-stopping",
        &[("E15", "closing a socket with unread input drops the lines on their way")],
    ),
    (Fault::AcceptWhileStopping, "accepts-while-stopping", &[("E15", "it still accepts connections")]),
    (Fault::ExitCodeOne, "exits-with-1", &[("E15", "its exit code is 1")]),
    (
        Fault::ForgetOnCancel,
        "forgets-on-cancel",
        &[("E2", "the beginning of the line is lost with the cancelled read")],
    ),
    (Fault::AbortedIsFatal, "ends-at-aborted", &[("E12", "`?` on an accepted socket ends the loop")]),
    (Fault::WriteEachLine, "one-write-a-line", &[("E8", "50 lines take 50 writes")]),
];

#[derive(Parser)]
enum Command {
    Serve { fault: Fault },
}

/// If the command line asks for it: serves until the end, and gives the exit code.
pub fn serve() -> Option<ExitCode> {
    if env::args().nth(1)? != "serve" {
        return None;
    }
    let Command::Serve { fault } = Command::parse();
    answer_heap_questions();
    Some(if server::Server::new(fault).run().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn subjects() -> Vec<Subject<Server>> {
    let subjects = BROKEN.iter().map(|(fault, name, fails)| {
        let argument = fault.to_possible_value().expect("every fault has a name");
        let server = Server::this_program(&["serve", argument.get_name()]).with_parts(parts(*fault));
        Subject::new(name, server).fails(fails)
    });
    SAMPLE.of(subjects.collect())
}

/// The parts that the checks drive in-process.
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

/// Answers the first line of each connection. The check asks for no more.
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
