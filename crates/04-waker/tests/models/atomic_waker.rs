//! `AtomicWaker`: no wake is lost, what was written before a wake is seen after it, and no waker is
//! leaked or dropped twice.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Poll, Waker},
};

use lesson_waker::parts::atomic_waker::AtomicWaker;
use loom::{sync::atomic::AtomicBool, thread};

use super::tools::{Count, block_on, bounded};

/// A3, B12: the flag orders nothing by itself, so it is the wake that shows it to the poll.
#[test]
fn atomic_waker_a_wake_publishes_what_was_before_it() {
    loom::model(|| {
        let shared = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
        let there = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            there.1.store(true, Relaxed);
            there.0.wake();
        });
        block_on(poll_fn(|cx| {
            shared.0.register(cx.waker());
            if shared.1.load(Relaxed) { Poll::Ready(()) } else { Poll::Pending }
        }));
        thread.join().unwrap();
    });
}

/// B12, B13: two wakes from outside, which may find each other there. Each has something of its own
/// to show.
#[test]
fn atomic_waker_two_wakes_strand_nobody() {
    bounded(3, || {
        let shared = Arc::new((AtomicWaker::new(), [AtomicBool::new(false), AtomicBool::new(false)]));
        let threads = [0, 1].map(|number| {
            let there = Arc::clone(&shared);
            thread::spawn(move || {
                there.1[number].store(true, Relaxed);
                there.0.wake();
            })
        });
        block_on(poll_fn(|cx| {
            shared.0.register(cx.waker());
            if shared.1.iter().all(|flag| flag.load(Relaxed)) { Poll::Ready(()) } else { Poll::Pending }
        }));
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A task that asks again with the waker that is there already, or was until a moment ago.
#[test]
fn atomic_waker_the_same_again_is_as_good_as_new() {
    loom::model(|| {
        let shared = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
        let there = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            there.1.store(true, Relaxed);
            there.0.wake();
        });
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            shared.0.register(cx.waker());
            match shared.1.load(Relaxed) {
                true => Poll::Ready(()),
                false => {
                    // Polled once more, whether it was woken or not.
                    if polls == 1 {
                        cx.waker().wake_by_ref();
                    }
                    Poll::Pending
                }
            }
        }));
        thread.join().unwrap();
    });
}

/// A2: the last waker is woken, or its task sees the flag; and the first is gone.
#[test]
fn atomic_waker_the_last_one_counts() {
    loom::model(|| {
        let shared = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
        let ((first, waker), (last, last_waker)) = (Count::new(), Count::new());
        shared.0.register(&waker);
        let there = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            there.1.store(true, Relaxed);
            there.0.wake();
        });
        shared.0.register(&last_waker);
        let seen = shared.1.load(Relaxed);
        thread.join().unwrap();
        assert!(seen || last.wakes() > 0, "neither seen nor woken");
        drop((shared, waker, last_waker));
        assert_eq!(Arc::strong_count(&first), 1, "every waker of the first is gone");
        assert_eq!(Arc::strong_count(&last), 1, "every waker of the last is gone");
    });
}

/// Two wakes and a waker that is replaced: it is taken by one of them, whole, and once.
#[test]
fn atomic_waker_a_waker_is_taken_once() {
    bounded(3, || {
        let place = Arc::new(AtomicWaker::new());
        let ((first, waker), (last, last_waker)) = (Count::new(), Count::new());
        place.register(&waker);
        let threads = [0, 1].map(|_| {
            let place = Arc::clone(&place);
            thread::spawn(move || place.take().map(Waker::wake))
        });
        place.register(&last_waker);
        for thread in threads {
            thread.join().unwrap();
        }
        drop((place, waker, last_waker));
        assert!(first.wakes() <= 1 && last.wakes() <= 2, "{} and {} wakes", first.wakes(), last.wakes());
        assert_eq!(Arc::strong_count(&first), 1, "every waker of the first is gone");
        assert_eq!(Arc::strong_count(&last), 1, "every waker of the last is gone");
    });
}

/// Taken there, and registered here once in each seat: the seat that was emptied there is filled
/// again when it is empty.
#[test]
fn atomic_waker_a_seat_is_filled_again_when_it_is_empty() {
    loom::model(|| {
        let place = Arc::new(AtomicWaker::new());
        let counts = [Count::new(), Count::new(), Count::new()];
        place.register(&counts[0].1);
        let there = Arc::clone(&place);
        let thread = thread::spawn(move || there.wake());
        place.register(&counts[1].1);
        place.register(&counts[2].1);
        thread.join().unwrap();
        place.wake();
        assert_eq!(counts[2].0.wakes(), 1, "kept and woken, or woken at once");
        drop(place);
        for (count, waker) in counts {
            drop(waker);
            assert_eq!(Arc::strong_count(&count), 1, "every waker is gone");
        }
    });
}

/// Two tasks at one place, which is for one: what becomes of the other is not promised, but the
/// place stays whole.
#[test]
fn atomic_waker_two_tasks_at_one_place() {
    loom::model(|| {
        let place = Arc::new(AtomicWaker::new());
        let ((first, waker), (last, last_waker)) = (Count::new(), Count::new());
        let there = Arc::clone(&place);
        let thread = thread::spawn(move || there.register(&waker));
        place.register(&last_waker);
        thread.join().unwrap();
        let before = first.wakes() + last.wakes();
        place.wake();
        assert_eq!(first.wakes() + last.wakes(), before + 1, "one of them was kept");
        drop((place, last_waker));
        assert_eq!(Arc::strong_count(&first), 1, "every waker of the first is gone");
        assert_eq!(Arc::strong_count(&last), 1, "every waker of the last is gone");
    });
}
