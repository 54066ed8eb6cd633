//! A traced future that a scene polls by hand.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::Traced;

/// A traced future and the one waker that it is polled with: as much of an executor as a scene
/// needs.
#[derive(Debug)]
pub struct Task<F> {
    /// `None` once it was ready or cancelled.
    future: Option<Pin<Box<Traced<F>>>>,
    bell: Arc<Bell>,
    rings: Receiver<()>,
}

#[derive(Debug)]
struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // A wake that comes after the task was dropped has no effect.
        let _ = self.0.send(());
    }
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(name: &str, future: F) -> Self {
        let (bell, rings) = channel();
        Task { future: Some(Box::pin(Traced::new(name, future))), bell: Arc::new(Bell(bell)), rings }
    }

    /// Polls it once, and drops the future if it is ready.
    ///
    /// # Panics
    ///
    /// If the future was ready before, or was cancelled.
    pub fn poll(&mut self) -> Poll<F::Output> {
        let future = self.future.as_mut().expect("a scene polls nothing that was ready");
        let waker = Waker::from(Arc::clone(&self.bell));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }

    /// Whether it has been woken since the last call of this function.
    pub fn is_woken(&self) -> bool {
        self.rings.try_iter().count() > 0
    }

    /// Whether a clone of its waker exists.
    pub fn can_be_woken(&self) -> bool {
        Arc::strong_count(&self.bell) > 1
    }

    /// Polls it, and again after each wake, until it is ready; `None` if it waits and no clone of
    /// its waker is left.
    pub fn run(&mut self) -> Option<F::Output> {
        loop {
            if let Poll::Ready(output) = self.poll() {
                return Some(output);
            }
            // The last clone wakes before it is dropped. So the clones are counted before the
            // wakes.
            let can_be_woken = self.can_be_woken();
            if !self.is_woken() {
                if !can_be_woken {
                    return None;
                }
                self.rings.recv().expect("the task holds a sender itself");
            }
        }
    }

    /// Drops the future.
    pub fn cancel(&mut self) {
        self.future = None;
    }
}
