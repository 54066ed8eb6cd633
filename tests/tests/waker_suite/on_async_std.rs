//! The wakers of async-std's global executor, and of its `block_on`.

use async_std::task;
use harness::{Executor, Subject, Work, waker::Tested};

struct OnAsyncStd;

impl Executor for OnAsyncStd {
    fn spawn(&self, work: Work) {
        task::spawn(work);
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(Box::pin(task::spawn(work)))
    }
}

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("async-std", Tested::executor(|| OnAsyncStd).global()),
        Subject::new("async-std-block-on", Tested::block_on(task::block_on)),
    ]
}
