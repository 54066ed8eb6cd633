//! The connection after the last seat gets an `Error` line and its end, and a seat that becomes
//! free is taken again.

use chat::Reply;
use harness::{
    chat::{Client, PATIENCE, Server},
    until,
};

#[test]
fn the_next_connection_is_refused_with_a_line_and_served_once_there_is_a_seat() {
    let command =
        ["serve", "--listen", "127.0.0.1:0", "--log", "off", "--max-connections", "3", "--half-closed-ms", "50"];
    let running = Server::command([env!("CARGO_BIN_EXE_threads")].iter().chain(&command)).start().unwrap();
    let mut seated: Vec<Client> = (0..3).map(|_| Client::connect(running.address).unwrap()).collect();
    for client in &mut seated {
        client.settle_alone().unwrap();
    }
    let mut refused = Client::connect(running.address).unwrap();
    assert_eq!(refused.reply().unwrap(), Reply::Error("The server is full: 3 connections".into()));
    assert_eq!(refused.line().unwrap(), None, "a refused connection is closed");
    seated.pop();
    let served = until(PATIENCE, || Client::connect(running.address).ok()?.settle().ok());
    assert!(served.is_some(), "a client left, and its seat is not given to the next");
}
