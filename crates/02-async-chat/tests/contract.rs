//! Part E of the contract on both stages and every runtime: what each passes, and exactly what each fails.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::TcpStream,
    ops::ControlFlow,
    pin::{Pin, pin},
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use chat::{Limits, Member};
use clap::Parser;
use futures::{
    AsyncRead, AsyncWrite, Stream, StreamExt,
    channel::mpsc::{UnboundedReceiver, unbounded},
    executor::block_on,
};
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

/// A transport that plays a script; a cancelled read is one that is not ready, and whose future is then dropped.
struct Script(VecDeque<ReadStep>);

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0.pop_front() {
            None => Poll::Ready(Ok(0)),
            Some(ReadStep::Cancelled) => Poll::Pending,
            Some(ReadStep::Bytes(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }
}

fn read(script: Vec<ReadStep>) -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(Script(script.into()), Limits::default().line_bytes);
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

/// The connections of a check as a stream. The check's iterator blocks at its end, so a thread of its own reads it.
fn stream(incoming: Incoming) -> UnboundedReceiver<io::Result<TcpStream>> {
    let (send, receive) = unbounded();
    thread::spawn(move || {
        for stream in incoming {
            let stream = stream.and_then(|stream| stream.set_nonblocking(true).map(|()| stream));
            send.unbounded_send(stream).expect("the accept loop waits for more");
        }
    });
    receive
}

fn mapped<T>(incoming: Incoming, map: fn(TcpStream) -> io::Result<T>) -> impl Stream<Item = io::Result<T>> + Unpin {
    stream(incoming).map(move |stream| stream.and_then(map))
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
    let incoming = mapped(incoming, |stream| on_async_std::sides(stream.into()));
    let server = s2_mailbox::Server::new(on_async_std::AsyncStd, Limits::default(), Arc::new(Stop::default()));
    async_std::task::block_on(server.run(incoming));
    Ok(())
}

fn mailbox_smol(incoming: Incoming) -> io::Result<()> {
    let incoming = mapped(incoming, |stream| on_smol::sides(smol::Async::try_from(stream)?.into()));
    let server = s2_mailbox::Server::new(on_smol::Smol, Limits::default(), Arc::new(Stop::default()));
    smol::block_on(server.run(incoming));
    Ok(())
}

fn mailbox_tokio(incoming: Incoming) -> io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let incoming = mapped(incoming, |stream| on_tokio::sides(tokio::net::TcpStream::from_std(stream)?));
        s2_mailbox::Server::new(on_tokio::Tokio, Limits::default(), Arc::new(Stop::default())).run(incoming).await;
    });
    Ok(())
}

/// A socket of a check, which is never not ready.
struct Socket<'check>(&'check mut dyn io::Write);

impl AsyncWrite for Socket<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.flush())
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn write_together(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    let limits = Limits::default();
    let mailbox = Mailbox::new(&limits);
    for line in lines {
        mailbox.deliver("any", &line.into());
    }
    mailbox.enter(Phase::Closed);
    let mut socket = Socket(socket);
    let written = write_out(&mut socket, &mailbox, &on_smol::Smol, limits.half_closed);
    block_on(written).expect("the socket takes everything");
}

/// What the plain port does: a write for each delivery.
fn write_each(lines: Vec<Vec<u8>>, socket: &mut dyn io::Write) {
    for line in lines {
        socket.write_all(&line).expect("the socket takes everything");
    }
}
