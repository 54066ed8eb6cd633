//! A server that is full says so and closes; who is inside is served on, and a place that becomes
//! free is given away.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use chat::{Limits, Reply, Request};
use harness::until;
use lesson_async_chat::{Stage, Which, parts::stop::Stop, run};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn one_connection_too_many_is_refused_with_a_word() {
    for on in [Which::AsyncStd, Which::Smol, Which::Tokio, Which::TokioCurrent] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Who has gone may have half-closed only, so the server waits for a while.
        let limits = Limits { connections: 2, half_closed: Duration::from_millis(10), ..Limits::default() };
        thread::spawn(move || run(Stage::Mailbox, on, listener, limits, Arc::new(Stop::default()), true));
        let (mut inside, mut other) = (connect(address), connect(address));
        assert!(is_served(&mut inside) && is_served(&mut other), "{on:?}");
        let mut refused = String::new();
        connect(address).read_to_string(&mut refused).expect("a word, and the end");
        let full = Reply::Error("The server is full: 2 connections".into()).to_line();
        assert_eq!(refused.as_bytes(), &*full, "{on:?}");
        assert!(is_served(&mut inside), "{on:?}");
        drop(other);
        let again = until(PATIENCE, || is_served(&mut connect(address)).then_some(()));
        assert!(again.is_some(), "{on:?}: a place is free, and nobody gets it");
    }
}

fn connect(server: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Posts to a group of its own; whether the post comes back.
fn is_served(socket: &mut TcpStream) -> bool {
    let group_name = socket.local_addr().unwrap().to_string();
    let post = Request::Post { group_name: group_name.clone(), message: "here".into() }.to_line();
    let asked = socket.write_all(&[Request::Join { group_name }.to_line(), post].concat());
    let mut line = String::new();
    asked.and_then(|()| BufReader::new(socket).read_line(&mut line)).is_ok() && line.contains("here")
}
