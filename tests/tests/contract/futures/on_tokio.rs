//! The channels, locks and timers of tokio.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use harness::{Subject, future::Tested, probe::PATIENCE, until};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch},
    task, time,
};

/// A day: no check waits for it.
const LONG: Duration = Duration::from_secs(86_400);

/// What some of them fail, and the tests in `it/findings` that show it.
const KEPT: &[(&str, &str)] = &[("A7", "tokio_oneshot_keeps_the_waker_of_a_dropped_sender")];
const SEMAPHORE: &[(&str, &str)] = &[("A10", "tokio_clones_a_waker_under_the_lock_of_a_semaphore")];
const BROADCAST: &[(&str, &str)] = &[("A10", "tokio_clones_a_waker_under_the_lock_of_a_broadcast")];

/// The runtime of the subjects that need one. A process starts it for the first of them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(1).enable_time().build();
    built.expect("a process may start one more thread")
});

/// Makes something inside the runtime: a timer finds its clock there, and a task its scheduler.
fn inside<T>(make: impl FnOnce() -> T) -> T {
    let _inside = RUNTIME.enter();
    make()
}

pub fn subjects() -> Vec<Subject<Tested>> {
    [channels(), permits(), others()].into_iter().flatten().collect()
}

fn channels() -> Vec<Subject<Tested>> {
    let oneshot = || {
        let (sender, receiver) = oneshot::channel();
        (receiver, move || sender.send(5))
    };
    let closed = || {
        let (mut sender, receiver) = oneshot::channel::<u32>();
        (async move { sender.closed().await }, move || drop(receiver))
    };
    let recv = || {
        let (sender, mut receiver) = mpsc::channel(1);
        (async move { receiver.recv().await }, move || sender.try_send(5))
    };
    let recv_unbounded = || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (async move { receiver.recv().await }, move || sender.send(5))
    };
    let broadcast = || {
        let (sender, mut receiver) = broadcast::channel(1);
        (async move { receiver.recv().await }, move || sender.send(5))
    };
    let changed = || {
        let (sender, mut receiver) = watch::channel(4);
        (async move { receiver.changed().await }, move || sender.send(5))
    };
    vec![
        Subject::new("tokio-oneshot", Tested::waits(oneshot)),
        Subject::new("tokio-oneshot-closed", Tested::waits(closed)).fails(KEPT),
        Subject::new("tokio-mpsc-recv", Tested::waits(recv)),
        Subject::new("tokio-mpsc-unbounded-recv", Tested::waits(recv_unbounded)),
        Subject::new("tokio-broadcast-recv", Tested::waits(broadcast)).fails(BROADCAST),
        Subject::new("tokio-watch-changed", Tested::waits(changed)),
    ]
}

fn permits() -> Vec<Subject<Tested>> {
    let semaphore = || {
        let semaphore = Arc::new(Semaphore::new(0));
        (semaphore.clone().acquire_owned(), semaphore.clone().acquire_owned(), move || semaphore.add_permits(1))
    };
    let mutex = || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.clone().try_lock_owned().expect("nobody else has the lock");
        (mutex.clone().lock_owned(), mutex.lock_owned(), move || drop(guard))
    };
    let write = || {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.clone().try_read_owned().expect("nobody else has the lock");
        (lock.clone().write_owned(), lock.write_owned(), move || drop(guard))
    };
    let notify = || {
        let notify = Arc::new(Notify::new());
        (notify.clone().notified_owned(), notify.clone().notified_owned(), move || notify.notify_one())
    };
    let reserve = || {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(5).expect("there is room for one");
        // The receiver must not be dropped: that would make both permits ready.
        let take = move || receiver.try_recv().map(|_| std::mem::forget(receiver));
        (sender.clone().reserve_owned(), sender.reserve_owned(), take)
    };
    vec![
        Subject::new("tokio-semaphore", Tested::permits(semaphore)).fails(SEMAPHORE).long(&["A10"]),
        Subject::new("tokio-mutex", Tested::permits(mutex)).fails(SEMAPHORE),
        Subject::new("tokio-rwlock-write", Tested::permits(write)).fails(SEMAPHORE).long(&["A10"]),
        Subject::new("tokio-notify", Tested::permits(notify)),
        Subject::new("tokio-mpsc-reserve", Tested::permits(reserve)).fails(SEMAPHORE).long(&["A10"]),
    ]
}

fn others() -> Vec<Subject<Tested>> {
    let notified = || {
        let notify = Arc::new(Notify::new());
        (notify.clone().notified_owned(), move || notify.notify_waiters())
    };
    let read = || {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.clone().try_write_owned().expect("nobody else has the lock");
        (lock.read_owned(), move || drop(guard))
    };
    let barrier = || {
        let barrier = Arc::new(Barrier::new(2));
        let other = barrier.clone();
        let arrive = move || {
            let mut other = Box::pin(async move { other.wait().await });
            let _ = other.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        };
        (async move { barrier.wait().await }, arrive)
    };
    let join_handle = || {
        let (sender, receiver) = oneshot::channel::<u32>();
        let handle = inside(|| task::spawn(receiver));
        let task = handle.abort_handle();
        (handle, move || {
            let _ = sender.send(5);
            until(PATIENCE, || task.is_finished().then_some(()))
        })
    };
    vec![
        Subject::new("tokio-notify-waiters", Tested::waits(notified)),
        Subject::new("tokio-rwlock-read", Tested::waits(read)).fails(SEMAPHORE).long(&["A10"]),
        Subject::new("tokio-barrier", Tested::waits(barrier)),
        Subject::new("tokio-join-handle", Tested::waits(join_handle)),
        Subject::new("tokio-sleep", Tested::completes(|| inside(|| time::sleep(Duration::from_millis(20))))),
        Subject::new("tokio-sleep-long", Tested::inert(|| inside(|| time::sleep(LONG)))),
        Subject::new("tokio-yield-now", Tested::completes(task::yield_now)),
        Subject::new("tokio-timeout", Tested::wraps(|child| inside(|| time::timeout(LONG, child)))),
        Subject::new("tokio-unconstrained", Tested::wraps(task::unconstrained)),
        Subject::new("tokio-join-macro", Tested::joins(|a, b| async { tokio::join!(a, b) })),
        Subject::new(
            "tokio-select-macro",
            Tested::selects(|a, b| async {
                tokio::select! { n = a => n, n = b => n }
            }),
        ),
    ]
}
