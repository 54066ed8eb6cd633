//! The scenes that ask the kernel: how often it was asked for another thread, and how much CPU time
//! was burnt. They are too long for a record.

use std::{
    cell::{Cell, RefCell},
    fs,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use lesson_executor::{
    parts::driver::{Driver, Parking},
    s1_spin, s2_block_on, s3_run_queue, s4_spawn,
};
use lesson_future::s4_yield_now::yield_now;
use lesson_waker::s9_oneshot;
use rustix::time::{ClockId, clock_gettime};

use timeline::scenes::say;

use super::stages::{
    A_WHILE, Executor,
    Stage::{self, BlockOn, RunQueue, Spin},
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
    // Once before it counts: then whatever has to be read from the disk has been.
    run();
    let before = switches()?;
    run();
    let after = switches()?;
    say(format_args!("{TASKS} tasks stepped aside {} times, on 1 thread.", TASKS * TURNS));
    say(format_args!("The kernel was asked for another thread {} times meanwhile.", after - before));
    Ok(())
}

/// How often this thread has given up its processor by itself.
fn switches() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/thread-self/status").map_err(|why| format!("only Linux tells: {why}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok()).ok_or_else(|| "this kernel does not tell".into())
}

pub fn play_idle(stage: Stage) -> Result<(), String> {
    let (sender, receiver) = s9_oneshot::channel();
    let polls = Rc::new(Cell::new(0_u64));
    let counting = Rc::clone(&polls);
    let future = async move {
        let mut receiver = pin!(receiver);
        let _received = poll_fn(|cx| {
            counting.set(counting.get() + 1);
            receiver.as_mut().poll(cx)
        })
        .await;
    };
    // Such a long time is what is waited for: it orders nothing.
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
        RunQueue => s3_run_queue::Executor::new().block_on(future),
        _ => {
            let executor = s4_spawn::Executor::new();
            let task = executor.spawn(future);
            executor.block_on(task).map_err(|why| why.to_string())?;
        }
    }
    let (waited, burnt) = (start.elapsed(), self::burnt() - burnt);
    sending.join().map_err(|_| "the sender panicked")?.map_err(|_| "the receiver had gone")?;
    say(format_args!("It waited {} ms, was polled {} times,", waited.as_millis(), polls.get()));
    say(format_args!(
        "and {} % of that time the processor was at work for it.",
        100 * burnt.as_micros() / waited.as_micros()
    ));
    Ok(())
}

/// The CPU time of this thread.
fn burnt() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

// ANCHOR: turn
/// A driver with one place for a waker, which it wakes at its next turn: a socket, say, that has
/// been readable for long.
struct Socket {
    parking: Parking,
    waits: Rc<RefCell<Option<Waker>>>,
}

impl Driver for Socket {
    fn park(&mut self, deadline: Option<Instant>) {
        self.turn();
        self.parking.park(deadline);
    }

    fn turn(&mut self) {
        let waker = self.waits.borrow_mut().take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn unparker(&self) -> Waker {
        self.parking.unparker()
    }
}
// ANCHOR_END: turn

pub fn play_turn(stage: Stage) -> Result<(), String> {
    let waits = Rc::<RefCell<Option<Waker>>>::default();
    let socket = Socket { parking: Parking::default(), waits: Rc::clone(&waits) };
    let (polls, served) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(None)));
    let (counting, serving) = (Rc::clone(&polls), Rc::clone(&served));
    let busy = async move {
        while serving.get().is_none() {
            counting.set(counting.get() + 1);
            yield_now().await;
        }
    };
    let (seen, serve) = (Rc::clone(&polls), Rc::clone(&served));
    let mut registered = false;
    let waiting = poll_fn(move |cx| {
        if registered {
            serve.set(Some(seen.get()));
            return Poll::Ready(());
        }
        registered = true;
        *waits.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    });
    if stage == RunQueue {
        let executor = s3_run_queue::Executor::with_driver(socket);
        executor.spawn(waiting);
        executor.block_on(busy);
    } else {
        let executor = s4_spawn::Executor::with_driver(socket);
        drop(executor.spawn(waiting));
        executor.block_on(busy);
    }
    let served = served.get().ok_or("the task that waits was never served")?;
    say(format_args!("The task that waits was served after {served} polls of one that never does."));
    Ok(())
}
