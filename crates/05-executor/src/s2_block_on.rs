//! Stage 2: poll, and sleep until somebody wakes. One future and the thread that waits for it; the
//! waker is what ends the sleep. A thread that is woken before it sleeps does not go to sleep: no
//! wake is lost between the poll and the park.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use lesson_waker::s8_parker::Parker;

// ANCHOR: block_on
/// Runs a future to its end on this thread.
///
/// Inside another executor's poll it blocks that executor's thread, with all its tasks.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let parker = Parker::new();
    let waker = parker.waker();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        parker.park();
    }
}
// ANCHOR_END: block_on

// ANCHOR: naive
/// The same as one would write it first: over the one token that std gives each thread.
///
/// That token is everybody's. A future that parks for something of its own, inside its poll, takes
/// the wake that was meant for this loop along, and then this loop sleeps for ever (C2); as it does
/// if that is another such loop (C3).
pub fn naive_block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
// ANCHOR_END: naive
