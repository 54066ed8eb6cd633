//! loom models of stages 3 and 4: a wake against the park, a wake during a poll, the completion of
//! a task against its join, an abort, and the drop of the executor.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use lesson_executor::{
    parts::join::JoinError,
    s2_block_on::block_on,
    s3_queue,
    s4_join::{self, Executor},
};
use loom::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

/// Flags that order nothing by themselves. What a poll sees of them is what a wake has shown.
#[derive(Clone)]
struct Flags(Arc<[AtomicBool; 2]>);

impl Flags {
    fn new() -> Self {
        Flags(Arc::new([AtomicBool::new(false), AtomicBool::new(false)]))
    }

    fn set(&self, number: usize) {
        self.0[number].store(true, Relaxed);
    }

    /// Is ready when the first flags are set. Each is set before a wake of the waker that this
    /// future keeps.
    fn wait(&self, first: usize, kept: Kept) -> impl Future<Output = ()> + Send + 'static {
        let flags = self.clone();
        poll_fn(move |cx| {
            kept.keep(cx.waker());
            let is_set = flags.0[..first].iter().all(|flag| flag.load(Relaxed));
            if is_set { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// A waker in a mutex of std. The mutex is no part of the model, because no thread waits for it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Option<Waker>>>);

impl Kept {
    fn keep(&self, waker: &Waker) {
        self.0.lock().unwrap().get_or_insert_with(|| waker.clone());
    }

    fn take(&self) -> Waker {
        self.0.lock().unwrap().take().expect("the task was polled")
    }
}

/// The task is woken before the executor parks, while it parks, or while it sleeps.
#[test]
fn wake_against_the_park() {
    loom::model(|| {
        let (executor, flags, kept) = (Executor::new(), Flags::new(), Kept::default());
        let task = executor.spawn(flags.wait(1, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || {
            flags.set(0);
            waker.wake();
        });
        executor.block_on(task).unwrap();
        thread.join().unwrap();
    });
}

/// Two threads wake the task. Each has set a flag before, and both flags must be seen.
#[test]
fn two_wakes_are_seen() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let (executor, flags, kept) = (Executor::new(), Flags::new(), Kept::default());
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
    });
}

/// The wake comes in the middle of the first poll, or right after it.
#[test]
fn wake_during_a_poll() {
    loom::model(|| {
        let (executor, flags, kept) = (Executor::new(), Flags::new(), Kept::default());
        let (mut wait, mut thread) = (Box::pin(flags.wait(1, kept)), None);
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
        // The task has ended, and has no second entry in the queue.
        executor.run_until_stalled();
    });
}

/// Blocks on a root that another thread wakes.
fn block_on_a_root(executor: &s3_queue::Executor) {
    let (flags, kept) = (Flags::new(), Kept::default());
    let (mut wait, mut thread) = (Box::pin(flags.wait(1, kept.clone())), None);
    executor.block_on(poll_fn(|cx| {
        let polled = wait.as_mut().poll(cx);
        if thread.is_none() {
            let (flags, waker) = (flags.clone(), kept.take());
            thread = Some(thread::spawn(move || {
                flags.set(0);
                waker.wake();
            }));
        }
        polled
    }));
    thread.unwrap().join().unwrap();
}

/// The root is woken: its flag is set first, and the thread is unparked second.
#[test]
fn wake_of_the_root() {
    loom::model(|| block_on_a_root(&s3_queue::Executor::new()));
}

/// The root wakes itself. Then it calls `block_on` inside its poll, which uses up the unpark.
#[test]
fn block_on_inside_a_poll() {
    loom::model(|| {
        let executor = s3_queue::Executor::new();
        let mut polls = 0;
        executor.block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            block_on_a_root(&executor);
            Poll::Pending
        }));
    });
}

/// The task ends on its own thread while another thread awaits the handle.
#[test]
fn join_against_completion() {
    loom::model(|| {
        let executor = Executor::new();
        let handle = executor.spawn(async { 5 });
        let joins = thread::spawn(move || block_on(handle).unwrap());
        executor.run_until_stalled();
        assert_eq!(joins.join().unwrap(), 5);
    });
}

/// The handle is dropped on another thread while the task ends: the output is dropped once.
#[test]
fn detach_against_completion() {
    loom::model(|| {
        let executor = Executor::new();
        let output = Arc::new(());
        let counted = Arc::clone(&output);
        let handle = executor.spawn(async { counted });
        let drops = thread::spawn(move || drop(handle));
        executor.run_until_stalled();
        drops.join().unwrap();
        drop(executor);
        assert_eq!(Arc::strong_count(&output), 1);
    });
}

/// The task is aborted on another thread while it waits, while it is polled or when it has ended.
#[test]
fn abort_against_a_poll() {
    loom::model(|| {
        let executor = Executor::new();
        let (flags, kept) = (Flags::new(), Kept::default());
        let handle = executor.spawn(flags.wait(1, kept));
        let aborts = thread::spawn(move || {
            handle.abort();
            handle
        });
        executor.run_until_stalled();
        let handle = aborts.join().unwrap();
        assert!(matches!(executor.block_on(handle), Err(JoinError::Cancelled)));
    });
}

/// Another thread spawns while the executor is dropped: the future is dropped in any case.
#[test]
fn spawn_against_the_drop() {
    loom::model(|| {
        let executor = Executor::new();
        let (spawner, held) = (executor.spawner(), Arc::new(()));
        let counted = Arc::clone(&held);
        let spawns = thread::spawn(move || {
            let spawner: s4_join::Spawner = spawner;
            spawner.spawn(async move {
                let _held = counted;
                std::future::pending::<()>().await
            })
        });
        drop(executor);
        let handle = spawns.join().unwrap();
        assert_eq!(Arc::strong_count(&held), 1);
        assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
    });
}
