//! A million tasks, or a sample of them: in a stream, and all at once, on one worker and on more
//! workers than cores. All of them end. A stream needs no more memory than its first waves. All at
//! once need no more than the README says. At the end all memory is free again.

use std::{
    array,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Barrier, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    thread,
};

use harness::Suite;
use lesson_executor::parts::join::JoinError;
use lesson_fast_executor::{s2_pool, s3_stealing, s4_no_atomics};
use lesson_future::s4_yield_now::yield_now;

use crate::{memory::live, pools::Pool};

const MILLION: usize = 1_000_000;
/// Enough tasks to show what grows with their number.
const SAMPLE: usize = 50_000;
/// The number of tasks that a stream has at once.
const WAVE: usize = 1_000;
const WORKERS: [usize; 3] = [1, 2, 8];

/// The room of one entry in a vector that doubles whenever it is full.
const ROOM_OF_AN_ENTRY: usize = 2 * size_of::<usize>();
/// What does not belong to the tasks: the workers, the task that each is about to free, and their
/// rings. It is less than a byte for each task of the sample.
const OTHERS: usize = 32 << 10;

/// Adds each test twice: with the sample, and with the million for the long run.
pub fn add(suite: Suite) -> Suite {
    type OneQueue = s2_pool::Executor;
    type Stealing = s3_stealing::Executor;
    suite
        .alone("a_sample::a_pool_slows_one_down_that_never_stops", || slows_one_down::<OneQueue>(SAMPLE))
        .alone("a_sample::where_they_steal_one_is_slowed_down_that_never_stops", || slows_one_down::<Stealing>(SAMPLE))
        .alone("a_sample::a_pool_runs_a_stream_of_them", || in_a_stream::<OneQueue>(SAMPLE))
        .alone("a_sample::a_pool_has_all_of_them_at_once", || all_at_once::<OneQueue>(SAMPLE))
        .alone("a_sample::where_they_steal_a_stream_of_them_is_run", || in_a_stream::<Stealing>(SAMPLE))
        .alone("a_sample::where_they_steal_all_of_them_are_there_at_once", || all_at_once::<Stealing>(SAMPLE))
        .alone("a_sample::the_fast_one_runs_a_stream_of_them", || fast_in_a_stream(SAMPLE))
        .alone("a_sample::the_fast_one_has_all_of_them_at_once", || fast_all_at_once(SAMPLE))
        .alone_and_long("million::a_pool_slows_one_down_that_never_stops", || slows_one_down::<OneQueue>(MILLION))
        .alone_and_long("million::where_they_steal_one_is_slowed_down_that_never_stops", || {
            slows_one_down::<Stealing>(MILLION);
        })
        .alone_and_long("million::a_pool_runs_a_stream_of_them", || in_a_stream::<OneQueue>(MILLION))
        .alone_and_long("million::a_pool_has_all_of_them_at_once", || all_at_once::<OneQueue>(MILLION))
        .alone_and_long("million::where_they_steal_a_stream_of_them_is_run", || in_a_stream::<Stealing>(MILLION))
        .alone_and_long("million::where_they_steal_all_of_them_are_there_at_once", || all_at_once::<Stealing>(MILLION))
        .alone_and_long("million::the_fast_one_runs_a_stream_of_them", || fast_in_a_stream(MILLION))
        .alone_and_long("million::the_fast_one_has_all_of_them_at_once", || fast_all_at_once(MILLION))
}

/// A barrier: each task waits here until all tasks have arrived.
struct Gate {
    wakers: Mutex<Vec<Waker>>,
    are_there: Condvar,
    room: usize,
}

impl Gate {
    /// Creates a gate for this many tasks. It allocates here, and not later.
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Gate { wakers: Mutex::new(Vec::with_capacity(room)), are_there: Condvar::new(), room })
    }

    fn wait_until_all_are_there(&self) {
        let wakers = self.wakers.lock().unwrap();
        drop(self.are_there.wait_while(wakers, |wakers| wakers.len() < self.room).unwrap());
    }

    fn wake(&self, count: usize) {
        self.wakers.lock().unwrap().drain(..count).for_each(Waker::wake);
    }

    /// Wakes all tasks, and drops the wakers when the tasks have ended. These wakers are then the
    /// last references to the tasks.
    fn wake_and_keep_until(&self, are_over: &Barrier) {
        let mut wakers = self.wakers.lock().unwrap();
        wakers.iter().for_each(Waker::wake_by_ref);
        are_over.wait();
        wakers.clear();
    }
}

