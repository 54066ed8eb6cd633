//! Part A of the contract on every stage: what each passes, and exactly what each fails. And the
//! checks of the exercise on its solution: each can be passed.
#![forbid(unsafe_code)]

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use futures::{Stream, StreamExt, stream};
use harness::{
    Subject, Suite,
    future::{AfterReady, CHECKS, Child, Facts, Otherwise as _, Tested},
};
use lesson_future::{
    s1_lazy::{lazy, lazy_async},
    s2_ready::{Ready, ready},
    s3_countdown::Countdown,
    s4_yield_now::yield_now,
    s5_stale_delay, s6_delay, s7_cancelled_delay,
    s8_state_machine::{sum, sum_async},
    s9_pin::{Pinned, borrows},
    s10_send::{Total, add_by_method, add_scoped, greet},
    s11_map::{Map, map},
    s12_join::{Join, join},
    s13_select::{Select, select},
    s14_timeout::{Timeout, timeout},
    s15_stream::{Down, next},
    s16_lost_data::{Pair, Pairs, read_pair},
};

#[path = "../exercise/solution.rs"]
mod exercise;
#[path = "it/gated.rs"]
mod gated;
mod steps;

use gated::gated;

const STALE_FAILS: &[(&str, &str)] = &[
    ("A2", "only the waker of the first poll is kept"),
    ("A5", "so the event wakes a waker that a later poll has replaced"),
    ("A7", "dropped, the future leaves its waker with the thread"),
    ("A11", "if the clone of the first waker panics, no later one is kept in its place"),
];
const MENDED_FAILS: &[(&str, &str)] = &[("A7", "dropped, the future leaves its waker with the thread")];
const SUM_ASYNC_FAILS: &[(&str, &str)] = &[("A15", "it awaits one after the other: to ask both is what `join` is for")];
const SUM_FAILS: &[(&str, &str)] = &[
    ("A11", "a panic within is its end, as it is of an `async fn`, of which the check expects no more"),
    ("A15", "it awaits one after the other: to ask both is what `join` is for"),
];

fn main() -> ExitCode {
    Suite::new().checks(&CHECKS, stages()).checks(&steps::CHECKS, steps::all()).main()
}

fn stages() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-lazy", begins(lazy).after_ready(AfterReady::Panics)),
        Subject::new("s1-lazy-async", begins(lazy_async).after_ready(AfterReady::Panics)),
        Subject::new("s2-ready", s2()),
        Subject::new("s3-countdown", Tested::completes(|| Countdown::new(3)).after_ready(AfterReady::Ready)),
        Subject::new("s4-yield-now", Tested::completes(yield_now).after_ready(AfterReady::Ready)),
        Subject::new("s5-stale-delay", delayed(s5_stale_delay::Delay::after)).fails(STALE_FAILS),
        Subject::new("s6-delay", delayed(s6_delay::Delay::after)).fails(MENDED_FAILS),
        Subject::new("s7-cancelled-delay", s7()),
        Subject::new("s8-async-fn", Tested::joins(sum_async).after_ready(AfterReady::Panics)).fails(SUM_ASYNC_FAILS),
        Subject::new("s8-by-hand", s8()).fails(SUM_FAILS),
        Subject::new("s9-async-fn", Tested::wraps(|child| borrows(map(child, |_| ())))),
        Subject::new("s9-pinned", Tested::completes(Pinned::default)),
        Subject::new("s10-scope", Tested::wraps(scoped)),
        Subject::new("s10-method", Tested::wraps(by_method)),
        Subject::new("s10-arc", Tested::wraps(|child| greet("ana", map(child, |_| ())))),
        Subject::new("s11-map", s11()),
        Subject::new("s12-join", s12()),
        Subject::new("s13-select", s13()),
        Subject::new("s14-timeout", s14()),
        Subject::new("s14-timeout-limit", Tested::wraps(|child| timeout(pending::<()>(), map(child, |_| ())))),
        Subject::new("s15-next", Tested::completes(next_of_down)),
        Subject::new("s15-next-that-waits", Tested::wraps(next_of_one)),
        Subject::new("s16-read-pair", Tested::wraps(pair)),
        Subject::new("s16-keeps-state", Tested::wraps(kept_pair)),
    ]
}

/// A future around a function, which says when it is called.
fn begins<F: Future + 'static>(make: fn(Box<dyn FnOnce()>) -> F) -> Tested {
    Tested::completes(move || make(Box::new(|| ()))).lazy(move || {
        let called = Rc::new(AtomicBool::new(false));
        let future = make(Box::new({
            let called = Rc::clone(&called);
            move || called.store(true, SeqCst)
        }));
        (future, move || called.load(SeqCst))
    })
}

