//! The stages that the scenes play, and an executor of any of them.

use std::{future::Future, time::Duration};

use clap::ValueEnum;
use lesson_executor::{s1_spin, s3_run_queue, s4_spawn, s7_fast};
use timeline::Traced;

use Stage::{Fast, RunQueue, Spin};

/// What can play in a scene that has several.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// Stage 1: poll everybody, again and again
    Spin,
    /// Stage 2: one future, and a thread that sleeps until it is woken
    BlockOn,
    /// Stage 3: a queue of those that were woken
    RunQueue,
    /// Stage 4: and a handle for each
    Spawn,
    /// Stage 5: several threads that take from one queue
    Pool,
    /// Stage 6: a queue for each thread, which steals from the others
    Stealing,
    /// Stage 7: one thread again, and fast
    Fast,
}

/// An executor of one of the stages.
pub enum Executor {
    /// Stage 1.
    Spin(s1_spin::Executor),
    /// Stage 3.
    RunQueue(s3_run_queue::Executor),
    /// Stage 4.
    Spawn(s4_spawn::Executor),
    /// Stage 7.
    Fast(s7_fast::Executor),
}

impl Executor {
    /// A new one of this stage.
    pub fn of(stage: Stage) -> Self {
        match stage {
            Spin => Executor::Spin(s1_spin::Executor::new()),
            RunQueue => Executor::RunQueue(s3_run_queue::Executor::new()),
            Fast => Executor::Fast(s7_fast::Executor::new()),
            _ => Executor::Spawn(s4_spawn::Executor::new()),
        }
    }

    /// Makes a task. In the record it has the name of the `async fn`; stage 1 has no tasks that
    /// would tell, and is given one.
    pub fn spawn(&self, name: &str, future: impl Future<Output = ()> + 'static) {
        match self {
            Executor::Spin(executor) => executor.spawn(Traced::new(name, future)),
            Executor::RunQueue(executor) => executor.spawn(future),
            Executor::Spawn(executor) => drop(executor.spawn(future)),
            Executor::Fast(executor) => drop(executor.spawn(future)),
        }
    }

    /// Polls until there is nobody to poll.
    pub fn run(&self) {
        match self {
            Executor::Spin(executor) => executor.run(),
            Executor::RunQueue(executor) => executor.run_until_stalled(),
            Executor::Spawn(executor) => executor.run_until_stalled(),
            Executor::Fast(executor) => executor.run_until_stalled(),
        }
    }

    /// How many tasks are in its queue, or in the list of stage 1.
    pub fn queue_len(&self) -> usize {
        match self {
            Executor::Spin(executor) => executor.len(),
            Executor::RunQueue(executor) => executor.queue_len(),
            Executor::Spawn(executor) => executor.queue_len(),
            Executor::Fast(executor) => executor.queue_len(),
        }
    }
}

/// The time that a task waits for another thread, in the scenes that show how it waits.
pub const A_WHILE: Duration = Duration::from_millis(100);
