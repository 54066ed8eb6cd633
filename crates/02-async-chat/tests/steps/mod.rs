//! What the exercise and its solution share: which checks belong to which step, and how these drive the reader's file.

use std::{
    future::Future,
    io::{self, Write},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use chat::{
    Limits, Member, Reply,
    service::{ServeArgs, announce, on_stop_signal},
};
use clap::Parser;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use harness::{
    Check, Subject,
    chat::{CHECKS, Incoming, Parts, ReadStep, Server, answer_heap_questions},
};
use lesson_async_chat::on_tokio::sides;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_stream::wrappers::TcpListenerStream;

use crate::{
    common::{Script, Socket, mapped},
    exercise,
};

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
    let listener = flags.open()?;
    let server = Arc::new(exercise::Server::new(flags.limits()));
    let refused = |error| format!("cannot serve: {error}");
    on_stop_signal({
        let server = Arc::clone(&server);
        move || server.stop()
    })
    .map_err(refused)?;
    announce(&listener).map_err(refused)?;
    let served = async {
        listener.set_nonblocking(true)?;
        let incoming = TcpListenerStream::new(TcpListener::from_std(listener)?);
        server.run(incoming.map(|stream| stream.map(|stream| sides(stream, true)))).await;
        Ok(())
    };
    Runtime::new().and_then(|runtime| runtime.block_on(served)).map_err(refused)
}

fn read(script: Vec<ReadStep>) -> Vec<Result<String, String>> {
    let mut lines = Vec::new();
    let mut reader = exercise::Reader::new(Script::new(script), Limits::default().line_bytes);
    loop {
        // One poll for each future: what is not ready is dropped, and begun anew.
        let read = pin!(reader.read());
        if let Poll::Ready(line) = read.poll(&mut Context::from_waker(Waker::noop())) {
            match line.expect("the script holds no error") {
                Some(line) => lines.push(line.map_err(|bad| bad.to_string())),
                None => return lines,
            }
        }
    }
}

/// The accept loop alone: whoever says anything is answered, without the steps that come after it.
fn accept(incoming: Incoming) -> io::Result<()> {
    Runtime::new()?.block_on(async {
        let incoming = mapped(incoming, |stream| Ok(sides(TcpStream::from_std(stream)?, true)));
        let answer = |(mut read, mut write): (_, _)| {
            tokio::spawn(async move {
                AsyncReadExt::read(&mut read, &mut [0; 64]).await.expect("a client asks");
                let written = AsyncWriteExt::write_all(&mut write, &Reply::Error("hola".into()).to_line()).await;
                written.expect("a client that asks waits for the answer");
            });
        };
        exercise::accept(incoming, answer).await;
        Ok(())
    })
}

fn write(lines: Vec<Vec<u8>>, socket: &mut dyn Write) {
    let mailbox = exercise::Mailbox::new(&Limits::default());
    for line in lines {
        mailbox.deliver("any", &line.into());
    }
    mailbox.close();
    // On a runtime, since it may well ask for a timer.
    let runtime = Runtime::new().expect("a runtime can be built");
    runtime.block_on(mailbox.write_to(Socket::new(socket))).expect("the socket takes everything");
}
