//! Tasks that wait for another thread, which tells them to go on. A seed decides the order.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

/// How often a task is told to go on before it is ready.
pub const WAKES: usize = 8;

/// The means by which another thread refers to a task.
pub struct Told {
    times: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
}

/// Creates a future that is ready once it was told to go on `WAKES` times. It returns the number of
/// its polls. Until it is dropped, `alive` counts it.
pub fn told(alive: &Arc<AtomicUsize>) -> (impl Future<Output = usize> + Send + 'static, Told) {
    alive.fetch_add(1, SeqCst);
    let (held, told) = (Held(Arc::clone(alive)), Told { times: Arc::default(), waker: Arc::default() });
    let (times, kept) = (Arc::clone(&told.times), Arc::clone(&told.waker));
    let mut polls = 0;
    let future = poll_fn(move |cx| {
        let _ = &held;
        polls += 1;
        *kept.lock().unwrap() = Some(cx.waker().clone());
        if times.load(SeqCst) < WAKES { Poll::Pending } else { Poll::Ready(polls) }
    });
    (future, told)
}

/// Subtracts 1 from the count.
struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Told {
    /// Tells the task to go on, for the `number`-th time. Returns its last waker, if it was polled.
    pub fn tell(&self, number: usize) -> Option<Waker> {
        self.times.store(number, SeqCst);
        self.waker()
    }

    /// The task's last waker, if it was polled.
    pub fn waker(&self) -> Option<Waker> {
        self.waker.lock().unwrap().clone()
    }
}

/// The next number of a sequence that looks random.
pub fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}