/// A future of 64 bytes that is woken once.
struct Waits {
    gate: Arc<Gate>,
    is_there: bool,
    _bytes: [u64; 6],
}

impl Waits {
    fn at(gate: &Arc<Gate>) -> Self {
        const { assert!(size_of::<Waits>() == 64) };
        Waits { gate: Arc::clone(gate), is_there: false, _bytes: [0; 6] }
    }
}

impl Future for Waits {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_there {
            return Poll::Ready(());
        }
        self.is_there = true;
        let mut wakers = self.gate.wakers.lock().unwrap();
        wakers.push(cx.waker().clone());
        if wakers.len() == self.gate.room {
            self.gate.are_there.notify_one();
        }
        Poll::Pending
    }
}

/// The number of tasks of a wave that are spawned from outside, and the number that each of them
/// spawns. Half of the latter wait for another thread.
const OUTER: usize = 10;
const INNER: usize = WAVE / OUTER - 1;
const WAIT: usize = OUTER * INNER.div_ceil(2);

async fn outer<T: Future<Output = Result<(), JoinError>>>(spawn: impl Fn(Option<Waits>) -> T, gate: Arc<Gate>) {
    let tasks: [T; INNER] = array::from_fn(|number| spawn(number.is_multiple_of(2).then(|| Waits::at(&gate))));
    for task in tasks {
        task.await.unwrap();
    }
}

async fn inner(waits: Option<Waits>) {
    match waits {
        Some(waits) => waits.await,
        None => yield_now().await,
    }
}

/// One wave after another. Each is joined before the next one, and leaves no more on the heap than
/// there was before.
fn stream(tasks: usize, mut spawn_and_join: impl FnMut(&Arc<Gate>)) {
    let (gate, are_over) = (Gate::new(WAIT), Barrier::new(2));
    let before = live();
    for wave in 0..tasks / WAVE {
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.wait_until_all_are_there();
                gate.wake_and_keep_until(&are_over);
            });
            spawn_and_join(&gate);
            are_over.wait();
        });
        assert!(live() <= before + OTHERS, "{} bytes after wave {wave}, and {before} before", live());
    }
}

/// Fills the queue with as many tasks as there will ever be, so that it has its room.
fn fill_the_queue<P: Pool>(pool: &P, workers: usize) {
    let (spawner, all_block) = (pool.spawner(), Arc::new(Barrier::new(workers + 1)));
    let block = || {
        let barrier = Arc::clone(&all_block);
        P::spawn_on(&spawner, async move { _ = barrier.wait() })
    };
    let mut tasks: Vec<_> = (0..workers).map(|_| block()).collect();
    tasks.extend((0..WAVE).map(|_| P::spawn_on(&spawner, async {})));
    all_block.wait();
    tasks.into_iter().for_each(|task| pool.block_on(task).unwrap());
}

fn in_a_stream<P: Pool>(tasks: usize) {
    for workers in WORKERS {
        let before = live();
        let pool = P::new(workers);
        fill_the_queue(&pool, workers);
        stream(tasks, |gate| {
            let spawn = || pool.spawn(outer(|waits| P::spawn_here(inner(waits)), Arc::clone(gate)));
            let tasks: [_; OUTER] = array::from_fn(|_| spawn());
            tasks.into_iter().for_each(|task| pool.block_on(task).unwrap());
        });
        drop(pool);
        assert!(live().abs_diff(before) < OTHERS, "{} bytes, and {before} before", live());
    }
}

