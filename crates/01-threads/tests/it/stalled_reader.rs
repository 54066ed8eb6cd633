//! One member of a busy group does not read: it costs bounded memory, and the others miss nothing.

use chat::Reply;
use harness::chat::{Client, Server};

const ROUNDS: usize = 150;
/// Members that post in a round, so that no more than this waits for anybody.
const POSTERS: usize = 10;

#[test]
fn twelve_busy_members_receive_every_post_in_order_beside_a_stalled_one() {
    busy_beside_a_stalled_one(12);
}

#[test]
#[ignore = "long"]
fn a_hundred_busy_members_receive_every_post_in_order_beside_a_stalled_one() {
    busy_beside_a_stalled_one(100);
}

fn busy_beside_a_stalled_one(members: usize) {
    let server = Server::command([env!("CARGO_BIN_EXE_threads"), "serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    let running = server.start().unwrap();
    let mut stalled = Client::connect_from(None, running.address, true).unwrap();
    stalled.join("busy").unwrap();
    stalled.settle_alone().unwrap();
    let mut busy: Vec<Client> = (0..members).map(|_| Client::connect(running.address).unwrap()).collect();
    for member in &mut busy {
        member.join("busy").unwrap();
        member.settle_alone().unwrap();
    }
    let text = "x".repeat(8 * 1024);
    let mut half_way = 0;
    // For each member and each sender, the number of the post that is due.
    let mut due = vec![vec![0; members]; members];
    for round in 0..ROUNDS {
        for sender in (0..POSTERS).map(|poster| (round * POSTERS + poster) % members) {
            let number = due[sender][sender];
            busy[sender].post("busy", &format!("{sender} {number} {text}")).unwrap();
        }
        for (member, due) in busy.iter_mut().zip(&mut due) {
            for _ in 0..POSTERS {
                let Reply::Message { message, .. } = member.reply().unwrap() else { panic!("a busy member lags") };
                let mut words = message.split(' ');
                let mut number = || words.next().unwrap().parse::<usize>().unwrap();
                let (sender, number) = (number(), number());
                assert_eq!(number, due[sender], "a post of member {sender} came out of order");
                due[sender] += 1;
            }
        }
        if round == ROUNDS / 2 {
            half_way = running.memory().unwrap().bytes;
        }
    }
    // By then 6 MiB had been posted, more than the kernel and the mailbox hold: 6 MiB more must not
    // be kept anywhere.
    let grown = running.memory().unwrap().bytes.saturating_sub(half_way);
    assert!(grown < 2 << 20, "the second half made the server {grown} bytes larger");
    // The stalled one finds what came before the gap, and how long the gap is.
    let mut missed = 0;
    for received in 0.. {
        match stalled.reply().unwrap() {
            Reply::Message { .. } => {}
            Reply::Error(notice) => {
                missed += notice.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
                assert!(missed > 0 && notice.ends_with("messages from busy."), "{notice}");
            }
        }
        if received + missed >= ROUNDS * POSTERS {
            break;
        }
    }
    assert!(missed > 0, "nothing bounds what waits for the stalled member");
}
