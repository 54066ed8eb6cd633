//! The wakers of the standard library.

use std::{sync::Arc, task::Waker};

use harness::{Subject, waker::Tested};

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("std-wake", Tested::calls(|target| Waker::from(Arc::new(target)))),
        Subject::new("std-noop", Tested::inert(|| Waker::noop().clone())),
    ]
}
