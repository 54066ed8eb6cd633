//! The futures that checks give to an executor, and the result that some of them have.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// A future without a result, which a check gives to an executor.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
/// The same, but not `Send`: it stays on one thread.
pub type LocalWork = Pin<Box<dyn Future<Output = ()>>>;
/// A future whose result the join handle of its task must return.
pub type Job = Pin<Box<dyn Future<Output = Output> + Send>>;
/// The same, but not `Send`: it stays on one thread.
pub type LocalJob = Pin<Box<dyn Future<Output = Output>>>;

/// The result of a check's task.
#[derive(Debug, Default)]
pub struct Output {
    drops: Option<Arc<AtomicUsize>>,
    panics_in_drop: bool,
}

impl Output {
    /// A result and a counter of its drops. If `panics_in_drop`, its drop panics.
    pub(crate) fn counted(panics_in_drop: bool) -> (Self, Arc<AtomicUsize>) {
        let drops = Arc::<AtomicUsize>::default();
        (Output { drops: Some(Arc::clone(&drops)), panics_in_drop }, drops)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(drops) = &self.drops {
            drops.fetch_add(1, SeqCst);
        }
        assert!(!self.panics_in_drop || thread::panicking(), "a result that panics when it is dropped");
    }
}
