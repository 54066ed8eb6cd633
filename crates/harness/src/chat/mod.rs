//! Part E of the contract: what any chat server must do. [`CHECKS`] is the list of checks, and
//! [`Server`] describes a subject.

mod bad_input;
mod client;
mod exercise;
mod flood;
mod in_process;
mod members;
mod parts;
mod patience;
mod server;
mod service;

use std::time::Duration;

pub use client::Client;
pub use exercise::{exercise, serve_if_asked};
pub use parts::{Accept, Incoming, Parts, Read, ReadStep, Script, Write};
pub use patience::PATIENCE;
pub use server::{Memory, Running, Server, answer_heap_questions};

use crate::run::check::{Check, Level};

const SHORT: Duration = Duration::from_secs(120);
const LONG: Duration = Duration::from_secs(240);

/// E1 to E15.
pub static CHECKS: [Check<Server>; 15] = [
    Check {
        id: "E1",
        level: Level::Must,
        must: "the same bytes give the same lines however they are cut, and \\r\\n ends a line as \\n does",
        why: "TCP is a stream of bytes: what one write sent, several reads may receive, and one read several writes",
        source: "https://www.rfc-editor.org/rfc/rfc9293#section-3.7",
        deadline: SHORT,
        run: bad_input::e1_cut_anywhere,
    },
    Check {
        id: "E2",
        level: Level::Must,
        must: "a read that is cancelled or interrupted in the middle of a line loses nothing of it",
        why: "a timeout or a select drops the future of a read, with every byte that only this future remembers",
        source: "https://github.com/google/comprehensive-rust/issues/713",
        deadline: SHORT,
        run: in_process::e2_cancelled_read,
    },
    Check {
        id: "E3",
        level: Level::Must,
        must: "a line that is no request, such as invalid UTF-8, gets one Error line, and the next line is served",
        why: "a client's typing error must not close its connection, and must not cause endless errors",
        source: "https://github.com/rust-lang/futures-rs/issues/2784",
        deadline: SHORT,
        run: bad_input::e3_bad_lines,
    },
    Check {
        id: "E4",
        level: Level::Must,
        must: "an endless line costs bounded memory and gets one Error line; after its end the next line is served",
        why: "a server that collects a line until its end lets any client fill its memory",
        source: "https://github.com/tokio-rs/tokio/issues/186",
        deadline: SHORT,
        run: bad_input::e4_endless_line,
    },
    Check {
        id: "E5",
        level: Level::Must,
        must: "a member that has shut down its sending side still receives",
        why: "the end of its input means that a client asks for nothing more, not that it has left",
        source: "https://github.com/tokio-rs/tokio/issues/3876",
        deadline: SHORT,
        run: members::e5_half_closed,
    },
    Check {
        id: "E6",
        level: Level::Must,
        must: "each line arrives whole, however few bytes of it the kernel takes at a time",
        why: "a write may take fewer bytes than it was given, and the writer must send the rest",
        source: "https://github.com/tokio-rs/tokio/issues/2329",
        deadline: SHORT,
        run: flood::e6_short_writes,
    },
    Check {
        id: "E7",
        level: Level::Must,
        must: "a member that does not read costs bounded memory, delays nobody, and is told once how much it missed",
        why: "a queue without a bound turns one slow reader into an outage for all",
        source: "https://github.com/tokio-rs/tokio/blob/master/examples/chat.rs",
        deadline: LONG,
        run: flood::e7_stalled_reader,
    },
    Check {
        id: "E8",
        level: Level::Should,
        must: "no lock is held while a socket is written to, and all lines that wait for a member go out in one write",
        why: "a thread that waits for the lock waits for the slowest socket, and each write costs a system call",
        source: "https://github.com/tokio-rs/tokio/issues/5925",
        deadline: SHORT,
        run: flood::e8_no_lock_while_writing,
    },
    Check {
        id: "E9",
        level: Level::Must,
        must: "the posts of each sender reach every member in the order in which they were sent",
        why: "a conversation out of order is another conversation",
        source: "https://www.rfc-editor.org/rfc/rfc9293#section-1",
        deadline: SHORT,
        run: members::e9_order,
    },
    Check {
        id: "E10",
        level: Level::Must,
        must: "connections that are reset in the middle of a broadcast hurt nobody else, and their members are removed",
        why: "a dead socket must not end the broadcast that finds it dead",
        source: "https://github.com/nbaksalyar/rust-chat/issues/2",
        deadline: SHORT,
        run: members::e10_reset,
    },
    Check {
        id: "E11",
        level: Level::Must,
        must: "the end of an old session does not end a new one, even from the same address",
        why: "a client may reconnect before the server notices that its old connection is dead",
        source: "https://book.async.rs/tutorial/handling_disconnection.html",
        deadline: SHORT,
        run: members::e11_reconnect,
    },
    Check {
        id: "E12",
        level: Level::Must,
        must: "a connection that was aborted before it was accepted does not end the accept loop",
        why: "`accept` reports one client's aborted connection as an error, and a `?` there ends the whole server",
        source: "https://github.com/tiny-http/tiny-http/issues/283",
        deadline: SHORT,
        run: in_process::e12_aborted_connection,
    },
    Check {
        id: "E13",
        level: Level::Must,
        must: "out of descriptors, the server neither ends nor spins, and accepts again once there are some",
        why: "`accept` fails at once until one is free: a loop without a pause burns a core, and a `?` ends the server",
        source: "https://github.com/hyperium/hyper/issues/1358",
        deadline: SHORT,
        run: service::e13_out_of_descriptors,
    },
    Check {
        id: "E14",
        level: Level::Must,
        must: "no descriptor of a member that has left is kept, and 10,000 connections leave no bytes behind",
        why: "anything that is kept for each visitor adds up until the server ends",
        source: "https://github.com/ProgrammingRust/async-chat/blob/master/src/bin/server/group.rs",
        deadline: LONG,
        run: service::e14_nothing_is_kept,
    },
    Check {
        id: "E15",
        level: Level::Must,
        must: "on SIGTERM the server stops accepting, writes the lines that wait for members, and exits with code 0",
        why: "a restart is routine, and the server has promised to deliver the posts that it accepted",
        source: "https://book.async.rs/tutorial/clean_shutdown.html",
        deadline: SHORT,
        run: service::e15_shutdown,
    },
];
