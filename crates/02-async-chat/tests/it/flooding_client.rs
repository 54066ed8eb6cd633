//! Clients that flood keep their sockets readable for ever, and a read that is always ready never
//! lets go of its thread: the others are served all the same, on every runtime and in both stages.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use chat::{Limits, Reply, Request};
use lesson_async_chat::{Stage, Which, parts::stop::Stop, run};

/// Far longer than a client that gets its turn ever waits.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_flood_leaves_the_others_their_turn() {
    // More than there are workers, whichever runtime.
    let flooders = 2 * thread::available_parallelism().map_or(1, usize::from) + 2;
    for on in [Which::AsyncStd, Which::Smol, Which::Tokio, Which::TokioCurrent] {
        for stage in [Stage::Plain, Stage::Mailbox] {
            let server = start(stage, on);
            let over = Arc::new(AtomicBool::new(false));
            let flood: Vec<_> = (0..flooders).map(|_| start_flood(server, Arc::clone(&over))).collect();
            let served = served_once(server);
            over.store(true, Relaxed);
            assert!(served.is_ok(), "{stage:?} on {on:?}: {served:?} while {flooders} clients flood");
            flood.into_iter().for_each(|flooder| flooder.join().unwrap());
        }
    }
}

fn start(stage: Stage, on: Which) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || run(stage, on, listener, Limits::default(), Arc::new(Stop::default()), stage.nodelay()));
    address
}

/// A client that asks for what has no answer, as fast as it can; it floods already when this
/// returns.
fn start_flood(server: SocketAddr, over: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let mut socket = TcpStream::connect(server).unwrap();
    let lines = Request::Join { group_name: "flooded".into() }.to_line().repeat(4096);
    socket.write_all(&lines).unwrap();
    thread::spawn(move || while !over.load(Relaxed) && socket.write_all(&lines).is_ok() {})
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
