//! What the exercise and its solution share: how the checks drive the reader's file.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use chat::{
    Limits, Member, Reply,
    service::{ServeArgs, announce, on_stop_signal},
};
use harness::chat::{Incoming, Parts, ReadStep, Script};

use crate::exercise;

/// What of the file is driven in-process.
pub const PARTS: Parts = Parts { read: Some(read), accept: Some(accept), write: Some(write) };

/// The file as a server.
pub fn serve(flags: &ServeArgs) -> Result<(), String> {
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
