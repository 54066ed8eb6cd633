//! A task in a slot: a head, which is the same for all, and room for the future, which is the place
//! of the output once the future is gone. What is too large for the room is in a box.

#![allow(unsafe_code)]

use std::{
    any::type_name,
    cell::Cell,
    future::Future,
    marker::PhantomData,
    mem::{self, ManuallyDrop, needs_drop},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll, Waker},
};

use super::words::{FUTURE, Others, Own, Start};
use crate::{
    parts::{
        event,
        fast::words::QUEUED,
        task::{JoinError, cell::quietly},
    },
    sync::cell::UnsafeCell,
};

/// The bytes in a slot for the future and the output.
const ROOM: usize = 64;
/// The size of a slot.
pub(super) const SLOT: usize = size_of::<Head>() + ROOM;

// ANCHOR: head
/// What every task begins with. All but `others`, and `free` to read it, is the owner's alone,
/// while somebody has the task.
#[repr(C)]
pub(super) struct Head {
    table: &'static Table,
    /// The one behind it in the run queue; of a free slot, the next that is free. In the stack of
    /// the returned, where nobody has a task, it is the link of who pushes it, and then of who
    /// takes it.
    pub(super) next: Cell<Option<Slot>>,
    /// The waker of who awaits the handle: left by that, and taken when the output is there, or
    /// when the handle goes.
    pub(super) joiner: Cell<Option<Waker>>,
    pub(super) own: Own,
    pub(super) others: Others,
    /// Nothing. A model sees here who uses a task that is gone.
    pub(super) life: UnsafeCell<()>,
}
// ANCHOR_END: head

/// What is done differently for each kind of future.
struct Table {
    poll: unsafe fn(Slot),
    cancel: unsafe fn(Slot),
    free_box: unsafe fn(NonNull<()>),
}

/// A slot with a task in it. Whoever has one has set a flag or counts a reference that keeps the
/// task there, or borrows from somebody who does.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Slot(pub(super) NonNull<Head>);

impl Slot {
    /// # Safety
    ///
    /// There is a head, and it stays there for as long as this is used (see [`Slot`]).
    #[inline]
    pub(super) unsafe fn from_raw(head: NonNull<Head>) -> Self {
        Slot(head)
    }

    /// Makes a task of the future, in a slot that nobody has.
    ///
    /// # Safety
    ///
    /// The slot is of a slab of this thread's, and it is free or uninitialised.
    #[inline]
    pub(super) unsafe fn fill<F: Future>(slot: NonNull<Head>, own: fn(bool) -> Own, future: F) -> Self {
        let head = Head {
            table: const { &Table { poll: Of::<F>::poll, cancel: Of::<F>::cancel, free_box: Of::<F>::free_box } },
            next: Cell::new(None),
            joiner: Cell::new(None),
            own: own(Of::<F>::BOXED),
            others: Others::new(),
            life: UnsafeCell::new(()),
        };
        // SAFETY: the slot is the caller's; of what was in there, nothing is left to be dropped.
        // The room is behind the head, and there is enough of it for what is put there.
        unsafe {
            slot.write(head);
            let room = slot.add(1);
            if Of::<F>::BOXED {
                let content = Content { future: ManuallyDrop::new(future) };
                room.cast().write(Box::into_raw(Box::new(content)));
            } else {
                room.cast().write(future);
            }
        }
        Slot(slot)
    }

    #[inline]
    pub(super) fn head(&self) -> &Head {
        // SAFETY: whoever has a slot sees to it that the task is there. Of the head only what is in
        // cells changes.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    pub(super) fn as_ptr(self) -> *mut Head {
        self.0.as_ptr()
    }

    /// What the events tell it by.
    #[inline]
    pub(super) fn address(self) -> usize {
        self.0.addr().get()
    }

    /// Polls it, or drops its future, or neither, as its word says. It was taken out of the queue.
    ///
    /// # Safety
    ///
    /// This is the owner's thread.
    #[inline]
    pub(super) unsafe fn run(self) {
        match self.head().own.start() {
            // SAFETY: the table is that of this task, whose future is there, and is neither polled
            // nor dropped further out.
            Start::Poll => unsafe { (self.head().table.poll)(self) },
            // SAFETY: as above.
            Start::Cancel => unsafe { (self.head().table.cancel)(self) },
            Start::Over => self.release(QUEUED),
        }
    }

    /// Drops its future, unless that is gone, or going.
    ///
    /// # Safety
    ///
    /// This is the owner's thread, and does not poll the task, further out.
    pub(super) unsafe fn shut_down(self) {
        if self.head().own.is_alive() {
            // SAFETY: the future is there, and the table is that of this task.
            unsafe { (self.head().table.cancel)(self) }
        }
    }

