//! Catches panics and reads their text.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    thread::JoinHandle,
};

use super::{
    check::{Verdict, failed},
    process::not_written,
};

/// Runs `run`. If it panics, returns the text of the panic. The panic of a `todo!()` continues,
/// because it marks an exercise that is not written yet.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = text(&*payload);
        if not_written(&text).is_some() {
            panic::resume_unwind(payload);
        }
        text
    })
}

/// Joins a thread. If it panicked, the check fails; `what` names the thread's work in the report.
pub(crate) fn ended(thread: JoinHandle<()>, what: &str) -> Verdict {
    let Err(payload) = thread.join() else { return Ok(()) };
    failed(format!("{what} panicked: {}", text(&*payload)))
}

/// The text of a panic.
pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("with a payload that is not text").to_owned()
}
