//! What a test asks of the error of a join handle.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::any::Any;

use lesson_executor::parts::join::JoinError;

/// The three questions.
pub trait Ends {
    /// Whether the task was cancelled.
    fn is_cancelled(&self) -> bool;
    /// Whether the task panicked.
    fn is_panic(&self) -> bool;
    /// The payload of the task's panic.
    fn into_panic(self) -> Box<dyn Any + Send>;
}

impl Ends for JoinError {
    fn is_cancelled(&self) -> bool {
        matches!(self, JoinError::Cancelled)
    }

    fn is_panic(&self) -> bool {
        matches!(self, JoinError::Panicked(_))
    }

    fn into_panic(self) -> Box<dyn Any + Send> {
        match self {
            JoinError::Panicked(payload) => payload,
            JoinError::Cancelled => panic!("the task should have panicked, and was cancelled"),
        }
    }
}
