//! Where two threads meet: the types of std, or under `--cfg loom_model` those of loom, which tries
//! every order, or under `--cfg shuttle_model` those of shuttle, which tries many. Nothing else in
//! this lesson names any of them. What is no model's matter (the `Arc` of a scheduler or of a root)
//! stays std's.

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

// The threads of a pool, and what each has for itself. loom's models run parts of pools only, on
// threads of their own.
#[cfg(shuttle_model)]
pub(crate) use shuttle::{thread, thread_local};

#[cfg(not(shuttle_model))]
pub(crate) use std::{thread, thread_local};

pub(crate) mod this_thread {
    //! A number for each thread, so that to ask whether this is the one is a load and a comparison.
    //! No number is given twice in a process, so that of a thread that has ended is nobody's; and
    //! to read it works also at a thread's very end.

    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static LAST: AtomicU64 = AtomicU64::new(0);

    /// The number of this thread, which is not 0.
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

    /// A thread of a model is none of std's.
    #[cfg(loom_model)]
    pub(crate) fn number() -> u64 {
        loom::thread_local! {
            static NUMBER: u64 = LAST.fetch_add(1, Relaxed) + 1;
        }
        NUMBER.with(|number| *number)
    }
}

pub(crate) mod cell {
    //! A cell that loom can watch: it is entered by a closure, so that the model knows when one
    //! begins and ends.

    #[cfg(loom_model)]
    pub(crate) use loom::cell::UnsafeCell;

    /// The same for std, where it costs nothing.
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

/// A value with a cache line of its own (two, since processors fetch them in pairs): a thread that
/// writes it does not take away from another what stands beside.
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);
