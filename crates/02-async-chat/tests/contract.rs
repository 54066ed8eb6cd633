//! Part E of the contract on both stages and every runtime: what each passes, and exactly what each
//! fails.

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
use clap::Parser;
use futures::executor::block_on;
use harness::{
    Counting, Subject,
    chat::{Accept, CHECKS, Incoming, Parts, ReadStep, Server, answer_heap_questions},
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

mod common;

use common::{Script, Socket, mapped};

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
    let plain = |name, runtime, accept| Subject::new(name, server("plain", runtime, accept)).fails(PLAIN_FAILS);
    let mailbox = |name, runtime, accept| Subject::new(name, server("mailbox", runtime, accept));
    harness::main(
        &CHECKS,
        vec![
            plain("s1-async-std", "async-std", plain_async_std as Accept),
            plain("s1-smol", "smol", plain_smol),
            plain("s1-tokio", "tokio", plain_tokio),
            plain("s1-tokio-current", "tokio-current", plain_tokio),
            mailbox("s2-async-std", "async-std", mailbox_async_std),
            mailbox("s2-smol", "smol", mailbox_smol),
            mailbox("s2-tokio", "tokio", mailbox_tokio),
            mailbox("s2-tokio-current", "tokio-current", mailbox_tokio),
        ],
    )
}

fn server(stage: &str, runtime: &str, accept: Accept) -> Server {
    let limits = ["--half-closed-ms", "2000", "--drain-ms", "20000"];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--stage", stage, "--runtime", runtime];
    let write = if stage == "plain" { write_each as harness::chat::Write } else { write_together };
    let parts = Parts { read: Some(read), accept: Some(accept), write: Some(write) };
    Server::this_program(&[&serve[..], &limits].concat()).with_parts(parts)
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
