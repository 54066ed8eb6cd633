//! The loads, written once over the traits of `peers::runtime`. Each load returns a tally that its
//! tasks have counted, so that a load which did not happen is an error.

use std::{
    future::poll_fn,
    hint::black_box,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
        mpsc,
    },
    task::{Context, Poll},
    thread,
};

use futures::{channel::oneshot, task::AtomicWaker};
use peers::runtime::{Blocks, Spawns, Starts};

/// Looks at the counted part of a load: a clock, for example. By default it does nothing.
pub trait Meter {
    /// Waits until all threads of a pool are parked. Called before each part that needs this.
    fn settle(&mut self) {}
    /// The counted part begins.
    fn begin(&mut self) {}
    /// The counted part ends.
    fn end(&mut self) {}
}

/// Spawns tasks inside `block_on`, and then joins them all. The tally is the sum of their numbers.
pub fn batch<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let sum = runtime.block_on(async move {
        let joins: Vec<_> = (0..n).map(|number| R::spawn_within(&within, async move { number })).collect();
        let mut sum = 0;
        for join in joins {
            sum += R::value(join.await);
        }
        sum
    });
    meter.end();
    sum
}

/// The same, but each task is joined before the next one is spawned.
pub fn one_by_one<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let sum = runtime.block_on(async move {
        let mut sum = 0;
        for number in 0..n {
            sum += R::value(R::spawn_within(&within, async move { number }).await);
        }
        sum
    });
    meter.end();
    sum
}

/// `n` tasks yield `n` times each. The tally is the number of polls.
pub fn yields<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let lease = Lease::new(n);
    let latch = lease.latch;
    runtime.block_on(async move {
        for _ in 0..n {
            R::start_within(&within, async move { latch.arrive_with(Yields { left: n, polls: 0 }.await) });
        }
        latch.all_arrive().await;
    });
    meter.end();
    latch.tally()
}

/// The same for a runtime whose tasks cannot start tasks.
pub fn yields_from_outside<R: Starts>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    meter.begin();
    let lease = Lease::new(n);
    let latch = lease.latch;
    for _ in 0..n {
        runtime.start(async move { latch.arrive_with(Yields { left: n, polls: 0 }.await) });
    }
    runtime.block_on(latch.all_arrive());
    meter.end();
    latch.tally()
}

/// Each of `n` tasks starts a partner, and the two exchange two messages. The tally is the number
/// of messages.
pub fn ping_pong<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let lease = Lease::new(n);
    let latch = lease.latch;
    runtime.block_on(async move {
        for _ in 0..n {
            let inner = within.clone();
            R::start_within(&within, async move {
                let (ping, pinged) = oneshot::channel::<u64>();
                let (pong, ponged) = oneshot::channel::<u64>();
                R::start_within(&inner, async move {
                    let messages = pinged.await.expect("the other one sends");
                    pong.send(messages + 1).expect("the other one waits");
                });
                ping.send(1).expect("the partner has been started");
                latch.arrive_with(ponged.await.expect("the partner sends"));
            });
        }
        latch.all_arrive().await;
    });
    meter.end();
    latch.tally()
}

/// Each task starts the next one. The last task reports the tally: the number of tasks.
pub fn chained<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let links = runtime.block_on(async move {
        let (done, is_done) = oneshot::channel();
        link::<R>(&within, n, 1, done);
        is_done.await.expect("the last one tells")
    });
    meter.end();
    links
}

fn link<R: Spawns>(within: &R::Within, n: u64, number: u64, done: oneshot::Sender<u64>) {
    let inner = within.clone();
    R::start_within(within, async move {
        if number == n {
            done.send(number).expect("it is awaited");
        } else {
            link::<R>(&inner, n, number + 1, done);
        }
    });
}

/// One task starts all others, and nobody joins them. The tally is the number of tasks that have
/// run.
pub fn inside<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    meter.begin();
    let lease = Lease::new(n);
    let latch = lease.latch;
    runtime.block_on(async move {
        let inner = within.clone();
        R::start_within(&within, async move {
            for _ in 0..n {
                R::start_within(&inner, async move { latch.arrive() });
            }
        });
        latch.all_arrive().await;
    });
    meter.end();
    lease.arrived()
}

/// Spawns tasks while the runtime does nothing, and then joins them in `block_on`. The tally is the
/// sum of their numbers.
pub fn outside<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    meter.settle();
    meter.begin();
    let joins: Vec<_> = (0..n).map(|number| runtime.spawn(async move { number })).collect();
    let sum = runtime.block_on(async move {
        let mut sum = 0;
        for join in joins {
            sum += R::value(join.await);
        }
        sum
    });
    meter.end();
    sum
}

/// The root asks another thread, sleeps, and is woken by the answer. The tally is the number of
/// answers.
pub fn wake_root<R: Blocks>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let asked = answering(n);
    meter.begin();
    let answers = runtime.block_on(asked);
    meter.end();
    answers
}

