//! The stages that the scenes play, and one executor type for those with one thread.

use std::future::Future;

use clap::ValueEnum;
use lesson_fast_executor::{s1_one_allocation, s4_no_atomics};

/// The stages, by the names that the command line uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// Stage 1: one allocation for each task
    OneAllocation,
    /// Stage 2: several threads that share one queue
    Pool,
    /// Stage 3: a queue for each thread, from which the others steal
    Stealing,
    /// Stage 4: one thread, and no atomic step on it
    NoAtomics,
}

/// An executor of a stage with one thread.
pub enum OneThread {
    /// Stage 1.
    OneAllocation(s1_one_allocation::Executor),
    /// Stage 4.
    NoAtomics(s4_no_atomics::Executor),
}

impl OneThread {
    /// Creates an executor of this stage.
    pub fn of(stage: Stage) -> Self {
        match stage {
            Stage::NoAtomics => OneThread::NoAtomics(s4_no_atomics::Executor::new()),
            _ => OneThread::OneAllocation(s1_one_allocation::Executor::new()),
        }
    }

    /// Spawns a task. The record shows it under the name of its `async fn`.
    pub fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) {
        match self {
            OneThread::OneAllocation(executor) => drop(executor.spawn(future)),
            OneThread::NoAtomics(executor) => drop(executor.spawn(future)),
        }
    }

    /// Spawns a task and blocks until it has ended.
    pub fn join<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Result<T, String> {
        let joined = match self {
            OneThread::OneAllocation(executor) => executor.block_on(executor.spawn(future)),
            OneThread::NoAtomics(executor) => executor.block_on(executor.spawn(future)),
        };
        joined.map_err(|why| why.to_string())
    }

    /// Polls until the queue is empty.
    pub fn run_until_stalled(&self) {
        match self {
            OneThread::OneAllocation(executor) => executor.run_until_stalled(),
            OneThread::NoAtomics(executor) => executor.run_until_stalled(),
        }
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        match self {
            OneThread::OneAllocation(executor) => executor.queue_len(),
            OneThread::NoAtomics(executor) => executor.queue_len(),
        }
    }
}
