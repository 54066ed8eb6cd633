//! A traced future behaves as it would without, and every poll and every use of its waker is in the
//! record.

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::{executor::block_on, future::join};
use timeline::{Event, Role, Traced};

use crate::common::{Counter, countdown, elsewhere, record, story};

/// Polls once with a waker.
fn poll<F: Future>(future: &mut Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

/// Pending for ever; at each poll it puts a clone of its waker on a shelf.
fn shelving(shelf: &RefCell<Vec<Waker>>) -> impl Future<Output = ()> {
    poll_fn(|context| {
        shelf.borrow_mut().push(context.waker().clone());
        Poll::Pending
    })
}

#[test]
fn the_result_and_the_polls_are_those_of_the_future() {
    let timeline = record(|| assert_eq!(block_on(Traced::new("countdown", countdown(3))), 3));
    let expected = [
        "countdown: spawn",
        "countdown: poll 1 with 1 after spawn",
        "countdown: wake 1 by ref",
        "countdown: pending",
        "countdown: poll 2 with 1 after wake",
        "countdown: wake 1 by ref",
        "countdown: pending",
        "countdown: poll 3 with 1 after wake",
        "countdown: ready",
        "countdown: drop",
    ];
    assert_eq!(story(&timeline), expected);
}

#[test]
fn without_a_recording_the_future_gets_the_runtimes_waker() {
    let (_, runtime) = Counter::new();
    let same = poll_fn(|context| Poll::Ready(context.waker().will_wake(&runtime)));
    assert_eq!(poll(&mut pin!(Traced::new("same", same)), &runtime), Poll::Ready(true));
}

#[test]
fn clones_and_originals_wake_each_other_at_every_poll_of_one_runtime() {
    let (_, runtime) = Counter::new();
    let shelf = RefCell::new(Vec::<Waker>::new());
    record(|| {
        let mut future = pin!(Traced::new(
            "looks",
            poll_fn(|context| {
                let mut shelf = shelf.borrow_mut();
                assert!(shelf.iter().all(|kept| kept.will_wake(context.waker())));
                shelf.push(context.waker().clone());
                assert!(shelf.iter().all(|kept| kept.will_wake(context.waker())));
                Poll::<()>::Pending
            })
        ));
        // The runtime's own clones, too, are the same waker.
        (0..3).for_each(|_| assert!(poll(&mut future, &runtime.clone()).is_pending()));
        // Of another runtime it is another waker, and the first is known again when it comes back.
        let kept = shelf.take();
        assert!(poll(&mut future, Waker::noop()).is_pending());
        assert!(!shelf.borrow()[0].will_wake(&kept[0]));
        shelf.replace(kept);
        assert!(poll(&mut future, &runtime).is_pending());
    });
}

#[test]
fn a_clone_wakes_the_runtimes_task_from_another_thread() {
    let (counter, runtime) = Counter::new();
    let timeline = record(|| {
        let shelf = RefCell::new(Vec::new());
        let mut future = pin!(Traced::new("kept", shelving(&shelf)));
        assert!(poll(&mut future, &runtime).is_pending());
        let kept = shelf.borrow_mut().pop().unwrap();
        elsewhere(move || kept.wake());
        assert_eq!(counter.wakes(), 1);
        assert!(poll(&mut future, &runtime).is_pending());
    });
    let expected = [
        "kept: spawn",
        "kept: poll 1 with 1 after spawn",
        "kept: clone 1",
        "kept: pending",
        "kept: wake 1 by value",
        "kept: poll 2 with 1 after wake",
        "kept: clone 1",
        "kept: pending",
        "kept: drop",
        "kept: release 1",
    ];
    assert_eq!(story(&timeline), expected);
    let threads: Vec<_> = timeline.records().iter().map(|record| record.thread).collect();
    assert_eq!(threads, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn wakes_before_the_next_poll_coalesce_and_a_poll_without_one_is_spurious() {
    let (counter, runtime) = Counter::new();
    let timeline = record(|| {
        let shelf = RefCell::new(Vec::new());
        let mut future = pin!(Traced::new("busy", shelving(&shelf)));
        assert!(poll(&mut future, &runtime).is_pending());
        let kept = shelf.take();
        kept[0].wake_by_ref();
        kept[0].wake_by_ref();
        assert_eq!(counter.wakes(), 2, "each is forwarded: what it means is the runtime's affair");
        assert!(poll(&mut future, &runtime).is_pending());
        assert!(poll(&mut future, &runtime).is_pending());
    });
    let roles: Vec<_> =
        story(&timeline).into_iter().filter(|event| event.contains("wake") || event.contains("poll")).collect();
    let expected = [
        "busy: poll 1 with 1 after spawn",
        "busy: wake 1 by ref",
        "busy: wake 1 by ref, coalesced",
        "busy: poll 2 with 1 after wake",
        "busy: poll 3 with 1, spurious",
    ];
    assert_eq!(roles, expected);
}

#[test]
fn a_wake_through_the_waker_of_an_earlier_poll_is_outdated() {
    let ((first, one), (second, two)) = (Counter::new(), Counter::new());
    let timeline = record(|| {
        let shelf = RefCell::new(Vec::new());
        let mut future = pin!(Traced::new("moved", shelving(&shelf)));
        assert!(poll(&mut future, &one).is_pending());
        assert!(poll(&mut future, &two).is_pending());
        shelf.borrow()[0].wake_by_ref();
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        shelf.borrow()[1].wake_by_ref();
        assert_eq!((first.wakes(), second.wakes()), (1, 1));
        assert!(poll(&mut future, &two).is_pending());
        // Nothing can be expected of it; where it does something all the same, it is the cause.
        shelf.borrow()[0].wake_by_ref();
        assert!(poll(&mut future, &two).is_pending());
        assert!(poll(&mut future, &two).is_pending());
    });
    let story: Vec<_> =
        story(&timeline).into_iter().filter(|event| event.contains("wake") || event.contains("poll")).collect();
    let expected = [
        "moved: wake 1 by ref, outdated",
        "moved: wake 2 by ref",
        "moved: poll 3 with 2 after wake",
        "moved: wake 1 by ref, outdated",
        "moved: poll 4 with 2 after wake",
        "moved: poll 5 with 2, spurious",
    ];
    assert_eq!(story[2..], expected);
    let second = timeline.records().iter().rfind(|record| record.event.name() == "wake").unwrap();
    let role = |n| {
        timeline
            .records()
            .iter()
            .find(|record| matches!(record.event, Event::Poll { n: its, .. } if its == n))
            .unwrap()
            .role
    };
    assert_eq!(role(4), Some(Role::Cause(second.seq)));
}

#[test]
fn a_future_that_is_never_polled_is_made_and_dropped() {
    let timeline = record(|| drop(Traced::new("unused", ready(1))));
    assert_eq!(story(&timeline), ["unused: spawn", "unused: drop"]);
}

#[test]
fn dropped_while_pending_it_lets_go_of_its_waker_and_a_late_wake_is_late() {
    let (counter, runtime) = Counter::new();
    let timeline = record(|| {
        let shelf = &RefCell::new(Vec::new());
        // One of the clones goes with the future.
        let mut kept = Vec::new();
        let keeps = poll_fn(move |context| {
            kept.push(context.waker().clone());
            shelf.borrow_mut().push(context.waker().clone());
            Poll::<()>::Pending
        });
        let mut future = Box::pin(Traced::new("cut", keeps));
        assert!(poll(&mut future.as_mut(), &runtime).is_pending());
        drop(future);
        shelf.take().pop().unwrap().wake();
    });
    assert_eq!(counter.wakes(), 1);
    let expected = ["cut: pending", "cut: drop", "cut: release 1", "cut: wake 1 by value, late"];
    assert_eq!(story(&timeline)[4..], expected);
}

#[test]
fn nothing_of_the_runtimes_waker_is_kept_but_what_the_future_keeps() {
    let (counter, runtime) = Counter::new();
    record(|| {
        let shelf = RefCell::new(Vec::new());
        let mut future = pin!(Traced::new("keeper", shelving(&shelf)));
        assert!(poll(&mut future, &runtime).is_pending());
        assert!(poll(&mut future, &runtime).is_pending());
        assert_eq!(Arc::strong_count(&counter), 3, "the counter, the waker, and one for all clones");
        shelf.take();
        assert_eq!(Arc::strong_count(&counter), 2);
        assert!(poll(&mut pin!(Traced::new("none", pending::<()>())), &runtime).is_pending());
        assert_eq!(Arc::strong_count(&counter), 2);
    });
}

#[test]
fn a_release_is_recorded_before_the_runtimes_waker_goes() {
    struct Last;
    impl std::task::Wake for Last {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Last {
        fn drop(&mut self) {
            tracing::trace!(target: "timeline", event = "note", text = "the runtime's waker goes");
        }
    }
    let timeline = record(|| {
        let shelf = RefCell::default();
        let mut future = pin!(Traced::new("one", shelving(&shelf)));
        let runtime = Waker::from(Arc::new(Last));
        assert!(poll(&mut future, &runtime).is_pending());
        drop(runtime);
        shelf.take();
    });
    let place =
        |wanted: fn(&Event) -> bool| timeline.records().iter().position(|record| wanted(&record.event)).unwrap();
    let released = place(|event| matches!(event, Event::Release { .. }));
    assert!(released < place(|event| matches!(event, Event::Note { .. })), "{}", timeline.text());
}

#[test]
fn a_panic_in_poll_is_recorded_and_goes_on() {
    let timeline = record(|| {
        let broken = Traced::new("broken", poll_fn(|_| -> Poll<()> { panic!("on purpose") }));
        let outer = Traced::new("outer", broken);
        assert!(catch_unwind(AssertUnwindSafe(|| block_on(outer))).is_err());
        block_on(Traced::new("next", ready(())));
    });
    let expected = [
        "broken: spawn",
        "outer: spawn",
        "outer: poll 1 with 1 after spawn",
        "broken: poll 1 with 1 after spawn",
        "broken: panic",
        "outer: panic",
        "outer: drop",
        "broken: drop",
        "next: spawn",
        "next: poll 1 with 1 after spawn",
        "next: ready",
        "next: drop",
    ];
    assert_eq!(story(&timeline), expected);
    assert_eq!(timeline.records()[8].during, None, "nobody is polled any more");
}

#[test]
fn nested_in_a_join_each_wake_goes_through_the_outer_waker_and_the_other_child_is_polled_for_nothing() {
    let timeline = record(|| {
        let (tick, tock) = (Traced::new("tick", countdown(2)), Traced::new("tock", pending_once()));
        assert_eq!(block_on(Traced::new("both", join(tick, tock))), (2, ()));
    });
    let expected = [
        "tick: spawn",
        "tock: spawn",
        "both: spawn",
        "both: poll 1 with 1 after spawn",
        "tick: poll 1 with 1 after spawn",
        "tick: wake 1 by ref",
        "both: wake 1 by ref",
        "tick: pending",
        "tock: poll 1 with 1 after spawn",
        "tock: pending",
        "both: pending",
        "both: poll 2 with 1 after wake",
        "tick: poll 2 with 1 after wake",
        "tick: ready",
        "tick: drop",
        "tock: poll 2 with 1, spurious",
        "tock: ready",
        "tock: drop",
        "both: ready",
        "both: drop",
    ];
    assert_eq!(story(&timeline), expected);
}

#[test]
fn threads_of_one_name_are_told_apart() {
    let timeline = record(|| {
        (0..3).for_each(|_| elsewhere(|| tracing::trace!(target: "timeline", event = "note", text = "here")));
    });
    assert_eq!(timeline.threads(), ["thread", "thread 2", "thread 3"]);
}

/// Pending at the first poll, though nobody is going to wake it.
fn pending_once() -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending })
}

#[test]
fn a_librarys_events_belong_to_the_task_that_is_polled() {
    let timeline = record(|| {
        let inner = Traced::new(
            "inner",
            poll_fn(|_| {
                tracing::trace!(target: "future", event = "register", at = "inner place");
                Poll::Ready(())
            }),
        );
        block_on(Traced::new("outer", async {
            inner.await;
            tracing::trace!(target: "waker", event = "register", at = "outer place");
        }));
        tracing::trace!(target: "future", event = "register", at = "nowhere");
    });
    let story: Vec<_> = story(&timeline).into_iter().filter(|event| event.contains("register")).collect();
    assert_eq!(story, ["inner: register at inner place", "outer: register at outer place", "register at nowhere"]);
}

#[test]
fn it_is_send_sync_and_unpin_if_the_future_is() {
    fn all<T: Send + Sync + Unpin + std::panic::UnwindSafe>(_: &T) {}
    all(&Traced::new("ready", ready(1)));
}
