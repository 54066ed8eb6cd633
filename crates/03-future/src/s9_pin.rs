//! Stage 9: why `Pin`. An `async fn` may borrow from its own variables across an `.await`. Its
//! state then points into itself, and must stay where it is. Here the pointer is only an address to
//! compare, so its breaking can be watched.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project::pin_project;

// ANCHOR: async_fn
/// `rest` points into `numbers`, and both live across the `.await`. Cancel safe: nobody else knows
/// of them.
///
/// So its future is not `Unpin`: to poll it one has to pin it, and with that to promise never to
/// move it again.
///
/// ```compile_fail,E0277
/// # use lesson_future::s9_pin::borrows;
/// let mut future = borrows(std::future::ready(()));
/// let pinned = std::pin::Pin::new(&mut future); // error: `...` cannot be unpinned
/// ```
///
/// ```
/// # use lesson_future::s9_pin::borrows;
/// let future = borrows(std::future::ready(()));
/// let pinned = std::pin::pin!(future); // moved into its last place
/// ```
// ANCHOR: borrows
pub async fn borrows(between: impl Future<Output = ()>) -> u8 {
    let numbers = [1, 2, 3, 4];
    let rest = &numbers[1..];
    between.await;
    rest.iter().sum()
}
// ANCHOR_END: borrows
// ANCHOR_END: async_fn

// ANCHOR: state
/// What [`borrows`] keeps while it waits. In place of the reference there is the address to which
/// it would point.
#[derive(Debug, Default)]
struct State {
    numbers: [u8; 4],
    rest: Option<usize>,
}

/// The reference points where the numbers no longer are. A real one would now read memory of
/// somebody else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dangling {
    /// The address to which the reference points.
    pub points_to: usize,
    /// The address at which the numbers are.
    pub numbers_at: usize,
}

impl State {
    /// The first poll borrows and waits; the second follows the reference.
    fn step(&mut self, cx: &Context<'_>) -> Poll<Result<u8, Dangling>> {
        let numbers_at = self.numbers[1..].as_ptr().addr();
        match self.rest {
            None => {
                self.numbers = [1, 2, 3, 4];
                self.rest = Some(numbers_at);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(points_to) if points_to == numbers_at => Poll::Ready(Ok(self.numbers[1..].iter().sum())),
            Some(points_to) => Poll::Ready(Err(Dangling { points_to, numbers_at })),
        }
    }
}
// ANCHOR_END: state

// ANCHOR: loose
/// Broken: nothing says that it must not be moved between two polls.
#[derive(Debug, Default)]
pub struct Loose {
    state: State,
}

impl Future for Loose {
    type Output = Result<u8, Dangling>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.state.step(cx)
    }
}
// ANCHOR_END: loose

// ANCHOR: pinned
/// Mended: it is not `Unpin`, so whoever polls it cannot move it any more.
///
/// ```compile_fail,E0277
/// # use {lesson_future::s9_pin::Pinned, std::{future::Future, pin::Pin, task::{Context, Waker}}};
/// # let cx = &mut Context::from_waker(Waker::noop());
/// let mut two = [Pinned::default(), Pinned::default()];
/// let _ = Pin::new(&mut two[0]).poll(cx); // error: `PhantomPinned` cannot be unpinned
/// two.swap(0, 1);
/// ```
///
/// The same with the future that breaks, to the sight of the compiler as sound as any:
///
/// ```
/// # use {lesson_future::s9_pin::Loose, std::{future::Future, pin::Pin, task::{Context, Waker}}};
/// # let cx = &mut Context::from_waker(Waker::noop());
/// let mut two = [Loose::default(), Loose::default()];
/// let _ = Pin::new(&mut two[0]).poll(cx);
/// two.swap(0, 1);
/// ```
#[derive(Debug, Default)]
#[pin_project(!Unpin)]
pub struct Pinned {
    state: State,
}

impl Future for Pinned {
    type Output = Result<u8, Dangling>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().state.step(cx)
    }
}
// ANCHOR_END: pinned
