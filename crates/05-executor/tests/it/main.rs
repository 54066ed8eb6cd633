//! Tests that need no process of their own. Each module is a way to fail.
#![forbid(unsafe_code)]

#[macro_use]
mod both;
#[path = "../common/fails.rs"]
mod fails;
#[path = "../common/fake_driver.rs"]
mod fake_driver;

mod cancel;
mod command_line;
mod driver;
mod join_handle;
mod panics;
mod readme;
mod shutdown;
