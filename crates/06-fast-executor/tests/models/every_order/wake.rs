//! B12, B13, C1, C4: every wake is followed by a poll, which sees what was done before the wake. On
//! stages 1 and 4.

use std::future::poll_fn;

use loom::thread;

use super::tools::{Flags, Kept, Watched, all_freed, bounded, executor};
use crate::one_thread::Stage;

on_both! {
    super::Watched =>
    wake_from_another_thread
    wake_from_two_threads
    wake_inside_the_poll
    wake_of_the_root
}

/// The task is woken while it waits: before the executor's thread parks, during the park, or after.
fn wake_from_another_thread<S: Stage<Driver = Watched>>() {
    loom::model(|| {
        let (executor, alive) = executor::<S>();
        let (flags, kept) = (Flags::new(), Kept::default());
        let task = executor.spawn(flags.wait(1, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || {
            flags.set(0);
            waker.wake();
        });
        executor.block_on(task).unwrap();
        thread.join().unwrap();
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// The task is woken in its queue, in its poll, between two polls, or by both threads at once. The
/// poll must see what each thread did before its wake.
fn wake_from_two_threads<S: Stage<Driver = Watched>>() {
    bounded(2, || {
        let (executor, alive) = executor::<S>();
        let (flags, kept) = (Flags::new(), Kept::default());
        let task = executor.spawn(flags.wait(2, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let threads = [(0, waker.clone()), (1, waker)].map(|(number, waker)| {
            let flags = flags.clone();
            thread::spawn(move || {
                flags.set(number);
                waker.wake_by_ref();
            })
        });
        executor.block_on(task).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// The task is woken in the middle of its first poll, or right after it.
fn wake_inside_the_poll<S: Stage<Driver = Watched>>() {
    loom::model(|| {
        let (executor, alive) = executor::<S>();
        let (flags, kept) = (Flags::new(), Kept::default());
        let (mut wait, mut thread) = (Box::pin(flags.wait(1, kept.clone())), None);
        let task = executor.spawn(poll_fn(move |cx| {
            let (flags, waker) = (flags.clone(), cx.waker().clone());
            thread.get_or_insert_with(|| {
                thread::spawn(move || {
                    flags.set(0);
                    waker.wake();
                })
            });
            let polled = wait.as_mut().poll(cx);
            polled.map(|()| thread.take().unwrap())
        }));
        let thread = executor.block_on(task).unwrap();
        thread.join().unwrap();
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// The root is woken. Another thread drops its last waker, before everything else is gone or after.
fn wake_of_the_root<S: Stage<Driver = Watched>>() {
    loom::model(|| {
        let (executor, alive) = executor::<S>();
        let (flags, kept) = (Flags::new(), Kept::default());
        let (there, waker) = (flags.clone(), kept.clone());
        let mut thread = None;
        let mut wait = Box::pin(flags.wait(1, kept));
        executor.block_on(poll_fn(|cx| {
            let polled = wait.as_mut().poll(cx);
            let (there, waker) = (there.clone(), waker.clone());
            if thread.is_none() {
                let waker = waker.take();
                thread = Some(thread::spawn(move || {
                    there.set(0);
                    waker.wake();
                }));
            }
            polled
        }));
        drop((executor, wait, waker));
        thread.unwrap().join().unwrap();
        all_freed(&alive);
    });
}
