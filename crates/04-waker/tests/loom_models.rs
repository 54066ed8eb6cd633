//! What happens where two threads meet, in every order that there is: models for loom, which are
//! there only under `--cfg loom_model`. `just loom` runs them, and beside them
//! `tests/loom_guards.rs`, which takes out one line after the other.
#![cfg(loom_model)]
#![forbid(unsafe_code)]

mod models {
    mod atomic_waker;
    mod event;
    mod mpsc;
    mod oneshot;
    mod parker;
    mod tools;
}
