//! Clients that flood keep their sockets readable for ever, and a read that is always ready never
//! lets go of its thread: the others are served all the same, on every runtime and in both stages.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use chat::{Reply, Request};
use harness::chat::Server;

/// Far longer than a client that gets its turn ever waits.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_flood_leaves_the_others_their_turn() {
    // More than there are workers, whichever runtime.
    let flooders = 2 * thread::available_parallelism().map_or(1, usize::from) + 2;
    for runtime in ["async-std", "smol", "tokio", "tokio-current"] {
        for stage in ["plain", "mailbox"] {
            // Each in a process of its own: what is left of a flood ends with it.
            let program = env!("CARGO_BIN_EXE_async-chat");
            let serve = [program, "serve", "--listen", "127.0.0.1:0", "--log", "off"];
            let server = Server::command(serve.iter().chain(&["--stage", stage, "--runtime", runtime]));
            let running = server.start().unwrap();
            let flood: Vec<_> = (0..flooders).map(|_| start_flood(running.address)).collect();
            let served = served_once(running.address);
            assert!(served.is_ok(), "{stage} on {runtime}: {served:?} while {flooders} clients flood");
            assert!(flood.iter().all(|flooder| !flooder.is_finished()), "{stage} on {runtime}: the flood has ended");
            drop(running);
            flood.into_iter().for_each(|flooder| flooder.join().unwrap());
        }
    }
}

/// A client that asks for what has no answer, as fast as it can and as long as there is a server;
/// it floods already when this returns.
fn start_flood(server: SocketAddr) -> thread::JoinHandle<()> {
    let mut socket = TcpStream::connect(server).unwrap();
    let lines = Request::Join { group_name: "flooded".into() }.to_line().repeat(4096);
    socket.write_all(&lines).unwrap();
    thread::spawn(move || while socket.write_all(&lines).is_ok() {})
}

/// Joins, posts, and waits until the post comes back.
fn served_once(server: SocketAddr) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let post = Request::Post { group_name: "quiet".into(), message: "is it my turn?".into() };
    socket.write_all(&[Request::Join { group_name: "quiet".into() }.to_line(), post.to_line()].concat())?;
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line)?;
    let expected = Reply::Message { group_name: "quiet".into(), message: "is it my turn?".into() };
    assert_eq!(line.as_bytes(), &*expected.to_line());
    Ok(())
}
