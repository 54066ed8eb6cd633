//! The findings in executors, which `src/findings.rs` lists.

use std::{
    cell::RefCell,
    fs,
    future::{Future, pending, poll_fn},
    panic,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use futures::{executor::ThreadPool, future::lazy};
use harness::until;
use monoio::{FusionDriver, RuntimeBuilder};

use super::how;

/// Runs one test of this file again, in a process of its own.
fn again(test: &str, how: &str) -> std::process::Output {
    super::again("executors", test, how)
}

// C11: a panic in the drop of a future.

/// Ready at once; its drop panics.
struct PanicsInDrop;

impl Future for PanicsInDrop {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("a drop that panics");
    }
}

#[test]
fn async_task_ends_the_process_when_the_drop_of_a_future_panics() {
    if let Some(on) = how() {
        let _ = panic::catch_unwind(|| match on.as_str() {
            "async-task" => {
                let (runnable, task) = async_task::spawn(PanicsInDrop, |_| ());
                task.detach();
                runnable.run();
            }
            "smol" => smol::block_on(smol::spawn(PanicsInDrop)),
            "async-std" => async_std::task::block_on(async_std::task::spawn(PanicsInDrop)),
            _ => {
                let executor = smol::LocalExecutor::new();
                smol::block_on(executor.run(executor.spawn(PanicsInDrop)));
            }
        });
        return;
    }
    for on in ["async-task", "smol", "async-std", "async-executor"] {
        let output = again("async_task_ends_the_process_when_the_drop_of_a_future_panics", on);
        // A signal ended it, so it has no exit code.
        assert!(!output.status.success() && output.status.code().is_none(), "{on}: {output:?}");
    }
}

// C8, C10 and C11: a pool of threads.

