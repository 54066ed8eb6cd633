//! V1 of steps 7 and 8: the end of a task, of an executor and of a pool.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Waker},
    thread,
};

use harness::{
    Stop, Verdict, holds,
    probe::{Gate, PATIENCE, Task, canary},
    until,
};

use super::does::is;
use crate::exercise::{Executor, JoinError, JoinHandle, Pool, block_on};

/// The executor is dropped with one task in the queue and one that waits, and another task was
/// aborted before. All three futures are dropped, and all three handles say so.
pub fn is_over() -> Verdict {
    let executor = Executor::new();
    let spawned = || {
        let (held, seen) = canary();
        let handle = executor.spawn(async move {
            let _held = held;
            pending::<()>().await
        });
        (handle, seen)
    };
    let (aborted, aborted_seen) = spawned();
    let (waits, waits_seen) = spawned();
    executor.run_until_stalled();
    aborted.abort();
    executor.run_until_stalled();
    is("drops of what an aborted task held, after the next run", aborted_seen.drops(), 1)?;
    is_cancelled("a task was aborted", aborted)?;
    let (queued, queued_seen) = spawned();
    drop(executor);
    is("drops of what a queued task held, after the executor was dropped", queued_seen.drops(), 1)?;
    is("drops of what a waiting task held, after the executor was dropped", waits_seen.drops(), 1)?;
    is_cancelled("a task was in the queue of an executor that was dropped", queued)?;
    is_cancelled("a task waited when its executor was dropped", waits)
}

fn is_cancelled(what: &str, handle: JoinHandle<()>) -> Verdict {
    let output = Task::new(handle).poll();
    let cancelled = matches!(output, Poll::Ready(Err(JoinError::Cancelled)));
    holds(cancelled, || format!("{what}, and its handle gave {output:?}"))
}

/// Two polls are under way at once; and a task that is woken while it is polled, when the other
/// thread has nothing else to do, is polled again.
pub fn has_threads() -> Verdict {
    let pool = Pool::new(2);
    let (first, second) = (Gate::new(), Gate::new());
    let meet = |mine: &Gate, other: &Gate| {
        let (mine, other) = (mine.clone(), other.clone());
        pool.spawn(async move {
            mine.open();
            other.opens_within(PATIENCE)
        })
    };
    let (one, other) = (meet(&first, &second), meet(&second, &first));
    let met = [block_on(one), block_on(other)].iter().all(|met| matches!(met, Ok(true)));
    holds(met, || "two tasks were spawned, and the second one was not polled while the first one was")?;
    stays_awake()?;
    ends_with_its_pool()?;
    for _ in 0..20 {
        let (is_polled, is_woken) = (Gate::new(), Gate::new());
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let (polled, woken, keep) = (is_polled.clone(), is_woken.clone(), Arc::clone(&waker));
        let mut polls = 0;
        let mut task = Task::new(pool.spawn(poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            *keep.lock().expect("nobody panics") = Some(cx.waker().clone());
            polled.open();
            woken.wait();
            Poll::Pending
        })));
        is_polled.wait();
        let waker = waker.lock().expect("nobody panics").take().expect("it was polled");
        waker.wake();
        // Whichever thread looks into the queue has looked.
        let looked = until(PATIENCE, || (pool.queue_len() == 0).then_some(()));
        is_woken.open();
        holds(
            looked.is_some(),
            || "a task was woken while one thread polled it, and the other thread left it in the queue",
        )?;
        let ended = until(PATIENCE, || if let Poll::Ready(end) = task.poll() { Some(end) } else { None });
        holds(matches!(ended, Some(Ok(()))), || {
            format!("a task was woken while it was polled, should be polled again and end, found: {ended:?}")
        })?;
    }
    Ok(())
}

/// After many short tasks, both threads still take tasks.
fn stays_awake() -> Verdict {
    let pool = Pool::new(2);
    for _ in 0..900 {
        let ended = block_on(pool.spawn(async {}));
        holds(ended.is_ok(), || format!("a task that was ready at once gave {ended:?}"))?;
    }
    let (first, second) = (Gate::new(), Gate::new());
    let meeting = [(first.clone(), second.clone()), (second, first)].map(|(mine, other)| {
        pool.spawn(async move {
            mine.open();
            other.opens_within(PATIENCE)
        })
    });
    let met = meeting.map(|task| matches!(block_on(task), Ok(true)));
    holds(met == [true; 2], || "after 900 short tasks, two tasks were not polled at the same time: a thread has ended")
}

/// The drop of a pool waits for the polls that are under way; and a task may drop its own pool.
fn ends_with_its_pool() -> Verdict {
    let pool = Pool::new(2);
    let (polled, go) = (Gate::new(), Gate::new());
    let (is_polled, gate) = (polled.clone(), go.clone());
    let handle = pool.spawn(async move {
        is_polled.open();
        gate.wait();
        pending::<()>().await
    });
    polled.wait();
    let (dropped, is_dropped) = mpsc::channel();
    thread::spawn(move || {
        drop(pool);
        dropped.send(()).unwrap_or_default();
    });
    let early = is_dropped.recv_timeout(PATIENCE / 100).is_ok();
    holds(!early, || "the drop of a pool returned while a poll was under way: it should join its threads")?;
    go.open();
    let in_time = is_dropped.recv_timeout(PATIENCE).is_ok();
    holds(in_time, || "the drop of a pool did not return: are all threads told that it is closed?")?;
    is_cancelled("a task was polled when its pool was dropped, and was pending then", handle)?;

    let (pool, (held, seen), (send, receive)) = (Pool::new(2), canary(), mpsc::channel::<Pool>());
    let receive = Mutex::new(receive);
    let handle = pool.spawn(poll_fn(move |_| {
        let _held = &held;
        drop(receive.lock().expect("nobody panics").recv());
        Poll::<()>::Pending
    }));
    send.send(pool).map_err(|_| Stop::Failed("a task was dropped before its end".into()))?;
    let mut handle = Task::new(handle);
    let ended = until(PATIENCE, || if let Poll::Ready(end) = handle.poll() { Some(end) } else { None });
    holds(matches!(ended, Some(Err(JoinError::Cancelled))), || {
        format!("a task dropped its own pool in its poll, and its handle gave {ended:?}")
    })?;
    is("drops of what that task held", seen.drops(), 1)
}
