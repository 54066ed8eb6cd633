//! What a joined, idle connection costs on the heap of the server: at most 2 KiB on tokio, counted
//! by the allocator, for a member of one group with a short name.
//!
//! A thousand clients run with every test; ten thousand with `just idle`.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use chat::{Request, service::raise_descriptor_limit};
use harness::{
    Suite,
    chat::{Running, Server},
};

const BOUND: usize = 2048;

/// Adds these tests to a program that serves, and counts its heap, when it is started again as
/// `serve`.
pub fn added_to(suite: Suite) -> Suite {
    suite
        .alone("idle_memory::1000_joined_idle_clients_on_tokio", || idle("tokio", 1_000))
        .alone_and_long("idle_memory::10000_joined_idle_clients_on_tokio", || idle("tokio", 10_000))
        .alone("idle_memory::1000_joined_idle_clients_on_tokio_current", || idle("tokio-current", 1_000))
        .alone_and_long("idle_memory::10000_joined_idle_clients_on_tokio_current", || idle("tokio-current", 10_000))
}

fn idle(runtime: &str, clients: usize) {
    let most = raise_descriptor_limit();
    let needed = clients as u64 + 100;
    assert!(
        most.is_none_or(|most| most >= needed),
        "the hard limit of descriptors is {most:?}, and {clients} clients need {needed}"
    );
    let most_connections = (clients + 10).to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "off", "--runtime", runtime];
    let server = Server::this_program(&[&serve[..], &["--max-connections", &most_connections]].concat());
    let running = server.start().unwrap();
    // The first connection pays for what all of them share.
    let _first = join(&running, 0);
    let before = heap(&running);
    let crowd: Vec<BufReader<TcpStream>> = (1..=clients).map(|number| join(&running, number)).collect();
    let each = (heap(&running) - before) / crowd.len();
    assert!(each <= BOUND, "a joined idle connection costs {each} bytes of live heap, and {BOUND} are allowed");
    let margin = BOUND - each;
    println!("{clients} joined idle clients on {runtime}: {each} bytes of live heap each, {margin} below the bound");
}

/// Joins a group of ten, and waits until its own post comes back.
fn join(running: &Running, number: usize) -> BufReader<TcpStream> {
    let mut client = BufReader::with_capacity(256, TcpStream::connect(running.address).unwrap());
    let group_name = format!("group {}", number / 10);
    let post = Request::Post { group_name: group_name.clone(), message: number.to_string() };
    client.get_mut().write_all(&[Request::Join { group_name }.to_line(), post.to_line()].concat()).unwrap();
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    assert!(line.contains(&format!("\"{number}\"")), "instead of its own post, client {number} received {line:?}");
    client
}

fn heap(running: &Running) -> usize {
    let memory = running.memory().filter(|memory| memory.exact);
    memory.expect("the server tells its heap").bytes
}
