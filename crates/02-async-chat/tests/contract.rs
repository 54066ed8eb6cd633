//! Part E of the contract on both stages and every runtime, and on the exercise's solution: what
//! each passes, and exactly what each fails. Then the tests that need a process of their own.
#![forbid(unsafe_code)]

use std::{
    future::Future,
    io,
    ops::ControlFlow,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use chat::{Limits, Member};
use futures::executor::block_on;
use harness::{
    Counting, Subject, Suite,
    chat::{Accept, CHECKS, Incoming, Parts, ReadStep, Server, serve_if_asked},
};
use lesson_async_chat::{
    Serve, on_async_std, on_smol, on_tokio,
    parts::{
        mailbox::{Mailbox, Phase},
        reader::Reader,
        stop::Stop,
    },
    s1_plain::Groups,
    s2_mailbox::{self, write_out},
};

mod alone {
    pub mod idle_memory;
}
mod common;
#[path = "../exercise/solution.rs"]
mod exercise;
mod steps;

use alone::idle_memory;
use common::{Script, Socket, mapped};

// Some checks, and a test, ask for the server's live bytes.
#[global_allocator]
static HEAP: Counting = Counting;

/// Each failure of the plain port, and what the second stage does about it.
const PLAIN_FAILS: &[(&str, &str)] = &[
    ("E8", "each delivery is a write of its own"),
    ("E10", "a group that was ever joined exists for ever, so the groups of the dead live on"),
    ("E11", "and so does the group of an old session"),
    ("E12", "the `?` in the accept loop ends the server at the first aborted connection"),
    ("E13", "the same `?` ends it when descriptors run out"),
    ("E14", "the task of a subscription keeps the socket until a write to it fails, which takes two more posts"),
    ("E15", "nothing listens for SIGTERM, so the process ends in the middle of its work"),
];

/// What takes long, or much of the processor, on each stage. A failure of E14 takes 20 seconds.
const PLAIN_LONG: &[&str] = &["E6", "E7", "E10", "E11", "E14"];
const MAILBOX_LONG: &[&str] = &["E6", "E7", "E14"];

fn main() -> ExitCode {
    let served = serve_if_asked("serve", Serve::run).or_else(|| serve_if_asked("serve-solution", steps::serve));
    if let Some(code) = served {
        return code;
    }
    let plain = |name, runtime, accept| Subject::new(name, stage("plain", runtime, accept)).fails(PLAIN_FAILS);
    let mailbox = |name, runtime, accept| Subject::new(name, stage("mailbox", runtime, accept));
    // tokio is the sample: what takes long on the other runtimes is left to the long run.
    let subjects = vec![
        plain("s1-async-std", "async-std", plain_async_std as Accept).long(PLAIN_LONG),
        plain("s1-smol", "smol", plain_smol).long(PLAIN_LONG),
        plain("s1-tokio", "tokio", plain_tokio).long(&["E14"]),
        plain("s1-tokio-current", "tokio-current", plain_tokio).long(PLAIN_LONG),
        mailbox("s2-async-std", "async-std", mailbox_async_std).long(MAILBOX_LONG),
        mailbox("s2-smol", "smol", mailbox_smol).long(MAILBOX_LONG),
        mailbox("s2-tokio", "tokio", mailbox_tokio),
        mailbox("s2-tokio-current", "tokio-current", mailbox_tokio).long(MAILBOX_LONG),
        Subject::new("solution", server(&["serve-solution"]).with_parts(steps::PARTS)).long(MAILBOX_LONG),
    ];
    idle_memory::added_to(Suite::new().checks(&CHECKS, subjects)).main()
}

fn stage(stage: &str, runtime: &str, accept: Accept) -> Server {
    let write = if stage == "plain" { write_each as harness::chat::Write } else { write_together };
    let parts = Parts { read: Some(read), accept: Some(accept), write: Some(write) };
    server(&["serve", "--stage", stage, "--runtime", runtime]).with_parts(parts)
}

fn server(first: &[&str]) -> Server {
    let flags = ["--listen", "127.0.0.1:0", "--log", "warn", "--half-closed-ms", "2000", "--drain-ms", "20000"];
    Server::this_program(&[first, &flags].concat())
}

fn read(script: Vec<ReadStep>) -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(Script::new(script), Limits::default().line_bytes);
    // One poll for each future: what is not ready is dropped, and begun anew.
    let mut more = true;
    while more {
        let read = pin!(reader.read(|line| {
            lines.push(line.map(str::to_owned).map_err(|bad| bad.to_string()));
            ControlFlow::Continue(())
        }));
        if let Poll::Ready(read) = read.poll(&mut Context::from_waker(Waker::noop())) {
            more = read.expect("the script holds no error");
        }
    }
    lines
}

fn plain_async_std(incoming: Incoming) -> io::Result<()> {
    let incoming = mapped(incoming, |stream| Ok(stream.into()));
    async_std::task::block_on(on_async_std::accept(incoming, Groups::default(), Limits::default()))
}

fn plain_smol(incoming: Incoming) -> io::Result<()> {
    let incoming = mapped(incoming, |stream| smol::Async::try_from(stream).map(Into::into));
    smol::block_on(on_smol::accept(incoming, Groups::default(), Limits::default()))
}

fn plain_tokio(incoming: Incoming) -> io::Result<()> {
    let accept = async {
        let incoming = mapped(incoming, tokio::net::TcpStream::from_std);
        on_tokio::accept(incoming, Groups::default(), Limits::default()).await
    };
    tokio::runtime::Runtime::new()?.block_on(accept)
}

fn mailbox_async_std(incoming: Incoming) -> io::Result<()> {
    let incoming = mapped(incoming, |stream| Ok(on_async_std::sides(stream.into(), true)));
    let server = s2_mailbox::Server::new(on_async_std::AsyncStd, Limits::default(), Arc::new(Stop::default()));
    async_std::task::block_on(server.run(incoming));
    Ok(())
}

fn mailbox_smol(incoming: Incoming) -> io::Result<()> {
    let incoming = mapped(incoming, |stream| Ok(on_smol::sides(smol::Async::try_from(stream)?.into(), true)));
    let server = s2_mailbox::Server::new(on_smol::Smol, Limits::default(), Arc::new(Stop::default()));
    smol::block_on(server.run(incoming));
    Ok(())
}

fn mailbox_tokio(incoming: Incoming) -> io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let incoming = mapped(incoming, |stream| Ok(on_tokio::sides(tokio::net::TcpStream::from_std(stream)?, true)));
        s2_mailbox::Server::new(on_tokio::Tokio, Limits::default(), Arc::new(Stop::default())).run(incoming).await;
    });
    Ok(())
}

fn write_together(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    let limits = Limits::default();
    let mailbox = Mailbox::new(&limits);
    for line in lines {
        mailbox.deliver("any", &line.into());
    }
    mailbox.enter(Phase::Closed);
    let mut socket = Socket::new(socket);
    let written = write_out(&mut socket, &mailbox, &on_smol::Smol, limits.half_closed);
    block_on(written).expect("the socket takes everything");
}

/// What the plain port does: a write for each delivery.
fn write_each(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    for line in lines {
        socket.write_all(&line).expect("the socket takes everything");
    }
}
