//! Two thousand idle clients, four thousand threads, and a post that reaches every one of them.

use chat::service::raise_descriptor_limit;
use harness::chat::{Client, Server};

const CLIENTS: usize = 2000;

pub fn a_post_among_two_thousand_idle_members_arrives() {
    let most = raise_descriptor_limit();
    assert!(
        most.is_none_or(|most| most > 2 * CLIENTS as u64 + 100),
        "this test needs {} descriptors",
        2 * CLIENTS + 100
    );
    let server = Server::command([env!("CARGO_BIN_EXE_threads"), "serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    let running = server.start().unwrap();
    let mut crowd: Vec<Client> = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::connect(running.address).unwrap();
        client.join("crowd").unwrap();
        client.settle_alone().unwrap();
        crowd.push(client);
    }
    crowd[CLIENTS / 2].post("crowd", "is everybody here?").unwrap();
    for client in &mut crowd {
        client.expect("crowd", "is everybody here?").unwrap();
    }
}
