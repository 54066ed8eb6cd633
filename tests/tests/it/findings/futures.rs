//! The findings in futures.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use futures::{FutureExt, StreamExt};

use super::{again, hooked_waker, how};

/// Counts its wakes. The `Arc` counts the clones of its waker.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    future.poll_unpin(&mut Context::from_waker(waker))
}

// A7: a waker that is kept after its future was dropped.

/// Whether something still holds the waker of a future that was polled and dropped.
fn keeps_the_waker(future: impl Future) -> bool {
    let task = Arc::new(Task::default());
    let waker = Waker::from(task.clone());
    assert!(poll(&mut Box::pin(future), &waker).is_pending());
    drop(waker);
    Arc::strong_count(&task) > 1
}

#[test]
fn futures_mpsc_keeps_the_waker_of_a_dropped_receiver() {
    let (_sender, receiver) = futures::channel::mpsc::channel::<u32>(1);
    assert!(keeps_the_waker(receiver.into_future()));
    let (_sender, receiver) = futures::channel::mpsc::unbounded::<u32>();
    assert!(keeps_the_waker(receiver.into_future()));
}

#[test]
fn tokio_oneshot_keeps_the_waker_of_a_dropped_sender() {
    let (mut sender, _receiver) = tokio::sync::oneshot::channel::<u32>();
    assert!(keeps_the_waker(async move { sender.closed().await }));
}

#[test]
fn async_task_keeps_the_waker_of_a_dropped_handle() {
    assert!(keeps_the_waker(async_std::task::spawn(std::future::pending::<()>())));
}

// A10: a lock that is held while a waker is cloned or dropped.

/// Whether the event blocks on another thread for as long as this call lasts.
fn cannot_happen_now(event: impl FnOnce() + Send + 'static) -> bool {
    let (said, heard) = mpsc::channel();
    thread::spawn(move || {
        event();
        let _ = said.send(());
    });
    heard.recv_timeout(Duration::from_secs(1)).is_err()
}

/// Whether the event blocks while a poll clones its waker.
fn blocks_in_clone(future: impl Future, event: impl FnOnce() + Send + 'static) -> bool {
    let (event, blocked) = (Mutex::new(Some(event)), Arc::new(AtomicBool::new(false)));
    let blocks = blocked.clone();
    let waker = hooked_waker::waker(move || {
        let event = event.lock().expect("nobody panics").take();
        blocks.fetch_or(event.is_some_and(cannot_happen_now), SeqCst);
    });
    let _ = poll(&mut Box::pin(future), &waker);
    blocked.load(SeqCst)
}

/// Runs a closure when its last waker is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce() + Send + Sync + 'static> Wake for OnDrop<F> {
    fn wake(self: Arc<Self>) {}
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0.take().expect("a value is dropped once")();
    }
}

/// Whether the event blocks while a poll drops its waker for another one.
fn blocks_in_drop(future: impl Future, event: impl FnOnce() + Send + Sync + 'static) -> bool {
    let blocked = Arc::new(AtomicBool::new(false));
    let blocks = blocked.clone();
    let waker = Waker::from(Arc::new(OnDrop(Some(move || blocks.store(cannot_happen_now(event), SeqCst)))));
    let mut future = pin!(future);
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker);
    let _ = poll(&mut future, Waker::noop());
    blocked.load(SeqCst)
}

#[test]
fn tokio_clones_a_waker_under_the_lock_of_a_semaphore() {
    let semaphore = Arc::new(tokio::sync::Semaphore::new(0));
    assert!(blocks_in_clone(semaphore.clone().acquire_owned(), move || semaphore.add_permits(1)));
}

#[test]
fn tokio_clones_a_waker_under_the_lock_of_a_broadcast() {
    let (sender, mut receiver) = tokio::sync::broadcast::channel::<u32>(1);
    assert!(blocks_in_clone(async move { receiver.recv().await }, move || drop(sender.send(5))));
}

#[test]
fn event_listener_clones_a_waker_under_its_lock() {
    let semaphore = Arc::new(async_lock::Semaphore::new(0));
    assert!(blocks_in_clone(semaphore.acquire_arc(), move || semaphore.add_permits(1)));
    let (sender, receiver) = async_std::channel::bounded::<u32>(1);
    assert!(blocks_in_clone(async move { receiver.recv().await }, move || sender.try_send(5).expect("there is room")));
}

