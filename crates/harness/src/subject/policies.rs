//! The policies of an executor: where several behaviours are correct, it declares its own, and the
//! checks hold it to that.

/// The behaviour that an executor declares. A field that is `None` declares nothing. The check that
/// reads it is then "not applicable", or it judges only what every executor must do.
///
/// ```
/// use harness::executor::{DroppedHandle, Policies};
///
/// let dropped_handle = Some(DroppedHandle::Detaches);
/// let policies = Policies { dropped_handle, fairness: Some(8), ..Policies::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policies {
    /// C3: the effect of a nested `block_on`.
    pub nested: Option<Nested>,
    /// C6: whether a finished task's future is dropped before its join handle is ready.
    pub drops_before_join: Option<bool>,
    /// C8: while eight tasks always wake themselves, another task is woken. This is how many polls
    /// those eight get at most before it is polled. Without a number, C8 only demands that the task
    /// does not starve.
    pub fairness: Option<usize>,
    /// C10: the effect of a panic in a task.
    pub panics: Option<Panics>,
    /// C12: the effect of dropping a join handle.
    pub dropped_handle: Option<DroppedHandle>,
    /// C15: whether dropping the executor drops the futures of its tasks.
    pub owns_tasks: Option<bool>,
}

impl Policies {
    /// The declaration that the check `id` reads, as one word. `None` if there is none.
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

/// The effect of calling `block_on` inside a future that `block_on` polls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nested {
    /// The inner call returns when its future is ready.
    Works,
    /// The inner call panics.
    Panics,
}

/// The effect of a panic in a task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Panics {
    /// It ends that task only, and the task's join handle reports it.
    Isolated,
    /// It propagates out of the call that polled the task.
    Propagated,
}

/// The effect of dropping a join handle on its task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DroppedHandle {
    /// The task continues.
    Detaches,
    /// The task is cancelled.
    Cancels,
}
