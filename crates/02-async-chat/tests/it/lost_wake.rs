//! Whoever waits registers its waker first and looks second. A waker that runs a closure while it
//! is cloned, which is while it is registered, makes happen there what is waited for: the look that
//! follows must see it. A look that came before would not.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
};

use chat::{Limits, Member};
use harness::probe::{Task, WakerProbe};
use lesson_async_chat::parts::{
    crew::Crew,
    mailbox::{Mailbox, Phase},
    stop::Stop,
};

fn mailbox() -> Arc<Mailbox> {
    Arc::new(Mailbox::new(&Limits { mailbox_lines: 1, ..Limits::default() }))
}

/// Polls `waiting` once, and `event` happens while its waker is being registered: it must be ready.
#[track_caller]
fn seen<T>(waiting: impl Future<Output = T>, event: impl Fn() + Send + Sync + 'static) -> T {
    let probe = WakerProbe::new().on_clone(event);
    let ready = Task::new(waiting).with(&probe).assert_ready();
    assert!(probe.clones() > 0, "nobody has registered the waker");
    ready
}

#[test]
fn a_line_left_while_the_writer_registers() {
    let mailbox = mailbox();
    let writer = Arc::clone(&mailbox);
    let filled = seen(poll_fn(|cx| writer.poll_filled(cx)), move || mailbox.deliver("rust", &(*b"hola\n").into()));
    assert!(filled);
}

#[test]
fn an_end_while_the_writer_registers() {
    let mailbox = mailbox();
    let writer = Arc::clone(&mailbox);
    let filled = seen(poll_fn(|cx| writer.poll_filled(cx)), move || mailbox.enter(Phase::Closed));
    assert!(!filled);
}

#[test]
fn an_end_while_the_reader_registers() {
    let mailbox = mailbox();
    let reader = Arc::clone(&mailbox);
    seen(reader.closed(), move || mailbox.enter(Phase::Closed));
}

#[test]
fn room_made_while_the_reader_registers() {
    let mailbox = mailbox();
    let reader = Arc::clone(&mailbox);
    mailbox.reply((*b"full\n").into()).expect("it was empty");
    seen(reader.room_for(b"more\n"), move || assert_eq!(mailbox.take(), b"full\n"));
}

#[test]
fn a_stop_while_the_accept_loop_registers() {
    let stop = Arc::new(Stop::default());
    let set = Arc::clone(&stop);
    assert_eq!(seen(stop.or(pending::<()>()), move || set.set()), None);
}

#[test]
fn a_last_one_that_leaves_while_the_end_registers() {
    let crew = Arc::new(Crew::new(1));
    let seat = Mutex::new(crew.enter(Mailbox::new(&Limits::default())));
    seen(crew.all_left(), move || drop(seat.lock().unwrap().take()));
}
