//! The channel, condition variable, timers and tasks of async-std. Its locks are those of
//! async-lock.

use std::{sync::Arc, time::Duration};

use async_std::{
    channel, future,
    sync::{Condvar, Mutex},
    task,
};
use harness::{Subject, future::Tested};

use super::on_async_lock::EVENT_LISTENER;

/// A day: no check waits for it.
const LONG: Duration = Duration::from_secs(86_400);

/// What some of them fail, and the tests in `it/findings` that show it.
const CONDVAR: &[(&str, &str)] = &[("A10", "async_std_clones_a_waker_while_the_mutex_of_a_condvar_is_locked")];
const HANDLE: &[(&str, &str)] =
    &[("A7", "async_task_keeps_the_waker_of_a_dropped_handle"), ("A11", "async_task_aborts_at_a_panic")];

/// All checks but A7. The thread of async-io removes a dropped timer at its next turn, at no
/// particular time.
const NOT_A7: &[&str] =
    &["A1", "A2", "A3", "A4", "A5", "A6", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16", "A17"];

pub fn subjects() -> Vec<Subject<Tested>> {
    let recv = || {
        let (sender, receiver) = channel::bounded(1);
        (async move { receiver.recv().await }, move || sender.try_send(5))
    };
    let send = || {
        let (sender, receiver) = channel::bounded(1);
        sender.try_send(5).expect("there is room for one");
        let waiter = |sender: channel::Sender<u32>| async move { sender.send(6).await };
        (waiter(sender.clone()), waiter(sender), move || receiver.try_recv().map(|_| std::mem::forget(receiver)))
    };
    let condvar = || {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waiting = shared.clone();
        let wait = async move {
            let (mutex, changed) = &*waiting;
            drop(changed.wait_until(mutex.lock().await, |happened| *happened).await);
        };
        let event = move || {
            *task::block_on(shared.0.lock()) = true;
            shared.1.notify_one();
        };
        (wait, event)
    };
    let join_handle = || {
        let (sender, receiver) = channel::bounded::<u32>(1);
        (task::spawn(async move { receiver.recv().await }), move || sender.try_send(5))
    };
    vec![
        Subject::new("async-std-channel-recv", Tested::waits(recv)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-std-channel-send", Tested::permits(send)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-std-condvar", Tested::waits(condvar)).fails(CONDVAR).long(&["A7"]),
        Subject::new("async-std-join-handle", Tested::waits(join_handle)).fails(HANDLE),
        Subject::new("async-std-sleep", Tested::completes(|| task::sleep(Duration::from_millis(20)))),
        Subject::new("async-std-yield-now", Tested::completes(task::yield_now)),
        Subject::new("async-std-timeout", Tested::wraps(|child| future::timeout(LONG, child))).only(NOT_A7),
        Subject::new("async-std-pending", Tested::inert(future::pending::<()>)),
    ]
}
