//! Who waits at the end of the record, and whether anybody can wake it.

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use timeline::{Gone, Timeline, Traced};

use crate::common::{Counter, countdown, elsewhere, record};

/// The sentences at the end, without the number of the task.
fn sentences(timeline: &Timeline) -> Vec<String> {
    let sentence = |text: String| text.split_once('(').expect("it names its task").1.to_owned();
    timeline.stuck().iter().map(|waiting| sentence(waiting.to_string())).collect()
}

/// Pending for ever; each poll does something with the waker.
fn waiting(mut each: impl FnMut(&Waker)) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        each(context.waker());
        Poll::Pending
    })
}

fn poll_with<F: Future>(future: F, wakers: &[&Waker]) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    wakers.iter().for_each(|waker| assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending()));
    future
}

#[test]
fn a_waker_that_was_never_cloned_wakes_nobody() {
    let timeline = record(|| poll_with(Traced::new("never", pending::<()>()), &[Waker::noop()]));
    let waiting = &timeline.stuck()[0];
    assert!(!waiting.can_be_woken());
    assert_eq!((waiting.since, waiting.waker, waiting.alive, &waiting.gone), (3, 1, 0, &None));
    assert_eq!(sentences(&timeline), ["never) waits and nobody can wake it: its waker 1 was never cloned"]);
    let text = timeline.text().to_string();
    assert!(text.ends_with("(never) waits and nobody can wake it: its waker 1 was never cloned\n"), "{text}");
}

#[test]
fn the_last_clone_was_dropped_here() {
    let shelf = RefCell::new(Vec::new());
    let timeline = record(|| {
        let keeps = waiting(|waker| shelf.borrow_mut().extend([waker.clone(), waker.clone()]));
        let task = poll_with(Traced::new("lost", keeps), &[Waker::noop()]);
        let mut kept = shelf.take();
        drop(kept.pop());
        elsewhere(move || drop(kept));
        task
    });
    let thread = timeline.threads()[1].clone();
    assert_eq!(timeline.stuck()[0].gone, Some(Gone { seq: 7, event: "release", thread: thread.clone() }));
    let expected =
        format!("lost) waits and nobody can wake it: the last clone of its waker 1 went at 7, release on {thread}");
    assert_eq!(sentences(&timeline), [expected]);
}

#[test]
fn a_live_clone_can_wake_it() {
    let shelf = RefCell::new(Vec::new());
    let timeline = record(|| {
        let keeps = waiting(|waker| shelf.borrow_mut().extend([waker.clone(), waker.clone()]));
        let task = poll_with(Traced::new("kept", keeps), &[Waker::noop()]);
        drop(shelf.borrow_mut().pop());
        task
    });
    assert!(timeline.stuck()[0].can_be_woken());
    assert_eq!(sentences(&timeline), ["kept) waits: 1 clone of waker 1 can wake it"]);
}

#[test]
fn a_task_that_was_woken_is_runnable() {
    let shelf = RefCell::new(Vec::new());
    let timeline = record(|| {
        let one = poll_with(Traced::new("by itself", waiting(Waker::wake_by_ref)), &[Waker::noop()]);
        let later = waiting(|waker| shelf.borrow_mut().push(waker.clone()));
        let other = poll_with(Traced::new("later", later), &[Waker::noop()]);
        shelf.take().pop().unwrap().wake();
        (one, other)
    });
    assert_eq!(timeline.stuck(), []);
}

#[test]
fn a_clone_of_an_outdated_waker_is_no_help_and_its_wake_makes_nobody_runnable() {
    let ((_, one), (_, two)) = (Counter::new(), Counter::new());
    let shelf = RefCell::new(Vec::new());
    let timeline = record(|| {
        let (mut first, shelf) = (true, &shelf);
        let keeps_the_first = waiting(move |waker| {
            if std::mem::take(&mut first) {
                shelf.borrow_mut().extend([waker.clone(), waker.clone()]);
            }
        });
        let task = poll_with(Traced::new("moved", keeps_the_first), &[&one, &two]);
        shelf.borrow_mut().pop().unwrap().wake();
        task
    });
    let expected = "moved) waits and nobody can wake it: its waker 2 was never cloned (of outdated wakers: 1 clone)";
    assert_eq!(sentences(&timeline), [expected]);
}

#[test]
fn who_is_ready_dropped_panicked_or_never_polled_does_not_wait() {
    let timeline = record(|| {
        futures::executor::block_on(Traced::new("ready", countdown(2)));
        let mut dropped = Box::pin(Traced::new("dropped", pending::<()>()));
        assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(dropped);
        let panics = poll_fn(|_| -> Poll<()> { panic!("on purpose") });
        let mut panics = pin!(Traced::new("panics", panics));
        let poll = || panics.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)).is_err());
        Traced::new("not polled", ready(()))
    });
    assert_eq!(timeline.stuck(), []);
}

#[test]
fn of_nested_tasks_the_outer_one_can_be_woken_through_the_inner_ones_clone() {
    let shelf = RefCell::new(Vec::new());
    let timeline = record(|| {
        let inner = Traced::new("inner", waiting(|waker| shelf.borrow_mut().push(waker.clone())));
        poll_with(Traced::new("outer", inner), &[Waker::noop()])
    });
    let expected = ["inner) waits: 1 clone of waker 1 can wake it", "outer) waits: 1 clone of waker 1 can wake it"];
    assert_eq!(sentences(&timeline), expected);
    let timeline = record(|| {
        let inner = Traced::new("inner", waiting(|waker| drop(waker.clone())));
        poll_with(Traced::new("outer", inner), &[Waker::noop()])
    });
    let ends: Vec<_> = timeline.stuck().into_iter().map(|waiting| waiting.gone.unwrap().event).collect();
    assert_eq!(ends, ["release", "release"]);
}
