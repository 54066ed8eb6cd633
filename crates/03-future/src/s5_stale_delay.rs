//! Stage 5: a delay, broken. The promise of `Pending` is now kept by somebody else, a thread that
//! does the waiting. It keeps the waker of the first poll alone: once the future has moved to
//! another task, it wakes the one that it left.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use crate::parts::event;

/// Ready once a thread, which the first poll starts, has done its waiting.
///
/// Cancel safe but for one thing: dropped while it waits, it leaves its waker with the thread.
pub struct Delay {
    /// What the thread shall do, until there is one.
    wait: Option<Box<dyn FnOnce() + Send>>,
    shared: Arc<Shared>,
}

/// What the future and the thread share.
#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    over: bool,
    waker: Option<Waker>,
}

impl Delay {
    /// Ready `duration` after its first poll.
    pub fn new(duration: Duration) -> Self {
        Delay::after(move || thread::sleep(duration))
    }

    /// Ready once `wait` has returned, which may block. A `wait` that panics leaves the future
    /// waiting for ever.
    pub fn after(wait: impl FnOnce() + Send + 'static) -> Self {
        Delay { wait: Some(Box::new(wait)), shared: Arc::default() }
    }
}

impl Future for Delay {
    type Output = ();

    // ANCHOR: poll
    /// # Panics
    ///
    /// If the system refuses another thread.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(wait) = self.wait.take() {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("delay".into()).spawn(move || {
                wait();
                shared.fire();
            });
            thread.expect("the system has a thread left");
            // Register, then check: the thread may fire between the two, and must find the waker or
            // be seen. Only that the next poll, which may bring another waker, does not come by
            // here.
            self.shared.register(cx.waker().clone());
        }
        if self.shared.lock().over { Poll::Ready(()) } else { Poll::Pending }
    }
    // ANCHOR_END: poll
}

impl Shared {
    // ANCHOR: shared
    fn register(&self, waker: Waker) {
        event::register("delay");
        let last = self.lock().waker.replace(waker);
        // Code of a stranger runs when a waker is dropped, woken or cloned: never under our lock.
        drop(last);
    }

    fn fire(&self) {
        event::fire("delay");
        let mut state = self.lock();
        state.over = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    // ANCHOR_END: shared

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
