//! The stop signal, and waiting for whichever comes first: it, or something else.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    task::Poll,
};

use futures::{
    future::{Either, select},
    task::AtomicWaker,
};

/// Set once, from any thread, when the server shall stop. One task at a time may wait for it: the
/// accept loop.
#[derive(Debug, Default)]
pub struct Stop {
    set: AtomicBool,
    waiting: AtomicWaker,
}

impl Stop {
    /// Sets it.
    pub fn set(&self) {
        self.set.store(true, SeqCst);
        self.waiting.wake();
    }

    /// What `future` gives, or `None` if the stop comes first; then the future is dropped where it
    /// stands.
    pub async fn or<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless(self.wait(), future).await
    }

    async fn wait(&self) {
        poll_fn(|cx| {
            self.waiting.register(cx.waker());
            // Registered first, and looked at second: whoever sets it in between wakes.
            if self.set.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// What `future` gives, or `None` if `end` comes first; then `future` is dropped where it stands.
pub async fn unless<T>(end: impl Future<Output = ()>, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(end), pin!(future)).await {
        Either::Left(_) => None,
        Either::Right((value, _)) => Some(value),
    }
}
