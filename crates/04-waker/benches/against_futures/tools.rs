//! What the loads are made of: a waker that can be waited for without the kernel.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
};

/// With cache lines of its own, so that two threads meet only where they are meant to, in every run
/// alike.
#[derive(Default)]
#[repr(align(128))]
pub struct Apart<T>(pub T);

/// A wake sets it.
#[derive(Default)]
pub struct Flag(Apart<AtomicBool>);

impl Flag {
    pub fn new() -> (Arc<Flag>, Waker) {
        let flag = Arc::new(Flag::default());
        (Arc::clone(&flag), Waker::from(flag))
    }

    /// Spins until it is set, and resets it. By a swap: a store could still be on its way when the
    /// next poll looks, and then wipe out the wake that comes after.
    #[expect(clippy::missing_spin_loop, reason = "its pause is half as long as what is measured")]
    pub fn wait(&self) {
        while !self.0.0.load(Relaxed) {}
        self.0.0.swap(false, Acquire);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.0.store(true, Release);
    }
}

/// Polls after each wake, for which it spins: with a park, the kernel would be most of what is
/// measured.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let (flag, waker) = Flag::new();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => flag.wait(),
        }
    }
}
