//! The atomics, locks and threads of this lesson. They are those of std, of loom under
//! `--cfg loom_model`, and of shuttle under `--cfg shuttle_model`. loom tries the orders in which
//! threads can meet; shuttle tries random ones. A part that no model looks at stays std's, as the
//! `Arc` of a scheduler.

#[cfg(loom_model)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, fence},
};

#[cfg(shuttle_model)]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, fence},
};

#[cfg(not(any(loom_model, shuttle_model)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, fence},
};

// The threads of a pool, and their thread-locals. The models for loom have threads of their own and
// run only parts of a pool.
#[cfg(shuttle_model)]
pub(crate) use shuttle::{
    thread::{self, LocalKey},
    thread_local,
};

#[cfg(not(shuttle_model))]
pub(crate) use std::{
    thread::{self, LocalKey},
    thread_local,
};

pub(crate) mod this_thread {
    //! A number for each thread. "Is this the same thread?" is then a load and a comparison. A
    //! process gives no number twice. So the number of a thread that has ended belongs to no other
    //! thread, and reading a number works even while a thread ends.

    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static LAST: AtomicU64 = AtomicU64::new(0);

    /// The number of this thread, which is never 0.
    #[cfg(not(loom_model))]
    #[inline]
    pub(crate) fn number() -> u64 {
        use std::cell::Cell;

        thread_local! {
            static NUMBER: Cell<u64> = const { Cell::new(0) };
        }
        #[cold]
        fn give() -> u64 {
            NUMBER.set(LAST.fetch_add(1, Relaxed) + 1);
            NUMBER.get()
        }
        match NUMBER.get() {
            0 => give(),
            number => number,
        }
    }

    /// A model switches threads itself, so this thread-local is loom's.
    #[cfg(loom_model)]
    pub(crate) fn number() -> u64 {
        loom::thread_local! {
            static NUMBER: u64 = LAST.fetch_add(1, Relaxed) + 1;
        }
        NUMBER.with(|number| *number)
    }
}

pub(crate) mod cell {
    //! A cell that loom can watch. It is used through a closure, so a model knows when each use
    //! begins and ends.

    #[cfg(loom_model)]
    pub(crate) use loom::cell::UnsafeCell;

    /// The same interface on std's cell. It costs nothing.
    #[cfg(not(loom_model))]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    #[cfg(not(loom_model))]
    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> Self {
            UnsafeCell(std::cell::UnsafeCell::new(value))
        }

        #[inline(always)]
        pub(crate) fn with<R>(&self, enter: impl FnOnce(*const T) -> R) -> R {
            enter(self.0.get())
        }

        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, enter: impl FnOnce(*mut T) -> R) -> R {
            enter(self.0.get())
        }
    }
}

/// A value on cache lines of its own: a thread that writes it does not slow down threads that use
/// its neighbours. Processors fetch lines of 64 bytes in pairs, so it is aligned to 128.
#[repr(align(128))]
pub(crate) struct CacheAligned<T>(pub(crate) T);
