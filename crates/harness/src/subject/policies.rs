//! Where executors differ legitimately: each declares what it does, and is held to that.

/// What an executor declares of itself. What is `None` is not declared, and the check that asks for
/// it is then "not applicable", or judges the rest.
///
/// ```
/// use harness::executor::{DroppedHandle, Policies};
///
/// let policies = Policies { dropped_handle: Some(DroppedHandle::Detaches), fairness: Some(8), ..Policies::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policies {
    /// C3: what blocking does inside of what is blocked on.
    pub nested: Option<Nested>,
    /// C6: whether the future of a task that ends is dropped before its join handle is ready.
    pub drops_before_join: Option<bool>,
    /// C8: with eight tasks that always wake themselves, how many polls of theirs there are at most
    /// between the wake of another task and its poll. That it does not starve is asked of those too
    /// that declare no number.
    pub fairness: Option<usize>,
    /// C10: what a panic in a task does.
    pub panics: Option<Panics>,
    /// C12: what dropping a join handle does to its task.
    pub dropped_handle: Option<DroppedHandle>,
    /// C15: whether the executor drops the futures of its tasks when it is dropped.
    pub owns_tasks: Option<bool>,
}

impl Policies {
    /// What is declared of a check (`C12`), in a word; `None` if nothing is.
    pub fn word(&self, id: &str) -> Option<String> {
        match id {
            "C3" => self.nested.map(|nested| format!("{nested:?}").to_lowercase()),
            "C6" => self.drops_before_join.map(|before| if before { "before" } else { "after" }.to_owned()),
            "C8" => self.fairness.map(|polls| polls.to_string()),
            "C10" => self.panics.map(|panics| format!("{panics:?}").to_lowercase()),
            "C12" => self.dropped_handle.map(|dropped| format!("{dropped:?}").to_lowercase()),
            "C15" => self.owns_tasks.map(|owns| if owns { "owns" } else { "leaves" }.to_owned()),
            _ => None,
        }
    }
}

/// What blocking on a future does inside of a future that is blocked on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nested {
    /// The inner one is driven to its end.
    Works,
    /// It panics.
    Panics,
}

/// What a panic in a task does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Panics {
    /// It ends the task alone; its join handle tells.
    Isolated,
    /// It comes out of the call that polls.
    Propagated,
}

/// What dropping a join handle does to its task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DroppedHandle {
    /// It goes on.
    Detaches,
    /// It is dropped.
    Cancels,
}
