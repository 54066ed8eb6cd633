//! Tools of the models: futures that are counted, that yield, and that wait; and the number of
//! orders in which each model runs.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};

use shuttle::{
    Config, MaxSteps, Runner,
    scheduler::{PctScheduler, RandomScheduler},
    sync::Mutex,
};

/// Runs the model in this many orders of each kind.
pub fn check(model: fn()) {
    const ORDERS: usize = 1_000;
    let config = || {
        let mut config = Config::new();
        config.stack_size = 1 << 19;
        // A worker that looks by the clock does so as long as another thread is to run.
        config.max_steps = MaxSteps::FailAfter(100_000);
        config
    };
    Runner::new(RandomScheduler::new(ORDERS), config()).run(model);
    Runner::new(PctScheduler::new(3, ORDERS), config()).run(model);
}

/// Subtracts itself from the count when it is dropped.
pub struct Held(Arc<AtomicUsize>);

impl Held {
    pub fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Relaxed);
        Held(Arc::clone(alive))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.0.fetch_sub(1, Relaxed) > 0, "it is dropped once");
    }
}

/// Wakes itself this many times.
pub async fn yields(mut times: usize) {
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A future that leaves its waker here, and is ready when the gate is open.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    pub async fn wait(self) {
        poll_fn(|cx| {
            let mut inside = self.0.lock().unwrap();
            if inside.0 {
                return Poll::Ready(());
            }
            inside.1 = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub fn open(&self) {
        let waker = {
            let mut inside = self.0.lock().unwrap();
            inside.0 = true;
            inside.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}
