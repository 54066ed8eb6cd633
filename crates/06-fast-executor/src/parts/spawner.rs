//! The handle that spawns tasks on one executor, and the traits by which `futures` knows it.

use futures::{
    future::{FutureObj, LocalFutureObj},
    task::{LocalSpawn, Spawn, SpawnError},
};

/// An owner of tasks, as the traits of `futures` need it.
pub trait SpawnBoxed {
    /// Spawns a future that may be sent, and detaches the task.
    fn spawn_boxed(&self, future: FutureObj<'static, ()>);

    /// Whether the executor was dropped, so that a new task is dropped at once.
    fn is_closed(&self) -> bool;
}

/// An owner whose tasks stay on their thread.
pub trait SpawnLocalBoxed: SpawnBoxed {
    /// Spawns a future, and detaches the task.
    fn spawn_local_boxed(&self, future: LocalFutureObj<'static, ()>);
}

/// Spawns tasks on one executor. Tasks and other code may clone it and keep it. Once the executor
/// was dropped, a new task is dropped at once.
///
/// On a pool the spawner may go to other threads. On the executors with one thread it stays there.
#[derive(Clone)]
pub struct Spawner<O>(pub(crate) O);

impl<O: SpawnBoxed> Spawner<O> {
    fn check_open(&self) -> Result<(), SpawnError> {
        if self.0.is_closed() { Err(SpawnError::shutdown()) } else { Ok(()) }
    }
}

impl<O: SpawnBoxed> Spawn for Spawner<O> {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.check_open().map(|()| self.0.spawn_boxed(future))
    }

    fn status(&self) -> Result<(), SpawnError> {
        self.check_open()
    }
}

impl<O: SpawnLocalBoxed> LocalSpawn for Spawner<O> {
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.check_open().map(|()| self.0.spawn_local_boxed(future))
    }

    fn status_local(&self) -> Result<(), SpawnError> {
        self.check_open()
    }
}
