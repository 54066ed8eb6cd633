//! Finds leaks: repeats an operation and compares the live bytes before and after, in a program
//! that counts them.

use std::mem;

use super::{PATIENCE, alloc::live_bytes};
use crate::run::{
    check::{Verdict, holds, not_applicable},
    wait::until,
};

/// How often the operation is repeated. The check allows less than one pointer's size for each
/// repetition, because a leaked object is at least that large.
const TIMES: usize = 500;

/// Checks that repeating `run` leaves nothing on the heap. Each call handles `at_a_time` objects,
/// which `what` names in the report. Not applicable unless the program counts its live bytes.
pub(crate) fn no_leak(what: &str, at_a_time: usize, mut run: impl FnMut() -> Verdict) -> Verdict {
    let mut times = |count: usize| (0..count).try_for_each(|_| run());
    // A first round makes the allocations that stay: tables that grow to their final size.
    times(TIMES / 5)?;
    let Some(before) = live_bytes() else {
        return not_applicable("a leak shows in the live bytes of the heap, and this program does not count them");
    };
    times(TIMES)?;
    let mut more = 0;
    let released = until(PATIENCE, || {
        more = live_bytes().unwrap_or_default().saturating_sub(before);
        (more < TIMES * mem::size_of::<usize>()).then_some(())
    });
    holds(released.is_some(), || format!("{} {what} left {more} bytes behind", TIMES * at_a_time))
}
