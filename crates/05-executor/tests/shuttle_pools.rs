//! Whole pools in many orders, chosen at random: models for shuttle, which are there only under
//! `--cfg shuttle_model`. What loom cannot do for want of time. `just shuttle` runs them; a failure
//! prints the schedule that led to it.
#![cfg(shuttle_model)]
#![forbid(unsafe_code)]

mod orders {
    mod events;
    mod notices;
    mod tasks;
    mod tools;
    mod watch;
}
mod pools;
