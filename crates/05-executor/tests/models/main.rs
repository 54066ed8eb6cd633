//! Models of what happens where threads meet. Under `--cfg loom_model`, loom runs parts of the
//! lesson in the orders that its model of memory knows (`just loom`). Under `--cfg shuttle_model`,
//! shuttle runs whole pools in random orders (`just shuttle`). The guards remove one line of the
//! lesson at a time: its model must fail.
#![cfg(any(loom_model, shuttle_model))]
#![forbid(unsafe_code)]

mod guards;
#[cfg(loom_model)]
mod orders;
#[cfg(shuttle_model)]
mod pools;
