//! The server of a scene, in this process.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use chat::Limits;
use lesson_threads::{Stage, s1_shared_writer, s2_mailboxes::Server};

/// Starts a stage on a free loopback port; it serves until the program ends.
pub fn start(stage: Stage) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("accept".into()).spawn(move || run(stage, listener.incoming()))?;
    Ok(address)
}

/// Runs a stage's accept loop over these connections, and gives what it ended with.
pub fn run(stage: Stage, incoming: impl Iterator<Item = io::Result<TcpStream>>) -> io::Result<()> {
    let limits = Limits::default();
    match stage {
        Stage::SharedWriter => s1_shared_writer::accept(incoming, &Default::default(), &limits),
        Stage::Mailboxes => {
            Server::new(limits).run(incoming);
            Ok(())
        }
    }
}
