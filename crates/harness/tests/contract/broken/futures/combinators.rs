//! Combinators and a semaphore that pass every check, and the places where a [`Fault`] changes
//! them.

use std::{
    collections::VecDeque,
    mem::ManuallyDrop,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    HidesTheWaker,
    PollsWhenMade,
    ForgetsAfterPanic,
    WideFrames,
    OneAfterTheOther,
    KeepsThePermit,
    KeepsItsPlace,
    QueuesWhenMade,
}

type Held<F> = Option<Pin<Box<F>>>;

/// Maps the output of its child.
pub struct Map<F, G> {
    fault: Fault,
    child: Held<F>,
    map: Option<G>,
}

impl<F: Future, T, G: FnOnce(F::Output) -> T> Map<F, G> {
    pub fn new(fault: Fault, child: F, map: G) -> Self {
        let mut child = Box::pin(child);
        if fault == Fault::PollsWhenMade {
            let _ = child.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        Map { fault, child: Some(child), map: Some(map) }
    }
}

impl<F: Future, T, G: FnOnce(F::Output) -> T + Unpin> Future for Map<F, G> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let cx = &mut if self.fault == Fault::HidesTheWaker {
            Context::from_waker(Waker::noop())
        } else {
            Context::from_waker(cx.waker())
        };
        let polled = match self.fault {
            Fault::ForgetsAfterPanic => {
                let mut taken =
                    ManuallyDrop::new(self.child.take().expect("polled after it was ready, or after a panic"));
                let polled = taken.as_mut().poll(cx);
                self.child = Some(ManuallyDrop::into_inner(taken));
                polled
            }
            Fault::WideFrames => wide(|| self.poll_child(cx)),
            _ => self.poll_child(cx),
        };
        let Poll::Ready(output) = polled else { return Poll::Pending };
        self.child = None;
        let map = self.map.take().expect("it is taken when the child is");
        Poll::Ready(map(output))
    }
}

impl<F: Future, G> Map<F, G> {
    fn poll_child(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.child.as_mut().expect("polled after it was ready").as_mut().poll(cx)
    }
}

/// Uses eight kilobytes of stack.
#[inline(never)]
fn wide<T>(run: impl FnOnce() -> T) -> T {
    let frame = std::hint::black_box([0_u8; 8 << 10]);
    let value = run();
    std::hint::black_box(&frame);
    value
}

/// A join, which gives both outputs, or a select, which gives the first one.
pub struct Pair<A: Future, B: Future> {
    fault: Fault,
    both: bool,
    children: (Held<A>, Held<B>),
    outputs: (Option<A::Output>, Option<B::Output>),
}

impl<A: Future, B: Future> Pair<A, B> {
    pub fn join(fault: Fault, a: A, b: B) -> Self {
        Pair { fault, both: true, children: (Some(Box::pin(a)), Some(Box::pin(b))), outputs: (None, None) }
    }

    pub fn select(fault: Fault, a: A, b: B) -> Self {
        Pair { both: false, ..Pair::join(fault, a, b) }
    }
}

fn poll_once<F: Future>(child: &mut Held<F>, output: &mut Option<F::Output>, cx: &mut Context<'_>) -> Poll<()> {
    let Some(future) = child else { return Poll::Ready(()) };
    let Poll::Ready(ready) = future.as_mut().poll(cx) else { return Poll::Pending };
    *output = Some(ready);
    *child = None;
    Poll::Ready(())
}

impl<A: Future<Output: Unpin>, B: Future<Output: Unpin>> Future for Pair<A, B> {
    type Output = (Option<A::Output>, Option<B::Output>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let first = poll_once(&mut this.children.0, &mut this.outputs.0, cx);
        if first.is_pending() && this.fault == Fault::OneAfterTheOther {
            return Poll::Pending;
        }
        let second = poll_once(&mut this.children.1, &mut this.outputs.1, cx);
        let ready = match this.both {
            true => first.is_ready() && second.is_ready(),
            false => first.is_ready() || second.is_ready(),
        };
        if ready { Poll::Ready((this.outputs.0.take(), this.outputs.1.take())) } else { Poll::Pending }
    }
}

/// The permits, and the waiters in the order in which they came.
#[derive(Default)]
struct Queue {
    permits: usize,
    next: u64,
    waiting: VecDeque<(u64, Option<Waker>)>,
}

/// A semaphore that begins without permits. A clone is the same semaphore.
#[derive(Clone, Default)]
pub struct Semaphore(Arc<Mutex<Queue>>);

impl Semaphore {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn acquire(&self, fault: Fault) -> Acquire {
        let mut acquire = Acquire { fault, semaphore: self.clone(), place: None, done: false };
        if fault == Fault::QueuesWhenMade {
            acquire.queue(None);
        }
        acquire
    }

    pub fn release(&self) {
        let mut queue = self.lock();
        queue.permits += 1;
        self.wake_the_first(queue);
    }

    fn wake_the_first(&self, mut queue: MutexGuard<'_, Queue>) {
        let waker =
            if queue.permits > 0 { queue.waiting.front_mut().and_then(|(_, waker)| waker.take()) } else { None };
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Ready once it has a permit.
pub struct Acquire {
    fault: Fault,
    semaphore: Semaphore,
    place: Option<u64>,
    done: bool,
}

impl Acquire {
    /// Takes a place in the queue, or keeps its place with a new waker.
    fn queue(&mut self, waker: Option<Waker>) {
        let mut queue = self.semaphore.lock();
        let place = *self.place.get_or_insert_with(|| {
            queue.next += 1;
            queue.next
        });
        let old = match queue.waiting.iter_mut().find(|(number, _)| *number == place) {
            Some((_, kept)) => std::mem::replace(kept, waker),
            None => {
                queue.waiting.push_back((place, waker));
                None
            }
        };
        drop(queue);
        drop(old);
    }
}

impl Future for Acquire {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert!(!self.done, "polled after it was ready");
        let waker = cx.waker().clone();
        self.queue(Some(waker));
        let mut queue = self.semaphore.lock();
        let first = queue.waiting.front().map(|(number, _)| *number);
        if queue.permits == 0 || first != self.place {
            return Poll::Pending;
        }
        queue.permits -= 1;
        let left = queue.waiting.pop_front();
        self.semaphore.wake_the_first(queue);
        drop(left);
        self.done = true;
        Poll::Ready(())
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        let Some(place) = self.place.filter(|_| !self.done && self.fault != Fault::KeepsItsPlace) else { return };
        let mut queue = self.semaphore.lock();
        let at = queue.waiting.iter().position(|(number, _)| *number == place);
        let left = at.and_then(|at| queue.waiting.remove(at));
        if self.fault == Fault::KeepsThePermit {
            drop(queue);
        } else {
            // If this waiter was woken for a permit, the next waiter must take it.
            self.semaphore.wake_the_first(queue);
        }
        drop(left);
    }
}