fn all_at_once<P: Pool>(count: usize) {
    for workers in WORKERS {
        let (gate, mut tasks) = (Gate::new(count), Vec::with_capacity(count));
        let before = live();
        let pool = P::new(workers);
        tasks.extend((0..count).map(|_| pool.spawn(Waits::at(&gate))));
        gate.wait_until_all_are_there();
        let more = live() - before;
        assert!(more + OTHERS >= 120 * count, "{more} bytes");
        assert!(more <= (120 + ROOM_OF_AN_ENTRY) * count + OTHERS, "{more} bytes");
        gate.wake(count);
        tasks.drain(..).for_each(|task| pool.block_on(task).unwrap());
        let more = live().saturating_sub(before);
        assert!(more <= ROOM_OF_AN_ENTRY * count + OTHERS, "{more} bytes that are not the queue's");
        drop(pool);
        assert!(live().abs_diff(before) < OTHERS, "{} bytes, and {before} before", live());
    }
}

fn slows_one_down<P: Pool>(tasks: usize) {
    from_one_that_never_stops::<P>(tasks, false);
    from_one_that_never_stops::<P>(tasks, true);
}

/// A task never stops, and spawns more tasks at each turn than a worker's queue holds. These tasks
/// slow it down: their number does not grow with the turns.
fn from_one_that_never_stops<P: Pool>(tasks: usize, waits_for_the_first: bool) {
    const A_TURN: usize = 1_000;
    const MOST: usize = SAMPLE / 2;
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    for workers in WORKERS {
        let pool = P::new(workers);
        let spawner = pool.spawn(async move {
            let mut most = 0;
            for _ in 0..tasks / A_TURN {
                ALIVE.fetch_add(A_TURN, Relaxed);
                let spawn = |_| P::spawn_here(async { ALIVE.fetch_sub(1, Relaxed) });
                let first = spawn(0);
                (1..A_TURN).for_each(|number| drop(spawn(number)));
                most = most.max(ALIVE.load(Relaxed));
                if waits_for_the_first {
                    first.await.unwrap();
                } else {
                    yield_now().await;
                }
            }
            most
        });
        let most = pool.block_on(spawner).unwrap();
        assert!(most < MOST, "{most} at once with {workers} workers");
        while ALIVE.load(Relaxed) > 0 {
            thread::yield_now();
        }
    }
}

fn fast_in_a_stream(tasks: usize) {
    let before = live();
    let executor = s4_no_atomics::Executor::new();
    // Another thread wakes as many tasks as there will ever be, while nobody runs them. It does so
    // twice, because two lists take turns.
    for _ in 0..2 {
        let gate = Gate::new(WAVE);
        (0..WAVE).for_each(|_| drop(executor.spawn(Waits::at(&gate))));
        executor.run_until_stalled();
        thread::scope(|scope| scope.spawn(|| gate.wake(WAVE)).join().unwrap());
        executor.run_until_stalled();
    }
    stream(tasks, |gate| {
        let spawn = || executor.spawn(outer(|waits| s4_no_atomics::spawn(inner(waits)), Arc::clone(gate)));
        let tasks: [_; OUTER] = array::from_fn(|_| spawn());
        tasks.into_iter().for_each(|task| executor.block_on(task).unwrap());
    });
    drop(executor);
    assert!(live().abs_diff(before) < OTHERS, "{} bytes, and {before} before", live());
}

fn fast_all_at_once(count: usize) {
    let (gate, mut tasks) = (Gate::new(count), Vec::with_capacity(count));
    let before = live();
    let executor = s4_no_atomics::Executor::new();
    tasks.extend((0..count).map(|_| executor.spawn(Waits::at(&gate))));
    executor.run_until_stalled();
    gate.wait_until_all_are_there();
    let more = live() - before;
    assert!((104 * count..=108 * count).contains(&more), "{more} bytes");
    // Wake half of them on another thread, which makes a list of them.
    thread::scope(|scope| scope.spawn(|| gate.wake(count / 2)).join().unwrap());
    gate.wake(count / 2);
    tasks.drain(..).for_each(|task| executor.block_on(task).unwrap());
    let more = live().saturating_sub(before);
    assert!(more <= 108 * count + ROOM_OF_AN_ENTRY * (count / 2), "{more} bytes: pages are kept, and the list");
    drop(executor);
    assert!(live().abs_diff(before) < OTHERS, "{} bytes, and {before} before", live());
}
