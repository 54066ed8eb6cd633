//! What the exercise and its solution share: how the checks drive the reader's file.

use std::{
    future::Future,
    io::{self, Write},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use chat::{
    Limits, Member, Reply,
    service::{ServeArgs, announce, on_stop_signal},
};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use harness::chat::{Incoming, Parts, ReadStep};
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

/// What of the file is driven in-process.
pub const PARTS: Parts = Parts { read: Some(read), accept: Some(accept), write: Some(write) };

/// The file as a server.
pub fn serve(flags: &ServeArgs) -> Result<(), String> {
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
