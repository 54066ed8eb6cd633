//! Panics of foreign code that must not spread: a task ends even if everything in it panics.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs code that may panic, and drops what it panicked with.
///
/// The drop of a panic's payload may panic too, with a payload whose drop panics again. After eight
/// of these, the payload is leaked.
#[inline]
pub(crate) fn contain_panic(run: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { return };
    let mut left = Some(payload);
    for _ in 0..8 {
        left = left.and_then(|payload| catch_unwind(AssertUnwindSafe(|| drop(payload))).err());
    }
    mem::forget(left);
}
