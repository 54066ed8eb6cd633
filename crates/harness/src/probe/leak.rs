//! What is done again and again must leave nothing on the heap, in a program that counts its bytes.

use std::mem;

use super::{PATIENCE, alloc::live_bytes};
use crate::run::{
    check::{Verdict, holds, not_applicable},
    wait::until,
};

/// How often, and how many bytes may be left: less than any allocation each time.
const TIMES: usize = 500;

/// That nothing stays behind of what is done again and again, so many at a time. Only a program
/// that counts its bytes can tell.
pub(crate) fn no_leak(what: &str, at_a_time: usize, mut run: impl FnMut() -> Verdict) -> Verdict {
    let mut times = |count: usize| (0..count).try_for_each(|_| run());
    // What is allocated once, and grows to a size that it keeps.
    times(TIMES / 5)?;
    let Some(before) = live_bytes() else {
        return not_applicable("what is left shows in the bytes of the heap, and this program does not count them");
    };
    times(TIMES)?;
    let mut more = 0;
    let gone = until(PATIENCE, || {
        more = live_bytes().unwrap_or_default().saturating_sub(before);
        (more < TIMES * mem::size_of::<usize>()).then_some(())
    });
    holds(gone.is_some(), || format!("{} {what} left {more} bytes behind", TIMES * at_a_time))
}
