//! Stage 8: a parker, which lets a thread sleep until it is woken. One word has three states. A
//! thread that is awake is never woken by the kernel, which is a hundred times dearer than to write
//! a word; and an unpark that comes before the park is not lost.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::Ordering::{Acquire, Relaxed, Release},
    },
    task::{Wake, Waker},
    time::Instant,
};

use crate::{
    parts::event,
    sync::{
        AtomicUsize,
        thread::{self, Thread},
    },
};

/// The thread is awake, and nobody has anything for it.
const EMPTY: usize = 0;
/// The thread sleeps, or is about to.
const PARKED: usize = 1;
/// Somebody has woken it since it last parked: it does not go to sleep.
const NOTIFIED: usize = 2;

/// Lets the thread that made it sleep. It stays on that thread: it is not `Send`.
pub struct Parker {
    unparker: Arc<Unparker>,
    on_its_thread: PhantomData<*const ()>,
}

/// Wakes the thread of a [`Parker`], from any other. It is a [`Wake`], so a waker is made of it
/// without another allocation.
pub struct Unparker {
    state: AtomicUsize,
    thread: Thread,
}

impl Parker {
    /// A parker for the calling thread.
    pub fn new() -> Self {
        let unparker = Unparker { state: AtomicUsize::new(EMPTY), thread: thread::current() };
        Parker { unparker: Arc::new(unparker), on_its_thread: PhantomData }
    }

    // ANCHOR: park
    /// Sleeps until somebody unparks. If somebody has since the last time, it returns at once. It
    /// sees all that was done before each of the unparks that it answers. What others do with the
    /// token of `std::thread::park` does not matter.
    pub fn park(&self) {
        self.park_while(|| {
            thread::park();
            true
        });
    }

    /// Sleeps, and again, until it is unparked or the answer is that this is enough.
    fn park_while(&self, sleep: impl Fn() -> bool) {
        let state = &self.unparker.state;
        // Models, of each line here: `parker_*`.
        if state.compare_exchange(EMPTY, PARKED, Acquire, Relaxed).is_ok() {
            event::park();
            // Each may end by a wake of somebody else's, or of nobody's.
            while sleep() && state.load(Relaxed) != NOTIFIED {}
            event::unpark();
        }
        // A swap, so that it reads the last unpark and through it all others. One that comes at a
        // deadline is either answered here, or by the next park.
        state.swap(EMPTY, Acquire);
    }
    // ANCHOR_END: park

    /// As [`park`](Parker::park), until the deadline at the latest.
    #[cfg(not(any(loom_model, shuttle_model)))]
    pub fn park_until(&self, deadline: Instant) {
        self.park_while(|| {
            let left = deadline.saturating_duration_since(Instant::now());
            let asleep = !left.is_zero();
            if asleep {
                thread::park_timeout(left);
            }
            asleep
        });
    }

    /// loom knows no time: in its models no deadline comes.
    #[cfg(loom_model)]
    pub fn park_until(&self, _deadline: Instant) {
        self.park();
    }

    /// Nor does shuttle: in its models the deadline may come at any time.
    #[cfg(shuttle_model)]
    pub fn park_until(&self, _deadline: Instant) {
        self.park_while(|| {
            thread::yield_now();
            false
        });
    }

    /// Wakes this thread.
    pub fn unparker(&self) -> &Arc<Unparker> {
        &self.unparker
    }

    /// A waker that wakes this thread.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.unparker))
    }
}

impl Default for Parker {
    fn default() -> Self {
        Parker::new()
    }
}

impl Unparker {
    // ANCHOR: unpark
    /// Wakes the thread if it sleeps; if not, its next park returns at once.
    pub fn unpark(&self) {
        // Written also if it says so already: this unpark has something of its own to show. Models:
        // `parker_*`.
        if self.state.swap(NOTIFIED, Release) == PARKED {
            self.thread.unpark();
        }
    }
    // ANCHOR_END: unpark
}

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}
