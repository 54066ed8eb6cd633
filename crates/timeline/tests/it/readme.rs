//! The record that the README shows is that of a real run.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    thread,
};

use timeline::{Recording, Traced};
use tracing::trace;

use crate::alone::alone;

/// Whether the time has come, and the waker of who waits for it.
#[derive(Default)]
struct Clock(bool, Option<Waker>);

struct Delay(Arc<Mutex<Clock>>);

impl Future for Delay {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut clock = self.0.lock().unwrap();
        if clock.0 {
            return Poll::Ready(());
        }
        trace!(target: "future", event = "register", at = "the clock");
        clock.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

fn on_thread(name: &str, body: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.into()).spawn(body).unwrap().join().unwrap();
}

#[test]
fn a_delay_that_a_thread_wakes() {
    alone(|| {
        let recording = Recording::start().unwrap();
        on_thread("main", || {
            let clock = Arc::new(Mutex::new(Clock::default()));
            let mut delay = Box::pin(Traced::new("delay", Delay(clock.clone())));
            let mut poll = || delay.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll().is_pending());
            on_thread("timer", move || {
                trace!(target: "future", event = "fire", at = "the clock");
                let mut clock = clock.lock().unwrap();
                clock.0 = true;
                let waker = clock.1.take().unwrap();
                drop(clock);
                waker.wake();
            });
            assert!(poll().is_ready());
        });
        let text = recording.finish().text().to_string();
        assert!(
            include_str!("../../README.md").contains(&format!("```text\n{text}```\n")),
            "the README shows:\n{text}"
        );
    });
}
