//! What a joined, idle connection costs on the heap of the server: at most 2 KiB on tokio, counted
//! by the allocator, for a member of one group with a short name.
//!
//! A thousand clients run with every test; ten thousand with
//! `cargo test -p async-chat --test idle_memory -- --ignored`.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::ExitCode,
};

use chat::{Request, service::raise_descriptor_limit};
use clap::Parser;
use harness::{
    Counting,
    chat::{Running, Server, answer_heap_questions},
};
use lesson_async_chat::Serve;
use libtest_mimic::{Arguments, Failed, Trial};

#[global_allocator]
static HEAP: Counting = Counting;

const BOUND: usize = 2048;

#[derive(Parser)]
enum Command {
    Serve(Serve),
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        let Command::Serve(serve) = Command::parse();
        answer_heap_questions();
        return serve.run().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let mut trials = Vec::new();
    for runtime in ["tokio", "tokio-current"] {
        for (clients, ignored) in [(1_000, false), (10_000, true)] {
            let name = format!("{clients}_joined_idle_clients_on_{}", runtime.replace('-', "_"));
            trials.push(Trial::test(name, move || idle(runtime, clients)).with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn idle(runtime: &str, clients: usize) -> Result<(), Failed> {
    let most = raise_descriptor_limit();
    if most.is_some_and(|most| most < clients as u64 + 100) {
        let hard = most.unwrap_or_default();
        return Err(
            format!("the hard limit of descriptors is {hard}, and {clients} clients need {}", clients + 100).into()
        );
    }
    let most_connections = (clients + 10).to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "off", "--runtime", runtime];
    let server = Server::this_program(&[&serve[..], &["--max-connections", &most_connections]].concat());
    let running = server.start().map_err(|stop| format!("{stop:?}"))?;
    // The first connection pays for what all of them share.
    let _first = join(&running, 0)?;
    let before = heap(&running)?;
    let crowd: Vec<BufReader<TcpStream>> =
        (1..=clients).map(|number| join(&running, number)).collect::<Result<_, _>>()?;
    let each = (heap(&running)? - before) / crowd.len();
    let Some(margin) = BOUND.checked_sub(each) else {
        return Err(format!("a joined idle connection costs {each} bytes of live heap, and {BOUND} are allowed").into());
    };
    println!("{clients} joined idle clients on {runtime}: {each} bytes of live heap each, {margin} below the bound");
    Ok(())
}

/// Joins a group of ten, and waits until its own post comes back.
fn join(running: &Running, number: usize) -> Result<BufReader<TcpStream>, Failed> {
    let mut client = BufReader::with_capacity(256, TcpStream::connect(running.address)?);
    let group_name = format!("group {}", number / 10);
    let post = Request::Post { group_name: group_name.clone(), message: number.to_string() };
    client.get_mut().write_all(&[Request::Join { group_name }.to_line(), post.to_line()].concat())?;
    let mut line = String::new();
    client.read_line(&mut line)?;
    if !line.contains(&format!("\"{number}\"")) {
        return Err(format!("instead of its own post, client {number} received {line:?}").into());
    }
    Ok(client)
}

fn heap(running: &Running) -> Result<usize, Failed> {
    let memory = running.memory().filter(|memory| memory.exact);
    Ok(memory.ok_or("the server does not tell its heap")?.bytes)
}
