//! What happens where threads meet: models, which are there only under a cfg of ours. Under
//! `--cfg loom_model`, parts of the lesson in every order that there is (`just loom`). Under
//! `--cfg shuttle_model`, whole pools in many orders (`just shuttle`). And `guards`, which take out
//! one line of the lesson after the other.
#![cfg(any(loom_model, shuttle_model))]
#![forbid(unsafe_code)]

#[cfg(loom_model)]
#[macro_use]
#[path = "../shared/one_thread.rs"]
mod one_thread;
#[cfg(shuttle_model)]
#[path = "../shared/pools.rs"]
mod pools;

#[cfg(loom_model)]
mod every_order {
    mod fast;
    mod idle;
    mod join;
    mod queues;
    mod ring;
    mod shutdown;
    mod tools;
    mod wake;
}
mod guards;
#[cfg(shuttle_model)]
mod many_orders {
    mod events;
    mod notices;
    mod tasks;
    mod tools;
    mod watch;
}
