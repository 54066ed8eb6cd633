//! Panics that are caught, and what they say.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    thread::JoinHandle,
};

use super::{
    check::{Verdict, failed},
    process::not_written,
};

/// Runs what may panic, and gives the text of the panic. A `todo!()` goes on: that is an exercise
/// to be written.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = text(&*payload);
        if not_written(&text).is_some() {
            panic::resume_unwind(payload);
        }
        text
    })
}

/// Waits for a thread that does `what`; it fails if that panicked.
pub(crate) fn ended(thread: JoinHandle<()>, what: &str) -> Verdict {
    let Err(payload) = thread.join() else { return Ok(()) };
    failed(format!("{what} panicked: {}", text(&*payload)))
}

/// The text of a panic.
pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("with a payload that is no text").to_owned()
}
