//! The scenes that read the kernel's counters: context switches and CPU time. These scenes print no
//! record, because it would have thousands of lines.

use std::{
    fs,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use lesson_executor::{
    parts::driver::{Driver, Parking},
    s1_spin, s2_block_on, s3_queue, s4_join,
};
use lesson_future::s4_yield_now::yield_now;
use lesson_waker::s9_oneshot;
use rustix::time::{ClockId, clock_gettime};

use timeline::scenes::say;

use super::stages::{
    A_WHILE, Executor,
    Stage::{self, BlockOn, Queue, Spin},
};

const TASKS: u32 = 100;
const TURNS: u32 = 100;

pub fn play_layer(stage: Stage) -> Result<(), String> {
    let executor = Executor::of(stage);
    let run = || {
        for _ in 0..TASKS {
            executor.spawn("aside", async {
                for _ in 0..TURNS {
                    yield_now().await;
                }
            });
        }
        executor.run();
    };
    // The first run does not count: it may read pages of the program from the disk.
    run();
    let before = switches()?;
    run();
    let after = switches()?;
    say(format_args!("{TASKS} tasks yielded {} times, on 1 thread.", TASKS * TURNS));
    say(format_args!("Meanwhile the kernel switched to another thread {} times.", after - before));
    Ok(())
}

/// The number of times this thread has gone to sleep, and so left its processor.
fn switches() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/thread-self/status").map_err(|why| format!("only Linux tells: {why}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok()).ok_or_else(|| "this kernel does not tell".into())
}

pub fn play_idle(stage: Stage) -> Result<(), String> {
    let (sender, receiver) = s9_oneshot::channel();
    let polls = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&polls);
    let future = async move {
        let mut receiver = pin!(receiver);
        let _received = poll_fn(|cx| {
            counting.fetch_add(1, Relaxed);
            receiver.as_mut().poll(cx)
        })
        .await;
    };
    // The scene is about this wait. The sleep orders nothing.
    let sending = thread::spawn(move || {
        thread::sleep(A_WHILE);
        sender.send(5)
    });
    let (start, burnt) = (Instant::now(), burnt());
    match stage {
        Spin => {
            let executor = s1_spin::Executor::new();
            executor.spawn(future);
            executor.run();
        }
        BlockOn => s2_block_on::block_on(future),
        Queue => s3_queue::Executor::new().block_on(future),
        _ => {
            let executor = s4_join::Executor::new();
            let task = executor.spawn(future);
            executor.block_on(task).map_err(|why| why.to_string())?;
        }
    }
    let (waited, burnt) = (start.elapsed(), self::burnt() - burnt);
    sending.join().map_err(|_| "the sender panicked")?.map_err(|_| "the receiver was dropped")?;
    say(format_args!("It waited {} ms, was polled {} times,", waited.as_millis(), polls.load(Relaxed)));
    say(format_args!("and used {} % of one processor meanwhile.", 100 * burnt.as_micros() / waited.as_micros()));
    Ok(())
}

/// The CPU time of this thread.
fn burnt() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// A driver with a place for one waker. It wakes that waker at its next turn, as a driver does for
/// a socket that has been readable for a while.
struct Socket {
    parking: Parking,
    waiter: Arc<Mutex<Option<Waker>>>,
}

impl Driver for Socket {
    fn park(&mut self, deadline: Option<Instant>) {
        self.turn();
        self.parking.park(deadline);
    }

    fn turn(&mut self) {
        let waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner).take();
        waiter.into_iter().for_each(Waker::wake);
    }

    fn unparker(&self) -> Waker {
        self.parking.unparker()
    }
}

pub fn play_turn(stage: Stage) -> Result<(), String> {
    let waiter = Arc::<Mutex<Option<Waker>>>::default();
    let socket = Socket { parking: Parking::default(), waiter: Arc::clone(&waiter) };
    let is_served = Arc::new(AtomicBool::new(false));
    let serve = Arc::clone(&is_served);
    let busy = async move {
        let mut polls = 0;
        while !is_served.load(Relaxed) {
            polls += 1;
            yield_now().await;
        }
        polls
    };
    let mut registered = false;
    let waiting = poll_fn(move |cx| {
        if registered {
            serve.store(true, Relaxed);
            return Poll::Ready(());
        }
        registered = true;
        *waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        Poll::Pending
    });
    let polls = if stage == Queue {
        let executor = s3_queue::Executor::with_driver(socket);
        executor.spawn(waiting);
        executor.block_on(busy)
    } else {
        let executor = s4_join::Executor::with_driver(socket);
        drop(executor.spawn(waiting));
        executor.block_on(busy)
    };
    say(format_args!("The task that waits was served after {polls} polls of the busy one."));
    Ok(())
}
