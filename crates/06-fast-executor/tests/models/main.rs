//! Models of what happens where threads meet. Under `--cfg loom_model` they run parts of the
//! lesson, in the orders that loom tries (`just loom`). Under `--cfg shuttle_model` they run whole
//! pools in random orders (`just shuttle`). The guards remove one line of the lesson at a time: its
//! model must fail.
#![cfg(any(loom_model, shuttle_model))]
#![forbid(unsafe_code)]

#[path = "../common/ends.rs"]
mod ends;
#[cfg(loom_model)]
#[macro_use]
#[path = "../common/one_thread.rs"]
mod one_thread;
#[cfg(shuttle_model)]
#[path = "../common/pools.rs"]
mod pools;

#[cfg(loom_model)]
mod every_order {
    mod idle;
    mod join;
    mod no_atomics;
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
