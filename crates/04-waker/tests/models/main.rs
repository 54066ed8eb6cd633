//! What happens where two threads meet, in every order that loom knows: models that exist only
//! under `--cfg loom_model`. `just loom` runs them and the guards, which take out one line
//! after the other; `just loom-quick` leaves the guards out.
#![cfg(loom_model)]
#![forbid(unsafe_code)]

mod atomic_waker;
mod event;
mod guards;
mod mpsc;
mod oneshot;
mod parker;
mod tools;
