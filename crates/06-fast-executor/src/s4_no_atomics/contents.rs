//! What a task in a slot does with its future and its output. These are the functions of its
//! vtable, one set for each type of future, and the function that fills a slot.

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
    task::{Context, Poll},
};

use lesson_executor::parts::join::JoinError;

use super::{
    owner_word::{FUTURE, OwnerWord},
    remote_word::RemoteWord,
    slot::{SLOT_ROOM, SlotHeader, SlotVtable, TaskSlot},
    waker,
};
use crate::{
    parts::{event, panics::contain_panic},
    sync::cell::UnsafeCell,
};

/// The future or, later in the same place, the output.
#[repr(C)]
union SlotContents<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

/// Makes a task of a future, in a slot that nobody uses.
///
/// # Safety
///
/// The slot is from a slab of this thread, and it is free or uninitialised.
#[inline]
pub(super) unsafe fn fill<F: Future>(
    slot: NonNull<SlotHeader>,
    owner_word: fn(bool) -> OwnerWord,
    future: F,
) -> TaskSlot {
    let header = SlotHeader {
        vtable: const { &SlotVtable { poll: Typed::<F>::poll, cancel: Typed::<F>::cancel, free_box: Typed::<F>::free_box } },
        next: Cell::new(None),
        joiner: Cell::new(None),
        owner_word: owner_word(Typed::<F>::IS_BOXED),
        remote_word: RemoteWord::new(),
        life: UnsafeCell::new(()),
    };
    // SAFETY: the slot is the caller's, and a free slot holds nothing that needs a drop. Behind the
    // header there is room for the contents, or for a pointer to them.
    unsafe {
        slot.write(header);
        let room = slot.add(1);
        if Typed::<F>::IS_BOXED {
            let contents = SlotContents { future: ManuallyDrop::new(future) };
            room.cast().write(Box::into_raw(Box::new(contents)));
        } else {
            room.cast().write(future);
        }
        TaskSlot::from_raw(slot)
    }
}

/// The functions for one type of future. All of them need: `F` is the type of the task's future,
/// and this is the owner thread.
struct Typed<F>(PhantomData<F>);

impl<F: Future> Typed<F> {
    const IS_BOXED: bool =
        size_of::<SlotContents<F>>() > SLOT_ROOM || align_of::<SlotContents<F>>() > align_of::<SlotHeader>();

    #[inline]
    unsafe fn contents(task: TaskSlot) -> *mut SlotContents<F> {
        // SAFETY: the room is behind the header. `fill` wrote the contents there, or a pointer to
        // them.
        unsafe {
            let room = task.0.add(1);
            if Self::IS_BOXED { room.cast::<*mut SlotContents<F>>().read() } else { room.cast().as_ptr() }
        }
    }

    // ANCHOR: poll
    /// # Safety
    ///
    /// The future is here, and only the caller uses it.
    unsafe fn poll(task: TaskSlot) {
        event::poll(task.address());
        let waker = waker::lent_waker(task);
        let poll = || {
            // SAFETY: the caller guarantees that the slot holds the future. It is pinned: nothing
            // moves it until `end` drops it in place.
            let future = unsafe { Pin::new_unchecked(&mut *(*Self::contents(task)).future) };
            future.poll(&mut Context::from_waker(&waker))
        };
        // After a panic the future is only dropped, so no broken state is seen.
        let output = match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => return event::polled("pending", task.address()),
            Ok(Poll::Ready(output)) => {
                event::polled("ready", task.address());
                Ok(output)
            }
            Err(payload) => {
                event::polled("panic", task.address());
                Err(JoinError::Panicked(payload))
            }
        };
        // SAFETY: the caller guarantees that the slot holds the future.
        unsafe { Self::end(task, output) }
    }
    // ANCHOR_END: poll

    /// # Safety
    ///
    /// As [`Typed::poll`].
    unsafe fn cancel(task: TaskSlot) {
        // SAFETY: the caller guarantees that the slot holds the future.
        unsafe { Self::end(task, Err(JoinError::Cancelled)) }
    }

    // ANCHOR: end
    /// Drops the future, stores the output if there is a handle, and wakes the task that awaits the
    /// handle. All of these may run any code; `FUTURE` keeps the slot in use until they are over.
    ///
    /// # Safety
    ///
    /// As [`Typed::poll`].
    #[inline]
    unsafe fn end(task: TaskSlot, mut output: Result<F::Output, JoinError>) {
        let SlotHeader { owner_word, joiner, .. } = task.header();
        owner_word.end();
        waker::report(task, event::task, "drop");
        // SAFETY: the caller guarantees that the slot holds the future, which is not used after its
        // drop. Then its place is free, and it has room for the output.
        unsafe {
            let contents = Self::contents(task);
            if needs_drop::<F>() {
                let drop_future = || ManuallyDrop::drop(&mut (*contents).future);
                if let Err(payload) = catch_unwind(AssertUnwindSafe(drop_future)) {
                    let unseen = mem::replace(&mut output, Err(JoinError::Panicked(payload)));
                    contain_panic(|| drop(unseen));
                }
            }
            if owner_word.has_handle() {
                (&raw mut (*contents).output).write(ManuallyDrop::new(output));
                owner_word.store_output();
                if let Some(waker) = joiner.take() {
                    contain_panic(|| waker.wake());
                }
            } else {
                if Self::IS_BOXED {
                    Self::free_box(NonNull::new_unchecked(contents.cast()));
                }
                contain_panic(|| drop(output));
            }
        }
        task.release(FUTURE);
    }
    // ANCHOR_END: end

    /// # Safety
    ///
    /// The contents are in this box, and were moved out or dropped.
    unsafe fn free_box(contents: NonNull<()>) {
        // SAFETY: `fill` made this box. A union drops none of its fields.
        drop(unsafe { Box::from_raw(contents.cast::<SlotContents<F>>().as_ptr()) });
    }
}

/// Reports that a task was spawned and queued.
#[inline]
pub(super) fn report_spawn<F: Future>(task: TaskSlot) {
    event::spawn(task.address(), type_name::<F>());
    event::task("enqueue", task.address());
}
