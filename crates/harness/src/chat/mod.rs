//! Part E of the contract: what a chat server must do, whoever wrote it. [`CHECKS`] is the list,
//! [`Server`] a subject.

mod bad_input;
mod client;
mod exercise;
mod flood;
mod members;
mod parts;
mod server;
mod service;

use std::time::Duration;

pub use client::Client;
pub use exercise::{exercise, serve_if_asked};
pub use parts::{Accept, Incoming, Parts, Read, ReadStep, Script, Write};
pub use server::{Memory, Running, Server, answer_heap_questions};

use crate::run::check::{Check, Level};

/// How long anything may take that should happen at once. Longer than this is called a hang, and
/// nothing is measured.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a server may take to start: some are compiled first, or start a virtual machine.
const START: Duration = Duration::from_secs(60);

/// How long a server may keep a member that has gone without a word and to which nobody posts.
const RELEASE: Duration = Duration::from_secs(20);

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
        why: "a timeout or a select drops the future of a read, and with it whatever only that future had remembered",
        source: "https://github.com/google/comprehensive-rust/issues/713",
        deadline: SHORT,
        run: parts::e2_cancelled_read,
    },
    Check {
        id: "E3",
        level: Level::Must,
        must: "a line that is no request, invalid UTF-8 among them, gets one Error line, and the next line is served",
        why: "one client's typing error must cost it neither the connection nor an endless stream of errors",
        source: "https://github.com/rust-lang/futures-rs/issues/2784",
        deadline: SHORT,
        run: bad_input::e3_bad_lines,
    },
    Check {
        id: "E4",
        level: Level::Must,
        must: "an endless line costs bounded memory and gets one Error line; after its end the next line is served",
        why: "a server that collects a line until its end can be filled up by anybody who never ends it",
        source: "https://github.com/tokio-rs/tokio/issues/186",
        deadline: SHORT,
        run: bad_input::e4_endless_line,
    },
    Check {
        id: "E5",
        level: Level::Must,
        must: "a member that has shut down its sending side still receives",
        why: "end of input says that a client has nothing more to ask, not that it has gone",
        source: "https://github.com/tokio-rs/tokio/issues/3876",
        deadline: SHORT,
        run: members::e5_half_closed,
    },
    Check {
        id: "E6",
        level: Level::Must,
        must: "each line arrives whole, however little of it the kernel takes at a time",
        why: "a write may take fewer bytes than it was given, and the rest is the writer's business",
        source: "https://github.com/tokio-rs/tokio/issues/2329",
        deadline: SHORT,
        run: flood::e6_short_writes,
    },
    Check {
        id: "E7",
        level: Level::Must,
        must: "a member that does not read costs bounded memory, delays nobody, and is told how much it missed, once",
        why: "a queue without a bound turns one slow reader into an outage for all",
        source: "https://github.com/tokio-rs/tokio/blob/master/examples/chat.rs",
        deadline: LONG,
        run: flood::e7_stalled_reader,
    },
    Check {
        id: "E8",
        level: Level::Should,
        must: "no lock is held while a socket is written to, and what waits for a member goes out in one write",
        why: "whoever waits for the lock waits for the slowest socket; and it is the number of writes that costs",
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
        must: "the end of an old session does not take a new one with it, even from the same address",
        why: "a client that reconnects may be served before its old connection is noticed to be dead",
        source: "https://book.async.rs/tutorial/handling_disconnection.html",
        deadline: SHORT,
        run: members::e11_reconnect,
    },
    Check {
        id: "E12",
        level: Level::Must,
        must: "a connection that was aborted before it was accepted does not end the accept loop",
        why: "accept reports one client's misfortune as its own error; a `?` there makes it everybody's",
        source: "https://github.com/tiny-http/tiny-http/issues/283",
        deadline: SHORT,
        run: parts::e12_aborted_connection,
    },
    Check {
        id: "E13",
        level: Level::Must,
        must: "out of descriptors, the server neither ends nor spins, and accepts again once there are some",
        why: "accept fails at once until a descriptor is free: a loop without a pause burns a core, one with `?` ends",
        source: "https://github.com/hyperium/hyper/issues/1358",
        deadline: SHORT,
        run: service::e13_out_of_descriptors,
    },
    Check {
        id: "E14",
        level: Level::Must,
        must: "no descriptor of a member that has gone is kept, and 10,000 connections leave no bytes behind",
        why: "what is kept for each visitor adds up until the server ends",
        source: "https://github.com/ProgrammingRust/async-chat/blob/master/src/bin/server/group.rs",
        deadline: LONG,
        run: service::e14_nothing_is_kept,
    },
    Check {
        id: "E15",
        level: Level::Must,
        must: "on SIGTERM the server stops accepting, writes what waits for its members, and exits with code 0",
        why: "a restart is routine, and what was accepted before it was promised to be delivered",
        source: "https://book.async.rs/tutorial/clean_shutdown.html",
        deadline: SHORT,
        run: service::e15_shutdown,
    },
];
