//! The checks of each step of the exercise, and how they reach the reader's file and the solution.

use std::time::Duration;

use harness::{
    Check, Handle, Level, Subject, Verdict, Work,
    executor::{self, DroppedHandle, End, Job, Output, Panics, Policies, Tested},
    waker,
};

use crate::exercise::{Executor, JoinError, JoinHandle, Pool, block_on};

mod does;
mod ends;

use does::{is_first_in_first_out, is_queued_again, joins, polls_who_is_woken, sleeps, tells_of_a_panic};
use ends::{has_threads, is_over};

/// A step: the executor as far as it is written, and the exercise's own check of it.
pub struct Step {
    tested: Tested,
    does: fn() -> Verdict,
}

/// Every step.
pub fn steps() -> Vec<Subject<Step>> {
    let step = |name, tested: Tested, does, only| Subject::new(name, Step { tested, does }).only(only);
    vec![
        step("step-1", Tested::block_on(|root: Work| block_on(root)), sleeps, &["C1", "C18", "V1"]),
        step("step-2", written(2), is_first_in_first_out, &["V1"]),
        step("step-3", written(3), is_queued_again, &["B10", "B11", "C4", "C5", "C7", "C9", "V1"]),
        step("step-4", written(4), polls_who_is_woken, &["C1", "C4", "C8", "C18", "V1"]),
        step("step-5", written(5), joins, &["C6", "C16", "V1"]),
        step("step-6", written(6), tells_of_a_panic, &["C10", "V1"]),
        step("step-7", written(7), is_over, &["B7", "B8", "C15", "C16", "V1"]),
        step("step-8", pool(), has_threads, &["C4", "C5", "C10", "C18", "V1"]),
    ]
}

/// The reader's executor, as far as it is written after this step.
fn written(step: usize) -> Tested {
    Tested::executor(move || Written { executor: Executor::new(), step }).policies(Policies {
        drops_before_join: Some(true),
        fairness: Some(8),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: (step >= 7).then_some(true),
        ..Policies::default()
    })
}

struct Written {
    executor: Executor,
    step: usize,
}

impl harness::Executor for Written {
    fn spawn(&self, work: Work) {
        // From step 5 on `spawn` returns a handle. From step 6 on a panic ends only its task.
        if self.step < 5 { self.executor.spawn_detached(work) } else { drop(self.executor.spawn(work)) }
    }

    fn block_on(&self, root: Work) -> bool {
        let there = self.step >= 4;
        if there {
            self.executor.block_on(root);
        }
        there
    }

    fn run_until_stalled(&self) -> bool {
        self.executor.run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        (self.step >= 5).then(|| Handle::new(end(self.executor.spawn(job))))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.executor.queue_len())
    }
}

fn pool() -> Tested {
    Tested::executor(|| Threads(Pool::new(2))).policies(Policies {
        drops_before_join: Some(true),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        ..Policies::default()
    })
}

/// The reader's pool.
struct Threads(Pool);

impl harness::Executor for Threads {
    fn spawn(&self, work: Work) {
        drop(self.0.spawn(work));
    }

    fn block_on(&self, root: Work) -> bool {
        block_on(root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(end(self.0.spawn(job))))
    }

    fn threads(&self) -> usize {
        2
    }
}

async fn end(handle: JoinHandle<Output>) -> End {
    match handle.await {
        Ok(output) => End::Finished(output),
        Err(JoinError::Panicked(_)) => End::Panicked,
        Err(JoinError::Cancelled) => End::Cancelled,
    }
}

/// The checks of the contract that the steps name, and V1, the exercise's own check.
pub static CHECKS: [Check<Step>; 16] = [
    of_waker::<7>(),
    of_waker::<8>(),
    of_waker::<10>(),
    of_waker::<11>(),
    of_executor::<1>(),
    of_executor::<4>(),
    of_executor::<5>(),
    of_executor::<6>(),
    of_executor::<7>(),
    of_executor::<8>(),
    of_executor::<9>(),
    of_executor::<10>(),
    of_executor::<15>(),
    of_executor::<16>(),
    of_executor::<18>(),
    Check {
        id: "V1",
        level: Level::Must,
        must: "each function does what its comment says",
        why: "an executor may keep every rule of polling and waking, and still give wrong results",
        source: "https://doc.rust-lang.org/std/task/index.html",
        deadline: Duration::from_secs(60),
        run: |step: &Step| (step.does)(),
    },
];

/// B1 is the first.
const fn of_waker<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = waker::CHECKS[NUMBER - 1];
    Check { id, level, must, why, source, deadline, run: |step| (waker::CHECKS[NUMBER - 1].run)(&step.tested) }
}

/// C1 is the first.
const fn of_executor<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = executor::CHECKS[NUMBER - 1];
    Check { id, level, must, why, source, deadline, run: |step| (executor::CHECKS[NUMBER - 1].run)(&step.tested) }
}
