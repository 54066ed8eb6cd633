//! The findings in wakers.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Waker},
    thread,
};

use async_task::Runnable;
use futures::executor::ThreadPool;

use super::{again, how};

// B7 and B8: a task that waits, and that nothing outside can reach.

#[test]
fn futures_thread_pool_never_frees_a_task_that_waits() {
    let pool = ThreadPool::builder().pool_size(1).create().expect("a process may start one more thread");
    let (send, receive) = mpsc::channel::<Waker>();
    let held = Arc::new(());
    let in_the_task = held.clone();
    pool.spawn_ok(async move {
        send.send(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await).expect("it is awaited");
        let _held = in_the_task;
        pending::<()>().await;
    });
    let waker = receive.recv().expect("the task is polled");
    // The pool has one thread. Once another task runs on it, the poll of the first one is over.
    let (done, is_done) = mpsc::channel::<()>();
    pool.spawn_ok(async move { done.send(()).expect("it is awaited") });
    is_done.recv().expect("the task is polled");
    drop(pool);
    drop(waker);
    // The task holds the pool, and the pool holds the task. Nothing else holds either.
    assert_eq!(Arc::strong_count(&held), 2);
}

// B15: a chain of tasks, each of which holds the waker of the next.

/// Makes a chain of tasks on a queue, polls each task once, and drops the queue. Then drops the
/// waker of the first.
fn chain(tasks: usize) {
    let queue: Arc<Mutex<Vec<Runnable>>> = Arc::default();
    let (send, receive) = mpsc::channel::<Waker>();
    let next: Vec<Arc<Mutex<Option<Waker>>>> = (0..tasks).map(|_| Arc::default()).collect();
    for held in &next {
        let (send, held, queue) = (send.clone(), held.clone(), Arc::downgrade(&queue));
        let task = async move {
            let _held = held;
            send.send(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await).expect("it is awaited");
            pending::<()>().await;
        };
        let (runnable, task) = async_task::spawn(task, move |runnable| {
            if let Some(queue) = queue.upgrade() {
                queue.lock().expect("nobody panics").push(runnable);
            }
        });
        task.detach();
        runnable.run();
    }
    let mut wakers = receive.try_iter();
    let first = wakers.next();
    for (held, waker) in next.iter().zip(wakers) {
        *held.lock().expect("nobody panics") = Some(waker);
    }
    drop((next, queue));
    drop(first);
}

#[test]
fn async_task_drops_a_chain_of_tasks_inside_each_other() {
    const TEST: &str = "async_task_drops_a_chain_of_tasks_inside_each_other";
    if let Some(tasks) = how() {
        let tasks = tasks.parse().expect("a number");
        let small = thread::Builder::new().stack_size(256 << 10).spawn(move || chain(tasks));
        return small.expect("a process may start one more thread").join().expect("it does not panic");
    }
    assert!(again("wakers", TEST, "10").status.success());
    let many = again("wakers", TEST, "100000");
    assert!(String::from_utf8_lossy(&many.stderr).contains("stack"), "{many:?}");
    assert!(!many.status.success());
}