/// The same in a task of a pool.
pub fn wake_task<R: Starts>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let asked = answering(n);
    meter.begin();
    let lease = Lease::new(1);
    let latch = lease.latch;
    runtime.start(async move { latch.arrive_with(asked.await) });
    runtime.block_on(latch.all_arrive());
    meter.end();
    latch.tally()
}

/// Asks another thread one question after another.
fn answering(n: u64) -> impl Future<Output = u64> + Send + 'static {
    let (ask, asked) = mpsc::channel::<oneshot::Sender<u64>>();
    thread::spawn(move || asked.into_iter().for_each(|answer| answer.send(1).expect("it is awaited")));
    async move {
        let mut answers = 0;
        for _ in 0..n {
            let (answer, answered) = oneshot::channel();
            ask.send(answer).expect("the thread is there");
            answers += answered.await.expect("the thread answers");
        }
        answers
    }
}

/// Blocks on futures that are ready. The tally is the sum of their results.
pub fn block_on_ready<R: Blocks>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let mut sum = 0;
    meter.begin();
    for number in 0..n {
        // `black_box` is inside the poll, so the compiler cannot remove what is around it.
        sum += runtime.block_on(poll_fn(|_| Poll::Ready(black_box(number))));
    }
    meter.end();
    sum
}

/// Tasks that wait forever, whose handles are kept. The tally is the number of tasks that were
/// polled.
pub fn idle<R: Spawns>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let within = runtime.within();
    let mut kept = Vec::with_capacity((n + STEP) as usize);
    runtime.block_on(async {
        let mut step = async || {
            let lease = Lease::new(STEP);
            (0..STEP).for_each(|_| kept.push(R::spawn_within(&within, Idle::new(lease.latch))));
            lease.latch.all_arrive().await;
            lease.arrived()
        };
        step().await;
        meter.begin();
        let mut polled = 0;
        for _ in (0..n).step_by(STEP as usize) {
            polled += step().await;
        }
        meter.end();
        polled
    })
}

/// The same for a runtime without handles.
pub fn idle_unjoined<R: Starts>(runtime: &R, n: u64, meter: &mut dyn Meter) -> u64 {
    let step = |_| {
        let lease = Lease::new(STEP);
        (0..STEP).for_each(|_| runtime.start(Idle::new(lease.latch)));
        runtime.block_on(lease.latch.all_arrive());
        lease.arrived()
    };
    step(0);
    meter.begin();
    let polled = (0..n).step_by(STEP as usize).map(step).sum();
    meter.end();
    polled
}

/// The number of idle tasks that are spawned before all of them have been polled. So the tasks
/// count, and not a queue that was long once. The first tasks, for which the queue grows, do not
/// count.
const STEP: u64 = 100;

/// A future of 64 bytes that never becomes ready.
struct Idle {
    latch: Option<&'static Latch>,
    _rest: [u64; 7],
}

const _: () = assert!(size_of::<Idle>() == 64, "the row says so");

impl Idle {
    fn new(latch: &'static Latch) -> Self {
        Idle { latch: Some(latch), _rest: [0; 7] }
    }
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.latch.take().inspect(|latch| latch.arrive());
        Poll::Pending
    }
}

/// Yields this many times, and returns the number of its polls.
struct Yields {
    left: u64,
    polls: u64,
}

impl Future for Yields {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        self.polls += 1;
        if self.left == 0 {
            return Poll::Ready(self.polls);
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The last task that arrives lets the waiting one go on.
///
/// It is never freed, so a task that arrives pays for no reference count.
#[derive(Default)]
struct Latch {
    left: AtomicU64,
    tally: AtomicU64,
    waits: AtomicWaker,
}

/// The latches that no load uses now.
static FREE: Mutex<Vec<&'static Latch>> = Mutex::new(Vec::new());

/// A latch for a load, on which this many tasks will arrive.
struct Lease {
    latch: &'static Latch,
    expected: u64,
}

impl Lease {
    fn new(expected: u64) -> Lease {
        let free = FREE.lock().expect("no thread panics with this lock").pop();
        let latch = free.unwrap_or_else(|| Box::leak(Box::default()));
        latch.left.store(expected, Relaxed);
        latch.tally.store(0, Relaxed);
        Lease { latch, expected }
    }

    fn arrived(&self) -> u64 {
        self.expected - self.latch.left.load(Acquire)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A task that is late, in a load that has failed, must not arrive in another load. A waiter
        // that is woken too early does no harm, because it looks again.
        if self.latch.left.load(Acquire) == 0 {
            self.latch.waits.take();
            FREE.lock().expect("no thread panics with this lock").push(self.latch);
        }
    }
}

impl Latch {
    fn arrive(&self) {
        if self.left.fetch_sub(1, AcqRel) == 1 {
            self.waits.wake();
        }
    }

    fn arrive_with(&self, tally: u64) {
        self.tally.fetch_add(tally, Relaxed);
        self.arrive();
    }

    fn all_arrive(&self) -> impl Future<Output = ()> + Send {
        poll_fn(|cx| {
            self.waits.register(cx.waker());
            if self.left.load(Acquire) == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn tally(&self) -> u64 {
        self.tally.load(Acquire)
    }
}