#[test]
fn async_std_clones_a_waker_while_the_mutex_of_a_condvar_is_locked() {
    let shared = Arc::new((async_std::sync::Mutex::new(()), async_std::sync::Condvar::new()));
    let other = shared.clone();
    let wait = async move {
        let _guard = other.1.wait(other.0.lock().await).await;
    };
    assert!(blocks_in_clone(wait, move || drop(async_std::task::block_on(shared.0.lock()))));
}

#[test]
fn futures_mutex_drops_a_waker_under_its_lock() {
    let mutex = Arc::new(futures::lock::Mutex::new(()));
    let guard = mutex.try_lock_owned().expect("nobody else has the lock");
    assert!(blocks_in_drop(mutex.lock_owned(), move || drop(guard)));
}

#[test]
fn futures_shared_drops_a_waker_under_its_lock() {
    let (sender, receiver) = futures::channel::oneshot::channel::<u32>();
    let sender = Mutex::new(Some(sender));
    let send = move || sender.lock().expect("nobody panics").take().expect("once").send(5).expect("it is awaited");
    assert!(blocks_in_drop(receiver.shared(), send));
}

// A11: a panic in the clone of a waker.

fn poll_and_panic<F: Future + Unpin>(future: &mut F) {
    let waker = hooked_waker::waker(|| panic!("this waker cannot be cloned"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(future, &waker))).is_err());
}

#[test]
fn futures_atomic_waker_never_wakes_again_after_a_panic() {
    let (mut sender, receiver) = futures::channel::mpsc::channel::<u32>(1);
    let mut next = receiver.into_future();
    poll_and_panic(&mut next);
    let task = Arc::new(Task::default());
    assert!(poll(&mut next, &task.clone().into()).is_pending());
    sender.try_send(5).expect("there is room");
    assert_eq!(task.0.load(SeqCst), 0);
    assert!(poll(&mut next, Waker::noop()).is_ready());
}

#[test]
fn futures_mutex_is_poisoned_by_a_panic() {
    let mutex = Arc::new(futures::lock::Mutex::new(()));
    let _guard = mutex.try_lock().expect("nobody else has the lock");
    poll_and_panic(&mut mutex.lock());
    let mut another = mutex.lock();
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut another, Waker::noop()))).is_err());
    std::mem::forget(another);
}

#[test]
fn futures_shared_loses_its_future_in_a_panic() {
    let (_sender, receiver) = futures::channel::oneshot::channel::<u32>();
    let mut shared = receiver.shared();
    poll_and_panic(&mut shared);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut shared, Waker::noop()))).is_err());
}

#[test]
fn event_listener_loses_count_in_a_panic() {
    let semaphore = Arc::new(async_lock::Semaphore::new(0));
    let mut waiter = Box::pin(semaphore.acquire_arc());
    poll_and_panic(&mut waiter);
    // Its drop subtracts one from a count of zero. That panics where overflow is checked; elsewhere
    // the next waiter is not woken.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(waiter)));
    let (task, mut next) = (Arc::new(Task::default()), Box::pin(semaphore.acquire_arc()));
    let woken = dropped.is_ok() && {
        assert!(poll(&mut next, &task.clone().into()).is_pending());
        semaphore.add_permits(1);
        task.0.load(SeqCst) > 0
    };
    assert!(!woken);
    std::mem::forget(next);
}

#[test]
fn async_task_aborts_at_a_panic() {
    if how().is_some() {
        return poll_and_panic(&mut async_std::task::spawn(std::future::pending::<()>()));
    }
    let status = again("futures", "async_task_aborts_at_a_panic", "1").status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(6));
}

// A5: a future that wakes itself while it waits.

#[test]
fn futures_unordered_wakes_itself_once_it_has_polled_all() {
    let mut both = futures::stream::FuturesUnordered::new();
    both.extend([std::future::pending::<()>(), std::future::pending()]);
    let task = Arc::new(Task::default());
    assert!(both.poll_next_unpin(&mut Context::from_waker(&task.clone().into())).is_pending());
    assert_eq!(task.0.load(SeqCst), 1);
}
