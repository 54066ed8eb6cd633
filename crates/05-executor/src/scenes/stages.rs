//! The stages that the scenes can play, and one executor type for all stages with tasks.

use std::{future::Future, time::Duration};

use clap::ValueEnum;
use lesson_executor::{s1_spin, s3_queue, s4_join};
use timeline::Traced;

/// The stages, by the names that the command line uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// Stage 1: poll every task again and again
    Spin,
    /// Stage 2: one future, and a thread that sleeps until a wake
    BlockOn,
    /// Stage 3: a queue of the tasks that were woken
    Queue,
    /// Stage 4: a join handle for each task
    Join,
    /// Stage 5: several threads that share one queue
    Pool,
}

/// An executor of one of the stages.
pub enum Executor {
    /// Stage 1.
    Spin(s1_spin::Executor),
    /// Stage 3.
    Queue(s3_queue::Executor),
    /// Stage 4.
    Join(s4_join::Executor),
}

impl Executor {
    /// Creates an executor of this stage.
    pub fn of(stage: Stage) -> Self {
        match stage {
            Stage::Spin => Executor::Spin(s1_spin::Executor::new()),
            Stage::Queue => Executor::Queue(s3_queue::Executor::new()),
            _ => Executor::Join(s4_join::Executor::new()),
        }
    }

    /// Spawns a task that the record shows under this name.
    pub fn spawn(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) {
        let future = Traced::new(name, future);
        match self {
            Executor::Spin(executor) => executor.spawn(future),
            Executor::Queue(executor) => executor.spawn(future),
            Executor::Join(executor) => drop(executor.spawn(future)),
        }
    }

    /// Polls until the queue is empty. On stage 1, polls until no task is left.
    pub fn run(&self) {
        match self {
            Executor::Spin(executor) => executor.run(),
            Executor::Queue(executor) => executor.run_until_stalled(),
            Executor::Join(executor) => executor.run_until_stalled(),
        }
    }

    /// The number of tasks in the queue. On stage 1, the number of all tasks.
    pub fn queue_len(&self) -> usize {
        match self {
            Executor::Spin(executor) => executor.len(),
            Executor::Queue(executor) => executor.queue_len(),
            Executor::Join(executor) => executor.queue_len(),
        }
    }
}

/// How long a task waits for another thread, in the scenes that show how it waits.
pub const A_WHILE: Duration = Duration::from_millis(100);
