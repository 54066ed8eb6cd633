//! A writer that has something lets others go first: what they post goes out with the same write.
//! Writes are counted.

use std::{
    io,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use chat::{Limits, Member};
use futures::AsyncWrite;
use harness::probe::Task;
use lesson_async_chat::{
    on_smol::Smol,
    parts::mailbox::{Mailbox, Phase},
    s2_mailbox::write_out,
};

/// A socket that takes everything, and keeps each write.
struct Kept<'test>(&'test Mutex<Vec<Vec<u8>>>);

impl AsyncWrite for Kept<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_is_posted_while_a_writer_lets_others_go_first_needs_no_write_of_its_own() {
    let limits = Limits::default();
    let (mailbox, writes) = (Mailbox::new(&limits), Mutex::default());
    let mut socket = Kept(&writes);
    let mut writer = Task::new(write_out(&mut socket, &mailbox, &Smol, limits.half_closed));
    writer.assert_pending();
    mailbox.deliver("rust", &(*b"one\n").into());
    assert!(writer.is_woken());
    writer.assert_pending();
    assert!(writer.is_woken(), "it waits for nothing but its next turn");
    assert_eq!(writes.lock().unwrap().len(), 0);
    mailbox.deliver("rust", &(*b"two\n").into());
    writer.assert_pending();
    assert!(!writer.is_woken(), "nothing waits");
    assert_eq!(*writes.lock().unwrap(), [b"one\ntwo\n"]);
    mailbox.enter(Phase::Closed);
    assert!(writer.assert_ready().is_ok());
}