    /// One of the flags that keep it goes. On the owner's thread.
    #[inline]
    pub(super) fn release(self, strong: u32) {
        if self.head().own.release(strong, &self.head().others) {
            self.free();
        }
    }

    /// Moves the output out.
    ///
    /// # Safety
    ///
    /// It is there, the caller's, and a `T`.
    #[inline]
    pub(super) unsafe fn take_output<T>(self) -> Result<T, JoinError> {
        // SAFETY: in a box or not, the output begins where the future did.
        unsafe {
            let room = self.0.add(1);
            if !self.head().own.is_boxed() {
                return room.cast().read();
            }
            let content = room.cast::<NonNull<()>>().read();
            let output = content.cast().read();
            (self.head().table.free_box)(content);
            output
        }
    }
}

#[repr(C)]
union Content<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

/// What is done for one kind of future. For all of it: `F` is the future of the task, and this is
/// the owner's thread.
struct Of<F>(PhantomData<F>);

impl<F: Future> Of<F> {
    const BOXED: bool = size_of::<Content<F>>() > ROOM || align_of::<Content<F>>() > align_of::<Head>();

    #[inline]
    unsafe fn content(task: Slot) -> *mut Content<F> {
        // SAFETY: the room is behind the head.
        unsafe {
            let room = task.0.add(1);
            if Self::BOXED { room.cast::<*mut Content<F>>().read() } else { room.cast().as_ptr() }
        }
    }

    // ANCHOR: poll
    /// # Safety
    ///
    /// The future is there, and nobody's but the caller's.
    unsafe fn poll(task: Slot) {
        event::poll(task.address());
        let waker = task.lent_waker();
        let poll = || {
            // SAFETY: the future is there; and it stays where it is until it is dropped.
            let future = unsafe { Pin::new_unchecked(&mut *(*Self::content(task)).future) };
            future.poll(&mut Context::from_waker(&waker))
        };
        // What it leaves behind when it panics is dropped next.
        let output = match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => return event::polled("pending", task.address()),
            Ok(Poll::Ready(output)) => {
                event::polled("ready", task.address());
                Ok(output)
            }
            Err(panic) => {
                event::polled("panic", task.address());
                Err(JoinError::panicked(panic))
            }
        };
        // SAFETY: as above.
        unsafe { Self::end(task, output) }
    }
    // ANCHOR_END: poll

    /// # Safety
    ///
    /// As [`Of::poll`].
    unsafe fn cancel(task: Slot) {
        // SAFETY: the caller's.
        unsafe { Self::end(task, Err(JoinError::cancelled())) }
    }

    // ANCHOR: end
    /// Drops the future, puts the output in its place if anybody may want it, and wakes who waits
    /// for it. Whatever the future does when it is dropped, and who is woken, `FUTURE` keeps the
    /// task here until all of it is over.
    ///
    /// # Safety
    ///
    /// As [`Of::poll`].
    #[inline]
    unsafe fn end(task: Slot, mut output: Result<F::Output, JoinError>) {
        let Head { own, joiner, .. } = task.head();
        own.end();
        event::task("drop", task.address());
        // SAFETY: the place is that of the future, which is there and not used again; then it is
        // nobody's, and the output fits.
        unsafe {
            let content = Self::content(task);
            if needs_drop::<F>() {
                let drop_future = || ManuallyDrop::drop(&mut (*content).future);
                if let Err(panic) = catch_unwind(AssertUnwindSafe(drop_future)) {
                    let unseen = mem::replace(&mut output, Err(JoinError::panicked(panic)));
                    quietly(|| drop(unseen));
                }
            }
            if own.has_handle() {
                (&raw mut (*content).output).write(ManuallyDrop::new(output));
                own.put();
                if let Some(waker) = joiner.take() {
                    quietly(|| waker.wake());
                }
            } else {
                if Self::BOXED {
                    Self::free_box(NonNull::new_unchecked(content.cast()));
                }
                quietly(|| drop(output));
            }
        }
        task.release(FUTURE);
    }
    // ANCHOR_END: end

    /// # Safety
    ///
    /// The content is in this box, and what was in it has been moved or dropped.
    unsafe fn free_box(content: NonNull<()>) {
        // SAFETY: the caller's; a union drops nothing of what is in it.
        drop(unsafe { Box::from_raw(content.cast::<Content<F>>().as_ptr()) });
    }

    // The name in the record.
    #[inline]
    fn name() -> &'static str {
        type_name::<F>()
    }
}

/// Tells of a task that was spawned.
#[inline]
pub(super) fn tell<F: Future>(task: Slot) {
    event::spawn(task.address(), Of::<F>::name());
    event::task("enqueue", task.address());
}