/// Wakes itself in each poll until it is told to stop, at most 100,000 times.
async fn busy(polls: Arc<AtomicUsize>, stop: Arc<AtomicBool>) {
    poll_fn(|cx| {
        if polls.fetch_add(1, SeqCst) > 100_000 || stop.load(SeqCst) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn futures_thread_pool_polls_a_task_that_wakes_itself_before_all_others() {
    let pool = ThreadPool::builder().pool_size(1).create().expect("a process may start one more thread");
    let (polls, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let (begin, begun) = mpsc::channel::<()>();
    // The pool polls nothing before both tasks are in the queue.
    pool.spawn_ok(async move { begun.recv().expect("it is sent") });
    pool.spawn_ok(busy(polls.clone(), stop.clone()));
    let (done, is_done) = mpsc::channel();
    let (seen, stops) = (polls.clone(), stop);
    pool.spawn_ok(async move {
        stops.store(true, SeqCst);
        done.send(seen.load(SeqCst)).expect("it is awaited");
    });
    begin.send(()).expect("it is awaited");
    let polls = is_done.recv().expect("it is sent");
    assert!(polls > 100_000, "{polls}");
}

#[test]
fn futures_thread_pool_loses_a_thread_with_each_panic() {
    for (in_its_drop, name) in [(false, "in a poll "), (true, "in a drop ")] {
        let mut pool = ThreadPool::builder();
        let pool = pool.pool_size(2).name_prefix(name).create().expect("a process may start two more threads");
        until(PATIENCE, || (threads(name) == 2).then_some(())).expect("both threads begin");
        let (polled, (ends, ended)) = (Arc::<AtomicUsize>::default(), mpsc::channel::<()>());
        let held = Arc::new(());
        for _ in 0..3 {
            let (polled, ends, held) = (polled.clone(), ends.clone(), held.clone());
            let panics = in_its_drop.then(|| PanicsInDrop);
            pool.spawn_ok(async move {
                let _held = held;
                polled.fetch_add(1, SeqCst);
                ENDS.set(Some(TellsItsEnd(ends)));
                assert!(panics.is_some(), "a task that panics");
            });
        }
        for _ in 0..2 {
            ended.recv_timeout(PATIENCE).expect("each panic ends a thread");
        }
        until(PATIENCE, || (threads(name) == 0).then_some(())).expect("no thread takes their place");
        // No thread is left to poll the third task, which waits in the queue.
        assert_eq!((polled.load(SeqCst), Arc::strong_count(&held)), (2, 2), "{name}");
    }
}

/// How many threads of this process have a name with this prefix.
fn threads(name: &str) -> usize {
    let all = fs::read_dir("/proc/self/task").expect("this is Linux");
    let names = all.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|full| full.starts_with(name)).count()
}

const PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    /// Dropped with the thread.
    static ENDS: RefCell<Option<TellsItsEnd>> = const { RefCell::new(None) };
}

struct TellsItsEnd(mpsc::Sender<()>);

impl Drop for TellsItsEnd {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

// B7, B14, B15 and C8: monoio.

type Runtime = monoio::FusionRuntime<
    monoio::time::TimeDriver<monoio::IoUringDriver>,
    monoio::time::TimeDriver<monoio::LegacyDriver>,
>;

fn runtime() -> Runtime {
    RuntimeBuilder::<FusionDriver>::new().enable_timer().build().expect("a process may open a few more files")
}

/// Lets the runtime poll the tasks that this thread and others have woken.
fn run(runtime: &mut Runtime) {
    runtime.block_on(async { monoio::time::sleep(Duration::from_millis(1)).await });
}

#[test]
fn monoio_polls_a_task_that_wakes_itself_before_all_others() {
    let (polls, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let seen = runtime().block_on(async {
        let busy = monoio::spawn(busy(polls.clone(), stop.clone()));
        let other = monoio::spawn(async move {
            stop.store(true, SeqCst);
            polls.load(SeqCst)
        });
        busy.await;
        other.await
    });
    // In each turn the runtime polls twice as often as the queue is long, and each time the first
    // task.
    assert!(seen > 100_000, "{seen}");
}

/// Starts a task for each value, which holds it and waits. Gives the wakers of the tasks.
fn waiting<T: 'static>(runtime: &mut Runtime, held: impl IntoIterator<Item = T>) -> Vec<Waker> {
    let (send, receive) = mpsc::channel::<Waker>();
    runtime.block_on(async {
        for held in held {
            let send = send.clone();
            drop(monoio::spawn(async move {
                let _held = held;
                send.send(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await).expect("the receiver is not dropped");
                pending::<()>().await;
            }));
        }
    });
    run(runtime);
    receive.try_iter().collect()
}

#[test]
fn monoio_keeps_a_task_that_was_woken_before_the_end_for_as_long_as_the_thread_that_woke_it() {
    let mut runtime = runtime();
    let held = Arc::new(());
    let wakers = waiting(&mut runtime, [held.clone()]);
    let ((woke, has_woken), (end, may_end)) = (mpsc::channel(), mpsc::channel::<()>());
    let wakes = thread::spawn(move || {
        wakers.into_iter().for_each(Waker::wake);
        woke.send(()).expect("it is awaited");
        let _ = may_end.recv();
    });
    has_woken.recv().expect("it is sent");
    drop(runtime);
    assert_eq!(Arc::strong_count(&held), 2, "while that thread lives");
    drop(end);
    wakes.join().expect("it does not panic");
    assert_eq!(Arc::strong_count(&held), 1);
}

/// The bytes that this many tasks leave on the heap. Each task has polled its own join handle if
/// `waits_for_itself`.
fn left_by(tasks: usize, waits_for_itself: bool) -> usize {
    let mut runtime = runtime();
    let mut round = || {
        let told = Arc::<AtomicBool>::default();
        let own = Arc::<Mutex<Option<monoio::task::JoinHandle<()>>>>::default();
        let (send, wakers) = mpsc::channel::<Waker>();
        let (handle, ends) = (own.clone(), told.clone());
        let task = poll_fn(move |cx| {
            if let Some(handle) = &mut *handle.lock().expect("nobody panics") {
                assert!(Pin::new(handle).poll(cx).is_pending());
            }
            if ends.load(SeqCst) {
                return Poll::Ready(());
            }
            send.send(cx.waker().clone()).expect("the receiver is not dropped");
            Poll::Pending
        });
        let handle = runtime.block_on(lazy(|_| monoio::spawn(task)));
        *own.lock().expect("nobody panics") = waits_for_itself.then_some(handle);
        for tell in [false, true] {
            run(&mut runtime);
            told.store(tell, SeqCst);
            wakers.recv().expect("the task was polled").wake();
        }
        run(&mut runtime);
        drop(own);
    };
    (0..tasks).for_each(|_| round());
    let before = harness::live_bytes().expect("this program counts its bytes");
    (0..tasks).for_each(|_| round());
    harness::live_bytes().expect("this program counts its bytes").saturating_sub(before)
}

#[test]
fn monoio_never_frees_a_task_that_waits_for_itself() {
    const TASKS: usize = 100;
    if how().is_some() {
        // The queue of the runtime may grow once, by less than a byte a task.
        assert!(left_by(TASKS, false) < TASKS);
        assert!(left_by(TASKS, true) >= TASKS * size_of::<usize>());
        return;
    }
    // In a process of its own, because other tests use the heap of this one.
    let output = again("monoio_never_frees_a_task_that_waits_for_itself", "1");
    assert!(output.status.success(), "{output:?}");
}

/// Makes a chain of tasks, each of which holds the last waker of the next one. Then drops the
/// first.
fn chain(tasks: usize) {
    let mut runtime = runtime();
    let next: Vec<Arc<Mutex<Option<Waker>>>> = (0..tasks).map(|_| Arc::default()).collect();
    let mut wakers = waiting(&mut runtime, next.clone()).into_iter();
    let first = wakers.next();
    for (held, waker) in next.iter().zip(wakers) {
        *held.lock().expect("nobody panics") = Some(waker);
    }
    drop(next);
    drop(first);
}

#[test]
fn monoio_drops_a_chain_of_tasks_inside_each_other() {
    const TEST: &str = "monoio_drops_a_chain_of_tasks_inside_each_other";
    if let Some(tasks) = how() {
        let tasks = tasks.parse().expect("a number");
        let small = thread::Builder::new().stack_size(256 << 10).spawn(move || chain(tasks));
        return small.expect("a process may start one more thread").join().expect("it does not panic");
    }
    assert!(again(TEST, "10").status.success());
    let many = again(TEST, "20000");
    assert!(!many.status.success() && String::from_utf8_lossy(&many.stderr).contains("stack"), "{many:?}");
}
