//! Stage 2: poll, and sleep until a wake. There is one future, and the thread that waits for it.
//! The waker ends the sleep. A wake that arrives before the thread sleeps is not lost: then the
//! thread does not sleep at all.

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
/// Called inside a task, it blocks the thread of that task's executor, and with it all tasks that
/// run there.
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
/// The same function as most people write it first: it sleeps in `std::thread::park`.
///
/// std gives each thread one token for that, and all code on the thread shares it. A future that
/// parks inside its `poll` takes the wake that was meant for this loop, and then this loop sleeps
/// forever (C2). Another such loop inside the future does the same (C3).
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
