//! A future that is moved between two polls: the loose one breaks, and the pinned one cannot be
//! moved.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use harness::{
    future::{Facts, Otherwise as _},
    probe::Task,
};
use lesson_future::{
    s4_yield_now::yield_now,
    s9_pin::{Dangling, Loose, Pinned, borrows},
};

#[test]
fn the_loose_one_points_to_where_it_was() {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut two = [Loose::default(), Loose::default()];
    assert!(Pin::new(&mut two[0]).poll(cx).is_pending());
    two.swap(0, 1);
    let Poll::Ready(Err(Dangling { points_to, numbers_at })) = Pin::new(&mut two[1]).poll(cx) else {
        panic!("moved, it must break")
    };
    assert_eq!(numbers_at - points_to, size_of::<Loose>(), "it has moved by one place of the array");
}

#[test]
fn left_where_it_is_it_works_which_is_the_treachery_of_it() {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut loose = Loose::default();
    assert!(Pin::new(&mut loose).poll(cx).is_pending());
    assert_eq!(Pin::new(&mut loose).poll(cx), Poll::Ready(Ok(9)));
}

#[test]
fn the_pinned_one_and_the_async_fn_stay_where_they_are() {
    const { assert!(Facts::<Loose>::UNPIN && !Facts::<Pinned>::UNPIN) };
    let cx = &mut Context::from_waker(Waker::noop());
    let mut pinned = Box::pin(Pinned::default());
    assert!(pinned.as_mut().poll(cx).is_pending());
    let mut moved = pinned;
    assert_eq!(moved.as_mut().poll(cx), Poll::Ready(Ok(9)), "the box has moved, what it holds has not");

    let mut on_the_stack = pin!(Pinned::default());
    assert!(on_the_stack.as_mut().poll(cx).is_pending());
    assert_eq!(on_the_stack.as_mut().poll(cx), Poll::Ready(Ok(9)));

    let mut by_compiler = Task::new(borrows(yield_now()));
    by_compiler.assert_pending();
    assert_eq!(by_compiler.assert_ready(), 9);
}
