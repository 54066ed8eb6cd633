//! Events as they were emitted, before anybody has looked at them.

use std::{collections::HashMap, thread::ThreadId};

use serde_json::Value;

/// The events of a recording, and its threads.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The names of the threads, in the order in which they appeared.
    pub threads: Vec<Option<String>>,
    pub numbers: HashMap<ThreadId, usize>,
    pub lines: Vec<Line>,
}

/// One event as it was emitted.
#[derive(Debug)]
pub(crate) struct Line {
    pub nanos: u64,
    pub thread: usize,
    pub target: &'static str,
    pub fields: Vec<(&'static str, Value)>,
}
