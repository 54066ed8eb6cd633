//! Parts B and C of the contract on every stage, and the checks of the exercise on its solution.
//! Each check runs in a process of its own. The halves of B5, B12, C1, C4 and C5 that need many
//! orders of two threads are loom models, in `tests/models`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Subject, Suite, Work, executor, executor::Tested, waker};
use lesson_executor::{s2_block_on, s3_queue, s4_join};
use peers::runtime::{blocks, spawns, starts};

#[path = "../../exercise/solution.rs"]
mod exercise;
#[path = "../common/fails.rs"]
mod fails;
#[path = "../common/hooked.rs"]
mod hooked;
#[path = "../common/stages.rs"]
mod stages;
#[path = "../steps/mod.rs"]
mod steps;

use hooked::with_hook;
use stages::{BLOCKS, BlockOn, Join, Pool, Queue, Spin};

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    Suite::new()
        .checks(&waker::CHECKS, subjects().into_iter().map(in_part_b).collect())
        .checks(&waker::CHECKS, with_hooks())
        .checks(&executor::CHECKS, subjects().into_iter().map(in_part_c).collect())
        .checks(&steps::CHECKS, steps::steps())
        .main()
}

/// Every stage, under its name.
fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-spin", starts::<Spin>()),
        Subject::new("s2-block-on", blocks::<BlockOn>()),
        Subject::new("s2-naive", Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(BLOCKS)),
        Subject::new("s3-queue", starts::<Queue>()),
        Subject::new("s4-join", spawns::<Join>()),
        Subject::new("s5-pool-1", spawns::<Pool<1>>()),
        Subject::new("s5-pool-2", spawns::<Pool<2>>()),
        Subject::new("s5-pool-4", spawns::<Pool<4>>()),
    ]
}

/// The stages with a driver, for two checks that do something in the middle of a wake.
fn with_hooks() -> Vec<Subject<Tested>> {
    let hooked = vec![
        Subject::new("s3-queue-hooked", with_hook(|driver| Queue(s3_queue::Executor::with_driver(driver)))),
        Subject::new("s4-join-hooked", with_hook(|driver| Join(s4_join::Executor::with_driver(driver)))),
    ];
    hooked.into_iter().map(|subject| subject.only(&["B7", "B13"])).collect()
}

/// Declares what the subject fails in part B. The slowest check is left to the long run where
/// another subject resembles this one.
fn in_part_b(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" | "s5-pool-1" | "s5-pool-4" => subject.long(&["B15"]),
        "s3-queue" => subject.fails(fails::QUEUE),
        _ => subject,
    }
}

/// Declares the same for part C.
fn in_part_c(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" => subject.fails(fails::SPIN),
        "s2-naive" => subject.fails(fails::NAIVE),
        "s5-pool-1" | "s5-pool-4" => subject.long(&["C16"]),
        _ => subject,
    }
}
