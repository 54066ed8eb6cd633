//! Tests that need no process of their own. Each module is a way to fail.
#![forbid(unsafe_code)]

#[path = "../common/ends.rs"]
mod ends;
#[path = "../../../05-executor/tests/common/fake_driver.rs"]
mod fake_driver;
#[macro_use]
#[path = "../common/one_thread.rs"]
mod one_thread;
#[path = "../common/pools.rs"]
mod pools;
mod told;

mod bounds;
mod command_line;
mod driver;
mod driver_panics;
mod join_handle;
mod no_atomics_join;
mod no_atomics_shutdown;
mod no_atomics_threads;
mod on_threads;
mod one_allocation_threads;
mod readme;
mod shutdown;
