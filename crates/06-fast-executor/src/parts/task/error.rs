//! The reason why a task has no output: it was cancelled, or it panicked.

use std::{any::Any, error::Error, fmt};

/// Why a task has no output.
pub struct JoinError(Why);

enum Why {
    Cancelled,
    Panicked(Box<dyn Any + Send>),
}

impl JoinError {
    pub(crate) fn cancelled() -> Self {
        JoinError(Why::Cancelled)
    }

    pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Self {
        JoinError(Why::Panicked(panic))
    }

    /// Whether it was aborted, or its executor dropped.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, Why::Cancelled)
    }

    /// Whether it panicked, in a poll or when its future was dropped.
    pub fn is_panic(&self) -> bool {
        !self.is_cancelled()
    }

    /// What it panicked with.
    ///
    /// # Panics
    ///
    /// If it did not.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.0 {
            Why::Panicked(panic) => panic,
            Why::Cancelled => panic!("the task was cancelled and did not panic"),
        }
    }

    /// The words that it panicked with, if they are any.
    fn words(&self) -> Option<&str> {
        let Why::Panicked(panic) = &self.0 else { return None };
        let owned = || panic.downcast_ref::<String>().map(String::as_str);
        panic.downcast_ref::<&str>().copied().or_else(owned)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.words()) {
            (Why::Cancelled, _) => f.write_str("the task was cancelled"),
            (_, Some(words)) => write!(f, "the task panicked: {words}"),
            (_, None) => f.write_str("the task panicked"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {}
