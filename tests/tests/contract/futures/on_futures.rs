//! The combinators, the channels and the lock of the `futures` crate.

use std::{future::ready, sync::Arc};

use futures::{
    FutureExt, StreamExt,
    channel::{mpsc, oneshot},
    future::{self, FusedFuture},
    lock::Mutex,
    stream::FuturesUnordered,
};
use harness::{
    Subject,
    future::{
        AfterReady::{Panics, Pending},
        Child, Tested,
    },
};

/// What some of them fail, and the tests in `it/findings` that show it.
const KEPT: (&str, &str) = ("A7", "futures_mpsc_keeps_the_waker_of_a_dropped_receiver");
const ATOMIC_WAKER: (&str, &str) = ("A11", "futures_atomic_waker_never_wakes_again_after_a_panic");
const UNORDERED: &[(&str, &str)] = &[("A5", "futures_unordered_wakes_itself_once_it_has_polled_all"), ATOMIC_WAKER];
const MUTEX: &[(&str, &str)] =
    &[("A10", "futures_mutex_drops_a_waker_under_its_lock"), ("A11", "futures_mutex_is_poisoned_by_a_panic")];
const SHARED: &[(&str, &str)] =
    &[("A10", "futures_shared_drops_a_waker_under_its_lock"), ("A11", "futures_shared_loses_its_future_in_a_panic")];

pub fn subjects() -> Vec<Subject<Tested>> {
    [channels(), combinators(), of_two()].into_iter().flatten().collect()
}

fn channels() -> Vec<Subject<Tested>> {
    let oneshot = || {
        let (sender, receiver) = oneshot::channel();
        (receiver, move || sender.send(5_u32))
    };
    let next = || {
        let (mut sender, receiver) = mpsc::channel(1);
        (receiver.into_future(), move || sender.try_send(5))
    };
    let next_unbounded = || {
        let (sender, receiver) = mpsc::unbounded();
        (receiver.into_future(), move || sender.unbounded_send(5))
    };
    let cancellation = || {
        let (mut sender, receiver) = oneshot::channel::<u32>();
        (async move { sender.cancellation().await }, move || drop(receiver))
    };
    let lock = || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.try_lock_owned().expect("nobody else has the lock");
        (mutex.clone().lock_owned(), mutex.lock_owned(), move || drop(guard))
    };
    vec![
        Subject::new("futures-oneshot", Tested::waits(oneshot).is_terminated(oneshot_is_terminated)),
        Subject::new("futures-oneshot-cancellation", Tested::waits(cancellation)),
        Subject::new("futures-mpsc-next", Tested::waits(next)).fails(&[KEPT, ATOMIC_WAKER]),
        Subject::new("futures-mpsc-unbounded-next", Tested::waits(next_unbounded))
            .fails(&[KEPT, ATOMIC_WAKER])
            .long(&["A11"]),
        Subject::new("futures-mutex", Tested::permits(lock)).fails(MUTEX),
    ]
}

fn combinators() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("futures-ready", Tested::completes(|| future::ready(5)).after_ready(Panics)),
        Subject::new("futures-pending", Tested::inert(future::pending::<()>)),
        Subject::new("futures-map", Tested::wraps(|child| child.map(|n| n + 1)).after_ready(Panics)),
        Subject::new("futures-then", Tested::wraps(|child| child.then(|n| ready(n + 1))).after_ready(Panics)),
        Subject::new("futures-fuse", Tested::wraps(|child| child.fuse()).after_ready(Pending)),
        Subject::new("futures-boxed", Tested::wraps(|child| child.boxed())),
        Subject::new("futures-shared", Tested::wraps(|child| child.shared())).fails(SHARED),
        Subject::new("futures-maybe-done", Tested::wraps(future::maybe_done)),
        Subject::new("futures-catch-unwind", Tested::wraps(|child| std::panic::AssertUnwindSafe(child).catch_unwind())),
        Subject::new("futures-abortable", Tested::wraps(|child| future::abortable(child).0)),
    ]
}

fn of_two() -> Vec<Subject<Tested>> {
    let unordered = |a: Child, b: Child| {
        let both: FuturesUnordered<Child> = [a, b].into_iter().collect();
        both
    };
    vec![
        Subject::new("futures-join", Tested::joins(future::join)),
        Subject::new("futures-join-all", Tested::joins(|a, b| future::join_all([a, b]))),
        Subject::new("futures-join-macro", Tested::joins(|a, b| async { futures::join!(a, b) })),
        Subject::new("futures-unordered-collect", Tested::joins(move |a, b| unordered(a, b).collect::<Vec<_>>()))
            .fails(UNORDERED),
        Subject::new("futures-unordered-next", Tested::selects(move |a, b| unordered(a, b).into_future()))
            .fails(UNORDERED)
            .long(&["A11"]),
        Subject::new("futures-select", Tested::selects(|a, b| future::select(Box::pin(a), Box::pin(b)))),
        Subject::new("futures-select-all", Tested::selects(|a, b| future::select_all([Box::pin(a), Box::pin(b)]))),
        Subject::new(
            "futures-select-macro",
            Tested::selects(|a, b| async {
                let (mut a, mut b) = (Box::pin(a.fuse()), Box::pin(b.fuse()));
                futures::select! { n = a => n, n = b => n }
            }),
        ),
    ]
}

fn oneshot_is_terminated(receiver: &oneshot::Receiver<u32>) -> bool {
    receiver.is_terminated()
}
