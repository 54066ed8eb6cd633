//! The `async fn` and its machine by hand, under one test: after every poll they have done the
//! same.

use std::{
    cell::RefCell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use harness::probe::Task;
use lesson_future::s8_state_machine::{sum, sum_async};

type Diary = Rc<RefCell<Vec<String>>>;

/// A number that comes after some polls, and writes down what is done to it.
struct Number {
    name: &'static str,
    polls: u32,
    value: u32,
    diary: Diary,
}

impl Future for Number {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.diary.borrow_mut().push(format!("{} polled", self.name));
        if self.polls == 0 {
            return Poll::Ready(self.value);
        }
        self.polls -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        self.diary.borrow_mut().push(format!("{} dropped", self.name));
    }
}

/// Makes the future, plays with it, and gives what its numbers wrote down.
fn diary_of<F: Future<Output = u32>>(make: fn(Number, Number) -> F, play: fn(F, &Diary)) -> Vec<String> {
    let diary = Diary::default();
    let number = |name, polls, value| Number { name, polls, value, diary: Rc::clone(&diary) };
    play(make(number("first", 1, 40), number("second", 2, 2)), &diary);
    diary.take()
}

fn to_the_end<F: Future<Output = u32>>(future: F, diary: &Diary) {
    let mut task = Task::new(future);
    let remark = |text: &str| diary.borrow_mut().push(text.to_owned());
    for _ in 0..3 {
        remark("poll");
        task.assert_pending();
        assert!(task.is_woken());
        assert_eq!(task.kept_wakers(), 0);
    }
    remark("poll");
    assert_eq!(task.assert_ready(), 42);
    remark("done");
    let again = catch_unwind(AssertUnwindSafe(|| task.poll()));
    assert!(again.is_err(), "polled after Ready, it panics");
}

#[test]
fn to_the_end_both_do_the_same() {
    let by_compiler = diary_of(sum_async, to_the_end);
    assert_eq!(by_compiler, diary_of(sum, to_the_end));
    // What a state does not need any more is dropped on the way into the next one.
    let expected = [
        "poll",
        "first polled",
        "poll",
        "first polled",
        "first dropped",
        "second polled",
        "poll",
        "second polled",
        "poll",
        "second polled",
        "second dropped",
        "done",
    ];
    assert_eq!(by_compiler, expected);
}

fn dropped_after<F: Future<Output = u32>, const POLLS: usize>(future: F, _: &Diary) {
    let mut task = Task::new(future);
    for _ in 0..POLLS {
        task.assert_pending();
    }
}

#[test]
fn dropped_in_any_state_both_drop_what_that_state_holds() {
    let drops = |diary: Vec<String>| diary.into_iter().filter(|line| line.ends_with("dropped")).collect::<Vec<_>>();
    let sorted = |diary| {
        let mut drops = drops(diary);
        drops.sort();
        drops
    };
    for (by_compiler, by_hand) in [
        (diary_of(sum_async, dropped_after::<_, 0>), diary_of(sum, dropped_after::<_, 0>)),
        (diary_of(sum_async, dropped_after::<_, 1>), diary_of(sum, dropped_after::<_, 1>)),
        (diary_of(sum_async, dropped_after::<_, 2>), diary_of(sum, dropped_after::<_, 2>)),
        (diary_of(sum_async, dropped_after::<_, 3>), diary_of(sum, dropped_after::<_, 3>)),
    ] {
        // In which order the variables of one state go is the compiler's own affair.
        assert_eq!(sorted(by_compiler), ["first dropped", "second dropped"]);
        assert_eq!(sorted(by_hand), ["first dropped", "second dropped"]);
    }
}
