//! Stage 8: what an `async fn` becomes. The compiler makes a state machine of it: one state for
//! each `.await`, holding what is still needed after it. Here both stand side by side, the
//! `async fn` and its machine by hand.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

// ANCHOR: async_fn
/// Waits for one number, then for the other, and adds them. Not cancel safe: the first may have
/// come, and goes too.
pub async fn sum_async<A, B>(first: A, second: B) -> u32
where
    A: Future<Output = u32>,
    B: Future<Output = u32>,
{
    let a = first.await;
    let b = second.await;
    a + b
}
// ANCHOR_END: async_fn

// ANCHOR: machine
/// The same by hand, and no more cancel safe.
///
/// # Panics
///
/// If polled after it was ready, as an `async fn` does.
#[derive(Debug)]
pub struct Sum<A, B>(State<A, B>);

// ANCHOR: states
/// Each variant is a place where the body can stand, with the variables that live there.
#[derive(Debug)]
enum State<A, B> {
    /// Called, and not polled yet: nothing but the arguments.
    Start { first: A, second: B },
    /// At the first `.await`.
    First { first: A, second: B },
    /// At the second one: `first` is gone, `a` has come.
    Second { a: u32, second: B },
    /// The body has returned.
    End,
}
// ANCHOR_END: states

/// Makes a [`Sum`], as a call of [`sum_async`] makes its future.
pub fn sum<A, B>(first: A, second: B) -> Sum<A, B> {
    Sum(State::Start { first, second })
}

impl<A, B> Future for Sum<A, B>
where
    A: Future<Output = u32> + Unpin,
    B: Future<Output = u32> + Unpin,
{
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        // A panic from here on leaves the end, as it does with an `async fn`.
        let mut state = mem::replace(&mut self.0, State::End);
        // From state to state, until one has to wait.
        loop {
            state = match state {
                State::Start { first, second } => State::First { first, second },
                State::First { mut first, second } => match Pin::new(&mut first).poll(cx) {
                    Poll::Pending => {
                        self.0 = State::First { first, second };
                        return Poll::Pending;
                    }
                    Poll::Ready(a) => {
                        drop(first);
                        State::Second { a, second }
                    }
                },
                State::Second { a, mut second } => match Pin::new(&mut second).poll(cx) {
                    Poll::Pending => {
                        self.0 = State::Second { a, second };
                        return Poll::Pending;
                    }
                    Poll::Ready(b) => return Poll::Ready(a + b),
                },
                State::End => panic!("`Sum` polled after it was ready"),
            }
        }
    }
}
// ANCHOR_END: machine
