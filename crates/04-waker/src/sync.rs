//! Where two threads meet: the types of std, or under `--cfg loom_model` those of loom, which tries
//! every order that its model of memory knows, or under `--cfg shuttle_model` those of shuttle,
//! which tries many. Nothing else in this lesson names any of them. What is no model's matter (the
//! `Arc` in a waker of std's `Wake`) stays std's.

#[cfg(loom_model)]
pub(crate) use loom::{
    hint,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

#[cfg(shuttle_model)]
pub(crate) use shuttle::{
    hint,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

#[cfg(not(any(loom_model, shuttle_model)))]
pub(crate) use std::{
    hint,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

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