/// A delay that waits at a gate. Once it was polled it has a thread, and its event is over when
/// that thread has ended.
fn delayed<D>(make: fn(Box<dyn FnOnce() + Send>) -> D) -> Tested
where
    D: Future<Output = ()> + Unpin + 'static,
{
    Tested::waits(move || {
        let (wait, opener) = gated();
        let polled = Arc::new(AtomicBool::new(false));
        let mut delay = make(Box::new(wait));
        let has_thread = Arc::clone(&polled);
        let future = poll_fn(move |cx| {
            polled.store(true, SeqCst);
            Pin::new(&mut delay).poll(cx)
        });
        let event = move || if has_thread.load(SeqCst) { opener.open_and_wait() } else { opener.open() };
        (future, event)
    })
    .after_ready(AfterReady::Ready)
}

fn s2() -> Tested {
    Tested::completes(|| ready(5))
        .after_ready(AfterReady::Panics)
        .bound("Ready<u32>: Send", Facts::<Ready<u32>>::SEND, true)
        .bound("Ready<Rc<u32>>: Send", Facts::<Ready<Rc<u32>>>::SEND, false)
}

fn s7() -> Tested {
    delayed(s7_cancelled_delay::Delay::after).bound("Delay: Send", Facts::<s7_cancelled_delay::Delay>::SEND, true)
}

fn s8() -> Tested {
    // By hand, it asks for children that may be moved: in a box of its own each stays where it is.
    Tested::joins(|first, second| sum(Box::pin(first), Box::pin(second))).after_ready(AfterReady::Panics)
}

fn scoped(child: Child) -> impl Future<Output = u32> {
    let total = Mutex::new(1);
    async move { add_scoped(&total, 2, map(child, |_| ())).await }
}

fn by_method(child: Child) -> impl Future<Output = u32> {
    let total = Total::default();
    async move { add_by_method(&total, 2, map(child, |_| ())).await }
}

fn s11() -> Tested {
    Tested::wraps(|child| map(child, |number| number + 1))
        .after_ready(AfterReady::Panics)
        .depth(1_000)
        .bound("Map<Ready<u32>, fn(u32)>: Send", Facts::<Map<Ready<u32>, fn(u32)>>::SEND, true)
        .bound("Map<Ready<Rc<u32>>, fn(Rc<u32>)>: Send", Facts::<Map<Ready<Rc<u32>>, fn(Rc<u32>)>>::SEND, false)
}

fn s12() -> Tested {
    Tested::joins(join)
        .after_ready(AfterReady::Panics)
        .depth(1_000)
        .bound("Join<Ready<u32>, Ready<u32>>: Send", Facts::<Join<Ready<u32>, Ready<u32>>>::SEND, true)
        .bound("Join<Ready<u32>, Ready<Rc<u32>>>: Send", Facts::<Join<Ready<u32>, Ready<Rc<u32>>>>::SEND, false)
}

fn s13() -> Tested {
    Tested::selects(select)
        .depth(1_000)
        .bound("Select<Ready<u32>, Ready<u32>>: Send", Facts::<Select<Ready<u32>, Ready<u32>>>::SEND, true)
        .bound("Select<Ready<u32>, Ready<Rc<u32>>>: Send", Facts::<Select<Ready<u32>, Ready<Rc<u32>>>>::SEND, false)
}

fn s14() -> Tested {
    Tested::wraps(|child| timeout(child, pending()))
        .depth(1_000)
        .bound("Timeout<Ready<u32>, Ready<()>>: Send", Facts::<Timeout<Ready<u32>, Ready<()>>>::SEND, true)
        .bound("Timeout<Ready<Rc<u32>>, Ready<()>>: Send", Facts::<Timeout<Ready<Rc<u32>>, Ready<()>>>::SEND, false)
}

async fn next_of_down() -> Option<u32> {
    next(&mut Down::new(2)).await
}

/// A stream of what the child yields, and one number more.
fn numbers(child: Child) -> Pin<Box<impl Stream<Item = u32>>> {
    Box::pin(stream::once(child).chain(stream::iter([2])))
}

async fn next_of_one(child: Child) -> Option<u32> {
    next(&mut numbers(child)).await
}

async fn pair(child: Child) -> Option<Pair> {
    read_pair(&mut numbers(child)).await
}

async fn kept_pair(child: Child) -> Option<Pair> {
    Pairs::new(numbers(child)).next().await
}
