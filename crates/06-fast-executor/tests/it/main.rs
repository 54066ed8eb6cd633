//! Tests that need no process of their own. Each module is a way to fail.
#![forbid(unsafe_code)]

#[path = "../common/fails.rs"]
mod fails;
#[path = "../common/fake_driver.rs"]
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
mod fast_join;
mod fast_shutdown;
mod fast_threads;
mod join_handle;
mod on_threads;
mod other_threads;
mod readme;
mod shutdown;
