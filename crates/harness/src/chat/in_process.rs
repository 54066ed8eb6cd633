//! Checks that a client cannot make from outside: they call a part of the server's code in this
//! process.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use super::{
    client::Client,
    parts::{ReadStep, Write},
    server::Server,
};
use crate::run::check::{Stop, Verdict, holds};

pub(super) fn e2_cancelled_read(server: &Server) -> Verdict {
    let read = server.parts.read.ok_or_else(|| foreign("the code that reads a connection"))?;
    let bytes = "{\"Join\":{\"group_name\":\"r\"}}\r\nñandú\n\n{\"Leave\":{\"group_name\":\"r\"}}\n".as_bytes();
    let whole = read(vec![ReadStep::Bytes(bytes.to_vec())]);
    holds(whole.len() == 4 && whole.iter().all(Result::is_ok), || {
        format!("uncut, these four lines were read as {whole:?}")
    })?;
    for cut in 0..=bytes.len() {
        let (before, after) = bytes.split_at(cut);
        let pieces = [before, after].into_iter().filter(|piece| !piece.is_empty());
        let steps = pieces.flat_map(|piece| [ReadStep::Bytes(piece.to_vec()), ReadStep::Cancelled]).collect();
        let lines = read(steps);
        holds(lines == whole, || {
            format!("with a read cancelled after {cut} bytes, the lines were {lines:?}\nand not {whole:?}")
        })?;
    }
    Ok(())
}

pub(super) fn e12_aborted_connection(server: &Server) -> Verdict {
    let accept = server.parts.accept.ok_or_else(|| foreign("the accept loop"))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let connect = || -> Result<(Client, TcpStream), Stop> {
        let client = Client::connect(listener.local_addr()?)?;
        Ok((client, listener.accept()?.0))
    };
    let ((mut first, one), (mut second, two)) = (connect()?, connect()?);
    let aborted = Err(io::ErrorKind::ConnectionAborted.into());
    // A real listener never ends. So this iterator blocks at its end until both clients are judged.
    let (release, held) = mpsc::channel::<()>();
    let end = std::iter::from_fn(move || held.recv().err().and(None));
    let incoming = [Ok(one), aborted, Ok(two)].into_iter().chain(end);
    let accept_loop = thread::spawn(move || accept(Box::new(incoming)));
    first.answers().map_err(|_| Stop::Failed("the connection before the aborted one was not served".into()))?;
    let served = second.answers();
    drop((release, first, second));
    let ended = accept_loop.join().expect("an accept loop does not panic");
    served.map_err(|_| {
        Stop::Failed(match ended {
            Err(error) => format!("after one ECONNABORTED the accept loop ended: {error}"),
            Ok(()) => "after one ECONNABORTED the next connection was not served".into(),
        })
    })
}

/// The half of E8 that counts writes.
pub(super) fn writes_together(write: Write) -> Verdict {
    let lines: Vec<Vec<u8>> = (0..50).map(|number| format!("{{\"Error\":\"line {number}\"}}\n").into_bytes()).collect();
    let mut socket = CountingSocket::default();
    write(lines.clone(), &mut socket);
    holds(socket.bytes == lines.concat(), || "50 waiting lines did not go out whole and in order".to_owned())?;
    holds(socket.writes <= 2, || format!("50 waiting lines for one member took {} writes", socket.writes))
}

#[derive(Default)]
struct CountingSocket {
    bytes: Vec<u8>,
    writes: usize,
}

impl io::Write for CountingSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn foreign(part: &str) -> Stop {
    Stop::NotApplicable(format!("it needs {part} in this process"))
}
